import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { loadCifar } from "../../src/data/layouts/cifar.ts";
import type { CifarLabels } from "../../src/data/load-options.ts";
import { concat, expectOnlyFormatErrors, fileName, patched } from "../formats/hostile.ts";
import { bytes, histogram, realFile } from "./samples.ts";

const load = (content: Uint8Array, labels: CifarLabels = "cifar10") =>
  loadCifar({ files: [{ bytes: content, name: fileName }], labels });
const images = [bytes(3072, 1), bytes(3072, 2)] as const;
const ten = concat([3], images[0], [9], images[1]);
const hundred = concat([19, 99], images[0], [0, 7], images[1]);

describe("loadCifar", () => {
  test("reads labels and planes of CIFAR-10, gzipped or not, and joins files", async () => {
    const one = await load(ten);
    expect(one).toMatchObject({ name: "cifar10", count: 2, channels: 3, height: 32, width: 32, classes: 10 });
    expect([...one.labels]).toEqual([3, 9]);
    expect(one.pixels).toEqual(concat(...images));
    expect(one.classNames?.[9]).toBe("truck");
    expect(await load(gzipSync(ten))).toEqual(one);
    const file = { bytes: new Blob([ten.slice()]), name: "b" };
    expect([...(await loadCifar({ files: [file, file] })).labels]).toEqual([3, 9, 3, 9]);
  });

  test("reads fine or coarse labels of CIFAR-100", async () => {
    expect(await load(hundred, "fine")).toMatchObject({ classes: 100, labels: Uint8Array.of(99, 7) });
    expect(await load(hundred, "coarse")).toMatchObject({ classes: 20, labels: Uint8Array.of(19, 0) });
  });

  test("a wrong length or label is refused with file name and offset", async () => {
    await expect(load(patched(ten, 3073, 200))).rejects.toThrow(
      "evil.bin: expected a label below 10 at byte 3073, got 200",
    );
    await expect(load(ten.slice(0, -1))).rejects.toThrow(
      "evil.bin: expected 1 to 50000 records of 3073 bytes, got 6145 bytes: the last record begins at byte 3073",
    );
    await expect(load(patched(hundred, 0, 20), "coarse")).rejects.toThrow("a label below 20 at byte 0, got 20");
    await expect(load(ten, "other" as CifarLabels)).rejects.toThrow(RangeError);
  });

  test("no file at all is refused", async () => {
    await expect(loadCifar({ files: [] })).rejects.toThrow(
      new RangeError('"files" expected at least one file, got none'),
    );
  });

  test("a small gzip may not unpack to more than any CIFAR has", async () => {
    const before = process.memoryUsage().arrayBuffers;
    const bomb = gzipSync(Buffer.alloc(160_000_000), { level: 1 });
    await expect(load(bomb)).rejects.toThrow(/^evil\.bin: expected at most 153650000 bytes/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 30);
  });

  test("mutants give FormatErrors only", async () => {
    await expectOnlyFormatErrors("cifar", [concat([3], images[0])], (content) => load(content), 500);
  });

  test("the first 4,000 images of CIFAR-10 have its counts and statistics", async (context) => {
    const content = realFile("cifar10/data_batch_1-first4000.bin.gz");
    context.skip(!content, "needs ../shared/data/cifar10");
    const data = await load(content!);
    expect(data.count).toBe(4000);
    expect([...data.labels.subarray(0, 10)]).toEqual([6, 9, 9, 4, 1, 1, 2, 7, 8, 3]);
    expect(histogram(data)).toEqual([396, 366, 420, 384, 422, 393, 414, 385, 407, 413]);
    for (const [c, mean] of [0.4916, 0.4818, 0.4447].entries()) expect(data.mean[c]).toBeCloseTo(mean, 4);
    for (const [c, std] of [0.2471, 0.244, 0.2625].entries()) expect(data.std[c]).toBeCloseTo(std, 4);
  });
});
