import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type NumericArray, writeNpy } from "../../src/codecs/npy.ts";
import { parseNpz, writeNpz } from "../../src/codecs/npz.ts";
import { crc32, openZip, parseZip, writeZip } from "../../src/codecs/zip.ts";
import { ascii, concat, expectOnlyFormatErrors, fileName } from "./hostile.ts";
import { deflated, forge, u32, withWideEnd } from "./zip-forger.ts";

const name = fileName;
const a = ascii("hello");
const b = Uint8Array.from({ length: 300 }, (_, i) => i % 7);

describe("zip", () => {
  test("crc32 has the value that its definition gives", () => {
    expect(crc32(ascii("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  test("reading gives the entries that were written, in order, and names are only names", async () => {
    const names = ["b", "a", "__proto__", "constructor", "toString", "ä/ö.npy", "7", "..x", "x..y/z"];
    const entries = names.map((n, i) => [n, b.slice(0, i * 30)] as const);
    expect([...(await parseZip(writeZip(entries), { name }))]).toEqual(entries);
    expect(await parseZip(writeZip([]), { name })).toEqual(new Map());
  });

  test("the same entries give the same bytes", () => {
    expect(
      writeZip([
        ["a", a],
        ["b", b],
      ]),
    ).toEqual(
      writeZip([
        ["a", a],
        ["b", b],
      ]),
    );
  });

  test("reads deflated entries, streamed sizes, zip64 fields beside the sizes, and comments", async () => {
    expect((await parseZip(forge([deflated(b)]), { name })).get("d")).toEqual(b);
    expect(
      (await parseZip(forge([{ name: "a", data: a }], { comment: "PK\u0005\u0006 is no end" }), { name })).get("a"),
    ).toEqual(a);
    const streamed = forge([{ name: "a", data: a, flags: 8 }]);
    streamed.fill(0, 14, 26); // local CRC and sizes
    expect((await parseZip(streamed, { name })).get("a")).toEqual(a);
    const wide = forge([{ name: "a", data: a, extra: [1, 0, 16, 0, ...u32(5), ...u32(0), ...u32(5), ...u32(0)] }]);
    wide.fill(255, 18, 26);
    expect((await parseZip(wide, { name })).get("a")).toEqual(a);
  });

  test("reads an archive with a zip64 end record that says the same, and one with its signature as a part of a name", async () => {
    const wide = withWideEnd(forge([{ name: "a", data: a }, deflated(b)]));
    expect([...(await parseZip(wide, { name })).keys()]).toEqual(["a", "d"]);
    expect([...(await parseZip(withWideEnd(writeZip([])), { name }))]).toEqual([]);
    const named = forge([{ name: `PK\u0006\u0007${"x".repeat(16)}`, data: a }]);
    expect((await parseZip(named, { name })).size).toBe(1);
  });

  test("names that lead out of a folder, come twice or are too many are refused when writing", () => {
    for (const bad of ["", "/a", "../a", "a/../b", "a\\b", "a\0", "c:x"])
      expect(() => writeZip([[bad, a]])).toThrow(RangeError);
    expect(() =>
      writeZip([
        ["a", a],
        ["a", b],
      ]),
    ).toThrow('"entries" expected distinct names');
    expect(() => writeZip(Array.from({ length: 1001 }, (_, i) => [`${i}`, a] as const))).toThrow(
      "at most 1000, got 1001",
    );
  });

  test("an entry that cannot be read is said when it is read, and takes none of the others", async () => {
    const entries = openZip(
      forge([
        { name: "good", data: a },
        { name: "damaged", data: a, crc: 1 },
        { name: "encrypted", data: a, flags: 1 },
        deflated(b, { name: "bzip2", method: 12 }),
      ]),
      { name },
    );
    const read = (key: string) => entries.get(key)!.read();
    expect(await read("good")).toEqual(a);
    await expect(read("damaged")).rejects.toThrow('evil.bin: "damaged": expected CRC 3610a686 at byte');
    await expect(read("encrypted")).rejects.toThrow('evil.bin: "encrypted": expected an entry that is not encrypted');
    await expect(read("bzip2")).rejects.toThrow('evil.bin: "bzip2": expected method 0 (stored) or 8 (deflate)');
  });

  test("bytes after the compressed data of an entry are refused on every host", async () => {
    const junk = (bytes: Uint8Array) => forge([deflated(b, { data: bytes })]);
    const packed = new Uint8Array(deflateRawSync(b));
    expect((await parseZip(junk(packed), { name })).get("d")).toEqual(b);
    for (const after of [[0], [1, 2, 3], new Uint8Array(40_000), packed]) {
      await expect(parseZip(junk(concat(packed, after)), { name })).rejects.toThrow(/^evil\.bin: "d": expected/);
    }
  });

  test("an archive that becomes more than data do is refused before anything is unpacked", async () => {
    const zeros = new Uint8Array(2 ** 22);
    const bomb = forge(Array.from({ length: 5 }, (_, i) => deflated(zeros, { name: `${i}` })));
    await expect(parseZip(bomb, { name })).rejects.toThrow(`at most ${2 ** 24} bytes in all from ${bomb.length}`);
  });

  test("a size that deflate cannot give is refused before anything is unpacked", async () => {
    await expect(parseZip(forge([deflated(b, { size: 2 ** 29 })]), { name })).rejects.toThrow(
      /expected a size that \d+ packed bytes can give at byte \d+, got 536870912/,
    );
  });

  test("entries together may not exceed maximumBytes, which is checked before anything is unpacked", async () => {
    const file = forge([deflated(b, { name: "x" }), { name: "y", data: b }]);
    expect((await parseZip(file, { name, maximumBytes: 600 })).size).toBe(2);
    await expect(parseZip(file, { name, maximumBytes: 599 })).rejects.toThrow("at most 599 bytes in all");
  });

  test("mutants give FormatErrors only", async () => {
    const files = [
      writeZip([
        ["a", a],
        ["b", b],
      ]),
      forge([deflated(b), { name: "a", data: a }]),
    ];
    await expectOnlyFormatErrors("zip", files, (bytes) => parseZip(bytes, { name, maximumBytes: 2 ** 24 }), 5000);
  });
});

describe("npz", () => {
  const arrays: [string, NumericArray][] = [
    ["images", { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
    ["__proto__", { shape: [1], data: BigInt64Array.of(5n) }],
  ];

  test("reading gives the arrays that were written, and `__proto__` is an ordinary name", async () => {
    expect(await parseNpz(writeNpz(arrays), { name })).toEqual(new Map(arrays));
  });

  test("an entry that is no .npy or a damaged one is refused, naming file and entry", async () => {
    await expect(parseNpz(writeZip([["notes.txt", a]]), { name })).rejects.toThrow(
      'evil.bin: "notes.txt": expected only .npy',
    );
    const bad = writeNpy({ shape: [1], data: Uint8Array.of(1) }).slice(0, -1);
    await expect(parseNpz(writeZip([["x.npy", bad]]), { name })).rejects.toThrow(
      'evil.bin: "x.npy": expected exactly 1 bytes',
    );
  });

  test("mutants give FormatErrors only", async () => {
    await expectOnlyFormatErrors("npz", [writeNpz(arrays)], (bytes) => parseNpz(bytes, { name }), 5000);
  });
});
