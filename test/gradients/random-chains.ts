// Random chains of layers, to check that every backend computes the same of them: first derivatives, products with the
// Hessian, meta-gradients. All memory is NaN before each call, so that the result shows whatever is read without having
// been written.
import type { Backend } from "../../src/backend/backend.ts";
import { PAGE } from "../../src/backend/wasm/layout.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { leakyRelu, relu, sigmoid, softplus, tanh } from "../../src/nn/activation.ts";
import { adaptiveAvgPool2d, avgPool2d } from "../../src/nn/avg-pool2d.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { dropout } from "../../src/nn/dropout.ts";
import type { ImageShape, Layer } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { localResponseNorm } from "../../src/nn/local-response-norm.ts";
import type { Loss } from "../../src/nn/loss.ts";
import { type Model, sequential } from "../../src/nn/model.ts";
import { batchNorm2d, groupNorm, instanceNorm2d } from "../../src/nn/norm.ts";
import { maxPool2d } from "../../src/nn/pool2d.ts";
import { expectClose, largest, paint } from "../helpers.ts";
import { noteResidual } from "../residuals.ts";
import { networkTolerances } from "../tolerances.ts";
import { distanceFromKinks, floats, kinkedAtZero, reference } from "./differences.ts";
import { type Block, type Problem, paintProblem, train } from "./inner-loops.ts";

/** The tolerance for float32 kernels through a few layers and up to six inner steps, with norms, which divide by small numbers. */
const engineTolerance = networkTolerances.chains;
/** Closer to a kink than this, a float32 activation may lie on its other side. */
const kinkDistance = 2e-5;
/** Derivatives smaller than this are compared as if they were this large. */
export const leastScale = 1e-3;
/** An outer loss above this is that of a network that diverges, where rounding errors grow without bound. */
const mostLoss = 50;
const kinked: readonly string[] = [...kinkedAtZero, "maxPool2d"];
/** The floats of memory that are NaN before each call: more than any of these problems needs. */
const memoryFloats = 1 << 22;

/** A chain and all that its meta-gradient depends on. */
export interface Chain {
  readonly model: Model;
  readonly loss: Loss;
  readonly problem: Problem;
  /** Whether the targets, which then are one-hot, are given as class indices. */
  readonly hard: boolean;
  readonly memory: "store" | "recompute";
  readonly dropoutSeed: number | undefined;
  /** Every choice, and the seed that made them: the same seed makes the same chain. */
  readonly label: string;
}

/** Draws whole numbers from one seed, one after the other. */
class Dice {
  readonly #values: Float32Array;
  #next = 0;

  constructor(seed: number) {
    this.#values = paint(4096, seed);
  }

