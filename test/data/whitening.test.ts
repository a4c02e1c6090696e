// ZCA: what is measured, what it makes of images, and that nothing mixes images that are whitened with others.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { parseNpy, writeNpy } from "../../src/codecs/npy.ts";
import { byteProducts } from "../../src/data/byte-products.ts";
import { splitByClass } from "../../src/data/class-split.ts";
import { resized, toRgb } from "../../src/data/convert.ts";
import { batchInto, type Dataset } from "../../src/data/dataset.ts";
import { digits } from "../../src/data/layouts/digits.ts";
import { subset } from "../../src/data/subsets.ts";
import { unwhitenRows } from "../../src/data/unwhiten.ts";
import { whiten, zca } from "../../src/data.ts";
import { splitValidation } from "../../src/evaluate/baselines/validation.ts";
import { brightHalves } from "../distill/halves.ts";
import { noise } from "../distill/noise.ts";

const { path: python, missing: noNumpy } = inject("tools").numpy;

const colours = noise({ count: 300, channels: 3, size: 7, classes: 3, seed: 11 });

function normalized(data: Dataset): Float32Array {
  const out = new Float32Array(data.pixels.length);
  batchInto(
    data,
    Uint32Array.from({ length: data.count }, (_, i) => i),
    out,
  );
  return out;
}

