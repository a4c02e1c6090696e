// Trains a network on blocks of images and differentiates its loss on real ones with respect to all that decided it
// (docs/math.md §2).
import { write } from "../backend/backend.ts";
import { type Floats, type OptionalBuffer, required } from "../backend/buffer.ts";
import { allIn } from "../inner/allocators.ts";
import { BackGradient, type OuterLoss } from "../inner/back-gradient.ts";
import type { Batch } from "../inner/batch.ts";
import type { InnerOptimizer } from "../inner/inner-optimizer.ts";
import { RealBatch } from "../inner/real-batch.ts";
import type { TrajectoryMemory } from "../inner/segments.ts";
import { allocateBlocks } from "../inner/unroll.ts";
import { elements } from "../nn/layer.ts";
import { laneCount } from "../nn/network.ts";
import type { RandomKey } from "../numeric/philox.ts";
import { atOnce } from "../platform/parts.ts";
import type { MetaGradient } from "./passes.ts";
import { allRead, type Binding, type CheckedBatch, loadColumns, loadTargets, readColumns, store } from "./staging.ts";

/** What was checked of a call. */
export interface TrainingGiven {
  readonly parameters: Floats;
  /** One block of images for each inner step of a pass, all of one size. */
  readonly blocks: readonly [CheckedBatch, ...CheckedBatch[]];
  readonly epochs: number;
  /** One for each inner step. */
  readonly learningRates: ArrayLike<number>;
  readonly optimizer: InnerOptimizer;
  readonly real: CheckedBatch;
  readonly memory: TrajectoryMemory;
  readonly random: RandomKey | undefined;
}

/** Computes the loss after training and its gradients. */
export async function metaGradient(binding: Binding, given: TrainingGiven): Promise<MetaGradient> {
  const { model, backend, arena, loss: innerLoss } = binding;
  const { parameters, blocks, epochs, learningRates, optimizer, real, memory, random } = given;
  const { loss, ...gradients } = await allRead(binding, () => {
    const imagesPerStep = blocks[0].count;
    const length = blocks.length * epochs;
    const loop = { model, steps: blocks.length, epochs, imagesPerStep, loss: innerLoss, ...optimizer };
    const synthetic = allocateBlocks(loop, backend.plan, arena);
    const lanes = laneCount(model, imagesPerStep, backend.plan);
    const columns = { features: elements(model.inputShape), images: imagesPerStep, lanes };
    for (const [i, block] of blocks.entries()) {
      loadColumns(binding, synthetic.images + i * synthetic.imageFloats, block.images, columns);
      loadTargets(binding, synthetic.targets + i * synthetic.targetFloats, block, lanes);
    }
    const wanted = { images: true, targets: true };
    const method = new BackGradient(loop, synthetic, backend, allIn(arena), { memory, wanted, initial: true });
    const outer = new RealBatch(model, backend, arena, real.count, innerLoss);
    write(backend, method.unroll.theta(0), parameters);
    const realBatch = rowsOf(binding, real);
    const meanLoss = arena.allocate(1);
    const outerLoss: OuterLoss = (theta, gradient) => outer.loss(theta, realBatch, gradient, meanLoss);
    atOnce(method.run(store(binding, learningRates), outerLoss, random));
    const perBlock = (buffer: OptionalBuffer, stride: number, features: number): Promise<Floats[]> => {
      const first = required(buffer, "a gradient that is read");
      return Promise.all(blocks.map((_, i) => readColumns(binding, first + i * stride, { ...columns, features })));
    };
    return {
      loss: backend.read(meanLoss, 1),
      images: perBlock(method.dImages, synthetic.imageFloats, columns.features),
      targets: perBlock(method.dTargets, synthetic.targetFloats, model.classes),
      learningRates: backend.read(method.dLearningRates, length),
      parameters: backend.read(method.unroll.theta(length), model.parameterCount),
      initial: backend.read(method.lambda, model.parameterCount),
    };
  });
  return { loss: loss[0]!, ...gradients };
}

/** Returns a batch whose rows are the user's arrays. */
function rowsOf({ model }: Binding, { count, hard, images, targets }: CheckedBatch): Batch {
  const features = elements(model.inputShape);
  const width = hard ? 1 : model.classes;
  return {
    count,
    hard,
    imagesInto: (out, from) => out.set(images.subarray(from * features, from * features + out.length)),
    targetsInto: (out, from) => out.set(targets.subarray(from * width, from * width + out.length)),
  };
}
