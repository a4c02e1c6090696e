// Label solve (Nguyen, Chen, Lee, ICLR 2021, section 3; docs/math.md §12): for real images that stay as they are, the labels with which
// kernel ridge regression is best about all real images, in closed form. One outer step of Newton's does it: the loss is
// quadratic in the labels, so the step from any labels Y leads to the best ones,
//
//   K_st = κ(X, all)      Z* = (T·K_stᵀ)·(K_st·K_stᵀ + λ²·tr(·)/n·I)⁻¹      Y* = Z*·A      Y ← Y − (Y − Y*)
//
// with T [K, N] the centred labels of all N real images, and A and λ as in regression.ts.
import { type Buffer, type Floats, none } from "../../../backend/buffer.ts";
import { type ArcCosine, kernelBias, ridgeFloats } from "../../../backend/shapes.ts";
import type { KernelRows, KernelSizes } from "../../../inner/kernel-batch.ts";
import { elements } from "../../../nn/layer.ts";
import type { Parts } from "../../../platform/parts.ts";
import { centredLabels } from "../../centred-batches.ts";
import { blockSet, classByClass } from "../../class-block.ts";
import type { Learned, LearnedSet, Method, MethodContext, MethodRun, NetworkRun } from "../../method.ts";
import type { RealKernel } from "../../real-kernel.ts";
import type { SyntheticImages } from "../../synthetic.ts";
import { arcCosineOf, diagonalOf } from "./kernel.ts";
import { type LabelSolveMethod, trainingOf } from "./options.ts";

type Context = MethodContext<LabelSolveMethod>;

export const labelSolveMethod: Method<LabelSolveMethod, LabelSolveRun> = {
  name: "label-solve",
  allocate: (context) => new LabelSolveRun(context),
  network: (context, run) => new LabelSolveNetwork(context, run),
};

/** The images are one block, class by class. */
class LabelSolveRun implements MethodRun {
  readonly learned: readonly Learned[];
  readonly carried: readonly [] = [];
  readonly synthetic: SyntheticImages;
  /** The images as users hold them: the outer loop has room for what is learned alone. */
  readonly #rows: Buffer;
  readonly #context: Context;

  constructor(context: Context) {
    const { options, problem, memory, tools } = context;
    const imagesPerStep = options.imagesPerClass * problem.model.classes;
    this.#context = context;
    this.#rows = memory.scratch.allocate(imagesPerStep * elements(problem.model.inputShape));
    this.synthetic = tools.synthetic({ steps: 1, imagesPerStep });
    this.learned = [{ ...this.synthetic.labels, optimizer: { optimizer: "sgd", momentum: 0 }, learningRate: 1 }];
  }

  start(staging: Buffer): void {
    const { options, problem, tools } = this.#context;
    const { classes } = problem.model;
    const labels = centredLabels(classByClass(options.imagesPerClass, classes), classes);
    this.synthetic.fillImages(this.#rows, (host) => tools.realOfClassesInto(host, options.imagesPerClass));
    this.synthetic.startTargets(staging, () => labels);
  }

  set(rows: ReadonlyMap<string, Floats>): LearnedSet {
    const { options, problem, tools } = this.#context;
    const images = tools.realOfClasses(options.imagesPerClass);
    return blockSet(problem.model, images, rows.get("targets")!, trainingOf(options));
  }
}

class LabelSolveNetwork implements NetworkRun {
  readonly share;
  readonly #context: Context;
  readonly #run: LabelSolveRun;
  readonly #sizes: KernelSizes;
  readonly #kernel: ArcCosine;
  readonly #real: RealKernel;
  /** K_st as rows, a row for each real image and padding, and T. */
  readonly #all: KernelRows;
  readonly #factor: Buffer;
  readonly #workspace: Buffer;
  /** Z, T·K_stᵀ and Z*, [K, lanes]; κ(X, X), [lanes, lanes]; and the float ‖X‖². */
  readonly #solution: Buffer;
  readonly #gram: Buffer;
  readonly #square: Buffer;
  readonly #dLabels: Buffer;

