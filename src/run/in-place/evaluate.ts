// Measures how good a set is: trains networks on it that played no part in making it, and tests them on real images.
// docs/math.md §5 describes this.

import type { Mark } from "../../backend/arena.ts";
import { checkValues } from "../../checks/options.ts";
import { checkSameWhitening, seenOf } from "../../data/whitening.ts";
import { checkSet, checkTest } from "../../distill/fit.ts";
import { checkInit, networksOf } from "../../distill/weight-source.ts";
import { createEngine, Engine } from "../../engine/engine.ts";
import { inexact } from "../../engine/inexact.ts";
import { accuracyOf, type Confusion, classAccuracies } from "../../evaluate/confusion.ts";
import type { EvaluateOptions, Evaluation } from "../../evaluate/evaluation.ts";
import { HeldOutTest } from "../../evaluate/held-out-test.ts";
import { checkReplay } from "../../evaluate/trainer.ts";
import { summary } from "../../numeric/summary.ts";
import { nextTask } from "../../platform/platform.ts";
import { usesWorkers } from "../../workers/options.ts";
import { evaluateChecks } from "../options/call-checks.ts";
import { Callbacks } from "../options/callbacks.ts";
import { type Add, configOf, type SetOf, type SetsOptions } from "./sets-to-evaluate.ts";

export type { EvaluateOptions, Evaluation } from "../../evaluate/evaluation.ts";

/**
 * Trains `networks` fresh networks on the set, by default in its learned order, and reports their accuracy on `test`.
 *
 * @throws TypeError or RangeError that names the field for an invalid set or test images whose fields do not fit; ShapeError
 * when set, model and test images do not fit each other; the signal's reason when aborted; WorkerError when workers died.
 * @example
 * const { mean, std } = await evaluate({ set, model: lenet(), init: randomInit(), test: (await digits()).test });
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  checkValues(options, evaluateChecks);
  const { set, model, init, test, networks = 20 } = options;
  checkSet(set, model);
  checkReplay(set, options);
  checkTest(test, model);
  checkSameWhitening("test", seenOf(test), set, "the set");
  return evaluateSets(options, Math.min(networks, networksOf(init)), () => set);
}

/**
 * Does what `evaluate` does with a set of its own for each network, and on `group` if that is given. All sets have one shape;
 * they and the test images are trusted.
 */
export async function evaluateSets(options: SetsOptions, networks: number, setOf: SetOf): Promise<Evaluation> {
  const { model, init, onProgress } = options;
  checkInit(init, model);
  // A GPU that is lost for good gives way to the kernels, and what it computed counts all the same.
  const begunOn = inexact(options.engine);
  const callbacks = new Callbacks();
  const accuracies: number[] = [];
  const confusions: Confusion[] = [];
  const add: Add = (outcome) => {
    if (typeof outcome !== "number") confusions.push(outcome);
    const accuracy = typeof outcome === "number" ? outcome : accuracyOf(outcome);
    accuracies.push(accuracy);
    callbacks.tell(onProgress, { network: accuracies.length, networks, accuracy });
    callbacks.check();
  };
  const run = options.group || usesWorkers(options) ? (await import("./evaluate-on-workers.ts")).onWorkers : inPlace;
  await run(options, networks, setOf, add);
  await callbacks.settled();
  // The call's own engines are strict; workers' engines are like the given one.
  const byClass = options.perClass && { confusions, perClass: classAccuracies(confusions) };
  return { networks, ...summary(accuracies), accuracies, ...byClass, ...begunOn, ...inexact(options.engine) };
}

async function inPlace(options: SetsOptions, networks: number, setOf: SetOf, add: Add): Promise<void> {
  const { threads = "auto", signal } = options;
  const engine = options.engine ?? (await createEngine({ threads }));
  let { backend } = engine;
  let mark: Mark | undefined;
  const opened = (): Promise<HeldOutTest> =>
    Engine.compute(engine, async (now, arena) => {
      backend = now;
      mark = arena.mark();
      return new HeldOutTest(configOf(options), now, arena);
    });
  try {
    let held = await opened();
    for (let network = 0; network < networks; ) {
      signal?.throwIfAborted();
      const some = Math.min(networks - network, held.most);
      const sets = Array.from({ length: some }, (_, i) => setOf(network + i));
      const done = await held.confusions(network, sets, signal).catch(async (error) => {
        if (!(await Engine.recover(engine, backend, error))) throw error;
        held = await opened();
      });
      // A GPU that was lost is asked again for the same networks.
      if (done) network += some;
      for (const confusion of done ?? []) add(options.perClass ? confusion : accuracyOf(confusion));
      await nextTask();
    }
  } finally {
    if (mark) engine.arena.release(mark);
    if (!options.engine) await engine.dispose();
  }
}
