// The schemes of initial weights (docs/math.md §4) are those of torch.nn.init; draw-weights.ts draws from them.
import { oneOf } from "../checks/checks.ts";
import { checksOf, type Given, number, type Open, open } from "../checks/declare.ts";
import { type Checks, checkValues } from "../checks/options.ts";
import { outOfRange } from "../checks/refusal.ts";
import type { Model, Parameter } from "./model.ts";

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

/** Options of a scheme; no scheme has all of them. */
export interface InitOptions extends Given<typeof initOptions> {}

export const initChecks: Checks<InitOptions> = checksOf(initOptions);

/** A scheme with its options. Plain data. */
export interface Initializer extends InitOptions {
  readonly scheme: InitScheme;
}

/** What one parameter is drawn from: N(0, std²), U(±bound), or gain times an orthogonal matrix. */
export type Distribution =
  | { readonly kind: "normal"; readonly std: number }
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "orthogonal"; readonly gain: number };

/** Says what a parameter is drawn from; `scale` is the gain or std. */
type Rule = (parameter: Parameter, scale: number) => Distribution;

/** How a scheme draws weights and biases, and its option with its default. A parameter that is not drawn is constant. */
interface Scheme {
  readonly option?: keyof InitOptions;
  readonly scale: number;
  readonly weight: Rule;
  readonly bias?: Rule;
}

/** Draws from N(0, std²). */
const normal =
  (std: (parameter: Parameter, scale: number) => number): Rule =>
  (parameter, scale) => ({ kind: "normal", std: std(parameter, scale) });

/** Draws from U(±bound). */
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

/**
 * Returns a scheme with its options.
 *
 * @throws TypeError or RangeError for an unknown scheme, an option that it does not have, or one that is not a number > 0.
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

/**
 * Returns what each parameter of a model is drawn from under a scheme; undefined for a constant one.
 *
 * @throws TypeError or RangeError as {@link initializer}.
 */
export function distributions(model: Model, init: Initializer): readonly (Distribution | undefined)[] {
  const { scheme, gain, std } = initializer(init.scheme, init);
  const { scale, weight, bias } = schemes[scheme];
  return model.parameters.map((parameter) => {
    if (parameter.initial !== undefined) return undefined;
    const rule = parameter.role === "weight" ? weight : parameter.role === "bias" ? bias : undefined;
    return rule?.(parameter, gain ?? std ?? scale);
  });
}
