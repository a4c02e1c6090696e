import { describe, expect, test } from "vitest";
import { type Gpu, statedLimits } from "../../src/backend/gpu.ts";
import { parseSafetensors, writeSafetensors } from "../../src/codecs/safetensors.ts";
import { hexadecimal, sha256 } from "../../src/codecs/sha256.ts";
import { type Checkpoint, checkpointFromBytes, checkpointToBytes } from "../../src/formats/checkpoint-file.ts";
import type { RunState } from "../../src/index.ts";
import { expectOnlyFormatErrors, fileName, patched } from "./hostile.ts";

const name = fileName;

const state: RunState = {
  version: "0.1.0",
  spec: { seed: 5, outer: { batch: 30 }, note: '"sha256":"' + "1".repeat(64) + '"' },
  step: 412,
  tensors: new Map<string, Float32Array | Float64Array>([
    ["learned/images", Float32Array.of(1.5, -0, 3.4028234663852886e38, 1e-45)],
    ["clip/mean", Float64Array.of(0.1, Number.NaN, Number.POSITIVE_INFINITY)],
    ["__proto__", new Float32Array(1)],
  ]),
};
const checkpoint: Checkpoint = { state, note: { seconds: 3.25, recipe: { name: "digits", data: {} } } };
const bytes = await checkpointToBytes(checkpoint);
const read = (file: Uint8Array) => checkpointFromBytes(file, name);

