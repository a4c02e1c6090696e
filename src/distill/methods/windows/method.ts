// Windows (RaT-BPTT: Feng, Vedantam, Kempe, ICLR 2024; docs/math.md §10): a network is trained on random sub-batches of the set for
// N + W steps, N drawn for each outer step, and what is learned follows the gradient of its loss on real images through the last
// W of them.

import type { Allocator } from "../../../backend/arena.ts";
import type { Buffer } from "../../../backend/buffer.ts";
import { required } from "../../../backend/buffer.ts";
import type { Ops } from "../../../backend/ops.ts";
import { AdamRule } from "../../../inner/adam-rule.ts";
import { SgdRule } from "../../../inner/sgd-rule.ts";
import { SubBatches } from "../../../inner/sub-batches.ts";
import type { UpdateRule } from "../../../inner/update-rule.ts";
import { TrainingWindow } from "../../../inner/window.ts";
import { WindowGradient } from "../../../inner/window-gradient.ts";
import { draws } from "../../../numeric/philox.ts";
import { placesDrawn, randomOrder } from "../../../numeric/random.ts";
import type { Parts } from "../../../platform/parts.ts";
import { LearnedBlock, type LearnedBlockOptions } from "../../learned-block.ts";
import type { Method, MethodContext, NetworkRun } from "../../method.ts";
import type { MethodTools, RealImages } from "../../tools.ts";
import { adamOf, batchPerClass, innerRate, sgdOf, type WindowsMethod } from "./options.ts";
import { trainingOf } from "./training.ts";

type Context = MethodContext<WindowsMethod>;

export const windowsMethod: Method<WindowsMethod, LearnedBlock> = {
  name: "windows",
  changesNoBit: ["memory"],
  allocate: (context) => new LearnedBlock(context, learnedOf(context)),
  network: (context, run) => new WindowNetwork(context, run),
};

/** Returns what the block is like, and how networks train on it. */
function learnedOf({ options, problem }: Context): LearnedBlockOptions {
  const { imagesPerClass, init, labels, labelRate, rate } = options;
  return {
    ...{ imagesPerClass, init, labels, labelRate, rate, learningRate: innerRate(options) },
    training: (learned) => trainingOf(options, problem.model.classes, learned),
  };
}

/** Returns N, the steps before the window, of outer step `step`: the same for all of its networks. */
export function skippedSteps(
  { window, leastSteps, totalSteps }: WindowsMethod,
  tools: MethodTools,
  step: number,
): number {
  return leastSteps + randomOrder(totalSteps - window - leastSteps + 1, 1, tools.key("windows/skipped", step))[0]!;
}

/** Returns the places in the set of the images of inner step `t` of training `index`: `batch` of the `perClass` of each class. */
export function placesOf(
  { classes, perClass, batch }: { readonly classes: number; readonly perClass: number; readonly batch: number },
  tools: MethodTools,
  index: number,
  t: number,
): number[] {
  const words = draws(classes * batch, tools.key("windows/images", index, t));
  const places: number[] = [];
  for (let c = 0; c < classes; c++) {
    const ofClass = placesDrawn(perClass, words.subarray(c * batch, (c + 1) * batch));
    for (const place of ofClass) places.push(c * perClass + place);
  }
  return places;
}

function ruleOf(options: WindowsMethod, ops: Ops, rate: Buffer, count: number, scratch: Allocator): UpdateRule {
  if (options.optimizer === "sgd") return new SgdRule(ops, sgdOf(options), rate, count);
  return new AdamRule(ops, adamOf(options), rate, count, scratch);
}

class WindowNetwork implements NetworkRun {
  readonly share;
  readonly #context: Context;
  readonly #gradient: WindowGradient;
  readonly #batches: SubBatches;
  readonly #real: RealImages;

  constructor(context: Context, run: LearnedBlock) {
    const { options, problem, backend, memory, tools } = context;
    const { model, loss } = problem;
    const learnsLabels = options.labels === "learned";
    const counts = { images: run.images, batch: batchPerClass(options) * model.classes, steps: options.totalSteps };
    const { augment } = options;
    this.#context = context;
    this.#batches = new SubBatches(run.block, { ...counts, augment }, model, backend, memory);
    const rule = ruleOf(options, backend.ops, run.rate, model.parameterCount, memory.scratch);
    const held = { model, loss, length: options.window, memory: options.memory };
    const window = new TrainingWindow(held, this.#batches, rule, backend, memory);
    this.#gradient = new WindowGradient(window, run.block, backend, memory, { targets: learnsLabels });
    this.#real = tools.realImages();
    const { dImages, dRate, dTargets } = this.#gradient;
    const ofRate = options.rate === "learned" ? [dRate] : [];
    const ofLabels = learnsLabels ? [required(dTargets, "the gradient of the labels")] : [];
    this.share = { loss: memory.gradients.allocate(1), gradients: [dImages, ...ofRate, ...ofLabels] };
  }

  *record(step: number, k: number): Parts {
    const { options, problem, tools } = this.#context;
    const index = step * problem.networksPerStep + k;
    const { classes } = problem.model;
    const skipped = skippedSteps(options, tools, step);
    const counts = { classes, perClass: options.imagesPerClass, batch: batchPerClass(options) };
    tools.weights(this.#gradient.window.state(0), step, k);
    this.#batches.draw(skipped + options.window, {
      places: (t) => placesOf(counts, tools, index, t),
      augmentation: (t) => ({ key: tools.key("augment", index, t) }),
    });
    yield* this.#gradient.run(
      skipped,
      (theta, gradient) => this.#real.lossInParts(step, theta, gradient, this.share.loss),
      tools.key("dropout/distil", index),
    );
  }
}