  constructor(context: Context, run: LabelSolveRun) {
    const { options, problem, memory, tools } = context;
    const { images, lanes } = run.synthetic.images.packing!;
    const { data, model } = problem;
    const { classes } = model;
    this.#context = context;
    this.#run = run;
    this.#sizes = { features: elements(model.inputShape), classes, images, lanes };
    this.#kernel = arcCosineOf(options);
    this.#real = tools.realKernel({ sizes: this.#sizes, kernel: this.#kernel, most: data.count, withLoss: false });
    const { chunk } = this.#real;
    const labelLanes = Math.ceil(data.count / chunk) * chunk;
    const { realBatch, scratch, gradients } = memory;
    this.#all = {
      rows: realBatch.allocate(labelLanes * lanes),
      labels: realBatch.allocate(classes * labelLanes),
      labelLanes,
      staging: realBatch.allocate(data.count * classes),
    };
    const floats = ridgeFloats(images, context.backend.plan);
    this.#factor = scratch.allocate(floats.factor);
    this.#workspace = scratch.allocate(classes * floats.row);
    this.#solution = scratch.allocate(classes * lanes);
    this.#gram = scratch.allocate(lanes * lanes);
    this.#square = scratch.allocate(1);
    this.#dLabels = gradients.allocate(classes * lanes);
    this.share = { loss: gradients.allocate(1), gradients: [this.#dLabels] };
  }

  *record(step: number): Parts {
    const { options, backend } = this.#context;
    const { ops } = backend;
    const { classes, images, lanes } = this.#sizes;
    const { images: x, targets } = this.#run.synthetic.blocks;
    const { rows, labels, labelLanes } = this.#all;
    ops.arcCosineFactor(this.#factor, x, options.ridge, { ...this.#sizes, ...this.#kernel });
    ops.ridgeSolve(this.#solution, this.#workspace, this.#factor, targets, classes, this.#sizes);
    yield* this.#real.rows(step, x, this.#solution, this.#all, this.share.loss);
    ops.wideProduct(this.#solution, labels, rows, classes, labelLanes, lanes);
    yield;
    // K_st·K_stᵀ is about a square of A, and so is its regularisation.
    const ridge = options.ridge * options.ridge;
    ops.ridgeFactor(this.#factor, rows, ridge, { features: labelLanes, images, lanes });
    ops.ridgeSolve(this.#solution, this.#workspace, this.#factor, this.#solution, classes, this.#sizes);
    yield;
    this.#timesMatrix(this.#dLabels, x);
    ops.scale(this.#dLabels, -1, this.#dLabels, classes * lanes);
    ops.axpy(this.#dLabels, this.#dLabels, 1, targets, classes * lanes);
    yield;
  }

  /** Records out = Z·A, with A = K + λ·tr(K)/n·I and tr(K) from ‖X‖². */
  #timesMatrix(out: Buffer, x: Buffer): void {
    const { options, backend } = this.#context;
    const { ops } = backend;
    const { features, classes, images, lanes } = this.#sizes;
    const pairs = { features, images, lanes, yImages: images, yLanes: lanes, ...this.#kernel };
    ops.arcCosineKernel(this.#gram, none, none, x, x, pairs);
    const product = { inFeatures: lanes, outFeatures: classes, lanes };
    ops.linearForward(out, this.#gram, this.#solution, none, product, false);
    const { slope, constant } = diagonalOf(this.#kernel);
    ops.dot(this.#square, x, x, features * lanes);
    ops.axpyBy(
      out,
      out,
      (options.ridge * slope * 2) / (features * images),
      this.#square,
      this.#solution,
      classes * lanes,
    );
    const rest = options.ridge * (slope * kernelBias + constant);
    ops.axpy(out, out, rest, this.#solution, classes * lanes);
  }
}
