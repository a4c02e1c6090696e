// The yardstick of the gradient tests: central differences on the float64 reference, at points away from the kinks of
// ReLU and max pooling, where a difference quotient would mean nothing. The engines under test are compared with the reference.

import type { Floats } from "../../src/backend/buffer.ts";
import type { BoundNetwork } from "../../src/engine/bound-network.ts";
import { createEngine } from "../../src/engine/engine.ts";
import type { BindOptions } from "../../src/engine/options.ts";
import type { Chance } from "../../src/engine/passes.ts";
import { elements, type ImageShape, type Layer } from "../../src/nn/layer.ts";
import { flatten } from "../../src/nn/linear.ts";
import { type Model, sequential } from "../../src/nn/model.ts";
import { enginesUnderTest, onGpu } from "../backends-under-test.ts";
import { expectClose, largest, paint } from "../helpers.ts";
import { noteResidual } from "../residuals.ts";
import { networkTolerances } from "../tolerances.ts";

/**
 * PyTorch's gradcheck: |analytic − difference| ≤ atol + rtol·|difference|, with differences over ±step. Its own bounds
 * are 1e-5 and 1e-3; in float64 the differences are good to 5e-9 (rounding some 2⁻⁵³·ℓ/step, truncation step²), so ours
 * are tighter by a hundred and by a thousand.
 */
const step = 1e-6;
const atol = 1e-7;
const rtol = 1e-6;

/** A step moves an activation by at most some 10 steps; a hundred of them are a safe distance from any kink. */
const kinkDistance = 100 * step;
/** The activations with a kink at 0. */
export const kinkedAtZero: readonly string[] = ["relu", "leakyRelu"];
/** Every derivative must be larger somewhere, because any two that vanish agree. */
const leastDerivative = 1e-3;

/** float32 through a few layers, there and back twice, as a share of the largest derivative. */
const engineTolerance = networkTolerances.derivatives;

export const reference = await createEngine({ backend: "reference" });
/** What must give the reference's derivatives. */
export const engines = await enginesUnderTest();

/** The variables of the loss; targets are soft, [n, classes]. */
export interface Point {
  readonly parameters: Float64Array;
  readonly images: Float64Array;
  readonly targets: Float64Array;
}

const parts = ["parameters", "images", "targets"] as const;
type Part = (typeof parts)[number];
type Derivatives = Readonly<Record<Part, Floats>>;

export function floats(n: number, seed: number, scale = 1): Float64Array {
  return Float64Array.from(paint(n, seed, scale));
}

/** x + scale·direction */
export function moved(x: Float64Array, scale: number, direction: ArrayLike<number>): Float64Array {
  return x.map((value, i) => value + scale * direction[i]!);
}

export function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Returns `n` values, no two closer than 2/n and none 0, in an order that looks random. */
export function distinct(n: number, seed: number): Float64Array {
  const order = Array.from(paint(n, seed), (value, i) => [value, i] as const).sort(([a], [b]) => a - b);
  const out = new Float64Array(n);
  order.forEach(([, position], rank) => {
    out[position] = (2 * rank + 0.5) / n - 1;
  });
  return out;
}

/**
 * Returns how far activations are from the kinks of a network: the smallest |x| that goes into a ReLU, or the narrowest lead
 * of a winner in a max-pooling window. Exact zeros do not count: a ReLU below made them, and they stay zero.
 */
export async function distanceFromKinks(
  model: Model,
  parameters: Float64Array,
  images: Float64Array,
  engine = reference,
): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (const [i, layer] of model.layers.entries()) {
    if (!kinkedAtZero.includes(layer.kind) && layer.kind !== "maxPool2d") continue;
    const below = sequential(model.inputShape, [...model.layers.slice(0, i), flatten()]);
    const net = await engine.bind(below);
    const { logits } = await net.forward({ parameters: parameters.subarray(0, below.parameterCount), images });
    const x = Float64Array.from(logits);
    if (kinkedAtZero.includes(layer.kind)) {
      for (const value of x) if (value !== 0) least = Math.min(least, Math.abs(value));
    } else {
      least = Math.min(least, narrowestLead(x, model.shapes[i]!, model.shapes[i + 1]!, layer));
    }
  }
  return least;
}

