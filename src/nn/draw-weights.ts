// Draws initial weights. Every parameter draws from its own stream, so θ is a pure function of seed, purpose and index. The
// schemes are in a file of their own, so that a page can describe networks without loading the code that draws them.
// docs/math.md §4 describes this.
import { type Backend, write } from "../backend/backend.ts";
import type { Buffer } from "../backend/buffer.ts";
import { randomNormal, randomUniform } from "../numeric/draws.ts";
import type { RandomKey } from "../numeric/philox.ts";
import { randomKey } from "../numeric/random.ts";
import { type Distribution, distributions, type Initializer } from "./init.ts";
import type { Model, Parameter } from "./model.ts";
import { orthonormalize } from "./orthogonal.ts";

/** The values of parameters that are not drawn, where their layer says none. */
const constants: Readonly<Record<string, number>> = { bias: 0, scale: 1, shift: 0 };

function constantOf({ role, initial }: Parameter): number {
  return initial ?? constants[role]!;
}

/** Names a network: the `index`-th of those that are drawn for `purpose` under `seed`. */
export interface NetworkStream {
  readonly seed: number;
  readonly purpose: string;
  readonly index: number;
}

/** Fills `theta` with the weights of a network. */
export function initialize(
  backend: Pick<Backend, "ops" | "upload">,
  model: Model,
  theta: Buffer,
  init: Initializer,
  stream: NetworkStream,
): void {
  const { ops } = backend;
  forEachParameter(model, init, stream, (parameter, distribution, key) => {
    const { offset, size, shape } = parameter;
    const at = theta + offset;
    if (!distribution) ops.fill(at, constantOf(parameter), size);
    else if (distribution.kind === "normal") ops.normal(at, size, key, 0, distribution.std);
    else if (distribution.kind === "uniform") ops.uniform(at, size, key, -distribution.bound, distribution.bound);
    else write(backend, at, orthogonal(shape[0]!, size, key, distribution.gain));
  });
}

/** Returns the same weights without a backend, as kernels with strict SIMD draw them, flat in module order. */
export function initialParameters(model: Model, init: Initializer, stream: NetworkStream): Float32Array {
  const theta = new Float32Array(model.parameterCount);
  forEachParameter(model, init, stream, (parameter, distribution, key) => {
    const { offset, size, shape } = parameter;
    if (!distribution) theta.fill(constantOf(parameter), offset, offset + size);
    else if (distribution.kind === "normal") theta.set(randomNormal(key, size, 0, distribution.std), offset);
    else if (distribution.kind === "uniform") {
      theta.set(randomUniform(key, size, -distribution.bound, distribution.bound), offset);
    } else theta.set(orthogonal(shape[0]!, size, key, distribution.gain), offset);
  });
  return theta;
}

/** Hands over each parameter with its key and what it is drawn from, which is undefined for a constant one. */
function forEachParameter(
  model: Model,
  init: Initializer,
  { seed, purpose, index }: NetworkStream,
  write: (parameter: Parameter, distribution: Distribution | undefined, key: RandomKey) => void,
): void {
  distributions(model, init).forEach((distribution, part) => {
    write(model.parameters[part]!, distribution, randomKey(seed, purpose, index, part));
  });
}

/** Does what nn.init.orthogonal_ does: orthonormalises a matrix of normal draws in float64 along its shorter side. */
function orthogonal(rows: number, size: number, key: RandomKey, gain: number): Float64Array {
  const values = Float64Array.from(randomNormal(key, size));
  orthonormalize(values, rows);
  return values.map((value) => gain * value);
}
