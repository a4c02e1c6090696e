// Initial weights (docs/math.md §4), as torch.nn.init has them. Every parameter draws from its own stream, so θ is a pure
// function of seed, purpose and index.
import type { Backend, Buffer } from "../backend/backend.ts";
import { number, oneOf, optional } from "../checks/checks.ts";
import { type Checks, checkValues } from "../checks/options.ts";
import { outOfRange } from "../checks/refusal.ts";
import { randomNormal, randomUniform } from "../numeric/draws.ts";
import type { RandomKey } from "../numeric/philox.ts";
import { randomKey } from "../numeric/random.ts";
import type { Model, Parameter } from "./model.ts";
import { orthonormalize } from "./orthogonal.ts";

/**
 * How weights are drawn; biases are 0 unless said otherwise. `fan_in` and `fan_out` are the inputs and outputs of one
 * unit, times the kernel's area.
 *
 * - `normal`: N(0, std²), std 1
 * - `xavier-normal`: N(0, gain²·2 / (fan_in + fan_out)), gain 1: what the paper takes
 * - `xavier-uniform`: U(±gain·√(6 / (fan_in + fan_out))), gain 1
 * - `kaiming-fan-in`, `kaiming-fan-out`: N(0, gain² / fan), gain √2, that of ReLU (leaky slope 0)
 * - `orthogonal`: gain times a matrix [out, rest] with orthonormal columns, or rows where there are fewer; gain 1
 * - `pytorch`: what nn.Conv2d and nn.Linear start from, U(±1/√fan_in) for weights and biases
 */
export type InitScheme =
  | "normal"
  | "xavier-normal"
  | "xavier-uniform"
  | "kaiming-fan-in"
  | "kaiming-fan-out"
  | "orthogonal"
  | "pytorch";

/** Options of a scheme, those it has. */
export interface InitOptions {
  readonly gain?: number | undefined;
  readonly std?: number | undefined;
}

const positive = optional(number("a finite number > 0", (value) => value > 0 && Number.isFinite(value)));

export const initChecks: Checks<InitOptions> = { gain: positive, std: positive };

/** A scheme with its options. Plain data. */
export interface Initializer extends InitOptions {
  readonly scheme: InitScheme;
}

/** What one parameter is drawn from: N(0, std²), U(±bound), or gain times an orthogonal matrix. */
type Distribution =
  | { readonly kind: "normal"; readonly std: number }
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "orthogonal"; readonly gain: number };

/** What a parameter is drawn from; `scale` is the gain or std. */
type Rule = (parameter: Parameter, scale: number) => Distribution;

/** What a scheme draws, and the option it has with its default. A parameter that is not drawn is constant. */
interface Scheme {
  readonly option?: keyof InitOptions;
  readonly scale: number;
  readonly weight: Rule;
  readonly bias?: Rule;
}

const normal =
  (std: (parameter: Parameter, scale: number) => number): Rule =>
  (parameter, scale) => ({ kind: "normal", std: std(parameter, scale) });

const uniform =
  (bound: (parameter: Parameter, scale: number) => number): Rule =>
  (parameter, scale) => ({ kind: "uniform", bound: bound(parameter, scale) });

const pytorch = uniform(({ fanIn }) => 1 / Math.sqrt(fanIn));

const schemes: Readonly<Record<InitScheme, Scheme>> = {
  normal: { option: "std", scale: 1, weight: normal((_, std) => std) },
  "xavier-normal": {
    option: "gain",
    scale: 1,
    weight: normal(({ fanIn, fanOut }, gain) => gain * Math.sqrt(2 / (fanIn + fanOut))),
  },
  "xavier-uniform": {
    option: "gain",
    scale: 1,
    weight: uniform(({ fanIn, fanOut }, gain) => gain * Math.sqrt(6 / (fanIn + fanOut))),
  },
  "kaiming-fan-in": { option: "gain", scale: Math.SQRT2, weight: normal(({ fanIn }, gain) => gain / Math.sqrt(fanIn)) },
  "kaiming-fan-out": {
    option: "gain",
    scale: Math.SQRT2,
    weight: normal(({ fanOut }, gain) => gain / Math.sqrt(fanOut)),
  },
  orthogonal: { option: "gain", scale: 1, weight: (_, gain) => ({ kind: "orthogonal", gain }) },
  pytorch: { scale: 1, weight: pytorch, bias: pytorch },
};

