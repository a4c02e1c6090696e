import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { writeNpy } from "../../src/codecs/npy.ts";
import { writeNpz } from "../../src/codecs/npz.ts";
import type { DataFile } from "../../src/data/data-file.ts";
import { datasetFromFiles } from "../../src/data/layouts/layouts.ts";
import type { LoadDatasetOptions } from "../../src/data/load-options.ts";
import { loadCub, loadVoc } from "../../src/data.ts";
import { FormatError } from "../../src/index.ts";
import { ascii, concat } from "../formats/hostile.ts";
import { bytes, file, flatPng, histogram, jpegFile, png, tar } from "./samples.ts";

const idx = (values: ArrayLike<number>, ...shape: number[]) =>
  concat(
    [0, 0, 8, shape.length],
    shape.flatMap((n) => [0, 0, n >> 8, n & 255]),
    values,
  );
const cifar = (...labels: number[]) => concat(...labels.map((label) => concat([label], bytes(3072, label))));
const usps = (...labels: number[]) =>
  ascii(labels.map((label) => `${label} ${Array(256).fill("-1").join(" ")}\n`).join(""));
const refused = (files: DataFile[], options: LoadDatasetOptions = {}): Promise<string> =>
  datasetFromFiles(files, { source: "dir", ...options }).then(
    () => "accepted",
    (error: Error) => `${error.name}: ${error.message}`,
  );

const mnist = [
  file("train-images-idx3-ubyte", idx(bytes(12), 3, 2, 2)),
  file("train-labels-idx1-ubyte.gz", gzipSync(idx([0, 1, 2], 3))),
  file("t10k-images-idx3-ubyte", idx(bytes(4), 1, 2, 2)),
  file("t10k-labels-idx1-ubyte", idx([2], 1)),
];

describe("datasetFromFiles", () => {
  test("recognises MNIST's files, CIFAR-10, CIFAR-100 and USPS by their names", async () => {
    expect(await datasetFromFiles(mnist, { name: "m" })).toMatchObject({
      train: { name: "m", count: 3, classes: 3 },
      test: { count: 1, classes: 3 },
    });
    const ten = [
      file("cifar-10-batches-bin/data_batch_2.bin", cifar(4)),
      file("cifar-10-batches-bin/data_batch_1.bin", cifar(1, 2)),
      file("cifar-10-batches-bin/test_batch.bin", cifar(9)),
      file("cifar-10-batches-bin/readme.html", ascii("<html>")),
    ];
    const { train, test: held } = await datasetFromFiles(ten);
    expect([[...train.labels], [...held.labels], train.name]).toEqual([[1, 2, 4], [9], "cifar10"]);
    const record = (coarse: number, fine: number) => concat([coarse, fine], bytes(3072));
    const hundred = [
      file("train.bin", concat(record(3, 99), record(0, 7))),
      file("test.bin.gz", gzipSync(record(3, 1))),
    ];
    expect((await datasetFromFiles(hundred)).train).toMatchObject({ classes: 100, labels: Uint8Array.of(99, 7) });
    expect((await datasetFromFiles(hundred, { cifar100Labels: "coarse" })).test).toMatchObject({
      classes: 20,
      labels: Uint8Array.of(3),
    });
    const digits = [file("zip.train", usps(1, 2)), file("zip.test.gz", gzipSync(usps(7))), file("usps.h5", ascii("x"))];
    expect(await datasetFromFiles(digits, { mean: [0.2], std: [0.3] })).toMatchObject({
      train: { count: 2, height: 16, mean: [0.2], std: [0.3] },
      test: { count: 1, mean: [0.2] },
    });
  });

  test("divides a set that has only one part", async () => {
    const { train, test: held } = await datasetFromFiles([file("data_batch_1-first.bin", cifar(1, 1, 1, 2, 2, 2))]);
    expect([histogram(train).slice(1, 3), histogram(held).slice(1, 3)]).toEqual([
      [2, 2],
      [1, 1],
    ]);
  });

  test("looks into archives, several at once", async () => {
    const [train, held] = ["train", "test"].map((part) =>
      ["00000_3", "00001_4"].map((name) => file(`${part}/${name}.jpg`, jpegFile(32, 32))),
    );
    const files = [
      file("jpeg-train.tar.gz", gzipSync(await tar(train!))),
      file("jpeg-test.tar.gz", gzipSync(await tar(held!))),
      file("data_batch_1-first4000.bin.gz", gzipSync(cifar(1))),
    ];
    expect(await datasetFromFiles(files)).toMatchObject({
      train: { name: "CIFAR-10 (JPEG q75)", count: 2 },
      test: { count: 2 },
    });
    expect((await datasetFromFiles([file("x.tar", await tar(mnist))])).train.count).toBe(3);
  });

  test("says what was found, then what is read", async () => {
    const message = await refused([file("notes.txt", ascii("x")), file("a.md", ascii("x"))]);
    expect(message).toMatch(/^FormatError: dir: found "a\.md", "notes\.txt"; expected a data set: /);
    for (const part of ["idx files", "CIFAR-10", "USPS", "VOC", "CUB", "NumPy", "class/picture", "SVHN", ".csv"]) {
      expect(message).toContain(part);
    }
    expect(message.length).toBeLessThan(500);
    expect(await refused([])).toContain("dir: found no files; expected a data set");
    const archive = file("x.tar", await tar([file("a.md", ascii("x"))]));
    expect(await refused([archive])).toContain('dir: found "x.tar", "x.tar: a.md"; expected');
    expect(await refused([file("x.zip", ascii("PK nonsense"))])).toMatch(/^FormatError: x\.zip: /);
    expect(await refused(mnist.slice(1))).toMatch(
      /^FormatError: dir: expected train-images-idx3-ubyte, but it is missing/,
    );
  });
});

