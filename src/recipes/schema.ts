// The schema of a recipe. Each message says what was expected; parse.ts adds the file, the key and what came.
import * as v from "valibot";
import { nearest } from "../checks/nearest.ts";
import { farthestStart } from "../data/labels.ts";
import { mostImagesPerStep, mostInnerSteps } from "../distill/limits.ts";
import { baselineKinds } from "../evaluate/baselines/kinds.ts";
import type { BaselineName, Recipe } from "./recipe.ts";

/** A message that begins like this needs no "expected" before it. */
export const unknownKey = "is no key of a recipe";

/** An object of just these keys. Where `instead` names a key, one of these says the same in another way. */
function keys<const Entries extends v.ObjectEntries>(entries: Entries, instead: Readonly<Record<string, string>> = {}) {
  const known = Object.keys(entries);
  return v.strictObject(entries, ({ expected, path }) => {
    if (expected !== "never") return expected === "Object" ? "an object" : "a value, which has no default";
    const key = String(path?.at(-1)?.key);
    if (Object.hasOwn(instead, key)) return `${unknownKey} that has ${instead[key]}`;
    const near = nearest(key, known);
    return `${unknownKey} (${near === undefined ? `there are ${known.join(", ")}` : `did you mean ${near}?`})`;
  });
}

/** As `keys`, but no list either. */
function object<const Entries extends v.ObjectEntries>(entries: Entries) {
  const noList = v.check((input) => !Array.isArray(input), "an object");
  return v.pipe(v.unknown(), noList, keys(entries));
}

/** What a variant expected: an object, or one of its kinds. */
const kindOr =
  (object: string) =>
  ({ expected }: v.VariantIssue): string =>
    expected === "Object" ? object : `one of ${expected.replace(/[()]/g, "").replaceAll(" | ", ", ")}`;

function whole(least: number, most: number = Number.MAX_SAFE_INTEGER) {
  const message = most === Number.MAX_SAFE_INTEGER ? `integer >= ${least}` : `integer from ${least} to ${most}`;
  return v.pipe(v.number(message), v.safeInteger(message), v.minValue(least, message), v.maxValue(most, message));
}

/** A finite number for which `fits`, as `message` says. */
function number(message: string, fits: (value: number) => boolean) {
  return v.pipe(v.number(message), v.finite(message), v.check(fits, message));
}

const positive = number("number > 0", (value) => value > 0);
const decay = number("number > 0 and <= 1", (value) => value > 0 && value <= 1);
const fraction = number("number >= 0 and < 1", (value) => value >= 0 && value < 1);

function oneOf<const Options extends readonly string[]>(options: Options) {
  return v.picklist(options, `one of ${options.map((option) => `"${option}"`).join(", ")}`);
}

function text(message: string) {
  return v.pipe(v.string(message), v.minLength(1, message), v.maxLength(200, message));
}

/** Of a file or folder here: no system's name for one on another machine, and nothing that steers a terminal. */
const path = v.pipe(
  text("a path"),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  v.regex(/^(?![/\\]{2})[^\u0000-\u001f\u007f-\u009f]*$/, "a path on this machine, without control characters"),
);

/** Names become those of folders. */
const name = v.pipe(
  v.string("letters, digits, dots and hyphens"),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/, "letters, digits, dots and hyphens, 64 at most"),
);

const crops = "true, false or an object of scale and ratio, each [least, most]";
const range = v.strictTuple([positive, positive], crops);

const dataKeys = object({
  name: text("the name of a data set"),
  path: v.exactOptional(path),
  size: v.exactOptional(whole(1, 4096)),
  padding: v.exactOptional(whole(0, 2047)),
  labelsFrom: v.exactOptional(whole(-farthestStart, farthestStart)),
  channels: v.exactOptional(v.picklist([1, 3], "1 or 3")),
  augment: v.exactOptional(
    object({
      crop: v.exactOptional(whole(1, 4096)),
      resizedCrop: v.exactOptional(
        v.union([v.boolean(), object({ scale: v.exactOptional(range), ratio: v.exactOptional(range) })], crops),
      ),
      flip: v.exactOptional(v.boolean("true or false")),
    }),
  ),
});

const data = v.pipe(
  dataKeys,
  v.forward(
    v.check(({ size = Infinity, padding = 0 }) => size > 2 * padding, "integer above twice the padding"),
    ["size"],
  ),
);

const scheme = {
  scheme: v.optional(
    oneOf(["normal", "xavier-normal", "xavier-uniform", "kaiming-fan-in", "kaiming-fan-out", "orthogonal", "pytorch"]),
    "xavier-normal",
  ),
  gain: v.exactOptional(positive),
  std: v.exactOptional(positive),
};

const training = object({
  data,
  networks: v.optional(whole(1, 9999), 200),
  testNetworks: v.optional(whole(0, 9999), 20),
  epochs: v.optional(whole(1), 40),
  learningRate: v.optional(positive, 2e-4),
  decayEvery: v.optional(whole(1), 20),
  decayFactor: v.optional(decay, 0.5),
  batch: v.optional(whole(1), 1024),
});

