// A run as a state: to read it and go on gives the bytes of a run that never stopped.
import { describe, expect, test } from "vitest";
import {
  backGradient,
  convNet,
  createEngine,
  type DistillOptions,
  digits,
  distill,
  flatten,
  frepo,
  lenet,
  linear,
  type RunState,
  sequential,
  setDigest,
} from "../../src/index.ts";
import { noise } from "./noise.ts";

const data = noise({ count: 90 });
const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1 });
const small = convNet({ input: [1, 28, 28], width: 4, depth: 2, classes: 10 });
const options: DistillOptions = {
  data,
  model: lenet(),
  method,
  outer: { batch: 30, decayEvery: 1 },
  seed: 5,
  threads: 1,
};

function lasting(changes: Partial<DistillOptions>, steps: number): DistillOptions {
  return { ...options, ...changes, outer: { ...options.outer, ...changes.outer, steps } };
}

/** The digest after six outer steps, of which the last three are those of a run that goes on from a state. */
async function interrupted(changes: Partial<DistillOptions>, later: Partial<DistillOptions> = {}): Promise<string> {
  const first = distill(lasting(changes, 3));
  await first.result();
  // What is sent or stored is a copy.
  const state = structuredClone(await first.state());
  expect(state.step).toBe(3);
  const second = distill({ ...lasting({ ...changes, ...later }, 6), resume: state });
  const steps: number[] = [];
  for await (const { step } of second) steps.push(step);
  expect(steps).toEqual([4, 5, 6]);
  return setDigest(await second.result());
}

async function whole(changes: Partial<DistillOptions>): Promise<string> {
  return setDigest(await distill(lasting(changes, 6)).result());
}

describe("a run that goes on from a state ends with the bytes of one that never stopped", () => {
  const learnsLabels = backGradient({ steps: 2, epochs: 1, imagesPerStep: 5, labels: "learned", momentum: 0.5 });
  const cases: Record<string, Partial<DistillOptions>> = {
    "as the defaults are": {},
    "with clipping, whose mean of norms goes on": { outer: { clip: 1.01 } },
    "with learned labels": { method: learnsLabels },
    "updated by SGD with momentum": { outer: { optimizer: "sgd", learningRate: 0.1, momentum: 0.9 } },
    "updated by LAMB": { outer: { optimizer: "lamb", learningRate: 0.01, weightDecay: 0.01 } },
  };
  test.each(Object.entries(cases))("%s", async (_, changes) => {
    const digest = await whole(changes);
    expect(await interrupted(changes)).toBe(digest);
    // And the test could tell: the state counts.
    const fresh = await setDigest(await distill(lasting(changes, 3)).result());
    expect(fresh).not.toBe(digest);
  });

  test("on workers, from a state of a run in place on two threads", async () => {
    const changes = { networksPerStep: 3 };
    const digest = await whole(changes);
    expect(await interrupted({ ...changes, threads: 2 }, { workers: 2, threads: 1 })).toBe(digest);
  });
});

test("a state may be read while the run goes on, and is that of the last step", async () => {
  const run = distill(lasting({}, 6));
  const states: RunState[] = [];
  for await (const { step } of run) if (step === 2 || step === 4) states.push(await run.state());
  expect(states.map(({ step }) => step)).toEqual([2, 4]);
  for (const state of states) {
    const again = await distill({ ...lasting({}, 6), resume: state }).result();
    expect(await setDigest(again)).toBe(await setDigest(await run.result()));
  }
});

test.each<[string, Partial<DistillOptions>]>([
  ["of back-gradient", {}],
  ["of FRePo, whose networks are trained after each step", { method: frepo({ imagesPerClass: 1, poolSize: 2 }) }],
])("a state that is read in the middle of a step, %s, is that before the step or that after it", async (_, changes) => {
  const run = distill(lasting({ ...changes, model: small }, 6));
  const kept = new Map<number, RunState>();
  const read: Promise<RunState>[] = [];
  const iterator = run[Symbol.asyncIterator]();
  for (let step = 1; step <= 6; step++) {
    let ended = false;
    const next = iterator.next().finally(() => {
      ended = true;
    });
    while (!ended) {
      if (step > 1) read.push(run.state());
      await new Promise((resolve) => setImmediate(resolve));
    }
    await next;
    kept.set(step, await run.state());
  }
  await iterator.next();
  for (const state of await Promise.all(read)) expect(state).toEqual(kept.get(state.step));
});

describe("a state is refused", async () => {
  const first = distill(lasting({}, 1));
  await first.result();
  const state = await first.state();
  const resumed = (changes: Partial<RunState>, other: Partial<DistillOptions> = {}) =>
    distill({ ...lasting(other, 2), resume: { ...state, ...changes } }).result();

  test("of another seed, data or method", async () => {
    const refused = (other: Partial<DistillOptions>, differences: string) =>
      expect(resumed({}, other)).rejects.toThrow(
        `"resume" expected a state of the same run, got one of a run with ${differences}`,
      );
    await refused({ seed: 6 }, "seed 5 instead of 6");
    await refused({ method: { ...method, learningRate: 0.1 } }, "method.learningRate 0.02 instead of 0.1");
    await refused({ data: (await digits()).train }, "data.count 90 instead of 9000, data.mean.0 0.");
    const pixels = data.pixels.slice();
    pixels[7 * 784 + 5]! ^= 1;
    await refused({ data: { ...data, pixels } }, 'data.pixels "');
    await refused({ model: sequential([1, 28, 28], [flatten(), linear({ out: 10 })]) }, "model.layers.0.kind");
    await refused({ augment: { flip: true } }, "augment.flip undefined instead of true");
    await refused({ engine: await createEngine({ backend: "reference" }) }, "floatBytes 4 instead of 8");
  });

  test("but it may have other names, and be longer", async () => {
    const renamed = { ...data, name: "other", classNames: Array.from("abcdefghij") };
    const longer = distill({ ...lasting({ data: renamed }, 5), resume: state });
    await longer.result();
    expect((await longer.state()).step).toBe(5);
  });

  test("of another version", async () => {
    await expect(resumed({ version: "0.0.1" })).rejects.toThrow(/ with version "0\.0\.1" instead of "\d+\.\d+\.\d+"$/);
  });

  test("whose tensors are not those of the run", async () => {
    const tensors = new Map(state.tensors);
    tensors.delete("learned/images");
    await expect(resumed({ tensors })).rejects.toThrow('"tensors" expected "learned/images", which is not there');
    const more = new Map(state.tensors).set("learned/depth", new Float32Array(1));
    await expect(resumed({ tensors: more })).rejects.toThrow('got "learned/depth" as well');
    const shorter = new Map(state.tensors).set("learned/images", new Float32Array(7));
    await expect(resumed({ tensors: shorter })).rejects.toThrow('"learned/images" expected 15680 floats, got 7');
  });

  test("that is none", () => {
    const resume = { ...state, step: -1 };
    expect(() => distill({ ...lasting({}, 2), resume })).toThrow(
      new RangeError('"resume.step" expected integer >= 0, got -1'),
    );
    expect(() => distill({ ...lasting({}, 2), resume: {} as RunState })).toThrow(TypeError);
  });
});
