// JPEGs that cjpeg makes, what hostile ones may cost, and how a camera was held.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../../src/codecs/decode-image.ts";
import { exifOrientation, type Orientation, upright } from "../../src/codecs/orientation.ts";
import { loadImageFolder } from "../../src/data/layouts/class-folders.ts";
import { ascii, concat, expectOnlyFormatErrors, fileName, patched, randomIntegers } from "../formats/hostile.ts";
import { bytes, file, jpegFile } from "./samples.ts";

const decode = (content: Uint8Array) => decodeImage(content, { name: fileName });

/** A picture of 20 × 20, three blocks a side, as cjpeg writes it: `restarts` with a restart marker after every two blocks. */
const pictures = {
  grey: {
    plain: [
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQdGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8u",
      "DI8LjKzsb/wAALCAAUABQBAREA/8QAFwABAQEBAAAAAAAAAAAAAAAABAEFAv/EACoQAAECBAMGBwAAAAAAAAAAAAECAwAEERIFISITFCRCgcEx",
      "UWGCorHh/9oACAEBAAA/ADyze6U57ulKRqsNmVSbSFKWMiRkD3gbeL6Rw/z/ACLLN7pTnu6UpFmJITUwZZLxSGQFK05Enwy9B9xy9iE26pKpdz",
      "YJpQptCqnzqRCcJSNfSC4okcP7u0ZDaRaI/9k=",
    ],
    restarts: [
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQdGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8u",
      "DI8LjKzsb/wAALCAAUABQBAREA/8QAFwAAAwEAAAAAAAAAAAAAAAAAAQIEBf/EACoQAAECBAMGBwAAAAAAAAAAAAECAwAEERIFISITFCRCgcEx",
      "UWGCorHh/90ABAAC/9oACAEBAAA/AJ5ZvdKc93SlI1WGzKpNpClLGRIyB7x//9At4vpHD/P8gyze6U57ulKR/9F5iSE1MGWS8UhkBStORJ8MvQ",
      "fcK9iE26pKpdzYJpQptCqnzqRH/9KrCUjX0iXFEjh/d2j/08htItEf/9k=",
    ],
    progressive: [
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQdGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8u",
      "DI8LjKzsb/wgALCAAUABQBAREA/8QAFwAAAwEAAAAAAAAAAAAAAAAAAQMEAP/dAAQAAv/aAAgBAQAAAAFdX//Qx//RI//Sar//04//xAAYEAAD",
      "AQEAAAAAAAAAAAAAAAAAAQIDEv/aAAgBAQABBQKVyJcn/9Bakrk//9Go6p6Uz//SyNT/00f/xAAcEAABAwUAAAAAAAAAAAAAAAAAARARAhIiMT",
      "L/2gAIAQEABj8Cb//Q5b//0bZ0YrB//9IpP//TP//EABwQAAICAgMAAAAAAAAAAAAAAAABESExcVGx0f/aAAgBAQABPyHZki1bZ//Qp9GzJ//R",
      "okc3Q6Tg8RJ//9Jcidj/00o//9oACAEBAAAAEH//0L//0f8A/9I//9P/AP/EACAQAQACAQMFAQAAAAAAAAAAAAEAESFhodExQVGx8MH/2gAIAQ",
      "EAAT8QxeKqjJYDhTA/s//QwvnaYvFVT//RFGAHYK9MaHuYMFTRZ82k/9INsD40n//TCk//2Q==",
    ],
  },
  colour: {
    plain: [
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQdGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8u",
      "DI8LjKzsb/2wBDASIkJDAqMF40NF7GhHCExsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsb/wAARCAAU",
      "ABQDASIAAhEBAxEB/8QAGAABAAMBAAAAAAAAAAAAAAAAAAECBAP/xAAoEAABBAADBgcAAAAAAAAAAAABAAIDEQQSMRQhUYGhwSIjMkFhkfD/xA",
      "AYAQACAwAAAAAAAAAAAAAAAAACBAABA//EACQRAAIBAgMJAAAAAAAAAAAAAAABAjGhAzNBEhMhInGBscHh/9oADAMBAAIRAxEAPwC0EWzbvVm5",
      "IxrcSTTg1sd04+449F0EBZA5gdWcVdaLJiZRM5raILd/wb/dUDltvl11+WuXgp1jUh9zSOkdq46cEVxA8gZZMo4ZbRMKCSoFv2uCnZF52jyufZ",
      "TifFjXA6NAA+r7oiB5y7+iPIXR+UY42jKERFuKH//Z",
    ],
    restarts: [
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQdGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8u",
      "DI8LjKzsb/2wBDASIkJDAqMF40NF7GhHCExsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsb/wAARCAAU",
      "ABQDASIAAhEBAxEB/8QAGAABAAMBAAAAAAAAAAAAAAAAAAECBAP/xAAoEAABBAADBgcAAAAAAAAAAAABAAIDEQQSMRQhUYGhwSIjMkFhkfD/xA",
      "AXAQEBAQEAAAAAAAAAAAAAAAACBAED/8QAJBEAAgECAwkAAAAAAAAAAAAAAAECMaEDM0ESEyEicYGxweH/3QAEAAL/2gAMAwEAAhEDEQA/ALQR",
      "bNu9WbkjGtxJNODWx3Tj7jj0XQQFkDmB1ZxV1osmJlEzmtogt3/Bv91Qctt8uuvy1zcFOsakPuaR0jtXHTgiuIHkDLJlHDLaKhQSVBb9rgp2R/",
      "/QTtHlc+ynE+LGuB0aAB9X3REnnLv6G8hdH5RjjaMoREXckP/Z",
    ],
    progressive: [
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQdGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8u",
      "DI8LjKzsb/2wBDASIkJDAqMF40NF7GhHCExsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsb/wgARCAAU",
      "ABQDASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAAEDAv/EABcBAAMBAAAAAAAAAAAAAAAAAAECAwD/3QAEAAL/2gAMAwEAAhADEAAAAa",
      "6xXFUP/9ACcQ8v/8QAGxAAAgIDAQAAAAAAAAAAAAAAAAECERIhMjH/2gAIAQEAAQUCSxOj/9D11r//0ZOyj//SZLv/00f/xAAZEQACAwEAAAAA",
      "AAAAAAAAAAAAYQIQEkL/2gAIAQMBAT8BgjbP/9Div//EABgRAAIDAAAAAAAAAAAAAAAAAAAREDFC/9oACAECAQE/AW6Ef//Q3H//xAAZEAEAAg",
      "MAAAAAAAAAAAAAAAAAARARMXH/2gAIAQEABj8Ccf/QzX//0W3/0or/03//xAAdEAACAwACAwAAAAAAAAAAAAAAAREhQTFRYXGB/9oACAEBAAE/",
      "IfckSWoWj//QdzaVdTyf/9GSl0TyHw//0lFm8H//00o//9oADAMBAAIAAwAAABAc/wD/0Hfv/8QAHBEBAAIBBQAAAAAAAAAAAAAAAQAxEBEhca",
      "Gx/9oACAEDAQE/EA3aazY6k//Qa8Ppj//EAB4RAAEDBAMAAAAAAAAAAAAAAAEAMaEQEUFhgcHh/9oACAECAQE/EDd2z5EoCAy//9As56p//8QA",
      "HxAAAgEEAgMAAAAAAAAAAAAAAREAITFRoUHBYZHw/9oACAEBAAE/ELfohkoGEXIzqf/Qe4CtiAxqKmrT/9EaAg1eC/twHAoMVT//0hb9SlGwAD",
      "0+5//TAk//2Q==",
    ],
  },
};
const made = (lines: readonly string[]): Uint8Array => new Uint8Array(Buffer.from(lines.join(""), "base64"));

