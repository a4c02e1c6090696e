// Outer steps of LeNet 10 × 3 × 10 on 1,024 real digits: the same program in Node and in a page.

/** Takes `steps` outer steps on the engine. Returns milliseconds per step, and the set's digest. */
export async function takeSteps(library, engine, steps) {
  const { train } = await library.digits();
  const method = library.backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 });
  const run = library.distill({ data: train, model: library.lenet(), method, outer: { steps, batch: 1024 }, engine });
  // Time counts from the first progress on: everything before it is the start of the run.
  const reports = [];
  for await (const { step } of run) reports.push({ step, at: performance.now() });
  const [first, last] = [reports[0], reports.at(-1)];
  return { ms: (last.at - first.at) / (last.step - first.step), digest: await library.setDigest(await run.result()) };
}
