import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type NumericArray, writeNpy } from "../../src/codecs/npy.ts";
import { parseNpz, writeNpz } from "../../src/codecs/npz.ts";
import { crc32, openZip, parseZip, writeZip } from "../../src/codecs/zip.ts";
import { ascii, concat, expectOnlyFormatErrors, expectRefused, fileName, patched, truncations } from "./hostile.ts";

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

  test("bad archives are refused with file name and offset", async () => {
    const good = writeZip([
      ["a", a],
      ["b", b],
    ]);
    const one = writeZip([["a", a]]);
    const central = 30 + 1 + a.length;
    const end = one.length - 22;
    const named = (n: string | Uint8Array): [string, Uint8Array] => [
      `name ${JSON.stringify(n)}`,
      forge([{ name: n, data: a }]),
    ];
    const change = (what: string, at: number, ...values: number[]): [string, Uint8Array] => [
      what,
      patched(one, at, ...values),
    ];
    const zeros = new Uint8Array(2 ** 20);
    const corpus: [string, Uint8Array][] = [
      ...truncations(good, 30),
      ["one byte too many", concat(good, [0])],
      ["bytes before the archive", concat([0, 0, 0, 0], good)],
      [
        "bytes before the first entry that nobody owns, offset wrong",
        forge([{ name: "a", data: a, at: 0 }], { before: [1, 2] }),
      ],
      change("local signature", 0, 0),
      change("central signature", central, 0),
      change("end signature", end, 0),
      change("another disk", end + 4, 1),
      change("directory on another disk", end + 6, 1),
      change("other count on this disk", end + 8, 2),
      change("more entries than there are", end + 8, 2, 0, 2, 0),
      change("fewer entries than there are", end + 8, 0, 0, 0, 0),
      change("directory size", end + 12, 1),
      change("directory offset", end + 16, 0),
      change("directory offset of zip64", end + 16, 255, 255, 255, 255),
      change("comment longer than the file", end + 20, 9),
      change("encrypted", central + 8, 1, 8),
      change("strongly encrypted", central + 8, 0x41, 8),
      change("encrypted, says the local header", 6, 1, 8),
      change("bzip2", central + 10, 12),
      change("other method in the local header", 8, 8),
      change("CRC in both", central + 16, 0, 0, 0, 0),
      change("CRC in the local header", 14, 0, 0, 0, 0),
      change("data", 32, 0),
      change("packed size", central + 20, 4),
      change("packed size beyond the directory", central + 20, 6),
      change("size", central + 24, 6),
      change("size of zip64", central + 24, 255, 255, 255, 255),
      change("size in the local header", 22, 6),
      change("zip64 size in the local header without the field", 22, 255, 255, 255, 255),
      change("name length in the directory", central + 28, 2),
      change("name length beyond the directory", central + 28, 255, 255),
      change("extra length beyond the directory", central + 30, 255, 255),
      change("disk of the entry", central + 34, 1),
      change("offset of the local header", central + 42, 1),
      change("offset of the local header beyond the file", central + 42, 255, 255, 255, 127),
      change("name in the local header", 30, 0x62),
      change("local name length beyond the file", 26, 255, 255),
      change("local extra length beyond the file", 28, 255, 255),
      named(""),
      named("/etc/passwd"),
      named("../a"),
      named("a/../../b"),
      named("a\\b"),
      named("a\0.npy"),
      named("c:a"),
      named(Uint8Array.of(0xff, 0xfe)),
      named(Uint8Array.of(0xc0, 0x80)),
      ["encrypted in both headers", forge([{ name: "a", data: a, flags: 1 }])],
      ["another method in both headers, though the data are deflated", forge([deflated(b, { method: 12 })])],
      [
        "the same name twice",
        forge([
          { name: "a", data: a },
          { name: "a", data: b },
        ]),
      ],
      [
        "the same local header twice",
        forge([
          { name: "a", data: a },
          { name: "a2", data: b, at: 0 },
        ]),
      ],
      [
        "two entries that share their data",
        forge([
          { name: "a", data: a },
          { name: "a", data: b, at: 0, localName: "b" },
        ]),
      ],
      [
        "an entry inside another (Fifield)",
        forge([
          { name: "a", data: forge([{ name: "b", data: a }]).slice(0, 36) },
          { name: "b", data: a, at: 31 },
        ]),
      ],
      ["1,001 entries", forge(Array.from({ length: 1001 }, (_, i) => ({ name: `${i}`, data: new Uint8Array(0) })))],
      ["65,535 entries, says the end record", forge([{ name: "a", data: a }], { count: 65_535 })],
      ["deflate of more than 1,032 to 1", forge([deflated(zeros, { size: 2 ** 21 })])],
      ["deflate larger than stated", forge([deflated(zeros, { size: 1000 })])],
      ["deflate smaller than stated", forge([deflated(b, { size: 301 })])],
      ["deflate with a wrong CRC", forge([deflated(b, { crc: 1 })])],
      ["deflate cut short", forge([deflated(b, { data: new Uint8Array(deflateRawSync(b)).slice(0, -2) })])],
      ["invalid deflate", forge([{ name: "a", data: Uint8Array.of(7, 1, 2, 3), method: 8, size: 300 }])],
      ["stored, of two sizes", forge([{ name: "a", data: a, size: 6 }])],
      ["2 GiB stated for 5 bytes", forge([{ name: "a", data: a, method: 8, size: 2 ** 31 - 1 }])],
    ];
    await expectRefused(corpus, (bytes) => parseZip(bytes, { name }));
    await expect(parseZip(patched(one, 32, 0), { name })).rejects.toThrow(
      /^evil\.bin: "a": expected CRC .* at byte 52, got 3610a686$/,
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
