import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { loadIdx, parseIdx } from "../../src/data/layouts/idx.ts";
import { concat, expectOnlyFormatErrors, fileName } from "../formats/hostile.ts";

const name = fileName;

/** An idx file; `rank` and `type` can be made to lie. */
function idx(dimensions: readonly number[], values: ArrayLike<number>, { type = 8, rank = dimensions.length } = {}) {
  return concat(
    [0, 0, type, rank],
    dimensions.flatMap((d) => [d >>> 24, (d >>> 16) & 255, (d >>> 8) & 255, d & 255]),
    values,
  );
}

const counted = (n: number) => Uint8Array.from({ length: n }, (_, i) => i % 251);
const images = idx([3, 4, 5], counted(60));
const labels = idx([3], [2, 0, 1]);

describe("parseIdx", () => {
  test("reads 1 to 4 dimensions", () => {
    for (const dimensions of [[5], [2, 3], [3, 4, 5], [2, 3, 4, 5]]) {
      const values = counted(dimensions.reduce((a, b) => a * b));
      expect(parseIdx(idx(dimensions, values), { name })).toEqual({ dimensions, values });
    }
  });

  test("reads out of the middle of a buffer and gives a plain Uint8Array for a Buffer of Node's", () => {
    const inside = concat([9, 9, 9], images, [9]).subarray(3, 3 + images.length);
    expect(parseIdx(inside, { name }).values).toEqual(counted(60));
    expect(parseIdx(Buffer.from(images), { name }).values.constructor).toBe(Uint8Array);
  });

  test("an empty dimension is an empty array", () => {
    expect(parseIdx(idx([0, 28, 28], []), { name })).toEqual({ dimensions: [0, 28, 28], values: new Uint8Array(0) });
  });

  test("mutants give FormatErrors only", async () => {
    const files = [images, labels, idx([2, 1, 2, 2], counted(8))];
    await expectOnlyFormatErrors("idx", files, (bytes) => parseIdx(bytes, { name }), 20_000);
  });
});

describe("loadIdx", () => {
  test("takes bytes, an ArrayBuffer or a Blob, gzipped or not, to the same data set", async () => {
    const plain = await loadIdx({ images, labels });
    expect(plain).toMatchObject({ name: "idx", count: 3, channels: 1, height: 4, width: 5, classes: 3 });
    expect(plain.pixels).toEqual(counted(60));
    expect(plain.labels).toEqual(Uint8Array.of(2, 0, 1));
    const others = [
      { images: images.slice().buffer, labels: labels.slice().buffer },
      { images: new Blob([images.slice()]), labels: new Blob([labels.slice()]) },
      { images: gzipSync(images), labels: new Blob([new Uint8Array(gzipSync(labels))]) },
    ];
    for (const other of others) expect(await loadIdx(other)).toEqual(plain);
  });

  test("four dimensions are [n, c, h, w], with statistics per channel", async () => {
    const data = await loadIdx({
      images: idx([2, 2, 1, 2], [0, 255, 10, 10, 255, 0, 10, 10]),
      labels: idx([2], [0, 1]),
    });
    expect(data).toMatchObject({ count: 2, channels: 2, height: 1, width: 2 });
    expect(data.mean).toEqual([0.5, 10 / 255]);
    // The second channel is flat: it is left unscaled instead of divided by 0.
    expect(data.std).toEqual([0.5, 1]);
  });

  test("classes, mean and std can be given", async () => {
    const data = await loadIdx({ images, labels, classes: 10, mean: [0.25], std: [0.5], name: "tiny" });
    expect(data).toMatchObject({ classes: 10, mean: [0.25], std: [0.5], name: "tiny" });
  });

  test("options that do not fit are RangeErrors", async () => {
    await expect(loadIdx({ images, labels, classes: 0 })).rejects.toThrow(RangeError);
    await expect(loadIdx({ images, labels, mean: [0, 0] })).rejects.toThrow(
      '"mean" expected 1 finite numbers, got [0,0]',
    );
    await expect(loadIdx({ images, labels, std: [0] })).rejects.toThrow('"std" expected 1 finite numbers > 0');
    await expect(loadIdx({ images, labels, std: [Number.NaN] })).rejects.toThrow(RangeError);
  });

  test("files that do not belong together are refused, naming the one at fault", async () => {
    const file = (bytes: Uint8Array, called: string) => new File([bytes.slice()], called);
    const load = (i: Uint8Array, l: Uint8Array, classes?: number) =>
      loadIdx({ images: file(i, "i.idx"), labels: file(l, "l.idx"), ...(classes ? { classes } : {}) });
    await expect(load(images, idx([2], [0, 1]))).rejects.toThrow(/^l\.idx: expected one label .* 3 images of i\.idx/);
    await expect(load(labels, images)).rejects.toThrow(/^i\.idx: expected \[count, height, width\]/);
    await expect(load(images, images)).rejects.toThrow(/^l\.idx: /);
    await expect(load(images, labels, 2)).rejects.toThrow("l.idx: expected labels below 2, got 2 at byte 8");
    await expect(load(idx([0, 28, 28], []), idx([0], []))).rejects.toThrow(/^i\.idx: .*none of them 0/);
    await expect(loadIdx({ images: gzipSync(images).subarray(0, 30), labels })).rejects.toThrow(/^idx images: /);
  });

  test("a gzipped file may not unpack to more than its idx header says", async () => {
    const bomb = gzipSync(concat(images, new Uint8Array(10_000)));
    await expect(loadIdx({ images: bomb, labels })).rejects.toThrow("idx images: expected at most 76 bytes");
    // A header that promises 1 GiB does not make anybody take 1 GiB.
    const before = process.memoryUsage().arrayBuffers;
    const liar = gzipSync(idx([2 ** 20, 32, 32], []));
    await expect(loadIdx({ images: liar, labels })).rejects.toThrow(/^idx images: .*1048576×32×32/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
  });

  const folder = new URL("../../../shared/data/mnist/", import.meta.url);
  test("MNIST has 60,000 images, mean 0.1307 and std 0.3081", async (context) => {
    context.skip(!existsSync(folder), "needs ../shared/data/mnist");
    const data = await loadIdx({
      images: readFileSync(new URL("train-images-idx3-ubyte.gz", folder)),
      labels: readFileSync(new URL("train-labels-idx1-ubyte.gz", folder)),
    });
    expect(data).toMatchObject({ count: 60_000, channels: 1, height: 28, width: 28, classes: 10 });
    expect(data.mean[0]).toBeCloseTo(0.1307, 4);
    expect(data.std[0]).toBeCloseTo(0.3081, 4);
    expect([...data.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  });
});
