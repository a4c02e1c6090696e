// A run that diverges can go back to an earlier state, with half its step size; and be resumed from there.
import { describe, expect, test } from "vitest";
import { EarlierStates, statesAtOnce } from "../../src/distill/back-off.ts";
import { checkpointFromBytes, checkpointToBytes } from "../../src/formats/checkpoint-file.ts";
import {
  backGradient,
  type Distillation,
  type DistillOptions,
  DivergedError,
  distill,
  type Progress,
  type RunState,
  setDigest,
} from "../../src/index.ts";
import { brightHalves, halvesNet } from "./halves.ts";

/** Its loss is not finite in a step soon after the first, because the learned learning rates become too large. */
const wild: DistillOptions = {
  data: brightHalves({ count: 60 }),
  model: halvesNet(),
  method: backGradient({ steps: 5, epochs: 4, imagesPerClass: 1, learningRate: 1 }),
  outer: { batch: 60, learningRate: 30, decayFactor: 1 },
  networksPerStep: 2,
  threads: 1,
};
const steps = 130;

function lasting(steps: number, changes: Partial<DistillOptions> = {}): DistillOptions {
  return { ...wild, ...changes, outer: { ...wild.outer, onDivergence: "halve", steps, ...changes.outer } };
}

async function followed(run: Distillation): Promise<Progress[]> {
  const all: Progress[] = [];
  for await (const progress of run) all.push(progress);
  return all;
}

async function diverged(run: Distillation): Promise<DivergedError> {
  const error = await run.result().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DivergedError);
  return error as DivergedError;
}

/** What is stored is read again. */
async function stored(state: RunState): Promise<RunState> {
  return (await checkpointFromBytes(await checkpointToBytes({ state, note: {} }), "state")).state;
}

describe("a run that halves", async () => {
  const whole = distill(lasting(steps));
  const progress = await followed(whole);
  const set = await whole.result();
  const digest = await setDigest(set);
  const { halvings } = progress.at(-1)!;

  test("ends, and says when it went back, with which step size it went on, and how often", async () => {
    expect(halvings!.length).toBeGreaterThan(0);
    expect(set.recipe).toMatchObject({ outerSteps: steps, halvings });
    const { step, tensor } = await diverged(distill(lasting(steps, { outer: { onDivergence: "stop" } })));
    expect(halvings![0]).toMatchObject({ step, tensor, backTo: 0 });
    let times = 0;
    for (const [i, now] of progress.entries()) {
      if ((now.halvings?.length ?? 0) > times) expect(now.step).toBe(now.halvings![times++]!.backTo + 1);
      else if (i > 0) expect(now.step).toBe(progress[i - 1]!.step + 1);
      let rate = 30;
      for (let t = 0; t < times; t++) rate /= 2;
      expect(now.learningRate).toBe(rate);
    }
  });

  test("gives the set of one whose step size was as small from the state on to which it went back", async () => {
    // All of these went back to the first state.
    expect(halvings!.map(({ backTo }) => backTo)).toEqual(halvings!.map(() => 0));
    const small = distill(lasting(steps, { outer: { learningRate: progress.at(-1)!.learningRate } }));
    expect(await setDigest(await small.result())).toBe(digest);
  });

  test.each([
    ["in a worker", { worker: true }],
    ["with networks on workers", { workers: 2 }],
    ["on two threads", { threads: 2 }],
  ])("gives the same bits %s", async (_, where) => {
    const run = distill(lasting(steps, where));
    expect(await setDigest(await run.result())).toBe(digest);
    expect((await run.state()).halvings).toEqual(halvings);
  });

  test("goes on from any state to the same bits, also from one before it went back or after", async () => {
    const stops = [halvings![0]!.step - 1, progress.findIndex(({ halvings }) => halvings) + 2, progress.length - 40];
    for (const stop of stops) {
      const first = distill(lasting(steps));
      let seen = 0;
      for await (const _ of first) if (++seen === stop) break;
      const rest = distill({ ...lasting(steps), resume: await stored(await first.state()) });
      expect((await followed(rest)).length, `${stop}`).toBe(progress.length - stop);
      expect(await setDigest(await rest.result()), `${stop}`).toBe(digest);
      expect((await rest.state()).halvings).toEqual(halvings);
    }
  });

  test("stops after so many halvings, says how to allow more, and goes on with more", async () => {
    const most = halvings!.length - 1;
    const short = distill(lasting(steps, { outer: { mostHalvings: most } }));
    if (most === 0) throw new Error("expected a run that halves twice");
    const error = await diverged(short);
    expect(error.message).toContain(` or outer.mostHalvings ${2 * most}`);
    expect(error.set!.recipe).toMatchObject({ halvings: halvings!.slice(0, most), diverged: { step: error.step } });
    const longer = distill({ ...lasting(steps), resume: await stored(await short.state()) });
    expect(await setDigest(await longer.result())).toBe(digest);
  });

  test("that was added when a run that diverged goes on gives the bits of one that could halve from the start", async () => {
    const run = distill(lasting(steps, { outer: { onDivergence: "stop" } }));
    const error = await diverged(run);
    const state = await run.state();
    expect(state.step).toBeLessThan(error.step);
    const on = distill({ ...lasting(steps), resume: await stored(state) });
    expect(await setDigest(await on.result())).toBe(digest);
    // And without the change it diverges again, in the same step.
    const again = await diverged(distill({ ...lasting(steps, { outer: { onDivergence: "stop" } }), resume: state }));
    expect(again).toMatchObject({ step: error.step, tensor: error.tensor });
  });
});