const init = v.variant(
  "kind",
  [
    keys({ kind: v.literal("random"), ...scheme }),
    keys({ kind: v.literal("fixed"), ...scheme, seed: v.exactOptional(whole(0)) }),
    keys({
      kind: v.literal("pretrained"),
      pool: path,
      testPool: v.exactOptional(path),
      networks: v.exactOptional(whole(1, 9999)),
      freshLastLayer: v.exactOptional(v.boolean("true or false")),
      training: v.exactOptional(training),
    }),
  ],
  kindOr("an object with a kind"),
);

const networks = v.variant(
  "name",
  [
    keys({ name: v.literal("lenet") }),
    keys({ name: v.literal("alexCifarNet") }),
    keys({ name: v.literal("alexNet"), dropout: v.exactOptional(v.boolean("true or false")) }),
    keys({
      name: v.literal("convNet"),
      depth: v.exactOptional(whole(1, 8)),
      width: v.exactOptional(whole(1, 4096)),
      norm: v.exactOptional(oneOf(["instance", "group", "batch", "none"])),
      activation: v.exactOptional(oneOf(["relu", "leakyrelu", "sigmoid", "tanh"])),
      pooling: v.exactOptional(oneOf(["avg", "max", "none"])),
    }),
    keys({ name: v.literal("mlp"), hidden: v.array(whole(1), "a list of numbers of units") }),
  ],
  kindOr("an object with a name of a network, or with inputShape and layers"),
);

const layers = object({
  inputShape: v.strictTuple([whole(1), whole(1), whole(1)], "[channels, height, width]"),
  layers: v.array(v.looseObject({ kind: text("the name of a layer") }, "an object with a kind"), "a list of layers"),
});

const model = v.lazy((input) => (typeof input === "object" && input && "layers" in input ? layers : networks));

const methodKeys = {
  steps: v.optional(whole(1, mostInnerSteps), 10),
  epochs: v.optional(whole(1, mostInnerSteps), 3),
  labels: v.optional(oneOf(["fixed", "learned"]), "fixed"),
  initialLabels: v.optional(
    v.union([oneOf(["even", "random"]), v.array(whole(0))], '"even", "random" or a list of classes'),
    "even",
  ),
  shuffle: v.optional(v.boolean("true or false"), false),
  learningRate: v.optional(
    number("number > 0 and <= 100", (value) => value > 0 && value <= 100),
    0.02,
  ),
  initialNoise: v.optional(
    number("number from 0 to 100", (value) => value >= 0 && value <= 100),
    1,
  ),
  momentum: v.optional(fraction, 0),
  weightDecay: v.optional(
    number("number >= 0", (value) => value >= 0),
    0,
  ),
  memory: v.optional(
    v.union([oneOf(["store", "recompute"]), whole(1)], '"store", "recompute" or a number of bytes >= 1'),
    "store",
  ),
};

/** The size of a block is in one of two keys; with both, "imagesPerClass" is one too many. */
const method = v.lazy((input) =>
  typeof input === "object" && input !== null && "imagesPerStep" in input
    ? keys({ ...methodKeys, imagesPerStep: whole(1, mostImagesPerStep) }, { imagesPerClass: "imagesPerStep" })
    : object({ ...methodKeys, imagesPerClass: v.optional(whole(1), 1) }),
);

const outerKeys = {
  learningRate: v.optional(positive, 0.01),
  beta1: v.optional(fraction, 0.5),
  beta2: v.optional(fraction, 0.999),
  eps: v.optional(positive, 1e-8),
  decayEvery: v.optional(whole(1), 40),
  decayFactor: v.optional(decay, 0.5),
  clip: v.exactOptional(positive),
  batch: v.optional(whole(1), 1024),
};

/** The length is in one of two keys; with both, "epochs" is one too many. */
const outer = v.lazy((input) =>
  typeof input === "object" && input !== null && "steps" in input
    ? keys({ ...outerKeys, steps: whole(1) }, { epochs: "steps" })
    : object({ ...outerKeys, epochs: v.optional(whole(1), 400) }),
);

const percentage = number("number from 0 to 100", (value) => value >= 0 && value <= 100);

/** All there are. */
export const baselineNames: readonly BaselineName[] = [
  ...baselineKinds,
  ...baselineKinds.map((kind) => `nearest-${kind}` as const),
];

/** Left out is what the paper has: the defaults of its reference code. */
export const recipeSchema: v.GenericSchema<unknown, Recipe> = object({
  name,
  summary: v.optional(text("a line of text"), "a recipe of one's own"),
  scaledFrom: v.exactOptional(name),
  data,
  model,
  init: v.optional(init, { kind: "random" }),
  loss: v.optional(oneOf(["cross-entropy", "mse"]), "cross-entropy"),
  method: v.optional(method, {}),
  networksPerStep: v.optional(whole(1), 1),
  outer: v.optional(outer, {}),
  evaluate: v.optional(
    object({
      networks: v.optional(whole(0), 200),
      baselines: v.optional(v.array(oneOf(baselineNames), "a list of baselines"), ["random-real"]),
    }),
    {},
  ),
  attack: v.exactOptional(
    v.pipe(
      object({ from: whole(0, 255), to: whole(0, 255) }),
      v.check(({ from, to }) => from !== to, "two different classes"),
    ),
  ),
  paper: v.exactOptional(
    keys({ accuracy: percentage, spread: v.exactOptional(percentage), text: text("a line of text") }),
  ),
  seed: v.optional(whole(0), 1),
  diverged: v.exactOptional(object({ step: whole(1), tensor: text("the name of a tensor"), value: text("a number") })),
});