const has = (command: string): boolean => spawnSync(command, ["-version"]).error === undefined;
/** Debian: libjpeg-turbo-progs. */
const noTools = !has("cjpeg") || !has("jpegtran");

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
    const folder = mkdtempSync(join(tmpdir(), "distillate-jpeg-"));
    const at = (name: string) => join(folder, name);
    const run = (command: string, ...args: string[]) => expect(spawnSync(command, args).status, args.join(" ")).toBe(0);
    const wrong: string[] = [];
    const shapes = [
      ["P5", 1, 40, 24, []],
      ["P5", 1, 9, 17, ["-sample", "2x2"]],
      ["P6", 3, 17, 33, []],
      ["P6", 3, 40, 24, ["-sample", "2x1"]],
      ["P6", 3, 33, 9, ["-sample", "2x2,1x2,2x1"]],
    ] as const;
    writeFileSync(at("scans"), "0;1;2;");
    for (const [kind, channels, width, height, sampling] of shapes) {
      const pixels = bytes(width * height * channels).map((byte, i) => (byte & 31) + ((3 * i) & 127));
      writeFileSync(at("in.pnm"), concat(ascii(`${kind} ${width} ${height} 255\n`), pixels));
      for (const restart of ["2B", "5B", "7B", "100B", "1"]) {
        for (const more of [[], ["-progressive"], ...(channels === 3 ? [["-scans", at("scans")]] : [])]) {
          const options = [...sampling, ...more, "-restart", restart];
          run("cjpeg", ...options, "-outfile", at("restarts.jpg"), at("in.pnm"));
          run("jpegtran", "-optimize", "-outfile", at("plain.jpg"), at("restarts.jpg"));
          const [got, expected] = await Promise.all(
            ["restarts.jpg", "plain.jpg"].map((name) =>
              decode(new Uint8Array(readFileSync(at(name)))).catch((error) => error),
            ),
          );
          if (got instanceof Error || Buffer.compare(got.data, expected.data) !== 0)
            wrong.push(`${kind} ${options}: ${got}`);
        }
      }
    }
    rmSync(folder, { recursive: true });
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
    concat(segment(0xda, ids.length, ...ids.flatMap((id) => [id, 0]), 0, 0, 0), coded);
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
    ["one of four components", frame(0xc0, 1000, 0x44, 0x11, 0x11, 0x44), [scan([], 1, 2, 3, 4)], 8325],
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

  test("the fewest bits that a picture can have are enough", async () => {
    // One code of one bit for means and one for rests: an even grey, in two bits a block.
    const table = (kind: number) => segment(0xc4, kind, 1, ...Array(15).fill(0), 0);
    const quantisation = segment(0xdb, 0, ...Array(64).fill(1));
    const even = (coded: number) =>
      picture(quantisation, frame(0xc0, 64, 0x11), table(0), table(16), scan(Array(coded).fill(0), 1));
    expect((await decode(even(16))).data).toEqual(new Uint8Array(64 * 64).fill(128));
    await expect(decode(even(15))).rejects.toThrow("at least 16 bytes of coded data for 64×64 pixels");
  });
});