  /** Returns a whole number from `low` to `high`. */
  between(low: number, high: number): number {
    return low + Math.floor(((this.#values[this.#next++]! + 1) / 2) * (high - low + 1));
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.between(0, choices.length - 1)]!;
  }
}

/** The layers that accept any image, and those that accept a flat vector. */
const ofImages: readonly ((dice: Dice, input: ImageShape) => Layer)[] = [
  (dice) => conv2d({ ...convolution(dice), stride: 1 }),
  (dice) => conv2d({ ...convolution(dice), stride: 1 }),
  (dice) => conv2d({ ...convolution(dice), stride: 2 }),
  (dice) => maxPool2d({ kernel: dice.between(2, 3), stride: dice.between(1, 3), padding: dice.between(0, 1) }),
  (dice) => avgPool2d({ kernel: [dice.between(1, 3), 2], stride: dice.between(1, 2) }),
  (dice) => avgPool2d({ kernel: 2, padding: dice.between(0, 1) }),
  (dice) => adaptiveAvgPool2d({ out: dice.between(1, 4) }),
  (dice) => instanceNorm2d({ affine: dice.of([true, false]), eps: 0.1 }),
  (dice) => batchNorm2d({ affine: dice.of([true, false]), eps: 0.1 }),
  (dice, [channels]) =>
    groupNorm({ groups: channels % 2 === 0 ? dice.of([1, 2]) : 1, affine: dice.of([true, false]), eps: 0.1 }),
  (dice) => localResponseNorm({ size: dice.between(1, 5), alpha: 0.3, beta: dice.of([0.5, 0.75, 1]), k: 1 }),
];
const ofAll: readonly ((dice: Dice) => Layer)[] = [
  relu,
  (dice) => leakyRelu({ slope: dice.of([0.01, 0.3]) }),
  tanh,
  sigmoid,
  softplus,
  (dice) => dropout({ p: dice.of([0.2, 0.5]) }),
];

function convolution(dice: Dice): { out: number; kernel: number | [number, number]; padding: number; bias: boolean } {
  return {
    out: dice.between(1, 6),
    kernel: dice.of<number | [number, number]>([1, 2, 3, 5, [2, 3]]),
    padding: dice.between(0, 2),
    bias: dice.of([true, false]),
  };
}

/** Draws layers one by one; one whose input is too small for it is left out. */
function drawModel(dice: Dice): Model {
  // Small kernels run on one thread; one chain in eight is large enough for all its kernels to use several.
  const [least, most] = dice.between(0, 7) === 0 ? [14, 22] : [3, 9];
  const inputShape: ImageShape = [dice.between(1, 3), dice.between(least, most), dice.between(least, most)];
  const layers: Layer[] = [];
  const head = (): Layer[] => [linear({ out: dice.between(2, 5), bias: dice.of([true, false]) })];
  const shapeOf = (chain: readonly Layer[]): ImageShape =>
    sequential(inputShape, [...chain, flatten(), linear({ out: 1 })]).shapes[chain.length]!;
  // Chains that begin with several layers without weights can go wrong in their own way, so one in three is such a chain.
  const weightless = dice.between(0, 2) === 0;
  for (let left = dice.between(1, 6); left > 0; left--) {
    const layer = dice.of([...ofImages, ...ofAll])(dice, shapeOf(layers));
    if (weightless && layers.length < 2 && layer.parameters(shapeOf(layers)).length > 0) continue;
    try {
      shapeOf([...layers, layer]);
      layers.push(layer);
    } catch {
      // The image has become too small.
    }
  }
  layers.push(flatten());
  if (dice.of([true, false])) layers.push(linear({ out: dice.between(3, 8) }), dice.of(ofAll)(dice));
  return sequential(inputShape, [...layers, ...head()]);
}

/**
 * Returns the chain of a seed: the first one drawn whose training neither diverges nor comes near a kink. Some draws always
 * do, for example if a max pooling chooses among equal values.
 */
export async function drawChain(seed: number): Promise<Chain> {
  for (let draw = seed; draw < seed + 200_000; draw += 1000) {
    const chain = drawOnce(draw);
    if (await isTame(chain)) return chain;
  }
  throw new Error(`no chain that keeps away from kinks, seed ${seed}`);
}

function drawOnce(seed: number): Chain {
  const dice = new Dice(seed);
  const model = drawModel(dice);
  const loss = dice.of<Loss>(["cross-entropy", "cross-entropy", "mse"]);
  const memory = dice.of(["store", "recompute"] as const);
  const sizes = {
    images: dice.between(1, 9),
    real: dice.between(1, 17),
    steps: dice.between(1, 3),
    epochs: dice.between(1, 2),
    momentum: dice.of([0, 0.9]),
    weightDecay: dice.of([0, 0.01]),
  };
  const hard = dice.of([true, false]);
  const kinds = model.layers.map(({ kind }) => kind);
  // The measuring of the distance from kinks drops nothing, so chains with kinks drop nothing either.
  const drops = kinds.includes("dropout") && !kinds.some((kind) => kinked.includes(kind));
  const dropoutSeed = drops ? seed : undefined;
  const soft = paintProblem(model, { ...sizes, seed, scale: 0.5, step: 0 });
  const problem = hard ? oneHot(soft, model.classes) : soft;
  const layers = model.layers.map(({ kind, options }) => kind + JSON.stringify(options)).join(" → ");
  const choices = JSON.stringify({ loss, memory, hard, dropoutSeed, ...sizes });
  return {
    model,
    loss,
    problem,
    hard,
    memory,
    dropoutSeed,
    label: `seed ${seed}: [${model.inputShape}] ${layers}; ${choices}`,
  };
}

/** Returns the same problem with the largest of each row of targets as its class. */
function oneHot(problem: Problem, classes: number): Problem {
  const rounded = ({ images, targets }: Block): Block => {
    const rows = new Float64Array(targets.length);
    labelsOf(targets, classes).forEach((label, i) => {
      rows[i * classes + label] = 1;
    });
    return { images, targets: rows };
  };
  return { ...problem, steps: problem.steps.map(rounded), real: rounded(problem.real) };
}

function labelsOf(targets: Float64Array, classes: number): Uint8Array {
  const row = (i: number): Float64Array => targets.subarray(i * classes, (i + 1) * classes);
  return Uint8Array.from({ length: targets.length / classes }, (_, i) => row(i).indexOf(Math.max(...row(i))));
}

async function isTame({ model, problem, loss }: Chain): Promise<boolean> {
  const { trajectory, loss: last } = await train(await reference.bind(model, { loss }), problem);
  if (!(last < mostLoss)) return false;
  if (!model.layers.some(({ kind }) => kinked.includes(kind))) return true;
  for (const [t, theta] of trajectory.entries()) {
    const { images } = t + 1 < trajectory.length ? problem.steps[t % problem.steps.length]! : problem.real;
    if ((await distanceFromKinks(model, theta, images)) < kinkDistance) return false;
  }
  return true;
}

/** The direction of products with the Hessian. */
export function directionIn(model: Model): Float64Array {
  return floats(model.parameterCount, 7);
}

/** Returns everything that a bound network offers, computed on an engine whose memory was NaN before. */
export async function derivatives(engine: Engine, chain: Chain): Promise<Record<string, ArrayLike<number>>> {
  const { model, loss, problem, hard, memory, dropoutSeed } = chain;
  const net = await engine.bind(model, { loss });
  const given = ({ images, targets }: Block) => ({
    images,
    targets: hard ? labelsOf(targets, model.classes) : targets,
  });
  const chance = dropoutSeed === undefined ? {} : { dropoutSeed };
  const block = { ...given(problem.steps[0]!), parameters: problem.parameters, ...chance };
  const vector = directionIn(model);
  const anew = <T>(call: () => Promise<T>): Promise<T> => {
    fillWithNaN(engine.backend);
    return call();
  };
  const gradients = await anew(() => net.gradients(block));
  const product = await anew(() => net.hessianVectorProduct({ ...block, vector }));
  const {
    loss: outer,
    images,
    targets,
    ...meta
  } = await anew(() =>
    net.metaGradient({ ...problem, steps: problem.steps.map(given), real: given(problem.real), memory, ...chance }),
  );
  return {
    loss: [gradients.loss],
    logits: gradients.logits,
    "∂ℓ/∂θ": gradients.parameters,
    "∂ℓ/∂images": gradients.images,
    "∂ℓ/∂targets": gradients.targets,
    H_θθ·v: product.parameters,
    H_xθ·v: product.images,
    H_yθ·v: product.targets,
    "outer loss": [outer],
    "∂L/∂images": images.flatMap((block) => Array.from(block)),
    "∂L/∂targets": targets.flatMap((block) => Array.from(block)),
    "∂L/∂η": meta.learningRates,
    θ_T: meta.parameters,
    "∂L/∂θ_0": meta.initial,
  };
}

/** Fills with NaN everything after the kernels' own constants, including scratch and programs of the threads. */
export function fillWithNaN(backend: Backend): void {
  const first = backend.name === "wasm" ? PAGE / 4 : backend.base;
  backend.reserve(memoryFloats);
  backend.upload(first, backend.capacity - first, (host) => host.fill(Number.NaN));
}

/** Throws unless all engines give the same bits, and the float64 reference the same numbers. Returns the largest error. */
export async function checkChain(engines: readonly Engine[], chain: Chain): Promise<number> {
  const expected = await derivatives(reference, chain);
  let bits: Record<string, ArrayLike<number>> | undefined;
  let worst = 0;
  for (const engine of engines) {
    const got = await derivatives(engine, chain);
    for (const [part, values] of Object.entries(got)) {
      const label = `${part} on ${engine.threads} threads, ${chain.label}`;
      if (bits) expectClose(values, bits[part]!, 0, `${label}: not the bits of ${engines[0]!.threads} threads`);
      // A derivative that is zero in exact arithmetic is rounding noise.
      const scale = Math.max(largest(expected[part]!), leastScale);
      const residual = expectClose(values, expected[part]!, engineTolerance, label, scale);
      noteResidual("chains", residual);
      worst = Math.max(worst, residual);
    }
    bits ??= got;
  }
  return worst;
}
