import { describe, expect, test } from "vitest";
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

  test("mutants are read or refused", async () => {
    await expectOnlyFormatErrors("checkpoints", [bytes], read, 2000);
  });
});

/** Orders tensors as the file has them: by falling element size. */
function byKey(order: readonly (readonly unknown[])[]) {
  const at = (key: unknown) => order.findIndex(([other]) => other === key);
  return ([a]: readonly unknown[], [b]: readonly unknown[]) => at(a) - at(b);
}
