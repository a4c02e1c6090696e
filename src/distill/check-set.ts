// Checks distilled sets, in the same words wherever a set is saved, read, trained on or drawn.
// A page's worker has a stand-in for this module (scripts/build-page.mjs), because the page has checked already. So code here
// may neither change nor fill in what it is given.
import { outOfRange, shown } from "../checks/refusal.ts";
import { checkWhitening, type Whitening, whiteningFault } from "../data/whitening.ts";
import { arrayKind, isObject } from "../kinds.ts";
import { quote } from "../quote.ts";
import type { DistilledSet } from "./distilled-set.ts";
import { checkDecoder, decoderArrays } from "./stored-decoder.ts";
import { checkFit } from "./training.ts";

/** The deepest recipe: an absurdly deep one would overflow the stack of code that prints it. */
const maximumDepth = 32;

/** A value that a set may not hold. */
export interface Fault {
  /** A field of the set, or of its whitening. */
  readonly field: keyof DistilledSet | `whitening.${keyof Whitening}`;
  readonly expected: string;
  readonly got: string;
}

const sizes = ["steps", "epochs", "imagesPerStep", "channels", "height", "width", "classes"] as const;

/**
 * Throws a TypeError or RangeError that names the field after `name`, unless `value` is a distilled set whose arrays fit its
 * sizes, with finite values, learning rates and stds above 0, and a momentum and weight decay in range; or with a protocol
 * of training in their place. Returns it.
 */
export function checkDistilledSet(name: string, value: unknown): DistilledSet {
  if (!isObject(value)) {
    throw new TypeError(
      `"${name}" expected a distilled set, as distill() and loadDistilled() give it, got ${shown(value)}`,
    );
  }
  const set = value as unknown as DistilledSet;
  if (set.training !== undefined) checkWithTraining(name, set);
  for (const size of sizes) {
    if (set.training !== undefined && size === "epochs") continue;
    if (Number.isInteger(set[size]) && set[size] >= 1) continue;
    const Class = typeof set[size] === "number" ? RangeError : TypeError;
    throw new Class(`"${name}.${size}" expected integer >= 1, got ${quote(set[size])}`);
  }
  const { steps, epochs, imagesPerStep, channels, height, width, classes, decoder } = set;
  const shapes = {
    images: [steps, imagesPerStep, channels, height, width],
    targets: [steps, imagesPerStep, classes],
    learningRates: [steps * epochs],
    mean: [channels],
    std: [channels],
  };
  for (const [field, shape] of Object.entries(shapes) as [keyof typeof shapes, number[]][]) {
    const values = set[field];
    const kind = field === "mean" || field === "std" ? "array" : "Float32Array";
    if (!(kind === "array" ? Array.isArray(values) : arrayKind(values) === kind)) {
      throw new TypeError(`"${name}.${field}" expected ${kind}, got ${shown(values)}`);
    }
    const length = shape.reduce((product, size) => product * size, 1);
    if (values.length === length) continue;
    throw new RangeError(`"${name}.${field}" expected [${shape.join(", ")}], ${length} numbers, got ${values.length}`);
  }
  if (!isObject(set.recipe) || isDeeper(set.recipe, maximumDepth)) {
    throw new TypeError(
      `"${name}.recipe" expected an object of at most ${maximumDepth} levels, got ${shown(set.recipe)}`,
    );
  }
  if (decoder !== undefined) checkDecoder(`${name}.decoder`, decoder, set);
  if (set.whitening !== undefined) checkWhitening(`${name}.whitening`, set.whitening, set);
  const fault = valueFault(set);
  if (fault) throw new RangeError(`"${name}.${fault.field}" expected ${fault.expected}, got ${fault.got}`);
  return set;
}

/** Throws unless the protocol is complete and the set has no schedule beside it. */
function checkWithTraining(name: string, { training, steps, epochs, momentum, weightDecay }: DistilledSet): void {
  checkFit(`${name}.training`, training);
  const beside = 'beside "training"';
  if (steps !== 1) throw outOfRange(`${name}.steps`, `1 ${beside}`, steps);
  if (epochs !== 0) throw outOfRange(`${name}.epochs`, `0 ${beside}`, epochs);
  for (const [field, value] of Object.entries({ momentum, weightDecay })) {
    if (value !== undefined) throw outOfRange(`${name}.${field}`, `nothing ${beside}, which has its own`, value);
  }
}

/** Returns the first invalid value in arrays that have their lengths, or undefined if all values are valid. */
export function valueFault(set: DistilledSet): Fault | undefined {
  for (const field of ["images", "targets", "learningRates", "mean", "std"] as const) {
    const values = set[field];
    for (let at = 0; at < values.length; at++) {
      if (Number.isFinite(values[at])) continue;
      return { field, expected: "finite values", got: `${quote(values[at])} at ${at}` };
    }
  }
  for (const [field, values] of Object.entries(set.decoder ? decoderArrays(set.decoder) : {})) {
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) return { field: "decoder", expected: `finite ${field}`, got: `${quote(values[at])} at ${at}` };
  }
  for (const field of ["learningRates", "std"] as const) {
    const values = set[field];
    for (let at = 0; at < values.length; at++) {
      if (!(values[at]! <= 0)) continue;
      return { field, expected: "values above 0", got: `${values[at]} at ${at}` };
    }
  }
  const ofWhitening = set.whitening && whiteningFault(set.whitening);
  if (ofWhitening) return { ...ofWhitening, field: `whitening.${ofWhitening.field}` };
  const { momentum = 0, weightDecay = 0 } = set;
  if (!(momentum >= 0 && momentum < 1)) {
    return { field: "momentum", expected: "a number >= 0 and < 1", got: quote(momentum) };
  }
  if (!(weightDecay >= 0 && weightDecay < Number.POSITIVE_INFINITY)) {
    return { field: "weightDecay", expected: "a finite number >= 0", got: quote(weightDecay) };
  }
  return undefined;
}

/** Returns whether a value has more than `levels` levels. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