/** The EXIF of a camera: an orientation after another tag, in either order of bytes. */
function exif(
  value: number,
  { little = false, type = 3, count = 1, tag = 0x0112, offset = 8, entries = 2 } = {},
): Uint8Array {
  const tiff = new DataView(new ArrayBuffer(8 + 2 + 12 * 2 + 4));
  tiff.setUint16(0, little ? 0x4949 : 0x4d4d);
  tiff.setUint16(2, 42, little);
  tiff.setUint32(4, offset, little);
  tiff.setUint16(8, entries, little);
  const entry = (at: number, ...[name, kind, n, content]: [number, number, number, number]) => {
    tiff.setUint16(at, name, little);
    tiff.setUint16(at + 2, kind, little);
    tiff.setUint32(at + 4, n, little);
    if (kind === 4) tiff.setUint32(at + 8, content, little);
    else tiff.setUint16(at + 8, content, little);
  };
  entry(10, 0x0100, 3, 1, 20);
  entry(22, tag, type, count, value);
  return concat(ascii("Exif\0\0"), new Uint8Array(tiff.buffer));
}

/** A JPEG with a segment APP1 of this content. */
function withExif(jpeg: Uint8Array, ...contents: Uint8Array[]): Uint8Array {
  const segments = contents.map((content) =>
    concat([0xff, 0xe1, (content.length + 2) >> 8, (content.length + 2) & 255], content),
  );
  return concat(jpeg.subarray(0, 2), ...segments, jpeg.subarray(2));
}

const orientations: readonly Orientation[] = [1, 2, 3, 4, 5, 6, 7, 8];

