// Bad networks: state_dicts in .safetensors and .npz whose tensors are not those of the model.
import type { NumericArray } from "../../src/codecs/npy.ts";
import { writeNpz } from "../../src/codecs/npz.ts";
import { parseSafetensors, writeSafetensors } from "../../src/codecs/safetensors.ts";
import { parametersFromBytes, parametersToSafetensors } from "../../src/formats/state-dict.ts";
import { relu } from "../../src/nn/activation.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { named, sequential } from "../../src/nn/model.ts";
import { ascii, concat, fileName } from "../formats/hostile.ts";
import { paint } from "../helpers.ts";
import { type BadFile, table } from "./bad-files.ts";
import { headed } from "./safetensors.ts";

type Tensors = Map<string, NumericArray>;

const tiny = sequential(
  [1, 2, 2],
  [flatten(), named("fc", linear({ out: 3 })), relu(), linear({ out: 2, bias: false })],
);
const theta = paint(tiny.parameterCount, 1);
const good = parametersToSafetensors(tiny, theta);

function altered(change: (tensors: Tensors) => void): Tensors {
  const { tensors } = parseSafetensors(good, { name: fileName });
  change(tensors);
  return tensors;
}
const packed = (tensors: Tensors): Uint8Array => writeNpz(tensors);
const f32 = (...shape: number[]): NumericArray => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
const bias =
  (data: NumericArray["data"], shape = [3]): ((t: Tensors) => void) =>
  (t) =>
    t.set("fc.bias", { shape, data });

/** What is wrong, the words of the message, and the change: each in both kinds of file. */
const changes: readonly (readonly [what: string, says: string, change: (tensors: Tensors) => void])[] = [
  ["a tensor missing", 'expected "fc.bias" [3], got none', (t) => t.delete("fc.bias")],
  ["all missing", 'expected "fc.weight" [3, 4], "fc.bias" [3], "3.weight" [2, 3], got none', (t) => t.clear()],
  ["a tensor of another name", 'got unexpected "fc.shift" [3]', (t) => t.set("fc.shift", f32(3)).delete("fc.bias")],
  ["a name in capitals", 'got unexpected "FC.bias" [3]', (t) => t.set("FC.bias", f32(3)).delete("fc.bias")],
  ["one tensor more", 'got beside them "x" [7]', (t) => t.set("x", f32(7))],
  ["an empty tensor more", 'got beside them "x" [0]', (t) => t.set("x", f32(0))],
  ["a tensor called __proto__", 'got beside them "__proto__" [1]', (t) => t.set("__proto__", f32(1))],
  ["a tensor called constructor", 'got beside them "constructor" [1]', (t) => t.set("constructor", f32(1))],
  ["a tensor that controls a terminal", '"\\u001b[2J\\u202e\\u009b"', (t) => t.set("\u001b[2J\u202e\u009b", f32(1))],
  ["a tensor of a name of 9,000 letters", "aaa…", (t) => t.set("a".repeat(9000), f32(1))],
  ["a tensor with and without a prefix", 'expected "fc.bias" once', (t) => t.set("module.fc.bias", f32(3))],
  ["another shape", 'expected "fc.weight" [3, 4], got [4, 3]', (t) => t.set("fc.weight", f32(4, 3))],
  ["a flat tensor", 'expected "fc.weight" [3, 4], got [12]', (t) => t.set("fc.weight", f32(12))],
  ["another rank", 'expected "fc.bias" [3], got [3, 1]', bias(new Float32Array(3), [3, 1])],
  ["too few numbers", 'expected "fc.bias" [3], got [2]', bias(new Float32Array(2), [2])],
  ["no numbers", 'expected "fc.bias" [3], got [0]', bias(new Float32Array(0), [0])],
  ["a single number", 'expected "fc.bias" [3], got []', bias(new Float32Array(1), [])],
  ["whole numbers", 'expected "fc.bias" in F32 or F64, got I64', bias(new BigInt64Array(3))],
  ["bytes", 'expected "fc.bias" in F32 or F64, got U8', bias(new Uint8Array(3))],
  ["NaN", 'expected "fc.bias" to be finite, got NaN at 1', bias(Float32Array.of(0, Number.NaN, 1))],
  ["infinity", "to be finite, got Infinity at 2", bias(Float32Array.of(0, 1, Number.POSITIVE_INFINITY))],
  ["minus infinity in float64", "got -Infinity at 0", bias(Float64Array.of(Number.NEGATIVE_INFINITY, 0, 1))],
  [
    "statistics of a norm that the model has not",
    'got beside them "fc.running_mean" [3]',
    (t) => t.set("fc.running_mean", f32(3)),
  ],
];

const bad: readonly BadFile<Uint8Array>[] = [
  ...changes.map(([what, says, change]): BadFile<Uint8Array> => [what, says, writeSafetensors(altered(change))]),
  ...changes.map(([what, says, change]): BadFile<Uint8Array> => [`${what}, in an npz`, says, packed(altered(change))]),
  ["nothing", "expected a header length", new Uint8Array(0)],
  ["a text", "expected a header of at most", ascii("not a network at all, but text")],
  ["cut short", "to end at", good.slice(0, -1)],
  ["a byte more", "expected the end of the file", concat(good, [0])],
  ["a pickle", "is a bare pickle", concat([0x80, 2], ascii("}q."))],
  [
    "a tensor of 8-bit floats",
    "with dtype one of F32",
    headed('{"fc.bias":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[0,3]}}', 3),
  ],
];

export const stateDict = table<Uint8Array>({
  format: "state_dict",
  read: (bytes) => parametersFromBytes(bytes, tiny, { name: fileName }),
  good: [good, packed(altered(() => {})), parametersToSafetensors(tiny, Float64Array.from(theta))],
  bad,
});
