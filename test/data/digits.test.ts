import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
// @ts-expect-error a build script, in JavaScript
import { makeDigits } from "../../scripts/make-digits.mjs";
import { classIndex, type Dataset } from "../../src/data/dataset.ts";
import { digits } from "../../src/data/layouts/digits.ts";
import { loadIdx } from "../../src/data/layouts/idx.ts";

const assets = fileURLToPath(new URL("../../assets/", import.meta.url));
const files = ["digits-images.idx3.gz", "digits-labels.idx1.gz"];

const counts = (data: Dataset) => classIndex(data).map((index) => index.length);

describe("digits", () => {
  beforeAll(() => makeDigits());

  test("9,000 and 1,000 digits, normalised as MNIST usually is", async () => {
    const { train, test: rest } = await digits();
    expect([train.count, rest.count]).toEqual([9000, 1000]);
    for (const part of [train, rest]) {
      expect(part).toMatchObject({ channels: 1, height: 28, width: 28, classes: 10, mean: [0.1307], std: [0.3081] });
      expect(part.pixels).toHaveLength(part.count * 784);
      expect(part.labels).toHaveLength(part.count);
    }
  });

  test("every class is a tenth test images, to within one", async () => {
    const { train, test: rest } = await digits();
    const held = counts(rest);
    counts(train).forEach((n, label) => {
      expect(Math.abs(held[label]! - (n + held[label]!) / 10)).toBeLessThanOrEqual(1);
    });
  });

  test("any 100 images in a row hold every class, in proportion to within two", async () => {
    const { train } = await digits();
    const total = counts(train);
    for (let start = 0; start < 9000; start += 100) {
      const seen = new Array<number>(10).fill(0);
      for (const label of train.labels.subarray(start, start + 100)) seen[label]!++;
      seen.forEach((n, label) => {
        expect(Math.abs(n - total[label]! / 90)).toBeLessThan(2);
      });
    }
  });

  test("the two files are below 2 MB and tell nothing of the machine that made them", () => {
    const bytes = files.map((file) => readFileSync(join(assets, file)));
    expect(bytes.reduce((sum, file) => sum + file.length, 0)).toBeLessThan(2e6);
    // gzip header: clock 0, best compression, unknown system.
    for (const file of bytes) expect([...file.subarray(4, 10)]).toEqual([0, 0, 0, 0, 2, 255]);
  });

  const mnist = new URL("../../../shared/data/mnist/", import.meta.url);
  test("they are exactly MNIST's first 10,000 training images, in MNIST's order within each class", async (context) => {
    context.skip(!existsSync(mnist), "needs ../shared/data/mnist");
    const original = await loadIdx({
      images: readFileSync(new URL("train-images-idx3-ubyte.gz", mnist)),
      labels: readFileSync(new URL("train-labels-idx1-ubyte.gz", mnist)),
    });
    const all = await loadIdx({
      images: readFileSync(join(assets, files[0]!)),
      labels: readFileSync(join(assets, files[1]!)),
    });
    const first = { ...original, labels: original.labels.subarray(0, 10_000), count: 10_000 };
    const theirs = classIndex(first);
    classIndex(all).forEach((index, label) => {
      expect(index.length).toBe(theirs[label]!.length);
      index.forEach((i, k) => {
        const j = theirs[label]![k]!;
        const same = Buffer.compare(
          all.pixels.subarray(i * 784, i * 784 + 784),
          original.pixels.subarray(j * 784, j * 784 + 784),
        );
        if (same !== 0) expect.fail(`image ${k} of class ${label} differs from MNIST's image ${j}`);
      });
    });
  });
});