describe("the orientation that EXIF notes", () => {
  test("turns pixels in eight ways", () => {
    // 1 2 3
    // 4 5 6
    const raster = { width: 3, height: 2, channels: 1 as const, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    const seen = orientations.map((orientation) => {
      const { width, data } = upright(raster, orientation);
      return [...data]
        .join("")
        .match(new RegExp(`.{${width}}`, "g"))!
        .join(" ");
    });
    expect(seen).toEqual(["123 456", "321 654", "654 321", "456 123", "14 25 36", "41 52 63", "63 52 41", "36 25 14"]);
    const colours = { width: 2, height: 1, channels: 3 as const, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    expect(upright(colours, 6)).toEqual({ ...colours, width: 1, height: 2 });
    expect([...upright(colours, 2).data]).toEqual([4, 5, 6, 1, 2, 3]);
  });

  test("is applied when a JPEG is decoded, in either order of bytes, before it is resized", async () => {
    const plain = jpegFile(20, 12);
    const raster = await decode(plain);
    for (const orientation of orientations) {
      for (const options of [{ little: true }, { little: false }, { type: 4 }]) {
        expect(await decode(withExif(plain, exif(orientation, options)))).toEqual(upright(raster, orientation));
      }
    }
    // Two halves, black above white, held so that the upper one is on the right.
    const flag = (turned: boolean) => {
      const halves = Buffer.from(made(pictures.grey.plain));
      return withExif(new Uint8Array(halves), exif(turned ? 6 : 1));
    };
    const files = [false, true].flatMap((turned) =>
      [1, 2].map((i) => file(`${turned ? "b" : "a"}/${i}.jpg`, flag(turned))),
    );
    const { train } = await loadImageFolder(files, { size: 20 });
    const [stored, turned] = [0, 1].map((label) => [...train.labels].indexOf(label));
    const pixel = (image: number, x: number, y: number) => train.pixels[image! * 400 + y * 20 + x];
    for (const [x, y] of [
      [0, 0],
      [19, 3],
      [7, 12],
    ] as const)
      expect(pixel(turned!, 19 - y, x)).toBe(pixel(stored!, x, y));
  });

  test("is that of the first EXIF, and what is damaged is passed over", async () => {
    const plain = jpegFile(20, 12);
    const stored = await decode(plain);
    const turned = upright(stored, 6);
    const xmp = ascii("http://ns.adobe.com/xap/1.0/\0<x/>");
    expect(await decode(withExif(plain, xmp, exif(6), exif(3)))).toEqual(turned);
    const good = exif(6);
    const damaged = [
      ...Array.from({ length: good.length - 10 }, (_, length) => good.subarray(0, length)),
      exif(0),
      exif(9),
      exif(65_535),
      exif(6, { type: 2 }),
      exif(6, { count: 2 }),
      exif(6, { count: 0xffffffff }),
      exif(6, { offset: 0xffffffff }),
      exif(6, { offset: 0 }),
      exif(6, { entries: 1 }),
      exif(6, { tag: 0x0113, entries: 65_535 }),
      patched(good, 6, 0x4a),
      patched(good, 9, 43),
      patched(good, 0, 0x65),
    ];
    for (const content of damaged) {
      expect(exifOrientation(content)).toBeUndefined();
      expect(await decode(withExif(plain, content))).toEqual(stored);
    }
  });

  test("mutants of it are an orientation or none", () => {
    const below = randomIntegers(11);
    const seen = new Set<Orientation | undefined>();
    for (let i = 0; i < 5000; i++) {
      const content = exif(1 + (i % 8), { little: i % 2 === 0, type: 3 + (i % 2) });
      for (let changes = below(4); changes > 0; changes--) content[below(content.length)] = below(256);
      seen.add(exifOrientation(content.subarray(0, content.length - below(3) * below(30))));
    }
    expect(seen).toEqual(new Set([...orientations, undefined]));
  });

  const python = [process.env.PYTHON ?? "python3", "/usr/bin/python3"].find(
    (path) => spawnSync(path, ["-c", "from PIL import ImageOps"]).status === 0,
  );

  test.skipIf(!python)("is what Pillow's ImageOps.exif_transpose makes of it (needs python3 with Pillow)", async () => {
    const program = `import base64, io, json, sys
from PIL import Image, ImageOps
out = []
for jpeg, width, height, pixels in json.load(sys.stdin):
  image = Image.frombytes("RGB", (width, height), base64.b64decode(pixels))
  image.getexif()[274] = Image.open(io.BytesIO(base64.b64decode(jpeg))).getexif()[274]
  turned = ImageOps.exif_transpose(image)
  out.append([turned.width, turned.height, base64.b64encode(turned.tobytes()).decode()])
print(json.dumps(out))`;
    const base64 = (content: Uint8Array): string => Buffer.from(content).toString("base64");
    const plain = jpegFile(20, 12);
    const { width, height, data } = await decode(plain);
    const jpegs = orientations.map((orientation) =>
      withExif(plain, exif(orientation, { little: orientation % 2 === 0 })),
    );
    const input = JSON.stringify(jpegs.map((jpeg) => [base64(jpeg), width, height, base64(data)]));
    const { stdout, stderr } = spawnSync(python!, ["-c", program], { input, encoding: "utf8" });
    expect(stderr).toBe("");
    const got = await Promise.all(jpegs.map(decode));
    expect(got.map((raster) => [raster.width, raster.height, base64(raster.data)])).toEqual(JSON.parse(stdout));
  });
});
