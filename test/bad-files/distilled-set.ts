// Bad distilled sets, .safetensors and .npz: tensors and metadata in good archives that are no set together.
import type { NumericArray } from "../../src/codecs/npy.ts";
import { writeNpz } from "../../src/codecs/npz.ts";
import { parseSafetensors, writeSafetensors } from "../../src/codecs/safetensors.ts";
import { writeZip } from "../../src/codecs/zip.ts";
import { distilledFromBytes, distilledToNpz, distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { ascii, concat, fileName } from "../formats/hostile.ts";
import { makeFitSet, makeSet } from "../formats/sets.ts";
import { type BadFile, table } from "./bad-files.ts";

type Bad = BadFile<Uint8Array>;
type Parts = ReturnType<typeof parseSafetensors>;

const good = distilledToSafetensors(makeSet());
const fit = distilledToSafetensors(makeFitSet());

/** The set with one thing changed. */
function altered(change: (parts: Parts) => void, from: Uint8Array = good): Uint8Array {
  const parts = parseSafetensors(from, { name: fileName });
  change(parts);
  return writeSafetensors(parts.tensors, parts.metadata);
}
const f32 = (shape: number[]): NumericArray => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1),
});
const tensor = (what: string, key: string, array: NumericArray, says: string): Bad => [
  what,
  says,
  altered(({ tensors }) => tensors.set(key, array)),
];
const text = (key: string, value: string | undefined, says: string): Bad => [
  value === undefined ? `no ${key} in the metadata` : `${key} ${JSON.stringify(value.slice(0, 40))}`,
  says,
  altered(({ metadata }) => (value === undefined ? metadata.delete(key) : metadata.set(key, value))),
];
const missing = (key: string, says: string): Bad => [`no ${key}`, says, altered(({ tensors }) => tensors.delete(key))];
const value = (key: string, wrong: number, says: string): Bad => [
  `${key} of ${wrong}`,
  says,
  altered(({ tensors }) => {
    (tensors.get(key)!.data as Float32Array)[0] = wrong;
  }),
];
/** A set with a protocol of training, one thing changed. */
const training = (what: string, json: unknown, says: string): Bad => [
  `training: ${what}`,
  says,
  altered(({ metadata }) => metadata.set("training", typeof json === "string" ? json : JSON.stringify(json)), fit),
];
const protocol = makeFitSet().training!;
const json = (content: string | Uint8Array): NumericArray => {
  const data = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { shape: [data.length], data };
};
const { tensors: goodTensors, metadata: goodMetadata } = parseSafetensors(good, { name: fileName });
const npz = (what: string, metadata: NumericArray | undefined, says: string): Bad => [
  `npz metadata ${what}`,
  says,
  writeNpz([...goodTensors, ...(metadata ? [["metadata", metadata] as const] : [])]),
];
const all = JSON.stringify(Object.fromEntries(goodMetadata));
const none = (key: string): string => `expected ${key} in the metadata, got none`;
const momentum = "expected momentum as a number";
const packed = distilledToNpz(makeSet());