function narrowestLead(x: Float64Array, input: ImageShape, output: ImageShape, { options }: Layer): number {
  const { kernel, stride, padding } = options as { kernel: number | [number, number]; stride: number; padding: number };
  const [kernelHeight, kernelWidth] = typeof kernel === "number" ? [kernel, kernel] : kernel;
  const [, height, width] = input;
  const [, outHeight, outWidth] = output;
  let least = Number.POSITIVE_INFINITY;
  for (let plane = 0; plane < x.length; plane += height * width) {
    for (let window = 0; window < outHeight * outWidth; window++) {
      const top = Math.floor(window / outWidth) * stride - padding;
      const left = (window % outWidth) * stride - padding;
      let [first, second] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let row = Math.max(0, top); row < Math.min(height, top + kernelHeight); row++) {
        for (let column = Math.max(0, left); column < Math.min(width, left + kernelWidth); column++) {
          const value = x[plane + row * width + column]!;
          if (value > first) [first, second] = [value, first];
          else if (value > second) second = value;
        }
      }
      if (first !== 0) least = Math.min(least, first - second);
    }
  }
  return least;
}

/** Returns a random point away from kinks, and the seed that gave it. The same seed gives the same point. */
export async function drawPoint(
  model: Model,
  count: number,
  seed: number,
  images: (n: number, seed: number) => Float64Array = floats,
): Promise<{ point: Point; seed: number }> {
  for (let drawn = seed; drawn < seed + 50_000; drawn += 1000) {
    const point = {
      parameters: floats(model.parameterCount, drawn, 0.7),
      images: images(count * elements(model.inputShape), drawn + 1),
      targets: softTargets(count, model.classes, drawn + 2),
    };
    if ((await distanceFromKinks(model, point.parameters, point.images)) > kinkDistance) return { point, seed: drawn };
  }
  throw new Error(`no point away from kinks, seeds ${seed}, ${seed + 1000}, …`);
}

/** Returns rows of positive numbers that sum to 1. */
export function softTargets(count: number, classes: number, seed: number): Float64Array {
  const out = floats(count * classes, seed).map((value) => 1.1 + value);
  for (let i = 0; i < count; i++) {
    const row = out.subarray(i * classes, (i + 1) * classes);
    const sum = row.reduce((a, b) => a + b, 0);
    row.forEach((value, k) => {
      row[k] = value / sum;
    });
  }
  return out;
}

export async function checkLayers(
  inputShape: ImageShape,
  layers: readonly Layer[],
  options: { seed: number; images?: number; draw?: (n: number, seed: number) => Float64Array },
): Promise<void> {
  const model = sequential(inputShape, layers);
  const { point, seed } = await drawPoint(model, options.images ?? 3, options.seed, options.draw);
  const names = layers.map(({ kind, options }) => `${kind}${JSON.stringify(options)}`).join(" → ");
  await checkDerivatives(model, point, seed, `[${inputShape}] ${names}, seed ${seed}`);
}

/**
 * Checks every derivative at `point`: gradients and Hessian-vector products by parameters, images and targets. Those of the
 * reference, which were so checked already where a GPU is tested, are compared with differences along random directions and
 * entry by entry, those of the engines under test with the reference's.
 */
