import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../../src/codecs/decode-image.ts";
import { crc32 } from "../../src/codecs/zip.ts";
import { filesInArchive } from "../../src/data/layouts/archive.ts";
import { ascii, concat, expectOnlyFormatErrors, fileName, patched } from "../formats/hostile.ts";
import { bytes, jpegFile, png, realFile } from "./samples.ts";

const decode = (content: Uint8Array) => decodeImage(content, { name: fileName });
const word = (n: number) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const chunk = (type: string, body: ArrayLike<number>) =>
  concat(word(body.length), ascii(type), body, word(crc32(concat(ascii(type), body))));
const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const header = (width: number, height: number, depth: number, colour: number, interlace = 0) =>
  chunk("IHDR", [...word(width), ...word(height), depth, colour, 0, 0, interlace]);
const pixels = (raw: ArrayLike<number>) => chunk("IDAT", deflateSync(Uint8Array.from(raw)));
const end = chunk("IEND", []);
const made = (...chunks: Uint8Array[]) => concat(signature, ...chunks, end);

describe("PNG", () => {
  test("grey, RGB, alpha and 16 bits become bytes of grey or RGB", async () => {
    const grey = bytes(6);
    expect(await decode(png({ width: 3, height: 2, channels: 1, data: grey }))).toEqual({
      ...{ width: 3, height: 2, channels: 1 },
      data: grey,
    });
    const rgb = bytes(18, 2);
    expect((await decode(png({ width: 3, height: 2, channels: 3, data: rgb }))).data).toEqual(rgb);
    // The colours under transparent pixels are kept.
    const rgba = Uint8Array.of(1, 2, 3, 0, 4, 5, 6, 255);
    expect([...(await decode(png({ width: 2, height: 1, channels: 4, data: rgba }))).data]).toEqual([1, 2, 3, 4, 5, 6]);
    const deep = Uint16Array.of(0, 65_535, 128, 129);
    const { data } = await decode(png({ width: 4, height: 1, channels: 1, depth: 16, data: deep }));
    expect([...data]).toEqual([0, 255, 0, 1]);
  });

  test("palettes and 1, 2 and 4 bits are spread out", async () => {
    // Two rows of 5 pixels, 1 bit: 10110 and 01001; each row is padded to a byte and led by its filter.
    expect([...(await decode(made(header(5, 2, 1, 0), pixels([0, 0b10110000, 0, 0b01001000])))).data]).toEqual([
      255, 0, 255, 255, 0, 0, 255, 0, 0, 255,
    ]);
    expect([...(await decode(made(header(3, 1, 2, 0), pixels([0, 0b00011000])))).data]).toEqual([0, 85, 170]);
    expect([...(await decode(made(header(2, 1, 4, 0), pixels([0, 0x0f])))).data]).toEqual([0, 255]);
    const palette = chunk("PLTE", [10, 20, 30, 40, 50, 60]);
    expect(await decode(made(header(3, 1, 1, 3), palette, pixels([0, 0b01000000])))).toEqual({
      ...{ width: 3, height: 1, channels: 3 },
      data: Uint8Array.of(10, 20, 30, 40, 50, 60, 10, 20, 30),
    });
  });

  test("Adam7 gives the pixels that the plain file gives", async () => {
    // 3 × 3 grey: pass 1 has (0,0), pass 4 (2,0), pass 5 (0,2) and (2,2), pass 6 (1,0) and (1,2), pass 7 row 1.
    const interlaced = made(header(3, 3, 8, 0, 1), pixels([0, 1, 0, 3, 0, 7, 9, 0, 2, 0, 8, 0, 4, 5, 6]));
    expect([...(await decode(interlaced)).data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("chunks that pixels do not need are passed over, bombs in them too", async () => {
    const profile = chunk("iCCP", [...ascii("p"), 0, 0, ...deflateSync(new Uint8Array(2 ** 24))]);
    const { data } = await decode(made(header(1, 1, 8, 0), profile, chunk("tEXt", ascii("a\0b")), pixels([0, 7])));
    expect([...data]).toEqual([7]);
  });

  test("mutants give FormatErrors only", async () => {
    const files = [
      png({ width: 5, height: 4, channels: 3, data: bytes(60) }),
      made(header(3, 1, 1, 3), chunk("PLTE", [1, 2, 3, 4, 5, 6]), pixels([0, 0b01000000])),
    ];
    await expectOnlyFormatErrors("png", files, decode, 1000);
  });
});

describe("JPEG", () => {
  const good = jpegFile(20, 12);
  const frame = good.findIndex((byte, i) => byte === 0xff && good[i + 1] === 0xc0);
  const _scan = good.findIndex((byte, i) => byte === 0xff && good[i + 1] === 0xda);

  test("is decoded to RGB; what comes after its end is not looked at", async () => {
    const raster = await decode(good);
    expect(raster).toMatchObject({ width: 20, height: 12, channels: 3 });
    expect(raster.data).toHaveLength(720);
    expect(await decode(concat(good, [1, 2, 3]))).toEqual(raster);
  });

  test("a crowd of empty segments is refused", async () => {
    const crowd = concat(good.subarray(0, frame), Array(4096).fill([0xff, 0xfe, 0, 2]).flat(), good.subarray(frame));
    await expect(decode(crowd)).rejects.toThrow(/^evil\.bin: expected at most 4096 segments at byte \d+, got more/);
  });

  test("forged dimensions take no memory", async () => {
    const before = process.memoryUsage().arrayBuffers;
    await expect(decode(patched(good, frame + 5, 255, 255, 255, 255))).rejects.toThrow("65535×65535");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  test("mutants give FormatErrors only", async () => {
    await expectOnlyFormatErrors("jpeg", [good, jpegFile(8, 8, 2)], decode, 1500);
  });

  test("the first 500 test images of CIFAR-10 as JPEG have pinned pixels", async (context) => {
    const archive = realFile("cifar10/cifar10-jpeg-test.tar.gz");
    context.skip(!archive, "needs ../shared/data/cifar10");
    const hash = createHash("sha256");
    const files = (await filesInArchive(archive!, "test.tar.gz")).sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const { path, bytes: content } of files.slice(0, 500)) {
      const { data } = await decode(content as Uint8Array);
      hash.update(Uint8Array.of(Number(/_(\d)\./.exec(path)![1])));
      for (const c of [0, 1, 2]) hash.update(data.filter((_, i) => i % 3 === c));
    }
    expect(hash.digest("hex")).toBe("0b8cb0cdac6c78816414663a63666edb64a4a8d430fd492af3919cd95416d813");
  });
});