const bad: readonly Bad[] = [
  ["nothing", "expected a header length", new Uint8Array(0)],
  ["a text", "expected a header of at most", ascii("not a distilled set at all")],
  ["cut inside a tensor", "to end at", good.slice(0, -9)],
  ["an npz cut short", "expected the end record of a zip file", packed.slice(0, -9)],
  ["a byte more", "expected the end of the file", concat(good, [0])],
  ["a byte more in an npz", "expected the end record of a zip file", concat(packed, [0])],
  missing("images", "expected a tensor images of 5 dimensions, none of them 0, got none"),
  missing("targets", "expected a tensor targets of 3 dimensions, none of them 0, got none"),
  missing("learning_rates", "expected a tensor learning_rates of 1 dimensions"),
  missing("mean", "expected mean of shape [1] beside the other tensors"),
  missing("std", "expected std of shape [1] beside the other tensors"),
  ...["format", "format_version", "steps", "epochs", "recipe"].map((key) => text(key, undefined, none(key))),
  text("format", "pt", 'expected format "distillate", got "pt"'),
  text("format", "distillate-checkpoint", 'expected format "distillate"'),
  text("format_version", "2", 'expected format_version "1", got "2"'),
  text("format_version", "1.0", 'expected format_version "1"'),
  text("steps", "3", 'expected steps 2, as the shapes say, got "3"'),
  text("steps", "02", "expected steps 2, as the shapes say"),
  text("steps", "2e0", "expected steps 2, as the shapes say"),
  text("steps", "0x2", "expected steps 2, as the shapes say"),
  text("steps", "+2", "expected steps 2, as the shapes say"),
  text("epochs", "2", "expected epochs 3, as the shapes say"),
  text("epochs", "3.0", "expected epochs 3, as the shapes say"),
  text("recipe", "{", "recipe: expected JSON"),
  text("recipe", "[]", "recipe: expected a JSON object, got []"),
  text("recipe", "null", "recipe: expected a JSON object, got null"),
  text("recipe", "", "recipe: expected JSON"),
  text("recipe", '{"seed":1e999}', "recipe: expected a number that float64 can hold"),
  text("recipe", '{"seed":NaN}', "recipe: expected JSON, which has no NaN"),
  text("recipe", '{"seed":1,"seed":2}', "recipe: expected each name once"),
  text("recipe", `${'{"a":'.repeat(33)}1${"}".repeat(33)}`, "recipe: expected JSON of at most 32 levels"),
  text("recipe", `{"a":${"[".repeat(1e5)}${"]".repeat(1e5)}}`, "recipe: expected JSON of at most 32 levels"),
  tensor("images of four dimensions", "images", f32([2, 3, 4, 5]), "expected a tensor images of 5 dimensions"),
  tensor("images of other steps", "images", f32([3, 3, 1, 4, 5]), "beside the other tensors"),
  tensor("images of another count", "images", f32([2, 4, 1, 4, 5]), "expected targets of shape [2, 4, 3]"),
  tensor("images of another channel", "images", f32([2, 3, 2, 4, 5]), "expected mean of shape [2]"),
  tensor("no images in a step", "images", f32([2, 0, 1, 4, 5]), "none of them 0, got [2, 0, 1, 4, 5]"),
  tensor(
    "images in float64",
    "images",
    { shape: [2, 3, 1, 4, 5], data: new Float64Array(120) },
    "expected images as Float32Array, got Float64Array",
  ),
  tensor(
    "images in bytes",
    "images",
    { shape: [2, 3, 1, 4, 5], data: new Uint8Array(120) },
    "expected images as Float32Array, got Uint8Array",
  ),
  tensor(
    "targets as class indices",
    "targets",
    { shape: [2, 3], data: new BigInt64Array(6) },
    "expected a tensor targets of 3 dimensions",
  ),
  tensor("targets of other steps", "targets", f32([1, 3, 3]), "expected targets of shape [2, 3, 3]"),
  tensor("no classes", "targets", f32([2, 3, 0]), "expected a tensor targets of 3 dimensions, none of them 0"),
  tensor(
    "five learning rates for two steps",
    "learning_rates",
    f32([5]),
    "expected learning_rates of shape [6] beside the other tensors, got [5]",
  ),
  tensor("one learning rate for two steps", "learning_rates", f32([1]), "expected learning_rates of shape [2]"),
  tensor("no learning rates", "learning_rates", f32([0]), "none of them 0"),
  tensor("learning rates in two dimensions", "learning_rates", f32([2, 3]), "expected a tensor learning_rates of 1"),
  tensor("mean of two channels", "mean", { shape: [2], data: Float64Array.of(0.1, 0.2) }, "expected mean of shape [1]"),
  tensor("mean in float32", "mean", f32([1]), "expected mean as Float64Array"),
  tensor("std as a single number", "std", { shape: [], data: Float64Array.of(1) }, "expected std of shape [1]"),
  tensor("a tensor of another name", "momentum", f32([1]), "expected only images, targets"),
  tensor(
    "a tensor called __proto__",
    "__proto__",
    f32([1]),
    'expected only images, targets, learning_rates, mean, std, got "__proto__"',
  ),
  tensor("a tensor that controls a terminal", "\u001b[2J\u202e", f32([1]), 'got "\\u001b[2J\\u202e"'),
  value("images", Number.NaN, "expected images to be finite values, got NaN at 0"),
  value("images", Number.POSITIVE_INFINITY, "expected images to be finite values"),
  value("targets", Number.NEGATIVE_INFINITY, "expected targets to be finite values"),
  value("learning_rates", 0, "expected learning_rates to be values above 0"),
  value("learning_rates", -0.01, "expected learning_rates to be values above 0"),
  value("learning_rates", Number.NaN, "expected learning_rates to be finite values"),
  value("mean", Number.NaN, "expected mean to be finite values"),
  value("std", 0, "expected std to be values above 0"),
  value("std", Number.POSITIVE_INFINITY, "expected std to be finite values"),
  text("momentum", "1", "expected momentum to be a number >= 0 and < 1"),
  text("momentum", "-0.5", "expected momentum to be a number >= 0 and < 1"),
  ...["high", " 0.9", "", "0.90", ".9", "9e-1", "+0.9", "NaN "].map((wrong) => text("momentum", wrong, momentum)),
  text("momentum", "NaN", "expected momentum to be a number >= 0 and < 1"),
  text("weight_decay", "Infinity", "expected weight_decay to be a finite number >= 0"),
  text("weight_decay", "-1", "expected weight_decay to be a finite number >= 0"),
  text("weight_decay", "0x1", "expected weight_decay as a number"),
  training("no JSON", "{", "training: expected JSON"),
  training("a list", [1], "training: expected a JSON object, got [1]"),
  training("no kind", {}, '"training.kind" expected'),
  training("another kind", { ...protocol, kind: "toString" }, '"training.kind" expected'),
  training("no epochs", { ...protocol, epochs: 0 }, '"training.epochs" expected integer >= 1, got 0'),
  training("half an epoch", { ...protocol, epochs: 0.5 }, '"training.epochs" expected integer >= 1'),
  training("epochs as text", { ...protocol, epochs: "3" }, '"training.epochs" expected integer >= 1'),
  training("a negative rate", { ...protocol, learningRate: -1 }, '"training.learningRate" expected'),
  training("an unknown option", { ...protocol, rate: 1 }, '"training.rate" expected an option'),
  training(
    "an option of objects",
    `{"__proto__":1,${JSON.stringify(protocol).slice(1)}`,
    '"training.__proto__" expected an option',
  ),
  [
    "training beside a momentum",
    "expected no momentum beside training",
    altered(({ metadata }) => metadata.set("momentum", "0.9"), fit),
  ],
  [
    "training beside other epochs",
    "expected epochs 0, as the shapes say",
    altered(({ metadata }) => metadata.set("epochs", "3"), fit),
  ],
  [
    "training beside learning rates",
    "expected only images, targets",
    altered(({ tensors }) => tensors.set("learning_rates", f32([1])), fit),
  ],
  [
    "training beside two blocks",
    "expected one block of images beside training, got 2",
    altered(({ metadata }) => metadata.set("training", JSON.stringify(protocol))),
  ],
  npz("left out", undefined, "metadata: expected an array of uint8"),
  npz("in int32", { shape: [1], data: Int32Array.of(123) }, "metadata: expected an array of uint8"),
  npz("not in UTF-8", json(Uint8Array.of(0xc0, 0x80)), "metadata: expected UTF-8"),
  npz("without an object", json("1"), "metadata: expected a JSON object, got 1"),
  npz("with numbers", json('{"format":1}'), 'metadata: expected a string for "format"'),
  npz(
    "with a number beside all that is asked for",
    json(all.replace("{", '{"x":1,')),
    'metadata: expected a string for "x"',
  ),
  npz("with a key twice", json(all.replace("{", '{"steps":"3",')), "metadata: expected each name once"),
  npz("with __proto__ that is an object", json(all.replace("{", '{"__proto__":{},')), 'a string for "__proto__"'),
  npz("that are empty", json(""), "metadata: expected JSON"),
  npz(
    "with a byte order mark",
    json(concat([0xef, 0xbb, 0xbf], new TextEncoder().encode(all))),
    "metadata: expected JSON",
  ),
  ["an empty npz", "metadata: expected an array of uint8", writeZip([])],
  ["a zip of something else", '"a.txt": expected only .npy files', writeZip([["a.txt", ascii("a")]])],
];

export const distilledSet = table<Uint8Array>({
  format: "distilled set",
  read: (bytes) => distilledFromBytes(bytes, fileName),
  good: [good, packed, fit, distilledToNpz(makeFitSet())],
  bad,
});
