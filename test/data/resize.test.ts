import { spawnSync } from "node:child_process";
import { describe, expect, inject, test } from "vitest";
import { fitTo, Resizer } from "../../src/data/resize.ts";
import { bytes } from "./samples.ts";

const { path: python, missing: noPillow } = inject("tools").pillow;

type Size = readonly [height: number, width: number];
const whole = ([height, width]: Size) => ({ height, width, left: 0, top: 0, cropHeight: height, cropWidth: width });

function resize(data: Uint8Array, [height, width]: Size, out: Size): Uint8Array {
  const pixels = new Uint8Array(out[0] * out[1]);
  const plane = { data, offset: 0, rowStride: width, pixelStride: 1, width, height };
  new Resizer(width, height, whole(out)).plane(plane, pixels, 0);
  return pixels;
}

describe("Resizer", () => {
  test("gives Pillow's bytes, growing and shrinking", (context) => {
    context.skip(!python, noPillow);
    const cases: [Size, Size][] = [
      [
        [16, 16],
        [28, 28],
      ],
      [
        [28, 28],
        [32, 32],
      ],
      [
        [28, 28],
        [16, 16],
      ],
      [
        [128, 128],
        [32, 32],
      ],
      [
        [37, 53],
        [11, 97],
      ],
      [
        [5, 3],
        [64, 1],
      ],
      [
        [1, 1],
        [7, 9],
      ],
      [
        [300, 2],
        [2, 300],
      ],
    ];
    const program = `
import sys, json
from PIL import Image
out = []
for data, (h, w), (oh, ow) in json.load(sys.stdin):
    out.append(list(Image.frombytes("L", (w, h), bytes(data)).resize((ow, oh), Image.BICUBIC).getdata()))
print(json.dumps(out))`;
    const inputs = cases.map(([from, to], i) => [[...bytes(from[0] * from[1], i)], from, to]);
    const { stdout, stderr } = spawnSync(python!, ["-c", program], { input: JSON.stringify(inputs), encoding: "utf8" });
    if (!stdout) throw new Error(stderr);
    const expected = JSON.parse(stdout) as number[][];
    for (const [i, [from, to]] of cases.entries()) {
      expect([...resize(bytes(from[0] * from[1], i), from, to)], `${from} to ${to}`).toEqual(expected[i]);
    }
  });

  test("keeps an image of the same size, and a flat one at any size", () => {
    expect(resize(bytes(63), [7, 9], [7, 9])).toEqual(bytes(63));
    expect(new Set(resize(new Uint8Array(63).fill(201), [7, 9], [40, 3]))).toEqual(new Set([201]));
  });

  test("a part of the result is that part of the whole result", () => {
    const [data, from, to] = [bytes(20 * 30), [20, 30], [45, 50]] as const;
    const all = resize(data, from, to);
    const target = { height: 45, width: 50, left: 7, top: 11, cropHeight: 20, cropWidth: 30 };
    const part = new Uint8Array(600);
    const plane = { data, offset: 0, rowStride: 30, pixelStride: 1, width: 30, height: 20 };
    new Resizer(30, 20, target).plane(plane, part, 0);
    const expected = Array.from({ length: 600 }, (_, i) => all[(11 + Math.floor(i / 30)) * 50 + 7 + (i % 30)]);
    expect([...part]).toEqual(expected);
  });

  test("reads one channel out of a box of an RGB image", () => {
    const rgb = bytes(3 * 6 * 5);
    const plane = { data: rgb, offset: 3 * (2 * 6 + 1) + 2, rowStride: 18, pixelStride: 3, width: 4, height: 3 };
    const out = new Uint8Array(12);
    new Resizer(4, 3, whole([3, 4])).plane(plane, out, 0);
    const blue = (x: number, y: number) => rgb[3 * ((y + 2) * 6 + x + 1) + 2];
    expect([...out]).toEqual(Array.from({ length: 12 }, (_, i) => blue(i % 4, Math.floor(i / 4))));
  });
});

describe("fitTo", () => {
  test("covers: the shorter side is met, the longer rounded down, the crop is central", () => {
    expect(fitTo(500, 375, [224, 224], "cover")).toEqual({
      ...{ width: 298, height: 224, left: 37, top: 0 },
      ...{ cropWidth: 224, cropHeight: 224 },
    });
    expect(fitTo(100, 331, [50, 50], "cover")).toMatchObject({ width: 50, height: 165, left: 0, top: 58 });
    expect(fitTo(30, 20, [10, 30], "cover")).toMatchObject({ width: 30, height: 20, left: 0, top: 5 });
  });

  test("squashes: both sides are met", () => {
    expect(fitTo(500, 375, [24, 32], "squash")).toMatchObject({ width: 32, height: 24, left: 0, top: 0 });
  });
});
