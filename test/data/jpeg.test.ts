// JPEGs of every kind against Pillow, and what hostile ones may cost.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { decodeImage } from "../../src/codecs/decode-image.ts";
import { ascii, concat, expectOnlyFormatErrors, fileName, patched, randomIntegers } from "../formats/hostile.ts";
import { encodeJpeg } from "./jpeg-encoder.ts";
import { kinds, made, pictures, texture } from "./jpegs.ts";
import { bytes, jpegFile } from "./samples.ts";

const decode = (content: Uint8Array) => decodeImage(content, { name: fileName });

const has = (command: string): boolean => spawnSync(command, ["-version"]).error === undefined;
/** Debian: libjpeg-turbo-progs. */
const noTools = !has("cjpeg") || !has("jpegtran");
const { path: python, missing: noPillow } = inject("tools").pillow;

/** Width, height and pixels as `kinds` hashes them. */
async function hashOf(content: Uint8Array): Promise<string> {
  const { width, height, data } = await decode(content);
  const size = new Uint8Array(8);
  new DataView(size.buffer).setUint32(0, width);
  new DataView(size.buffer).setUint32(4, height);
  return createHash("sha256").update(size).update(data).digest("hex");
}

/** The same of Pillow's pixels. */
function pillowsHashes(jpegs: readonly Uint8Array[]): string[] {
  const program = `import base64, hashlib, io, json, struct, sys
from PIL import Image, ImageOps
def pixels(jpeg):
  image = ImageOps.exif_transpose(Image.open(io.BytesIO(base64.b64decode(jpeg))))
  return struct.pack(">II", *image.size) + image.tobytes()
print(json.dumps([hashlib.sha256(pixels(jpeg)).hexdigest() for jpeg in json.load(sys.stdin)]))`;
  const input = JSON.stringify(jpegs.map((jpeg) => Buffer.from(jpeg).toString("base64")));
  const { stdout, stderr } = spawnSync(python!, ["-c", program], { input, encoding: "utf8", maxBuffer: 2 ** 26 });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

/** A file of cjpeg's, and without its restart markers. */
interface Written {
  readonly sampling: string;
  readonly options: string;
  readonly restarted: Uint8Array;
  readonly plain: Uint8Array;
}

/** Such colours are a level apart, because versions of libjpeg round the smoothed ones up or down: RGB are 1.8 at most. */
const halvesRowsAlone = ["1x2", "2x2,1x2,2x1"];

/** What cjpeg writes of one picture for each shape, sampling, interval of restarts and order of scans. */
function cjpegs(restarts: readonly string[]): Written[] {
  const folder = mkdtempSync(join(tmpdir(), "distillate-jpeg-"));
  const at = (name: string) => join(folder, name);
  const run = (command: string, ...args: string[]) => {
    expect(spawnSync(command, args).status, args.join(" ")).toBe(0);
    return new Uint8Array(readFileSync(at("out.jpg")));
  };
  const shapes = [
    [1, 40, 24, []],
    [1, 9, 17, ["-sample", "2x2"]],
    [3, 17, 33, []],
    [3, 35, 19, ["-sample", "1x1"]],
    [3, 40, 24, ["-sample", "2x1"]],
    [3, 24, 41, ["-sample", "1x2"]],
    [3, 67, 10, ["-sample", "4x1"]],
    [3, 33, 9, ["-sample", "2x2,1x2,2x1"]],
    [3, 30, 30, ["-rgb"]],
  ] as const;
  writeFileSync(at("scans"), "0;1;2;");
  const files = shapes.flatMap(([channels, width, height, sampling]) => {
    const kind = `P${channels === 1 ? 5 : 6} ${width} ${height} 255\n`;
    writeFileSync(at("in.pnm"), concat(ascii(kind), texture(width, height, channels).data));
    const orders = [[], ["-progressive"], ...(channels === 3 ? [["-scans", at("scans")]] : [])];
    return restarts.flatMap((restart) =>
      orders.map((order) => {
        const options = [...sampling, ...order, "-quality", "85", "-restart", restart];
        const restarted = run("cjpeg", ...options, "-outfile", at("out.jpg"), at("in.pnm"));
        writeFileSync(at("restarts.jpg"), restarted);
        const plain = run("jpegtran", "-optimize", "-outfile", at("out.jpg"), at("restarts.jpg"));
        return { sampling: sampling[1] ?? "", options: `${kind} ${options}`, restarted, plain };
      }),
    );
  });
  rmSync(folder, { recursive: true });
  return files;
}

describe("pixels of JPEGs", () => {
  test.each(kinds)("are those of Pillow 9.4: $name", async ({ bytes, sha256 }) => {
    expect(await hashOf(bytes)).toBe(sha256);
  });

  test.skipIf(noPillow)(
    "are those of the Pillow of this machine, in every file that an encoder writes here",
    async () => {
      const below = randomIntegers(5);
      const drawn = Array.from({ length: 150 }, (_, i) => {
        const [width, height] = [1 + below(70), 1 + below(70)];
        const options = { quality: 1 + below(100), progressive: below(2) === 0, subsampling: (1 + below(2)) as 1 | 2 };
        const data = i % 10 === 0 ? { data: bytes(3 * width * height, i) } : {};
        return encodeJpeg({ ...texture(width, height, i % 3 === 0 && i % 10 > 0 ? 1 : 3), ...data }, options);
      });
      const jpegs = [...kinds.map(({ bytes }) => bytes), ...drawn];
      expect(await Promise.all(jpegs.map(hashOf))).toEqual(pillowsHashes(jpegs));
    },
  );

  test.skipIf(noTools || noPillow)(
    "are those of the Pillow of this machine, in every file that cjpeg writes",
    async () => {
      const files = cjpegs(["0", "3B"]).flatMap(({ sampling, options, restarted, plain }) =>
        halvesRowsAlone.includes(sampling)
          ? []
          : [
              { options, bytes: restarted },
              { options: `${options}, optimised`, bytes: plain },
            ],
      );
      expect(files.length).toBeGreaterThan(60);
      const expected = pillowsHashes(files.map(({ bytes }) => bytes));
      const got = await Promise.all(files.map(({ bytes }) => hashOf(bytes).catch(String)));
      expect(files.flatMap(({ options }, i) => (got[i] === expected[i] ? [] : `${options}: ${got[i]}`))).toEqual([]);
    },
  );

  test.skipIf(noTools)(
    "are within 2 levels of the libjpeg of this machine where only rows of colours are halved",
    async () => {
      const files = cjpegs(["0"]).filter(({ sampling }) => halvesRowsAlone.includes(sampling));
      expect(files).toHaveLength(6);
      for (const { options, restarted } of files) {
        const { stdout } = spawnSync("djpeg", [], { input: restarted });
        const { data } = await decode(restarted);
        const pixels = stdout.subarray(stdout.length - data.length);
        expect(Math.max(...data.map((value, i) => Math.abs(value - pixels[i]!))), options).toBeLessThanOrEqual(2);
      }
    },
  );
});

describe("JPEGs with restart markers", () => {
  test.each(["grey", "colour"] as const)("%s ones have the pixels of the same picture without them", async (colour) => {
    const { plain, restarts, progressive } = pictures[colour];
    const expected = await decode(made(plain));
    expect(expected).toMatchObject({ width: 20, height: 20, channels: colour === "grey" ? 1 : 3 });
    expect(await decode(made(restarts))).toEqual(expected);
    expect(await decode(made(progressive))).toEqual(expected);
  });

  test("markers may have bytes before them that fill", async () => {
    for (const { plain, restarts } of Object.values(pictures)) {
      const content = made(restarts);
      const filled = Array.from(content).flatMap((byte, i) => {
        const marker = byte === 0xff && content[i + 1]! >= 0xd0 && content[i + 1]! <= 0xd7;
        return marker ? [0xff, 0xff, byte] : [byte];
      });
      expect(filled.length).toBeGreaterThan(content.length);
      expect(await decode(Uint8Array.from(filled))).toEqual(await decode(made(plain)));
    }
  });

  test("coded data that do not fit are refused, and mutants give FormatErrors only", async () => {
    const good = made(pictures.grey.restarts);
    const restart = good.findIndex((byte, i) => byte === 0xff && good[i + 1] === 0xd1);
    await expect(decode(patched(good, restart, 0, 0))).rejects.toThrow(
      /^evil\.bin: expected a JPEG, but it does not decode/,
    );
    const files = Object.values(pictures).flatMap(({ restarts, progressive }) => [made(restarts), made(progressive)]);
    await expectOnlyFormatErrors("jpeg with restarts", files, decode, 2000);
  });

  test.skipIf(noTools)("of all shapes, samplings and intervals are read as jpegtran reads them", async () => {
    const wrong: string[] = [];
    for (const { options, restarted, plain } of cjpegs(["2B", "5B", "7B", "100B", "1"])) {
      const got = await hashOf(restarted).catch(String);
      if (got !== (await hashOf(plain))) wrong.push(`${options}: ${got}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe("JPEGs that state more than they hold", () => {
  const segment = (marker: number, ...content: number[]) => [0xff, marker, 0, content.length + 2, ...content];
  const frame = (marker: number, side: number, ...components: number[]) =>
    segment(
      marker,
      8,
      side >> 8,
      side & 255,
      side >> 8,
      side & 255,
      components.length,
      ...components.flatMap((both, id) => [id + 1, both, 0]),
    );
  const scan = (coded: ArrayLike<number>, ...ids: number[]) =>
    concat(segment(0xda, ids.length, ...ids.flatMap((id) => [id, 0]), 0, 63, 0), coded);
  const picture = (...parts: ArrayLike<number>[]) => concat([0xff, 0xd8], ...parts, [0xff, 0xd9]);

  test.each([
    ["a grey one", frame(0xc0, 4096, 0x11), [scan([], 1)], 65_536],
    ["one of colours", frame(0xc0, 4096, 0x22, 0x11, 0x11), [scan([], 1, 2, 3)], 98_304],
    ["one without subsampling", frame(0xc1, 2000, 0x11, 0x11, 0x11), [scan([], 1, 2, 3)], 46_875],
    [
      "a progressive one of 15 scans",
      frame(0xc2, 4096, 0x11, 0x11, 0x11),
      Array.from({ length: 15 }, () => scan([], 1, 2, 3)),
      98_304,
    ],
    ["one of odd samplings", frame(0xc0, 1000, 0x44, 0x11, 0x44), [scan([], 1, 2, 3)], 8069],
    ["one with restart markers", frame(0xc0, 4096, 0x11), [segment(0xdd, 0, 7), scan([], 1)], 65_536],
  ])("%s is refused before memory is taken", async (_, header, scans, least) => {
    const before = process.memoryUsage();
    await expect(decode(picture(header, ...scans))).rejects.toThrow(
      new RegExp(
        `^evil\\.bin: expected at least ${least} bytes of coded data for \\d+×\\d+ pixels at byte \\d+, got 0$`,
      ),
    );
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 20);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(2 ** 22);
  });

  // One code of one bit for means and one for rests: an even grey, in two bits a block.
  const table = (kind: number) => segment(0xc4, kind, 1, ...Array(15).fill(0), 0);
  const quantisation = segment(0xdb, 0, ...Array(64).fill(1));
  const even = (coded: number) =>
    picture(quantisation, frame(0xc0, 64, 0x11), table(0), table(16), scan(Array(coded).fill(0), 1));

  test("the fewest bits that a picture can have are enough", async () => {
    expect((await decode(even(16))).data).toEqual(new Uint8Array(64 * 64).fill(128));
    await expect(decode(even(15))).rejects.toThrow("at least 16 bytes of coded data for 64×64 pixels");
  });

  test("four components are refused, and what can be done about it is said", async () => {
    await expect(decode(picture(frame(0xc0, 8, 0x11, 0x11, 0x11, 0x11), scan([0], 1, 2, 3, 4)))).rejects.toThrow(
      "evil.bin: expected 1 or 3 components at byte 11, got 4, as print has them (CMYK): save the picture as RGB",
    );
  });

  test("what libjpeg would only warn of is refused: pixels that are missing, data that are left over", async () => {
    const noise = jpegFile(40, 40);
    const scanAt = noise.findIndex((byte, i) => byte === 0xff && noise[i + 1] === 0xda);
    const cut = concat(noise.subarray(0, scanAt + 200), [0xff, 0xd9]);
    await expect(decode(cut)).rejects.toThrow(
      /^evil\.bin: expected a JPEG, but it does not decode \(Corrupt JPEG data: premature end of data segment\)$/,
    );
    await expect(decode(concat(noise.subarray(0, -2), [1, 2, 3], [0xff, 0xd9]))).rejects.toThrow(
      /Corrupt JPEG data: \d extraneous bytes before marker 0xd9/,
    );
  });

  test("what it would warn of is read where it says nothing about pixels, and still refused where some are missing", async () => {
    const good = jpegFile(40, 40);
    const expected = await decode(good);
    const scanAt = good.findIndex((byte, i) => byte === 0xff && good[i + 1] === 0xda);
    expect([...good.subarray(scanAt + 11, scanAt + 14)]).toEqual([0, 63, 0]);
    expect(String.fromCharCode(...good.subarray(6, 10))).toBe("JFIF");
    for (const odd of [patched(good, scanAt + 11, 0, 0, 0), patched(good, 11, 2)]) {
      const before = odd.slice();
      expect(await decode(odd)).toEqual(expected);
      expect(odd).toEqual(before);
      await expect(decode(concat(odd.subarray(0, scanAt + 200), [0xff, 0xd9]))).rejects.toThrow(
        "premature end of data",
      );
    }
  });
});