describe("data sets in files that are not read", () => {
  const pickle = Uint8Array.of(0x80, 2, 0x7d, 0x71, 0, 0x2e);
  const python = "can run any program and is never loaded";

  test("CIFAR for Python is told from its binary version, in folders and archives, with what to do", async () => {
    const batch = await refused([file("cifar-10-batches-py/data_batch_1", pickle)]);
    expect(batch).toMatch(
      /^FormatError: cifar-10-batches-py\/data_batch_1: found CIFAR for Python, a pickled Python object/,
    );
    expect(batch).toContain("take the binary version, cifar-10-binary.tar.gz, or save arrays in Python: import pickle");
    expect(batch).toContain('np.savez("cifar-10.npz", images=b["data"].reshape(-1, 3, 32, 32), labels=b["labels"])');
    const all = ["data_batch_1", "data_batch_2", "test_batch", "batches.meta"].map((name) =>
      file(`cifar-10-batches-py/${name}`, pickle),
    );
    const archive = await refused([file("cifar-10-python.tar.gz", gzipSync(await tar(all)))]);
    expect(archive).toContain("cifar-10-python.tar.gz: cifar-10-batches-py/data_batch_1: found CIFAR for Python");
    expect(archive).toContain('t = load("test_batch")');
    expect(archive.length).toBeLessThan(800);
    const hundred = ["train", "test", "meta"].map((name) => file(`cifar-100-python/${name}`, pickle));
    expect(await refused(hundred)).toMatch(/cifar-100-binary\.tar\.gz, .*"fine_labels"/);
  });

  test("pickles, PyTorch's files, HDF5 and tables of bytes are called what they are", async () => {
    const found = async (path: string) => refused([file(path, pickle), file("readme.txt", ascii("x"))]);
    expect(await found("mnist.pkl.gz")).toContain(`mnist.pkl.gz: found a pickled Python object, which ${python}`);
    expect(await found("processed/training.pt")).toContain("found PyTorch's tensors");
    expect(await found("usps.h5")).toBe(
      "FormatError: usps.h5: found HDF5: save its images and labels with numpy.savez(file, images=…, labels=…)",
    );
    expect(await found("train.parquet")).toContain("found a table or records");
  });
});

