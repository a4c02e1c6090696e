// What the JPEG decoder takes of a host, and what it leaves behind.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterEach, describe, expect, test, vi } from "vitest";
import { decodeMozjpeg, exportNames, importNames, type Picture } from "../../src/codecs/mozjpeg.ts";
import { jpegFile } from "../data/samples.ts";
import { concat, patched } from "../formats/hostile.ts";

const picture: Picture = { name: "a.jpg", width: 20, height: 12, channels: 3 };
const good = jpegFile(20, 12);

/** An even grey of so many pixels a side in the fewest bits: one code of one bit for a block's mean, one for its rest. */
function even(side: number): Uint8Array {
  const segment = (marker: number, ...content: number[]) => [0xff, marker, 0, content.length + 2, ...content];
  const table = (kind: number) => segment(0xc4, kind, 1, ...Array(15).fill(0), 0);
  const size = [side >> 8, side & 255];
  return concat(
    [0xff, 0xd8],
    segment(0xdb, 0, ...Array(64).fill(1)),
    segment(0xc0, 8, ...size, ...size, 1, 1, 0x11, 0),
    ...[table(0), table(16)],
    segment(0xda, 1, 1, 0, 0, 63, 0),
    new Uint8Array(side ** 2 / 64 / 4),
    [0xff, 0xd9],
  );
}

afterEach(() => {
  vi.restoreAllMocks();
});

test("its imports and exports have the names that the package's own JavaScript gives them", () => {
  const source = readFileSync(createRequire(import.meta.url).resolve("@jsquash/jpeg/codec/dec/mozjpeg_dec.js"), "utf8");
  const plain = (name: string) => name.replace(/^_+/, "");
  const pairs = /\bwasmImports=\{([^}]+)\}/
    .exec(source)![1]!
    .split(",")
    .map((pair) => pair.split(":") as [string, string]);
  const theirs = Object.fromEntries(pairs.map(([letter, name]) => [plain(name), letter]));
  expect(Object.fromEntries(Object.entries(importNames).map(([name, letter]) => [plain(name), letter]))).toEqual(
    theirs,
  );
  for (const [variable, letter] of [
    ["wasmMemory", exportNames.memory],
    ["wasmTable", exportNames.table],
    ["_malloc", exportNames.malloc],
    ["_free", exportNames.free],
    ["___wasm_call_ctors", exportNames.__wasm_call_ctors],
  ]) {
    expect(source).toMatch(new RegExp(`\\b${variable}=wasmExports\\["${letter}"\\]`));
  }
});

describe("an instance of the decoder", () => {
  const counted = () => vi.spyOn(WebAssembly, "instantiate");

  test("reads many pictures, and another one takes its place after an error", async () => {
    const expected = await decodeMozjpeg(good, picture);
    const made = counted();
    for (let i = 0; i < 5; i++) expect(await decodeMozjpeg(good, picture)).toEqual(expected);
    expect(made).not.toHaveBeenCalled();
    const frame = good.findIndex((byte, i) => byte === 0xff && good[i + 1] === 0xc0);
    const scan = good.findIndex((byte, i) => byte === 0xff && good[i + 1] === 0xda);
    const damaged: [bytes: Uint8Array, message: RegExp][] = [
      [patched(good, scan + 6, 0x33), /Huffman table 0x0?[0-9a-f]+ was not defined/],
      [patched(good, frame + 1, 0xc3), /Unsupported JPEG process: SOF type 0xc3/],
      [good.subarray(0, -20), /Premature end of JPEG file|premature end of data segment/],
      [new Uint8Array(10), /Not a JPEG file: starts with 0x00 0x00/],
      [new Uint8Array(), /Empty input file|Premature/],
    ];
    for (const [bytes, message] of damaged) {
      await expect(decodeMozjpeg(bytes, picture)).rejects.toThrow(message);
      await expect(decodeMozjpeg(bytes, picture)).rejects.toThrow(
        /^a\.jpg: expected a JPEG, but it does not decode \(/,
      );
      expect(await decodeMozjpeg(good, picture)).toEqual(expected);
    }
    expect(made.mock.calls.length).toBe(2 * damaged.length);
  });

  test("is not kept with a memory above 64 MiB", async () => {
    await decodeMozjpeg(good, picture);
    const made = counted();
    const large = await decodeMozjpeg(even(4096), { ...picture, width: 4096, height: 4096, channels: 1 });
    expect(large.length).toBe(2 ** 24);
    expect(large.every((value) => value === 128)).toBe(true);
    expect(made).not.toHaveBeenCalled();
    await decodeMozjpeg(good, picture);
    expect(made).toHaveBeenCalledOnce();
    await decodeMozjpeg(even(1024), { ...picture, width: 1024, height: 1024, channels: 1 });
    await decodeMozjpeg(good, picture);
    expect(made).toHaveBeenCalledOnce();
  });

  test("has no picture of another size than it was said to be", async () => {
    await expect(decodeMozjpeg(good, { ...picture, width: 21 })).rejects.toThrow("it has 240 pixels instead of 21×12");
  });

  test("reads pictures that are asked for at once", async () => {
    const expected = await decodeMozjpeg(good, picture);
    const both = await Promise.all([good, good, good].map((bytes) => decodeMozjpeg(bytes, picture)));
    expect(both).toEqual([expected, expected, expected]);
  });
});

describe("a host without memory", () => {
  test("is not taken for a damaged picture", async () => {
    const expected = await decodeMozjpeg(good, picture);
    const grow = vi.spyOn(WebAssembly.Memory.prototype, "grow").mockImplementation(() => {
      throw new RangeError("no");
    });
    const large = { ...picture, width: 4096, height: 4096, channels: 1 } as const;
    const failed = await decodeMozjpeg(even(4096), large).catch((error) => error);
    expect([failed.name, failed.message]).toEqual([
      "RangeError",
      expect.stringMatching(/^a\.jpg: the host gives no memory for 4096×4096 pixels: raise the limit/),
    ]);
    grow.mockRestore();
    expect(await decodeMozjpeg(good, picture)).toEqual(expected);
  });

  test("that cannot start a decoder says so, and can start one later", async () => {
    await decodeMozjpeg(new Uint8Array(), picture).catch(() => {});
    vi.spyOn(WebAssembly, "instantiate").mockRejectedValueOnce(new RangeError("could not allocate memory"));
    const failed = await decodeMozjpeg(good, picture).catch((error) => error);
    expect([failed.name, failed.message]).toEqual([
      "RangeError",
      expect.stringMatching(/^the host gives no memory for the JPEG decoder \(could not allocate memory\): /),
    ]);
    expect((await decodeMozjpeg(good, picture)).length).toBe(720);
  });
});