test.skipIf(noNumpy)("W and μ are those of numpy's eigh in float64, also with fewer images than values", async () => {
  const { train } = await digits();
  const folder = mkdtempSync(join(tmpdir(), "distillate-"));
  try {
    for (const data of [colours, subset(train, 0, 400)]) {
      const { channels, height, width, pixels, count } = data;
      const size = channels * height * width;
      writeFileSync(join(folder, "x.npy"), writeNpy({ shape: [count, channels, height * width], data: pixels }));
      const [mean, std] = [data.mean, data.std].map((values) => JSON.stringify(values));
      const program = `
import numpy as np
x = (np.load("x.npy").astype(np.float64) / 255 - np.array(${mean})[None, :, None]) / np.array(${std})[None, :, None]
x = x.reshape(len(x), -1)
values, vectors = np.linalg.eigh(np.cov(x.T))
np.save("w.npy", vectors @ np.diag((np.maximum(values, 0) + 0.1) ** -0.5) @ vectors.T)
np.save("m.npy", x.mean(0))`;
      const { status, stderr } = spawnSync(python!, ["-c", program], { cwd: folder, encoding: "utf8" });
      expect(status, stderr).toBe(0);
      const load = (name: string) => parseNpy(readFileSync(join(folder, name)), { name }).data as Float64Array;
      const whitening = await zca(data);
      const [w, m] = [load("w.npy"), load("m.npy")];
      expect(whitening.matrix).toHaveLength(size * size);
      // Entries of W are at most ε^(−1/2) = 3.2, and rounded to float32: half a unit in the last place is 1.2e-7.
      const far = (a: Float32Array, b: Float64Array) =>
        a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0);
      expect(far(whitening.matrix, w), data.name).toBeLessThan(1.3e-7);
      expect(far(whitening.mean, m), data.name).toBeLessThan(1.3e-7);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("sums of products of bytes are exact at every remainder of the sizes, and for bytes of 255", () => {
  for (const [count, size] of [
    [1, 1],
    [2, 5],
    [257, 9],
    [600, 17],
  ] as const) {
    const pixels = Uint8Array.from({ length: count * size }, (_, i) => (i % 11 === 0 ? 7 * i : 255));
    const work = byteProducts(pixels, count, size);
    let step = work.next();
    while (!step.done) step = work.next();
    const { sums, products } = step.value;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) {
        let [sum, one] = [0, 0];
        for (let n = 0; n < count; n++) {
          sum += pixels[n * size + i]! * pixels[n * size + j]!;
          one += pixels[n * size + i]!;
        }
        expect(products[i * size + j]).toBe(sum);
        expect(sums[i]).toBe(one);
      }
    }
  }
});

test("whitened images are W·(x − μ) to the bit, whatever images stand beside them, and W undoes itself", async () => {
  const whitening = await zca(colours);
  const { matrix, mean } = whitening;
  const white = await whiten(colours, whitening);
  const x = normalized(colours);
  const size = mean.length;
  const images = normalized(white);
  expect(images).toEqual(white.whitened!.images);
  for (const i of [0, 63, 64, 255, 299]) {
    for (let row = 0; row < size; row++) {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += matrix[row * size + j]! * (x[i * size + j]! - mean[j]!);
      expect(images[i * size + row]).toBe(Math.fround(sum));
    }
    const alone = await whiten(subset(colours, i, i + 1), whitening);
    expect(alone.whitened!.images).toEqual(images.subarray(i * size, (i + 1) * size));
  }
  const back = unwhitenRows(images, whitening);
  // W's condition number is at most 10 here.
  expect(back.reduce((most, value, at) => Math.max(most, Math.abs(value - x[at]!)), 0)).toBeLessThan(2e-6);
});

test("the whitening of the same images is the same everywhere, to the bit", async () => {
  const { matrix, mean } = await zca(colours, { epsilon: 0.5 });
  const digest = createHash("sha256").update(new Uint8Array(mean.buffer)).update(new Uint8Array(matrix.buffer));
  expect(digest.digest("hex")).toBe("5ddd775fb27b16bd117a84b9395d7c9034a69124b6c44860d21015a5781c442b");
});

test("progress tells both stages and all images, and an abort ends the work", async () => {
  const stages: [string, number][] = [];
  const whitening = await zca(colours, { onProgress: ({ stage, share }) => stages.push([stage, share]) });
  expect(new Set(stages.map(([stage]) => stage))).toEqual(new Set(["covariance", "root"]));
  expect(stages.every(([, share]) => share >= 0 && share <= 1)).toBe(true);
  const done: number[] = [];
  const split = { train: colours, test: subset(colours, 0, 10) };
  await whiten(split, whitening, { onProgress: (progress) => done.push(progress.done, progress.total) });
  expect(done.slice(-2)).toEqual([310, 310]);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(zca(colours, { signal })).rejects.toThrow("enough");
  await expect(whiten(colours, whitening, { signal })).rejects.toThrow("enough");
});

describe("whitened data", () => {
  const images = brightHalves({ count: 40 });

  test("keep their whitened images in parts and in the split for validation", async () => {
    const white = await whiten(images, await zca(images));
    const all = white.whitened!.images;
    expect(subset(white, 3, 5).whitened!.images).toEqual(all.subarray(3 * 36, 5 * 36));
    const { rest, validation } = splitValidation(white);
    for (const part of [rest, validation]) {
      for (let i = 0; i < part.count; i++) {
        const same = (at: number) =>
          images.pixels.subarray(at * 36, at * 36 + 36).join() === part.pixels.subarray(i * 36, i * 36 + 36).join();
        const at = Array.from({ length: 40 }, (_, k) => k).find(same)!;
        expect(part.whitened!.images.subarray(i * 36, i * 36 + 36)).toEqual(all.subarray(at * 36, at * 36 + 36));
      }
    }
    expect(rest.count + validation.count).toBe(40);
  });

  test("are not converted, divided or whitened again, because a whitening is for images of one form", async () => {
    const whitening = await zca(images);
    const white = await whiten(images, whitening);
    const expected = /"data(set)?" expected images that are not whitened, got whitened ones: first divide and convert/;
    expect(() => resized(white, 3)).toThrow(expected);
    expect(() => toRgb(white)).toThrow(expected);
    expect(() => splitByClass(white)).toThrow(expected);
    await expect(whiten(white, whitening)).rejects.toThrow(expected);
    await expect(zca(white)).rejects.toThrow(expected);
  });

  test("that do not fit are refused with the name of the field", async () => {
    const whitening = await zca(images);
    const white = await whiten(images, whitening);
    const wrong = (whitened: object) => whiten({ ...images, whitened } as Dataset, whitening);
    const { images: values } = white.whitened!;
    await expect(wrong({ ...whitening })).rejects.toThrow(
      '"data.whitened.images" expected Float32Array, got undefined',
    );
    await expect(wrong({ ...whitening, images: values.subarray(1) })).rejects.toThrow(
      "[40, 1, 6, 6], 1440 numbers, got 1439",
    );
    await expect(whiten(images, { ...whitening, matrix: whitening.matrix.subarray(36) })).rejects.toThrow(
      '"whitening.matrix" expected [36, 36], 1296 numbers, got 1260',
    );
    await expect(whiten(colours, whitening)).rejects.toThrow('"whitening.mean" expected [147], 147 numbers, got 36');
    await expect(zca(subset(images, 0, 1))).rejects.toThrow('"data" expected from 2 to 300000 images, got 1');
    await expect(zca(images, { epsilon: 0 })).rejects.toThrow(
      '"epsilon" expected a number from 0.00001 to 1000, got 0',
    );
    const large = {
      ...images,
      count: 2,
      height: 65,
      width: 64,
      pixels: new Uint8Array(2 * 65 * 64),
      labels: new Uint8Array(2),
    };
    await expect(zca(large)).rejects.toThrow("at most 4096 values, so make them smaller first, got 4160");
  });
});