export async function checkDerivatives(
  model: Model,
  point: Point & Chance,
  seed: number,
  label: string,
  options: BindOptions = {},
): Promise<void> {
  const net = await reference.bind(model, options);
  const gradient = await net.gradients(point);
  const vector = floats(point.parameters.length, seed + 3);
  const product = await net.hessianVectorProduct({ ...point, vector });
  for (const part of parts) {
    if (largest(gradient[part]) < leastDerivative) throw new Error(`${label}: the gradient by ${part} vanishes`);
    if (largest(product[part]) < leastDerivative) throw new Error(`${label}: H·v by ${part} vanishes`);
  }
  if (!onGpu) await checkDifferences(net, point, { gradient, vector, product }, seed, label);
  for (const engine of engines) {
    const tested = await engine.bind(model, options);
    const where = `${label}, on ${engine.backend.name}`;
    expectDerivatives(await tested.gradients(point), gradient, `${where}: gradient`);
    expectDerivatives(await tested.hessianVectorProduct({ ...point, vector }), product, `${where}: H·v`);
  }
}

function expectDerivatives(found: Derivatives, expected: Derivatives, label: string): void {
  for (const part of parts) {
    noteResidual("derivatives", expectClose(found[part], expected[part], engineTolerance, `${label} by ${part}`));
  }
}

/** Checks derivatives of the reference against central differences. */
async function checkDifferences(
  net: BoundNetwork,
  point: Point,
  { gradient, vector, product }: { gradient: Derivatives; vector: Float64Array; product: Derivatives },
  seed: number,
  label: string,
): Promise<void> {
  const along = (part: Part, direction: ArrayLike<number>) => differencesAlong(net, point, part, direction);

  // H·v is the change of all three gradients along v.
  const change = await along("parameters", vector);
  for (const part of parts) {
    expectNear(product[part], change[part], `${label}: H·v by ${part}`);
  }
  for (const part of parts) {
    const n = point[part].length;
    // ⟨∂ℓ/∂x, u⟩ is the change of ℓ along u, and ⟨H_xθ·v, u⟩ that of ⟨∂ℓ/∂θ, v⟩: a second way to the same number.
    const direction = floats(n, seed + 4);
    const { loss, parameters } = await along(part, direction);
    expectNear([inner(gradient[part], direction)], [loss], `${label}: by ${part}, random direction`);
    expectNear([inner(product[part], direction)], [inner(parameters, vector)], `${label}: H·v by ${part}, direction`);
    const slopes = new Float64Array(n);
    const bends = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const entry = await along(part, unit(n, i));
      slopes[i] = entry.loss;
      bends[i] = inner(entry.parameters, vector);
    }
    expectNear(gradient[part], slopes, `${label}: by ${part}`);
    expectNear(product[part], bends, `${label}: H·v by ${part}, entry by entry`);
  }
}

/** Returns central differences of the loss and of its gradients, along a direction in one part of the point. */
async function differencesAlong(
  net: BoundNetwork,
  point: Point,
  part: Part,
  direction: ArrayLike<number>,
): Promise<{ loss: number } & Point> {
  const [after, before] = [
    await net.gradients({ ...point, [part]: moved(point[part], step, direction) }),
    await net.gradients({ ...point, [part]: moved(point[part], -step, direction) }),
  ];
  const difference = (part: Part) =>
    Float64Array.from(after[part], (value, i) => (value - before[part][i]!) / (2 * step));
  return {
    loss: (after.loss - before.loss) / (2 * step),
    parameters: difference("parameters"),
    images: difference("images"),
    targets: difference("targets"),
  };
}

function unit(n: number, i: number): Float64Array {
  const out = new Float64Array(n);
  out[i] = 1;
  return out;
}

function expectNear(analytic: ArrayLike<number>, differences: ArrayLike<number>, label: string): void {
  if (analytic.length !== differences.length) {
    throw new Error(`${label}: got ${analytic.length} values, expected ${differences.length}`);
  }
  for (let i = 0; i < differences.length; i++) {
    const [got, wanted] = [analytic[i]!, differences[i]!];
    if (Math.abs(got - wanted) <= atol + rtol * Math.abs(wanted)) continue;
    throw new Error(`${label}: got ${got}, central difference ${wanted} at ${i} of ${differences.length}`);
  }
}
