// How a camera was held: the orientation that EXIF notes, and pixels turned by it.
import { spawnSync } from "node:child_process";
import { describe, expect, inject, test } from "vitest";
import { decodeImage } from "../../src/codecs/decode-image.ts";
import { exifOrientation, type Orientation, upright } from "../../src/codecs/orientation.ts";
import { loadImageFolder } from "../../src/data/layouts/class-folders.ts";
import { ascii, fileName, patched, randomIntegers } from "../formats/hostile.ts";
import { exif, made, pictures, withExif } from "./jpegs.ts";
import { file, jpegFile } from "./samples.ts";

const { path: python, missing: noPillow } = inject("tools").pillow;
const decode = (content: Uint8Array) => decodeImage(content, { name: fileName });
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

  test.skipIf(noPillow)(
    "is what Pillow's ImageOps.exif_transpose makes of it (needs python3 with Pillow)",
    async () => {
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
    },
  );
});
