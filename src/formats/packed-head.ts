// The head of a packed set: all that is not an array, as JSON.
import { parseJson } from "../codecs/json.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";
import { checkFit } from "../distill/training.ts";
import { FormatError } from "../errors.ts";
import { isObject } from "../kinds.ts";
import { quote } from "../quote.ts";

/** How many bits a pixel has. */
export type PackedBits = 4 | 8;

/** The head as it stands in the JSON, in this order. */
export interface PackedHead {
  readonly bits: PackedBits;
  readonly steps: number;
  readonly epochs: number;
  readonly imagesPerStep: number;
  /** Channels, height, width. */
  readonly shape: readonly [number, number, number];
  readonly classes: number;
  /** Whether each target is 1 for one class and else 0: then the class stands in its place. */
  readonly oneHot: boolean;
  readonly momentum?: number | undefined;
  readonly weightDecay?: number | undefined;
  readonly training?: DistilledSet["training"];
  readonly recipe: DistilledSet["recipe"];
}

/** How many numbers the images of a packed set may have in all. */
export const mostPixels: number = 2 ** 20;
/** How many of the others it may have. */
const most = { channels: 2 ** 10, classes: 2 ** 16, rates: 2 ** 16, targets: 2 ** 20 };

export function headOf(set: DistilledSet, bits: PackedBits, oneHot: boolean): PackedHead {
  const { steps, epochs, imagesPerStep, channels, height, width, classes } = set;
  const { momentum, weightDecay, training, recipe } = set;
  const sizes = { bits, steps, epochs, imagesPerStep, shape: [channels, height, width] as const, classes, oneHot };
  return { ...sizes, momentum, weightDecay, training, recipe };
}

/** How many images there are, numbers in each, and learning rates. */
interface Counts {
  readonly images: number;
  readonly size: number;
  readonly rates: number;
}

/** Counts what a set holds; returns undefined if that is more than a packed set may hold. */
export function countsOf(head: Omit<PackedHead, "bits" | "oneHot" | "recipe">): Counts | undefined {
  const { steps, epochs, imagesPerStep, shape, classes } = head;
  const images = steps * imagesPerStep;
  const size = shape[0] * shape[1] * shape[2];
  const rates = steps * epochs;
  const small =
    images * size <= mostPixels &&
    images * classes <= most.targets &&
    classes <= most.classes &&
    rates <= most.rates &&
    shape[0] <= most.channels;
  return small ? { images, size, rates } : undefined;
}

/** Reads a head. What the arrays must be beside it is for `checkDistilledSet` to say. @throws FormatError for anything else. */
export function parseHead(json: string, name: string): PackedHead {
  const head = parseJson(json, name);
  const bad = (field: string, expected: string, got: unknown): FormatError =>
    new FormatError(`${name}: expected ${field} to be ${expected}, got ${quote(got)}`);
  if (!isObject(head)) throw bad("its head", "an object", head);
  const {
    bits,
    steps,
    epochs,
    imagesPerStep,
    shape,
    classes,
    oneHot,
    training,
    recipe,
    momentum,
    weightDecay,
    ...rest
  } = head as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw bad("its head", "of known names", unknown);
  if (bits !== 4 && bits !== 8) throw bad("bits", "4 or 8", bits);
  const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;
  for (const [field, value] of Object.entries({ steps, imagesPerStep, classes })) {
    if (!isSize(value)) throw bad(field, "a whole number from 1 on", value);
  }
  if (!(Array.isArray(shape) && shape.length === 3 && shape.every(isSize))) throw bad("shape", "[c, h, w]", shape);
  if (typeof oneHot !== "boolean") throw bad("oneHot", "true or false", oneHot);
  if (training !== undefined) {
    try {
      checkFit("training", training);
    } catch (cause) {
      throw new FormatError(`${name}: ${(cause as Error).message}`, { cause });
    }
  }
  if (training === undefined ? !isSize(epochs) : epochs !== 0) {
    throw bad("epochs", training ? "0 beside training" : "a whole number from 1 on", epochs);
  }
  for (const [field, value] of Object.entries({ momentum, weightDecay })) {
    if (value !== undefined && typeof value !== "number") throw bad(field, "a number", value);
  }
  if (!isObject(recipe)) throw bad("recipe", "an object", recipe);
  return head as unknown as PackedHead;
}
