// Initial weights (docs/math.md §4), drawn as torch.nn.init does. Every parameter draws from its own stream, so θ is a pure
// function of seed, purpose and index.
import type { Backend } from "../backend/backend.ts";
import type { Buffer } from "../backend/buffer.ts";
import { oneOf } from "../checks/checks.ts";
import { checksOf, type Given, number, type Open, open } from "../checks/declare.ts";
import { type Checks, checkValues } from "../checks/options.ts";
import { outOfRange } from "../checks/refusal.ts";
import type { RandomKey } from "../numeric/philox.ts";
import { randomKey } from "../numeric/random.ts";
import type { Model, Parameter } from "./model.ts";
import { orthonormalize } from "./orthogonal.ts";

/**
 * How weights are drawn; biases are 0 unless stated. `fan_in` and `fan_out` are the inputs and outputs of one unit, times
 * the kernel's area.
 *
 * - `normal`: N(0, std²), std 1
 * - `xavier-normal`: N(0, gain²·2 / (fan_in + fan_out)), gain 1; the paper uses it
 * - `xavier-uniform`: U(±gain·√(6 / (fan_in + fan_out))), gain 1
 * - `kaiming-fan-in`, `kaiming-fan-out`: N(0, gain² / fan), gain √2, which is ReLU's (leaky slope 0)
 * - `orthogonal`: gain times a matrix [out, rest] with orthonormal columns, or rows if there are fewer; gain 1
 * - `pytorch`: the start of nn.Conv2d and nn.Linear, U(±1/√fan_in) for weights and biases
 */
export type InitScheme =
  | "normal"
  | "xavier-normal"
  | "xavier-uniform"
  | "kaiming-fan-in"
  | "kaiming-fan-out"
  | "orthogonal"
  | "pytorch";

const positive = number({ above: 0 }, "finite number");

/** The declaration of a scheme's options. */
export const initOptions = {
  /** Multiplies the spread of the schemes that fit it to the layer. */
  gain: open(positive, { help: "which factor multiplies the spread of the weights" }) as Open<number>,
  /** Standard deviation of the scheme `normal`. */
  std: open(positive, { help: "how far the weights of the scheme normal are spread" }) as Open<number>,
};

/** Options of a scheme, those it has. */
export interface InitOptions extends Given<typeof initOptions> {}

export const initChecks: Checks<InitOptions> = checksOf(initOptions);

/** A scheme with its options. Plain data. */
export interface Initializer extends InitOptions {
  readonly scheme: InitScheme;
}

/** Draws one parameter; `scale` is the gain or std. */
type Draw = (backend: InitBackend, at: Buffer, parameter: Parameter, key: RandomKey, scale: number) => void;

/** What is needed of a backend. */
type InitBackend = Pick<Backend, "ops" | "view">;

/** How a scheme draws weights and biases, and its option with its default. A parameter that is not drawn is constant. */
interface Scheme {
  readonly option?: keyof InitOptions;
  readonly scale: number;
  readonly weight: Draw;
  readonly bias?: Draw;
}

/** Draws from N(0, std²). */
const normal =
  (std: (parameter: Parameter, scale: number) => number): Draw =>
  ({ ops }, at, parameter, key, scale) =>
    ops.normal(at, parameter.size, key, 0, std(parameter, scale));

/** Draws from U(±bound). */
const uniform =
  (bound: (parameter: Parameter, scale: number) => number): Draw =>
  ({ ops }, at, parameter, key, scale) =>
    ops.uniform(at, parameter.size, key, -bound(parameter, scale), bound(parameter, scale));

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
  orthogonal: { option: "gain", scale: 1, weight: orthogonal },
  pytorch: { scale: 1, weight: pytorch, bias: pytorch },
};

/** The values of parameters that are not drawn: under every scheme a norm scales by 1 and shifts by 0. */
const constants: Readonly<Record<string, number>> = { bias: 0, scale: 1, shift: 0 };

/**
 * Returns a scheme with its options.
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

/** Fills `theta` with the weights of the `index`-th network drawn for `purpose` under `seed`. */
export function initialize(
  backend: InitBackend,
  model: Model,
  theta: Buffer,
  init: Initializer,
  { seed, purpose, index }: { seed: number; purpose: string; index: number },
): void {
  const { scheme, gain, std } = initializer(init.scheme, init);
  const { scale, weight, bias } = schemes[scheme];
  model.parameters.forEach((parameter, part) => {
    const at = theta + parameter.offset;
    const draw = parameter.role === "weight" ? weight : parameter.role === "bias" ? bias : undefined;
    if (draw) draw(backend, at, parameter, randomKey(seed, purpose, index, part), gain ?? std ?? scale);
    else backend.ops.fill(at, constants[parameter.role]!, parameter.size);
  });
}

/** Does what nn.init.orthogonal_ does: orthonormalises a matrix of normal draws in float64 along its shorter side. */
function orthogonal(backend: InitBackend, at: Buffer, { shape, size }: Parameter, key: RandomKey, gain: number): void {
  backend.ops.normal(at, size, key, 0, 1);
  const drawn = backend.view(at, size);
  const values = Float64Array.from(drawn);
  orthonormalize(values, shape[0]!);
  drawn.set(values.map((value) => gain * value));
}