describe("NumPy arrays", () => {
  const images = (n: number, seed = 1) => ({ shape: [n, 2, 2], data: bytes(4 * n, seed) });
  const labels = (...values: number[]) => ({ shape: [values.length], data: BigInt64Array.from(values, BigInt) });
  const npz = (arrays: Record<string, Parameters<typeof writeNpy>[0]>) => [
    file("d.npz", writeNpz(Object.entries(arrays))),
  ];

  test("are found under the names of Keras and MedMNIST, or divided", async () => {
    const keras = npz({ x_train: images(3), y_train: labels(0, 1, 2), x_test: images(2), y_test: labels(1, 0) });
    const { train, test: held } = await datasetFromFiles(keras, { name: "k" });
    expect(train).toMatchObject({ name: "k", count: 3, channels: 1, height: 2, classes: 3, pixels: bytes(12) });
    expect(held).toMatchObject({ count: 2, classes: 3, mean: train.mean });
    const column = { shape: [2, 1], data: Uint8Array.of(0, 4) };
    const med = [
      ["train_images", { shape: [2, 3, 2, 2], data: bytes(24) }],
      ["train_labels", column],
      ["test_images", { shape: [2, 3, 2, 2], data: bytes(24, 2) }],
      ["test_labels", column],
    ] as const;
    const files = med.map(([name, array]) => file(`${name}.npy`, writeNpy(array)));
    expect((await datasetFromFiles(files)).train).toMatchObject({ channels: 3, classes: 5 });
    const plain = npz({ images: images(10), labels: labels(0, 0, 0, 0, 0, 1, 1, 1, 1, 1) });
    expect(histogram((await datasetFromFiles(plain)).test)).toEqual([1, 1]);
  });
});

describe("CUB-200-2011", () => {
  const red = flatPng(4, 2, [255, 0, 0]);
  const set = {
    "images.txt": "1 001.Crow/a.jpg\n2 002.Jay/b.jpg\r\n3 001.Crow/c.jpg\n",
    "image_class_labels.txt": "1 1\n2 2\n3 1\n",
    "train_test_split.txt": "1 1\n2 1\n3 0\n",
  };
  const files = (change: Record<string, string> = {}) => [
    ...Object.entries({ ...set, ...change }).map(([path, text]) => file(`CUB_200_2011/${path}`, ascii(text))),
    ...["001.Crow/a.jpg", "002.Jay/b.jpg", "001.Crow/c.jpg"].map((path) => file(`CUB_200_2011/images/${path}`, red)),
    file("attributes.txt", ascii("beside the folder, as in the archive")),
  ];

  test("is read by its three tables", async () => {
    const { train, test: held } = await datasetFromFiles(files(), { size: 4 });
    expect(train).toMatchObject({ count: 2, classes: 2, height: 4, width: 4, channels: 3 });
    expect([train.classNames, [...train.labels], [...held.labels]]).toEqual([["001.Crow", "002.Jay"], [0, 1], [0]]);
    expect((await datasetFromFiles(files())).train.height).toBe(224);
    const own = await loadCub(files(), { name: "birds", size: 4, fit: "cover", mean: [0, 0, 0], std: [1, 1, 1] });
    expect(own.train).toMatchObject({ name: "birds", height: 4, mean: [0, 0, 0], labels: train.labels });
    expect((await loadCub(files(), { size: 2 })).test).toMatchObject({
      name: "cub200",
      height: 2,
      labels: held.labels,
    });
  });

  test("what does not fit is refused, naming file and line", async () => {
    await expect(loadCub([])).rejects.toThrow(FormatError);
    expect(await refused(files({ "image_class_labels.txt": "1 1\n2 0\n3 1" }))).toContain(
      'image_class_labels.txt: expected a new number and a class from 1 on in line 2, got "2 0"',
    );
    expect(await refused(files({ "image_class_labels.txt": "1 1\n2 999\n3 1" }))).toContain("up to 256");
    expect(await refused(files({ "image_class_labels.txt": "1 1\n2 1\n3 1" }))).toContain("got 1 for 002.Jay/b.jpg");
    expect(await refused(files({ "image_class_labels.txt": "1 1\n2 3\n3 1" }))).toContain(
      "images of class 2, got none",
    );
    expect(await refused(files({ "train_test_split.txt": "1 1\n2 1" }))).toContain("a line for image 3, got none");
    expect(await refused(files({ "train_test_split.txt": "1 1\n1 1" }))).toContain("in line 2");
    expect(await refused(files({ "train_test_split.txt": "1 1\n2 1\n3 1" }))).toContain("both parts, got one part");
    expect(await refused(files({ "images.txt": "1 001.Crow/x.jpg" }))).toContain(
      "images/001.Crow/x.jpg, but it is missing",
    );
  });
});

