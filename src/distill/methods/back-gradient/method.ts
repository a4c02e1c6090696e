// Dataset distillation by back-gradient (Wang, Zhu, Torralba, Efros 2018, Algorithm 1; docs/math.md §1, §2): a network is
// trained on the blocks for steps × epochs gradient steps, and pixels, learning rates and, if wanted, labels follow the
// gradient of its loss on real images.
import { required } from "../../../backend/buffer.ts";
import { BackGradient } from "../../../inner/back-gradient.ts";
import { blockOrder } from "../../../inner/block-order.ts";
import { innerOptimizer } from "../../../inner/inner-optimizer.ts";
import type { InnerLoop } from "../../../inner/unroll.ts";
import type { Parts } from "../../../platform/parts.ts";
import type { Method, MethodContext, NetworkRun } from "../../method.ts";
import type { RealImages } from "../../tools.ts";
import { type BackGradientMethod, imagesPerStep } from "./options.ts";
import { BackGradientRun } from "./run.ts";

type Context = MethodContext<BackGradientMethod>;

export const backGradientMethod: Method<BackGradientMethod, BackGradientRun> = {
  name: "back-gradient",
  changesNoBit: ["memory"],
  allocate: (context) => new BackGradientRun(context, innerLoop(context)),
  network: (context, run) => new BackGradientNetwork(context, run),
};

function innerLoop({ options, problem: { model, loss } }: Context): InnerLoop {
  const { steps, epochs } = options;
  return {
    model,
    steps,
    epochs,
    imagesPerStep: imagesPerStep(options, model.classes),
    loss,
    ...innerOptimizer(options),
  };
}

class BackGradientNetwork implements NetworkRun {
  readonly share;
  readonly #context: Context;
  readonly #run: BackGradientRun;
  readonly #backGradient: BackGradient;
  readonly #real: RealImages;

  constructor(context: Context, run: BackGradientRun) {
    const { options, backend, memory, tools } = context;
    const learnsLabels = options.labels === "learned";
    this.#context = context;
    this.#run = run;
    this.#backGradient = new BackGradient(innerLoop(context), run.blocks, backend, memory, {
      memory: options.memory,
      wanted: { images: true, targets: learnsLabels },
      initial: false,
    });
    this.#real = tools.realImages();
    const { dImages, dLearningRates, dTargets } = this.#backGradient;
    const ofLabels = learnsLabels ? [required(dTargets, "the gradient of the labels")] : [];
    this.share = { loss: memory.gradients.allocate(1), gradients: [dImages, dLearningRates, ...ofLabels] };
  }

  *record(step: number, k: number): Parts {
    const { options, problem, tools } = this.#context;
    const { networksPerStep, seed } = problem;
    const index = step * networksPerStep + k;
    tools.weights(this.#backGradient.unroll.theta(0), step, k);
    const order = options.shuffle ? blockOrder(options, { seed, purpose: "blocks/distil", index }) : undefined;
    yield* this.#backGradient.run(
      this.#run.learningRates,
      (theta, gradient) => this.#real.lossInParts(step, theta, gradient, this.share.loss),
      tools.key("dropout/distil", index),
      order,
    );
  }
}
