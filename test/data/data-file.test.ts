// Files of data sets give their bytes, whatever holds them, and no more than a reader takes.
import { describe, expect, test } from "vitest";
import { type ByteSource, bytesOf, nameOf, readDataFile } from "../../src/data/data-file.ts";
import { datasetFromFiles } from "../../src/data.ts";
import { FormatError } from "../../src/errors.ts";

const content = Uint8Array.of(1, 2, 3);

test.each<[string, ByteSource]>([
  ["a Uint8Array", content],
  ["an ArrayBuffer", content.slice().buffer],
  ["a Blob", new Blob([content])],
  ["a File", new File([content], "a.bin")],
  ["something with the methods of a Blob", { arrayBuffer: async () => content.slice().buffer } as Blob],
])("the bytes of %s are read", async (_, source) => {
  expect(await bytesOf(source)).toEqual(content);
  expect(await readDataFile({ path: "a", bytes: source })).toEqual(content);
  expect(await readDataFile({ path: "a", bytes: async () => source })).toEqual(content);
});

test("the bytes of a Uint8Array and of an ArrayBuffer are not copied, except out of a larger block of memory", async () => {
  expect(await bytesOf(content)).toBe(content);
  expect((await bytesOf(content.buffer)).buffer).toBe(content.buffer);
  expect(await readDataFile({ path: "a", bytes: content })).toBe(content);
  const part = await readDataFile({ path: "a", bytes: content.subarray(1) });
  expect(part).toEqual(Uint8Array.of(2, 3));
  expect(part.buffer.byteLength).toBe(2);
});

test.each([
  [undefined, "undefined"],
  [null, "null"],
  ["text", "string"],
  [{}, "object"],
  [new SharedArrayBuffer(3), "object"],
])("what a file gives in the place of bytes is refused: %s", async (wrong, called) => {
  const message = `"bytes" expected Uint8Array, ArrayBuffer or Blob, got ${called}`;
  await expect(bytesOf(wrong as never)).rejects.toThrow(new TypeError(message));
  await expect(readDataFile({ path: "a", bytes: async () => wrong as never })).rejects.toThrow(new TypeError(message));
});

test("shared memory, which may change while it is read, is refused as a call's argument by its name", async () => {
  const file = { path: "a", bytes: new SharedArrayBuffer(3) as never };
  await expect(datasetFromFiles([file])).rejects.toThrow(/^"files\[0\]\.bytes" expected Uint8Array, ArrayBuffer, Blob/);
});

describe("a file with more bytes than a reader takes", () => {
  const refusal = new FormatError("a.bin: expected at most 2 bytes, got 3");

  test.each<[string, ByteSource]>([
    ["a Uint8Array", content],
    ["an ArrayBuffer", content.buffer],
    ["a Blob", new Blob([content])],
  ])("is refused: %s", async (_, bytes) => {
    await expect(readDataFile({ path: "a.bin", bytes }, 2)).rejects.toThrow(refusal);
    expect(await readDataFile({ path: "a.bin", bytes }, 3)).toEqual(content);
  });

  test("is refused before it is read, where it says its size", async () => {
    const bytes = { size: 3, arrayBuffer: () => expect.fail("it was read") } as unknown as Blob;
    await expect(readDataFile({ path: "folder/b", name: "a.bin", bytes }, 2)).rejects.toThrow(refusal);
  });
});

test("a file is called by its name, else by its path, short and visible", () => {
  expect(nameOf({ path: "train/1.png", bytes: content })).toBe("train/1.png");
  expect(nameOf({ path: "train/1.png", name: "set.zip: train/1.png", bytes: content })).toBe("set.zip: train/1.png");
  expect(nameOf({ path: "\u202ea", bytes: content })).toBe("\\u202ea");
});