describe("PASCAL VOC", () => {
  const object = (name: string, ...box: (number | string)[]) => `
    <object><name>${name}</name><difficult>0</difficult><bndbox>
      ${["xmin", "ymin", "xmax", "ymax"].map((side, i) => `<${side}>${box[i]}</${side}>`).join("")}
    </bndbox>
    <part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>1</xmax><ymax>1</ymax></bndbox></part></object>`;
  const xml = (...objects: string[]) =>
    `<?xml version="1.0"?><!-- a comment --><annotation><filename>a &amp; b</filename><size/>${objects.join("")}</annotation>`;
  // Left half red, right half blue: 8 × 4.
  const data = Uint8Array.from({ length: 96 }, (_, i) => ((i / 3) % 8 < 4 ? [255, 0, 0] : [0, 0, 255])[i % 3]!);
  const files = (...objects: string[]) => {
    const picture = { width: 8, height: 4, channels: 3, data } as const;
    return [
      file("VOCdevkit/VOC2007/ImageSets/Main/trainval.txt", ascii("000005\n000007\n")),
      file("VOCdevkit/VOC2007/ImageSets/Main/test.txt", ascii("000001\n")),
      file("VOCdevkit/VOC2007/Annotations/000005.xml", ascii(xml(...objects))),
      file("VOCdevkit/VOC2007/Annotations/000007.xml", ascii(xml(object("dog", 1, 1, "8.0", 4)))),
      file("VOCdevkit/VOC2007/Annotations/000001.xml", ascii(xml(object("aeroplane", 1, 1, 2, 2)))),
      ...["000005", "000007", "000001"].map((id) => file(`VOCdevkit/VOC2007/JPEGImages/${id}.jpg`, png(picture))),
    ];
  };

  test("every object is an image, cut out by its box", async () => {
    const good = files(object("cat", 5, 1, 8, 4), object("tvmonitor", 1, 2, 4, 3));
    const { train, test: held } = await datasetFromFiles(good, { size: 2 });
    expect(train).toMatchObject({ count: 3, classes: 20, height: 2, channels: 3 });
    expect([...train.labels].map((label) => train.classNames![label])).toEqual(["cat", "tvmonitor", "dog"]);
    expect([...train.pixels.subarray(0, 12)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255]);
    expect([...train.pixels.subarray(12, 24)]).toEqual([255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...held.labels]).toEqual([0]);
    expect((await datasetFromFiles(good)).test.height).toBe(224);
    const own = await loadVoc(good, { name: "objects", size: 2, mean: [0, 0, 0], std: [1, 1, 1] });
    expect(own.train).toMatchObject({ name: "objects", pixels: train.pixels, mean: [0, 0, 0], std: [1, 1, 1] });
    // The middle of a box three times as wide as high is blue; a third of the whole is red.
    const wide = files(object("cat", 3, 1, 8, 2));
    const cover = await loadVoc(wide, { size: 2, fit: "cover" });
    expect([...cover.train.pixels.subarray(0, 12)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255]);
    expect((await loadVoc(wide, { size: 2 })).train.pixels[0]).toBeGreaterThan(100);
  });

  test("what does not fit is refused, naming file and character", async () => {
    const one = (...args: Parameters<typeof object>) => refused(files(object(...args)));
    const where = "FormatError: VOCdevkit/VOC2007/Annotations/000005.xml: expected";
    expect(await one("unicorn", 1, 1, 2, 2)).toMatch(`${where} one of VOC's classes at character`);
    expect(await one("cat", 0, 1, 2, 2)).toMatch(`${where} a pixel from 1 on at character`);
    expect(await one("cat", 1, "x", 2, 2)).toContain('got "x"');
    expect(await one("cat", 3, 1, 2, 2)).toContain("a box with a width and height");
    expect(await one("cat", 1, 1, 9, 4)).toContain(
      "JPEGImages/000005.jpg: expected an image that holds the box to 9, 4, got 8×4",
    );
    expect(await one("cat", 1, 1, 99999, 4)).toContain("got 8×4");
    expect(await refused(files("<object><name>cat</name></object>"))).toContain("one <bndbox> in <object>");
    expect(await refused(files("<object>"))).toContain("</object>");
    expect(await refused(files("<a>&bomb;</a>"))).toContain("one of XML's own entities");
    expect(await refused(files("<!DOCTYPE a [<!ENTITY b 'c'>]>"))).toContain("expected a tag or text");
    expect(await refused(files("<a>".repeat(30)))).toContain("at most 16 levels");
    expect(await refused(files(" ".repeat(2 ** 21)))).toContain("at most 1048576 characters");
    expect(await refused(files(object("cat", 1, 1, 2, 2)).slice(0, -3))).toContain("000005.jpg, but it is missing");
  });
});
