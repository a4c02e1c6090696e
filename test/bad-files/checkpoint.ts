// Bad checkpoints: .safetensors files with a checksum, the fields of a run's state, and flat tensors of floats.
import type { NumericArray } from "../../src/codecs/npy.ts";
import { parseSafetensors, writeSafetensors } from "../../src/codecs/safetensors.ts";
import { hexadecimal, sha256 } from "../../src/codecs/sha256.ts";
import { checkpointFromBytes, checkpointToBytes } from "../../src/formats/checkpoint-file.ts";
import { distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { ascii, concat, fileName, patched } from "../formats/hostile.ts";
import { makeSet } from "../formats/sets.ts";
import { type BadFile, spliced, table } from "./bad-files.ts";

type Bad = BadFile<Uint8Array>;

const good = await checkpointToBytes({
  state: {
    version: "0.1.0",
    spec: { seed: 5, outer: { batch: 30 } },
    step: 412,
    tensors: new Map([["learned/images", Float32Array.of(1.5, -0, 3.4028234663852886e38, 1e-45)]]),
  },
  note: { seconds: 3.25 },
});
const { tensors, metadata } = parseSafetensors(good, { name: fileName });
const unsigned = "0".repeat(64);

/** Writes a file whose checksum fits, whatever else it holds. */
async function signed(
  named: Iterable<readonly [string, NumericArray]>,
  fields: ReadonlyMap<string, string>,
): Promise<Uint8Array> {
  const bytes = writeSafetensors(named, new Map([...fields, ["sha256", unsigned]]));
  const at = Buffer.from(bytes).indexOf(`"sha256":"${unsigned}"`) + 10;
  return patched(bytes, at, ...ascii(hexadecimal(await sha256([bytes]))));
}

/** A field that is wrong under a checksum that fits; undefined if it is left out. */
const field = async (key: string, value: string | undefined, says: string): Promise<Bad> => {
  const fields = new Map(metadata);
  if (value === undefined) fields.delete(key);
  else fields.set(key, value);
  return [`${key} ${value === undefined ? "left out" : value.slice(0, 40)}`, says, await signed(tensors, fields)];
};
const tensor = async (what: string, array: NumericArray): Promise<Bad> => [
  `a tensor ${what}`,
  'expected "learned/images" as a list of floats',
  await signed([["learned/images", array]], metadata),
];
/** The checksum does not fit any more. */
const damaged = (what: string, bytes: Uint8Array): Bad => [what, "the file is damaged", bytes];
const at = (text: string): number => Buffer.from(good).indexOf(text);
const header = Number(new DataView(good.buffer).getBigUint64(0, true));
const text = (key: string, value: string): Uint8Array => writeSafetensors(tensors, new Map(metadata).set(key, value));
const none = (key: string): string => `expected ${key} in the metadata of a checkpoint, got none`;
const steps = (value: string): Promise<Bad> => field("step", value, "expected step as a whole number");
const digest = "expected a SHA-256 in the metadata, got none";

const bad: readonly Bad[] = [
  ["nothing", "expected a header length", new Uint8Array(0)],
  ["cut inside the length", "expected a header length", good.slice(0, 5)],
  ["cut inside the header", "expected a header within the file", good.slice(0, 100)],
  ["cut before the tensors", 'expected tensor "learned/images" to end at', good.slice(0, 8 + header)],
  ["one byte too few", 'expected tensor "learned/images" to end at', good.slice(0, -1)],
  ["one byte too many", "expected the end of the file", concat(good, [0])],
  ["two checkpoints", "expected the end of the file", concat(good, good)],
  ["a text", "expected a header of at most", ascii("not a checkpoint at all")],
  ["zeros", "expected a header that starts with {", new Uint8Array(4096)],
  ["a distilled set", 'expected format "distillate-checkpoint", got "distillate"', distilledToSafetensors(makeSet())],
  damaged("the first bit of the tensors", patched(good, 8 + header, good[8 + header]! ^ 1)),
  damaged("the last bit of the tensors", patched(good, good.length - 1, good.at(-1)! ^ 128)),
  damaged("another step", patched(good, at('"412"'), ...ascii('"413"'))),
  damaged("another seed", patched(good, at("seed") + 7, 0x36)),
  damaged("another version", patched(good, at("0.1.0"), 0x31)),
  damaged("another name of a tensor", patched(good, at("learned/"), 0x4c)),
  damaged(
    "another blank at the end of the header",
    spliced(patched(good, 0, (header + 8) & 255, (header + 8) >> 8), 8 + header, 0, ascii(" ".repeat(8))),
  ),
  damaged("another checksum", text("sha256", "f".repeat(64))),
  damaged("a checksum of zeros", text("sha256", unsigned)),
  damaged(
    "the checksum of another file",
    text("sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
  ),
  ["a checksum in capitals", digest, text("sha256", metadata.get("sha256")!.toUpperCase().replace(/[0-9]/g, "A"))],
  ["a checksum of 63 digits", digest, text("sha256", "f".repeat(63))],
  ["a checksum that is empty", digest, text("sha256", "")],
  ["a checksum that is no hexadecimal", digest, text("sha256", "g".repeat(64))],
  [
    "a checksum in the text of a note alone",
    digest,
    writeSafetensors(
      tensors,
      [...metadata]
        .filter(([key]) => key !== "sha256")
        .map(([key, value]) => [key, key === "note" ? `{"a":"\\"sha256\\":\\"${unsigned}\\""}` : value]),
    ),
  ],
  ...(await Promise.all([
    field("format", "distillate", 'expected format "distillate-checkpoint"'),
    field("format", "", 'expected format "distillate-checkpoint"'),
    field("format", undefined, none("format")),
    field("format_version", "2", 'expected format_version "1", got "2"'),
    field("format_version", "1.0", 'expected format_version "1"'),
    field("format_version", " 1", 'expected format_version "1"'),
    field("format_version", undefined, none("format_version")),
    ...[
      "4.5",
      "-1",
      "-0",
      "+1",
      "01",
      "1e3",
      "0x10",
      "NaN",
      "Infinity",
      "",
      " 1",
      "9007199254740993",
      "4\u0662",
      "1_0",
      "null",
    ].map(steps),
    field("step", undefined, none("step")),
    field("version", undefined, none("version")),
    field("spec", undefined, none("spec")),
    field("spec", "[]", "expected spec as a JSON object, got []"),
    field("spec", "null", "expected spec as a JSON object, got null"),
    field("spec", "3", "expected spec as a JSON object, got 3"),
    field("spec", '"a"', 'expected spec as a JSON object, got "a"'),
    field("spec", "{", "spec: expected JSON"),
    field("spec", "", "spec: expected JSON"),
    field("spec", "{} {}", "spec: expected JSON"),
    field("spec", '{"seed":NaN}', "spec: expected JSON, which has no NaN"),
    field("spec", '{"seed":1e999}', "spec: expected a number that float64 can hold"),
    field("spec", '{"seed":1,"seed":2}', "spec: expected each name once"),
    field("spec", `{"a":${"[".repeat(40)}${"]".repeat(40)}}`, "spec: expected JSON of at most 32 levels"),
    field("note", undefined, none("note")),
    field("note", "[]", "expected note as a JSON object, got []"),
    field("note", "3", "expected note as a JSON object, got 3"),
    field("note", '"\u202e\u2028\u009b"', 'got "\\u202e\\u2028\\u009b"'),
    field("note", "undefined", "note: expected JSON"),
    tensor("of two dimensions", { shape: [2, 2], data: new Float32Array(4) }),
    tensor("of no dimension", { shape: [], data: new Float32Array(1) }),
    tensor("of whole numbers", { shape: [4], data: new Int32Array(4) }),
    tensor("of bytes", { shape: [4], data: new Uint8Array(4) }),
    tensor("of 64-bit numbers", { shape: [4], data: new BigInt64Array(4) }),
  ])),
];

export const checkpoint = table<Uint8Array>({
  format: "checkpoint",
  read: (bytes) => checkpointFromBytes(bytes, fileName),
  good: [good, await signed(tensors, new Map([...metadata, ["step", "0"]]))],
  bad,
});