/** What a parameter is that is not drawn: a norm scales by 1 and shifts by 0 under every scheme. */
const constants: Readonly<Record<string, number>> = { bias: 0, scale: 1, shift: 0 };

/**
 * A scheme with the options it has.
 *
 * @throws TypeError or RangeError for another scheme, an option it does not have, or one that is not a number > 0.
 */
export function initializer(scheme: InitScheme, options: InitOptions = {}): Initializer {
  oneOf(...Object.keys(schemes))("scheme", scheme);
  checkValues(options, initChecks);
  const { option } = schemes[scheme];
  const given: { gain?: number; std?: number } = {};
  for (const name of ["gain", "std"] as const) {
    const value = options[name];
    if (value === undefined) continue;
    if (name !== option) throw outOfRange(name, `nothing with scheme "${scheme}"`, value);
    given[name] = value;
  }
  return { scheme, ...given };
}

/** Which network: the `index`-th of those that are drawn for `purpose` under `seed`. */
export interface NetworkStream {
  readonly seed: number;
  readonly purpose: string;
  readonly index: number;
}

/** Fills `theta` with the weights of a network. */
export function initialize(
  backend: Pick<Backend, "ops" | "write">,
  model: Model,
  theta: Buffer,
  init: Initializer,
  stream: NetworkStream,
): void {
  const { ops } = backend;
  forEachParameter(model, init, stream, ({ role, offset, size, shape }, distribution, key) => {
    const at = theta + offset;
    if (!distribution) ops.fill(at, constants[role]!, size);
    else if (distribution.kind === "normal") ops.normal(at, size, key, 0, distribution.std);
    else if (distribution.kind === "uniform") ops.uniform(at, size, key, -distribution.bound, distribution.bound);
    else backend.write(at, orthogonal(shape[0]!, size, key, distribution.gain));
  });
}

/** The same weights without a backend, as kernels with strict SIMD draw them: flat in module order. */
export function initialParameters(model: Model, init: Initializer, stream: NetworkStream): Float32Array {
  const theta = new Float32Array(model.parameterCount);
  forEachParameter(model, init, stream, ({ role, offset, size, shape }, distribution, key) => {
    if (!distribution) theta.fill(constants[role]!, offset, offset + size);
    else if (distribution.kind === "normal") theta.set(randomNormal(key, size, 0, distribution.std), offset);
    else if (distribution.kind === "uniform") {
      theta.set(randomUniform(key, size, -distribution.bound, distribution.bound), offset);
    } else theta.set(orthogonal(shape[0]!, size, key, distribution.gain), offset);
  });
  return theta;
}

/** Each parameter with what it is drawn from, which is undefined for a constant one, and its key. */
function forEachParameter(
  model: Model,
  init: Initializer,
  { seed, purpose, index }: NetworkStream,
  write: (parameter: Parameter, distribution: Distribution | undefined, key: RandomKey) => void,
): void {
  const { scheme, gain, std } = initializer(init.scheme, init);
  const { scale, weight, bias } = schemes[scheme];
  model.parameters.forEach((parameter, part) => {
    const rule = parameter.role === "weight" ? weight : parameter.role === "bias" ? bias : undefined;
    write(parameter, rule?.(parameter, gain ?? std ?? scale), randomKey(seed, purpose, index, part));
  });
}

/** nn.init.orthogonal_: the matrix of a normal draw, orthonormalised in float64 along its shorter side. */
function orthogonal(rows: number, size: number, key: RandomKey, gain: number): Float64Array {
  const values = Float64Array.from(randomNormal(key, size));
  orthonormalize(values, rows);
  return values.map((value) => gain * value);
}