test("a run whose first loss is not finite does not halve, because no update came before", async () => {
  const method = backGradient({ steps: 10, epochs: 3, imagesPerClass: 1, learningRate: 100 });
  const run = distill(lasting(5, { method }));
  const error = await diverged(run);
  expect(error).toMatchObject({ step: 1 });
  expect(error.message).toMatch(/; try the method's learning rate 50$/);
  expect(await run.state()).toMatchObject({ step: 0 });
});

test("a run that an update spoils goes back to before it", async () => {
  const run = distill(lasting(3, { outer: { learningRate: 1e4, mostHalvings: 20 } }));
  const [first] = await followed(run);
  expect(first!.halvings![0]).toEqual({ step: 1, tensor: "learning rates", value: expect.any(String), backTo: 0 });
});

test("a run that diverges again soon after the state to which it went back begins anew", async () => {
  const calm = { outer: { learningRate: 0.01 } };
  const run = distill(lasting(60, calm));
  await run.result();
  const state = await run.state();
  const spoiled = new Map(state.tensors);
  for (const key of ["learned/learningRates", "at/50/learned/learningRates"]) {
    spoiled.set(
      key,
      Float32Array.from(state.tensors.get(key)!, () => 1e30),
    );
  }
  // The state after step 50 is the one to go back to.
  const tensors = new Map([...spoiled].filter(([name]) => !name.startsWith("at/0/")));
  const on = distill({ ...lasting(70, calm), resume: { ...state, tensors } });
  const set = await on.result();
  expect((await on.state()).halvings).toMatchObject([
    { step: 61, backTo: 50 },
    { step: 51, backTo: 0 },
  ]);
  const quarter = distill(lasting(70, { outer: { learningRate: 0.0025 } }));
  expect(await setDigest(set)).toBe(await setDigest(await quarter.result()));
});

describe("states to go back to", () => {
  const at = (step: number) => async () => ({ step, tensors: new Map([["learned/x", new Float32Array([step])]]) });
  const keptAfter = async (steps: number, states = new EarlierStates(), from = 0) => {
    for (let step = from; step <= steps; step++) await states.passed(step, at(step));
    return states.all.map(({ step }) => step);
  };

  test("are the first, then the last but one of every 50 steps", async () => {
    expect(await keptAfter(49)).toEqual([0]);
    expect(await keptAfter(50)).toEqual([0, 50]);
    expect(await keptAfter(149)).toEqual([50, 100]);
  });

  test("are written where the older one was, unless somebody has its arrays", async () => {
    const handed: unknown[] = [];
    const states = new EarlierStates();
    const pass = async (step: number) => {
      await states.passed(step, async (into) => {
        handed.push(into);
        return { step, tensors: new Map() };
      });
    };
    for (const step of [0, 50]) await pass(step);
    const [first, second] = states.all;
    await pass(100);
    expect(handed).toEqual([undefined, undefined, first!.tensors]);
    expect(handed[2]).toBe(first!.tensors);
    states.named();
    for (const step of [150, 200]) await pass(step);
    expect(states.all.map(({ step }) => step)).toEqual([150, 200]);
    expect(handed.slice(3)).toEqual([undefined, undefined]);
    expect(states.giveUp()).not.toBe(second!.tensors);
    expect(states.giveUp()).toBeUndefined();
  });

  test("are as many as the plan of a run says, with that of its end", () => {
    const outer = (steps: number, onDivergence: "stop" | "halve") => statesAtOnce({ steps, onDivergence });
    expect([50, 51].map((steps) => outer(steps, "stop"))).toEqual([2, 2]);
    expect([50, 51].map((steps) => outer(steps, "halve"))).toEqual([2, 3]);
  });

  test("are those of a run that never stopped after it was resumed, and its first if it brings none", async () => {
    const states = new EarlierStates();
    await keptAfter(120, states);
    const tensors = new Map([["learned/x", new Float32Array(1)], ...states.named()]);
    const resumed = new EarlierStates();
    expect([...resumed.take(tensors).keys()]).toEqual(["learned/x"]);
    expect(resumed.all).toEqual(states.all);
    expect(await keptAfter(160, resumed, 120)).toEqual([100, 150]);
    expect(await keptAfter(160, new EarlierStates(), 120)).toEqual([120, 150]);
  });
});

test("a state whose earlier states are damaged is refused at once", async () => {
  const run = distill(lasting(2));
  await run.result();
  const state = await run.state();
  const resumed = (tensors: RunState["tensors"]) => distill({ ...lasting(3), resume: { ...state, tensors } }).result();
  const key = "at/0/learned/images";
  const shorter = new Map(state.tensors).set(key, new Float32Array(7));
  await expect(resumed(shorter)).rejects.toThrow(/"learned\/images" expected \d+ floats, got 7/);
  const less = new Map(state.tensors);
  less.delete(key);
  await expect(resumed(less)).rejects.toThrow('"tensors" expected "learned/images", which is not there');
});
