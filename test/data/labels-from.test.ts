// Labels that start at another number than 0 become classes, in every layout whose labels are numbers.
import { expect, test } from "vitest";
import { writeNpz } from "../../src/codecs/npz.ts";
import type { DataFile } from "../../src/data/data-file.ts";
import { datasetFromFiles, loadArrays, loadCifar, loadIdx, loadIdxFiles, loadUsps } from "../../src/data.ts";
import { ascii, concat } from "../formats/hostile.ts";
import { bytes, file, flatPng } from "./samples.ts";

const idxLabels = (labels: readonly number[]) => concat([0, 0, 8, 1, 0, 0, 0, labels.length], labels);
const idxImages = (n: number) => concat([0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 2, 0, 0, 0, 2], bytes(4 * n));
const usps = (labels: readonly number[]) =>
  ascii(labels.map((label) => `${label} ${Array(256).fill("-1").join(" ")}\n`).join(""));
const cifar = (labels: readonly number[]) => concat(...labels.map((label) => concat([label], bytes(3072, label))));
const npz = (labels: readonly number[]) => {
  const images = { shape: [labels.length, 2, 2], data: bytes(4 * labels.length) };
  const array = { shape: [labels.length], data: BigInt64Array.from(labels, BigInt) };
  const arrays = { x_train: images, y_train: array, x_test: images, y_test: array };
  return writeNpz(Object.entries(arrays));
};

/** The files of each layout, with these labels in both parts. */
const layouts: readonly [string, (labels: readonly number[]) => DataFile[]][] = [
  [
    "idx",
    (labels) =>
      ["train", "t10k"].flatMap((part) => [
        file(`${part}-images-idx3-ubyte`, idxImages(labels.length)),
        file(`${part}-labels-idx1-ubyte`, idxLabels(labels)),
      ]),
  ],
  ["NumPy arrays", (labels) => [file("d.npz", npz(labels))]],
  ["CIFAR-10", (labels) => [file("data_batch_1.bin", cifar(labels)), file("test_batch.bin", cifar(labels))]],
  ["USPS", (labels) => [file("zip.train", usps(labels)), file("zip.test", usps(labels))]],
];

const refusal = (call: Promise<unknown>) =>
  call.then(
    () => "accepted",
    (error: Error) => `${error.name}: ${error.message}`,
  );

test.each(layouts)("%s: labels from 1 become the classes from 0", async (_, files) => {
  const zero = await datasetFromFiles(files([0, 2, 1, 9]));
  const one = await datasetFromFiles(files([1, 3, 2, 10]), { labelsFrom: 1 });
  for (const part of ["train", "test"] as const) {
    expect(one[part].labels).toEqual(zero[part].labels);
    expect(one[part].classes).toBe(10);
  }
  // What is below the first is said, with its place.
  expect(await refusal(datasetFromFiles(files([1, 0]), { labelsFrom: 1 }))).toMatch(
    /^FormatError: .*expected (a label|labels|whole numbers) from 1 .*got "?0\b/,
  );
});

test("the readers of single files take it too", async () => {
  const labels = [1, 2, 10];
  const expected = Uint8Array.of(0, 1, 9);
  const images = idxImages(3);
  const idx = await loadIdx({ images, labels: idxLabels(labels), labelsFrom: 1 });
  expect([idx.labels, idx.classes]).toEqual([expected, 10]);
  expect((await loadIdx({ images, labels: idxLabels(labels), labelsFrom: 1, classes: 12 })).classes).toBe(12);
  expect((await loadCifar({ files: [{ bytes: cifar(labels), name: "c" }], labelsFrom: 1 })).labels).toEqual(expected);
  expect((await loadUsps({ bytes: usps(labels), labelsFrom: 1 })).labels).toEqual(expected);
  expect((await loadArrays([file("d.npz", npz(labels))], { labelsFrom: 1 })).train.labels).toEqual(expected);
  const files = layouts[0]![1](labels);
  expect((await loadIdxFiles(files, { labelsFrom: 1 })).test).toMatchObject({ labels: expected, classes: 10 });
});

test("arrays may hold negative labels, and any that lie together", async () => {
  for (const from of [-1, 1000]) {
    const files = [file("d.npz", npz([from, from + 2, from + 1]))];
    expect((await datasetFromFiles(files, { labelsFrom: from })).train).toMatchObject({
      labels: Uint8Array.of(0, 2, 1),
      classes: 3,
    });
    expect(await refusal(datasetFromFiles(files))).toContain(
      `got ${from} at 0; labelsFrom (--labels-from) says where labels start`,
    );
  }
});

test("folders of classes have names, and are counted from 0 whatever is said", async () => {
  const red = flatPng(2, 2, [255, 0, 0]);
  const files = ["1", "2"].flatMap((name) => [file(`${name}/a.png`, red), file(`${name}/b.png`, red)]);
  const { train } = await datasetFromFiles(files, { labelsFrom: 1 });
  expect(train).toMatchObject({ labels: Uint8Array.of(0, 1), classNames: ["1", "2"] });
});

test("labels that would fit if they started at 0 are told from others", async () => {
  const images = idxImages(2);
  expect(await refusal(loadIdx({ images, labels: idxLabels([1, 2]), classes: 2 }))).toMatch(
    /expected labels below 2, got 2 at byte 9: the labels start at 1; read them with labelsFrom: 1/,
  );
  expect(await refusal(loadIdx({ images, labels: idxLabels([0, 2]), classes: 2 }))).toMatch(/got 2 at byte 9$/);
});

test.each([0.5, Number.NaN, 1e7, "1", null])("labels cannot start at %s", async (value) => {
  const labelsFrom = value as number;
  for (const [, files] of layouts) {
    expect(await refusal(datasetFromFiles(files([0, 1]), { labelsFrom }))).toMatch(
      /^(Range|Type)Error: "labelsFrom" expected integer from -1000000 to 1000000, got /,
    );
  }
});
