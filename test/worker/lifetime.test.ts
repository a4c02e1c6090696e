// Programs that use workers end by themselves, as built: nothing of a run outlives it, and idle workers hold nobody up.
import { spawn } from "node:child_process";
import { expect, test } from "vitest";

const dist = new URL("../../dist/", import.meta.url);
const prelude = `
  import { backGradient, digits, distill, evaluate, lenet, randomInit, trainOn } from "${new URL("index.js", dist)}";
  import { Run } from "${new URL("run/in-place/distill.js", dist)}";
  import { workerStarter } from "${new URL("workers/start.js", dist)}";
  const { train, test } = await digits();
  const startWorker = await workerStarter();
  const options = {
    data: train, model: lenet(), method: backGradient({ steps: 2, epochs: 1, imagesPerClass: 1 }),
    outer: { steps: 3, batch: 64 }, networksPerStep: 2, workers: 2, threads: 1,
  };
  const workers = [];
  const start = (port, died) => (workers.push(startWorker(port, died)), workers.at(-1));
  const run = (changes = {}) => new Run({ ...options, ...changes }, start);
`;

/** The program's exit code and output; killed after 20 s, with code null. */
function program(body: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", prelude + body], { timeout: 20_000 });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

test.each([
  ["a run that ended", 'await run().result(); console.log("done");'],
  [
    "an evaluation",
    `
    const set = await run().result();
    await evaluate({ set, model: lenet(), init: randomInit(), networks: 3, test, workers: 2 });
    console.log("done");
  `,
  ],
  ["a run that was left after a step", 'for await (const _ of run()) break; console.log("done");'],
  ["a run that was abandoned after a step", 'await run()[Symbol.asyncIterator]().next(); console.log("done");'],
  [
    "calls in a worker, and a network that nobody disposed of",
    `
    const { workers: _, ...rest } = { ...options, worker: true };
    const set = await distill(rest).result();
    const network = await trainOn(set, { model: lenet(), worker: true });
    await network.predict(new Float32Array(784));
    console.log("done");
  `,
  ],
  ["one with kernel threads", 'await run({ threads: 2 })[Symbol.asyncIterator]().next(); console.log("done");'],
  [
    "a run that was aborted in the middle of a step",
    `
    const stop = new AbortController();
    const threads = 2;
    const result = run({ threads, outer: { steps: 3, batch: 9000 }, signal: stop.signal }).result();
    setTimeout(() => stop.abort(), 300);
    await result;
    console.log("done");
  `,
  ],
  [
    "a run whose worker was killed in the middle of a step",
    `
    const result = run({ threads: 2, outer: { steps: 3, batch: 9000 } }).result();
    setTimeout(() => workers[0].terminate(), 300);
    await result.catch(({ name, message }) => console.log(name, message));
    console.log("done");
  `,
  ],
])(
  "a program ends after %s",
  async (_, body) => {
    const { code, output } = await program(body);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/done\n$/) });
  },
  30_000,
);

test("a program waits for a step that is under way, though nothing else keeps it", async () => {
  const { code, output } = await program('run().result().then(() => console.log("done"));');
  expect({ code, output }).toEqual({ code: 0, output: "done\n" });
});
