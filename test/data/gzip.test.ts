import { deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { gunzip, inflate, inflatePrefix, maybeGunzip } from "../../src/codecs/gzip.ts";
import { crc32 } from "../../src/codecs/zip.ts";
import { ascii, concat, expectOnlyFormatErrors, fileName, patched } from "../formats/hostile.ts";

const plain = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251);
const packed = new Uint8Array(gzipSync(plain));
const name = fileName;

describe("gunzip", () => {
  test("gives back what gzip packed, also across the slices in which it is fed", async () => {
    const long = Uint8Array.from({ length: 200_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24);
    for (const bytes of [plain, new Uint8Array(0), Uint8Array.of(7), long]) {
      expect(await gunzip(gzipSync(bytes), { name })).toEqual(bytes);
    }
  });

  test("maybeGunzip returns other bytes as they are", async () => {
    expect(await maybeGunzip(plain, { name })).toBe(plain);
    expect(await maybeGunzip(packed, { name })).toEqual(plain);
  });

  test("inflatePrefix gives the first bytes, or all of a shorter file", async () => {
    expect(await inflatePrefix(packed, "gzip", 20, name)).toEqual(plain.subarray(0, 20));
    expect(await inflatePrefix(packed, "gzip", 1e6, name)).toEqual(plain);
  });

  test("inflate gives as many bytes as are expected, and refuses more, fewer, what is impossible and what comes after", async () => {
    const raw = new Uint8Array(deflateRawSync(plain));
    const parts = [
      ["gzip", packed],
      ["deflate-raw", raw],
    ] as const;
    for (const [format, bytes] of parts) {
      const of = (size: number, content: Uint8Array = bytes) => inflate(content, format, { name, size });
      expect(await of(5000)).toEqual(plain);
      await expect(of(4999)).rejects.toThrow("evil.bin: expected 4999 bytes after decompression, got more");
      await expect(of(5001)).rejects.toThrow("evil.bin: expected 5001 bytes after decompression, got 5000");
      await expect(of(2 ** 40)).rejects.toThrow(`got ${bytes.length} bytes that cannot become as many`);
    }
    await expect(inflate(concat(raw, [1, 2, 3]), "deflate-raw", { name, size: 5000 })).rejects.toThrow(/^evil\.bin: /);
  });

  test("the cap is exact: one byte more than allowed is refused", async () => {
    expect(await gunzip(packed, { name, maximumBytes: 5000 })).toHaveLength(5000);
    await expect(gunzip(packed, { name, maximumBytes: 4999 })).rejects.toThrow(/evil\.bin: expected at most 4999/);
  });

  test("a bomb of 256 MiB stops at a cap of 1 MiB without unpacking the rest", async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(2 ** 28), { level: 9 }));
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    const timer = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    }, 1);
    await expect(gunzip(bomb, { name, maximumBytes: 2 ** 20 })).rejects.toThrow("at most 1048576 bytes");
    clearInterval(timer);
    expect(peak).toBeLessThan(64 * 2 ** 20);
  });

  test("what comes after the end is refused on every host, even where it ends in the right size", async () => {
    const size = packed.subarray(-4);
    const empty = new Uint8Array(gzipSync(new Uint8Array()));
    const named = patched(packed, 3, 8 + 16 + 4 + 2);
    // The extra field, a name and a comment that a header may have, and its checksum, which zlib checks.
    const header = concat(named.subarray(0, 10), [3, 0, 1, 2, 3], ascii("name\0"), ascii("comment\0"));
    const crc = crc32(header);
    const full = concat(header, [crc & 255, (crc >>> 8) & 255], packed.subarray(10));
    expect(await gunzip(full, { name })).toEqual(plain);
    const corpus: [string, Uint8Array][] = [
      ["junk", concat(packed, [1, 2], size)],
      ["the size again", concat(packed, size)],
      ["the trailer again", concat(packed, packed.subarray(-8))],
      ["an empty member before", concat(empty, packed)],
      ["an empty member after", concat(packed, empty)],
      ["a full header, and junk", concat(full, size)],
    ];
    for (const [what, bytes] of corpus) {
      await expect(gunzip(bytes, { name }), what).rejects.toThrow(/^evil\.bin: expected/);
    }
  });

  test("a size that data sets do not reach is refused before anything is unpacked", async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(2 ** 26)));
    await expect(gunzip(bomb, { name })).rejects.toThrow(
      `expected at most ${2 ** 24} bytes after decompression of ${bomb.length}, got ${2 ** 26} at byte ${bomb.length - 4}`,
    );
    // Blank pictures of a small set are none such.
    expect(await gunzip(new Uint8Array(gzipSync(new Uint8Array(2 ** 24))), { name })).toHaveLength(2 ** 24);
  });

  test("mutants give FormatErrors only", async () => {
    const small = new Uint8Array(gzipSync(plain.subarray(0, 300)));
    await expectOnlyFormatErrors("gzip", [small], (bytes) => gunzip(bytes, { name, maximumBytes: 2 ** 20 }), 2000);
  });
});