describe("a checkpoint as a file", () => {
  test("is read as it was written, bit for bit", async () => {
    expect(await read(bytes)).toEqual(checkpoint);
    const tensors = [...(await read(bytes)).state.tensors].map(([key, data]) => [key, new Uint8Array(data.buffer)]);
    expect(tensors).toEqual(
      [...state.tensors].map(([key, data]) => [key, new Uint8Array(data.buffer)]).sort(byKey(tensors)),
    );
  });

  test("has the same bytes for the same state", async () => {
    expect(await checkpointToBytes(structuredClone(checkpoint))).toEqual(bytes);
  });

  test("is refused if any one of its bits is another", async () => {
    const accepted: number[] = [];
    for (let at = 0; at < bytes.length; at++) {
      const damaged = patched(bytes, at, bytes[at]! ^ (1 << (at % 8)));
      await read(damaged).then(
        () => accepted.push(at),
        (error) => expect(error.name).toBe("FormatError"),
      );
    }
    expect(accepted).toEqual([]);
  });

  test("fields that are wrong are named, even under a checksum that fits", async () => {
    for (const [wrong, message] of [
      [{ step: -1 }, "step"],
      [{ step: 1.5 }, "step"],
      [{ spec: 3 }, "spec"],
      [{ tensors: [] }, "tensors"],
    ] as const) {
      await expect(checkpointToBytes({ ...checkpoint, state: { ...state, ...wrong } as RunState })).rejects.toThrow(
        `"state.${message}" expected`,
      );
    }
  });

  test("what is no checkpoint is refused before it is written, and what are no bytes or no name before they are read", async () => {
    const written = (wrong: unknown) => checkpointToBytes(wrong as Checkpoint);
    await expect(written(3)).rejects.toThrow(new TypeError('"checkpoint" expected an object, got 3'));
    await expect(written({ state })).rejects.toThrow(new TypeError('"note" expected an object, got undefined'));
    await expect(written({ ...checkpoint, extra: 1 })).rejects.toThrow('"extra" expected an option');
    await expect(read("text" as never)).rejects.toThrow(new TypeError('"bytes" expected Uint8Array, got "text"'));
    await expect(checkpointFromBytes(bytes, 7 as never)).rejects.toThrow('"name" expected a string, got 7');
  });

  test.each(["format", "format_version", "version", "step", "spec", "note"])(
    "without %s it is refused",
    async (key) => {
      await expect(read(await forged({ [key]: undefined }))).rejects.toThrow(
        formatError(`${key} in the metadata of a checkpoint, got none`),
      );
    },
  );

  test.each([
    ["format", "distillate", 'format "distillate-checkpoint", got "distillate"'],
    ["format_version", "2", 'format_version "1", got "2"'],
    ["step", "4.5", 'step as a whole number, got "4.5"'],
    ["step", "-1", 'step as a whole number, got "-1"'],
    ["step", "04", 'step as a whole number, got "04"'],
    ["step", "", 'step as a whole number, got ""'],
    ["step", "1e21", 'step as a whole number, got "1e21"'],
    ["step", "9007199254740992", 'step as a whole number, got "9007199254740992"'],
    ["spec", "[]", "spec as a JSON object, got []"],
    ["note", "3", "note as a JSON object, got 3"],
  ])("with the %s %j it is refused, though its checksum fits", async (key, value, message) => {
    await expect(read(await forged({ [key]: value }))).rejects.toThrow(formatError(message));
  });

  test("a specification that is no JSON is refused by its key, and one of step 0 is read", async () => {
    await expect(read(await forged({ spec: "{" }))).rejects.toThrow(/^evil\.bin: spec: /);
    expect((await read(await forged({ step: "0" }))).state.step).toBe(0);
  });

  test.each([
    ["whole numbers", { shape: [3], data: Int32Array.of(1, 2, 3) }],
    ["rows and columns", { shape: [1, 3], data: Float32Array.of(1, 2, 3) }],
    ["a single number", { shape: [], data: Float32Array.of(1) }],
  ])("a tensor of %s is refused by its name, though the checksum fits", async (_, tensor) => {
    await expect(read(await forged({}, [["learned/images", tensor]]))).rejects.toThrow(
      formatError('"learned/images" as a list of floats, got something else'),
    );
  });

  const gpu = {
    name: "a card",
    software: false,
    features: ["shader-f16"],
    limits: Object.fromEntries(statedLimits.map((limit) => [limit, 65_536])) as Gpu["limits"],
  };
  const halvings = [{ step: 40, tensor: "images", value: "NaN", backTo: 0 }];

  test("the GPU of a run and the divergences after which it went back are read as they were written", async () => {
    for (const more of [{ gpu }, { halvings }, { gpu, halvings }]) {
      const written = await checkpointToBytes({ ...checkpoint, state: { ...state, ...more } });
      expect((await read(written)).state).toEqual({ ...state, ...more });
    }
  });

  test.each([
    ["halvings", "{", "expected"],
    ["halvings", "3", "an array"],
    ["halvings", "[3]", "a divergence"],
    ["halvings", JSON.stringify([{ ...halvings[0], step: 0 }]), "step"],
    ["gpu", "[]", "a GPU"],
    ["gpu", JSON.stringify({ ...gpu, limits: {} }), "maxBufferSize"],
  ])("with %s of %s it is refused, though its checksum fits", async (key, value, place) => {
    await expect(read(await forged({ [key]: value }))).rejects.toMatchObject({
      name: "FormatError",
      message: expect.stringMatching(new RegExp(`${key}.*${place}`)),
    });
  });

  test("a checksum counts in the header only, not where a tensor holds its text", async () => {
    const text = new TextEncoder().encode(`"sha256":"${"0".repeat(64)}"`.padEnd(80));
    const tensors = [["learned/images", { shape: [20], data: new Float32Array(text.buffer) }]] as const;
    await expect(read(writeSafetensors(tensors, new Map(metadataWithout("sha256"))))).rejects.toThrow(
      formatError("a SHA-256 in the metadata, got none"),
    );
  });

  test("mutants are read or refused", async () => {
    await expectOnlyFormatErrors("checkpoints", [bytes], read, 2000);
  });
});

const original = parseSafetensors(bytes, { name });
const metadataWithout = (key: string) => [...original.metadata].filter(([other]) => other !== key);
const formatError = (message: string) =>
  expect.objectContaining({ name: "FormatError", message: `evil.bin: expected ${message}` });

/** The file with other metadata and tensors, under a checksum that fits. What is undefined is left out. */
async function forged(
  changes: Readonly<Record<string, string | undefined>>,
  tensors: Parameters<typeof writeSafetensors>[0] = original.tensors,
): Promise<Uint8Array> {
  const zeros = "0".repeat(64);
  const metadata = Object.entries({ ...Object.fromEntries(original.metadata), sha256: zeros, ...changes });
  const known = metadata.filter((entry): entry is [string, string] => entry[1] !== undefined);
  const file = writeSafetensors(tensors, known);
  const at = Buffer.from(file.buffer).indexOf(zeros);
  file.set(new TextEncoder().encode(hexadecimal(await sha256([file]))), at);
  return file;
}

/** Orders tensors as the file has them: by falling element size. */
function byKey(order: readonly (readonly unknown[])[]) {
  const at = (key: unknown) => order.findIndex(([other]) => other === key);
  return ([a]: readonly unknown[], [b]: readonly unknown[]) => at(a) - at(b);
}
