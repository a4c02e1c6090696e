// Soft labels: what a network that was trained on real images says of them. docs/math.md §5.
import { write } from "../../backend/backend.ts";
import { batchInto, type Dataset } from "../../data/dataset.ts";
import { randomInit, type WeightSource } from "../../distill/weight-source.ts";
import type { Engine } from "../../engine/engine.ts";
import type { AbortSignal } from "../../host-types.ts";
import { RealBatch } from "../../inner/real-batch.ts";
import { elements } from "../../nn/layer.ts";
import type { Model } from "../../nn/model.ts";
import { exponential } from "../../numeric/elementary.ts";
import { trainPool } from "./train-pool.ts";

/** How a teacher is trained, by Adam. */
const training = { batch: 128, learningRate: 0.001 } as const;

/** The passes of a teacher, and the steps that few images take at least. More passes would make its labels of these images hard ones. */
const [PASSES, STEPS] = [10, 300];

/** Images that are read at once. */
const PIECE = 1024;

/** What a teacher is, and where it is trained. */
export interface TeacherOptions {
  readonly model: Model;
  /** The initial weights; other than random ones give way to `randomInit()`. */
  readonly init: WeightSource;
  readonly seed: number;
  readonly engine: Engine;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Trains one network on the images, and returns its probabilities of the classes of each, [count, classes]. Throws DivergedError
 * when its loss is not finite, and the signal's reason.
 */
export async function teacherTargets(data: Dataset, options: TeacherOptions): Promise<Float32Array> {
  const { model, seed, engine, signal } = options;
  const init = options.init.kind === "random" ? options.init : randomInit();
  const epochs = Math.max(PASSES, Math.ceil(STEPS / Math.ceil(data.count / training.batch)));
  const pool = await trainPool({ data, model, networks: 1, ...training, epochs, init, seed, engine, signal });
  const { backend, arena } = engine;
  const size = elements(model.inputShape);
  const mark = arena.mark();
  try {
    const theta = arena.allocate(model.parameterCount);
    write(backend, theta, pool.weights[0]!);
    const batch = new RealBatch(model, backend, arena, Math.min(PIECE, data.count));
    const targets = new Float32Array(data.count * model.classes);
    for (let from = 0; from < data.count; from += PIECE) {
      const count = Math.min(PIECE, data.count - from);
      const images = new Float32Array(count * size);
      const places = Uint32Array.from({ length: count }, (_, i) => from + i);
      batchInto(data, places, images);
      const logits = await batch.logits(theta, images, count);
      softmaxInto(targets.subarray(from * model.classes, (from + count) * model.classes), logits, model.classes);
      signal?.throwIfAborted();
    }
    return targets;
  } finally {
    arena.release(mark);
  }
}

/** Writes the softmax of each row of logits [n, classes]. */
function softmaxInto(out: Float32Array, logits: ArrayLike<number>, classes: number): void {
  for (let at = 0; at < logits.length; at += classes) {
    const row = Array.from({ length: classes }, (_, k) => logits[at + k]!);
    const most = Math.max(...row);
    const powers = row.map((value) => exponential(value - most));
    const total = powers.reduce((sum, value) => sum + value, 0);
    for (let k = 0; k < classes; k++) out[at + k] = powers[k]! / total;
  }
}
