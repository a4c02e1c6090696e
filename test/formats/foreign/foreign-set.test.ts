// What is understood of a published set, what is guessed, and what is refused because a guess would be arbitrary or is wrong.
import { describe, expect, test } from "vitest";
import { type NumericArray, writeNpy } from "../../../src/codecs/npy.ts";
import { writeNpz } from "../../../src/codecs/npz.ts";
import { writeSafetensors } from "../../../src/codecs/safetensors.ts";
import type { DataFile } from "../../../src/data/data-file.ts";
import { whiten, zca } from "../../../src/data.ts";
import { foreignSet } from "../../../src/formats/foreign/foreign-set.ts";
import { knownNormalizations } from "../../../src/formats/foreign/normalization.ts";
import type { ForeignSetOptions } from "../../../src/formats/foreign/options.ts";
import { evaluate, mlp, randomInit } from "../../../src/index.ts";
import * as pickles from "../../codecs/pickles.ts";
import { noise } from "../../distill/noise.ts";
import { randomIntegers } from "../hostile.ts";

const name = "evil.bin";

/** Pixels from 0 to 1, the same for the same seed. */
function pixels(shape: readonly number[], seed = 1): Float32Array {
  const below = randomIntegers(seed);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => below(1001) / 1000);
}
const array = (shape: readonly number[], data: NumericArray["data"] = pixels(shape)): NumericArray => ({ shape, data });
const classes = (...labels: number[]): NumericArray => array([labels.length], Int32Array.from(labels));
const npz = (arrays: Readonly<Record<string, NumericArray>>, path = name): DataFile => {
  return { path, bytes: writeNpz(Object.entries(arrays)) };
};
const npy = (path: string, content: NumericArray): DataFile => ({ path, bytes: writeNpy(content) });
/** A set of four grey images with these labels. */
const labelled = (labels: NumericArray, shape: readonly number[] = [4, 1, 6, 5]) =>
  npz({ images: array(shape), labels });
const four = classes(0, 1, 2, 0);
const rows = (...numbers: number[]): NumericArray => array([4, numbers.length / 4], Float32Array.from(numbers));

async function said(files: DataFile | readonly DataFile[], options: ForeignSetOptions, what: string) {
  const { findings } = await foreignSet([files].flat(), options);
  const { by, value, because } = findings.filter((finding) => finding.what === what).at(-1)!;
  return { text: `${value} ${by}`, because };
}

describe("forms", () => {
  test.each([
    ["images and targets", npz({ images: array([4, 1, 6, 5]), targets: four })],
    ["x and y", npz({ x: array([4, 1, 6, 5]), y: four })],
    [
      "other names in .safetensors",
      {
        path: name,
        bytes: writeSafetensors([
          ["data", array([4, 1, 6, 5])],
          ["labels", four],
        ]),
      },
    ],
  ] as const)("%s are read", async (_, file) => {
    const { set, form } = await foreignSet([file]);
    expect(form).toBe("arrays");
    expect(set.images).toEqual(pixels([4, 1, 6, 5]));
    expect([...set.targets]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0]);
  });

  test("a learning rate beside the arrays is the protocol's, and one that is none is refused", async () => {
    const withRate = (...rate: number[]) =>
      npz({ image_syn: array([4, 1, 6, 5]), label_syn: four, syn_lr: array([1], Float64Array.from(rate)) });
    expect((await foreignSet([withRate(0.5)])).set.training?.learningRate).toBe(0.5);
    expect((await foreignSet([withRate(0.5)], { training: { epochs: 7 } })).set.training).toMatchObject({
      ...{ epochs: 7, learningRate: 0.5 },
    });
    for (const rate of [0, -1, 101]) {
      await expect(foreignSet([withRate(rate)])).rejects.toThrow(
        `${name}: expected a learning rate above 0 and at most 100, got ${rate}`,
      );
    }
    await expect(foreignSet([withRate(Number.NaN)])).rejects.toThrow('"syn_lr" to be finite, got NaN at 0');
  });

  test("sets deep in a pickle have the places that Python would write", async () => {
    const storage = new Uint8Array(pixels([24]).buffer);
    const images = pickles.tensor({
      ...{ length: pickles.int(24), shape: pickles.tuple(...[2, 1, 3, 4].map(pickles.int)) },
      strides: pickles.tuple(...[12, 12, 4, 1].map(pickles.int)),
    });
    const labels = pickles.list(pickles.int(0), pickles.int(1));
    const labelTensor = pickles.tensor({
      ...{ key: "1", type: "LongStorage", length: pickles.int(2) },
      ...{ shape: pickles.tuple(pickles.int(2)), strides: pickles.tuple(pickles.int(1)) },
    });
    const pair = pickles.tuple(images, labelTensor);
    const value = pickles.dict(
      [pickles.text("runs"), pickles.list(pickles.none, pickles.dict([pickles.int(3), pair]))],
      [pickles.text("acc"), labels],
    );
    const files = [
      ["data/0", storage],
      ["data/1", new Uint8Array(BigInt64Array.of(1n, 0n).buffer)],
    ] as const;
    const { set, form } = await foreignSet([{ path: "net.pt", bytes: pickles.archive(value, files) }], {
      entry: "runs[1].3",
    });
    expect(form).toBe("arrays");
    expect([...set.targets]).toEqual([0, 1, 1, 0]);
    expect(set.images).toEqual(pixels([24]));
  });

  test("files of one array each are told apart by their names", async () => {
    const files = [
      npy("b/labels_3.npy", four),
      npy("b/IMG_3.npy", array([4, 6, 5])),
      npy("b/lr_3.npy", array([], Float32Array.of(0.25))),
    ];
    const { set, form } = await foreignSet(files);
    expect(form).toBe("MTT");
    expect(set).toMatchObject({ channels: 1, height: 6, width: 5, training: { learningRate: 0.25 } });
    expect(set.recipe.foreign).toMatchObject({ files: ["labels_3", "IMG_3", "lr_3"], at: "" });
    const long = [npy("labels.npy", four), npy("images.npy", array([4, 6, 5])), npy("lr.npy", classes(1, 2))];
    expect((await foreignSet(long)).set.training?.learningRate).toBe(0.01);
  });

  test.each([
    [
      "no pair of arrays",
      [npz({ a: array([4, 1, 6, 5]), b: four })],
      'expected images [n, …] beside n labels, as DC, DSA, DM, MTT, DATM, IDC or FRePo publish them, got "a" [4, 1, 6, 5], "b" [4]',
    ],
    [
      "labels of other images",
      [npz({ images: array([4, 1, 6, 5]), labels: classes(0, 1) })],
      'got "images" [4, 1, 6, 5], "labels" [2]',
    ],
    [
      "files that do not fit",
      [npy("images.npy", array([4, 6, 5])), npy("labels.npy", classes(0))],
      "images.npy and 1 more: expected images",
    ],
    [
      "a value without arrays",
      [{ path: name, bytes: pickles.archive(pickles.text("a")) }],
      "publish them, got no arrays",
    ],
    ["a bare pickle", [{ path: name, bytes: pickles.pickle(pickles.none) }], "is a bare pickle"],
    ["no file of arrays", [{ path: name, bytes: Uint8Array.of(1, 2, 3) }], "expected a header length"],
    [
      "sets in two files",
      [npz({ x: array([4, 6, 5]), y: four }, "a.npz"), npz({ x: array([4, 6, 5]), y: four }, "b.npz")],
      "a.npz and 1 more: expected one set",
    ],
  ] as const)("%s: refused, with what there is", async (_, files, message) => {
    await expect(foreignSet(files)).rejects.toThrow(message);
    await expect(foreignSet(files)).rejects.toThrow(expect.objectContaining({ name: "FormatError" }));
  });

  test("of many sets a few are listed", async () => {
    const small = pickles.tensor({
      shape: pickles.tuple(...[6, 1, 1].map(pickles.int)),
      strides: pickles.tuple(...[1, 1, 1].map(pickles.int)),
    });
    const labels = pickles.tensor({ shape: pickles.tuple(pickles.int(6)), strides: pickles.tuple(pickles.int(1)) });
    const many = pickles.list(...Array.from({ length: 15 }, () => pickles.list(small, labels)));
    await expect(foreignSet([{ path: name, bytes: pickles.archive(many) }])).rejects.toThrow(
      /got "\[0\]" \(images \[6, 1, 1\]\), .*"\[11\]" \(images \[6, 1, 1\]\) and 3 more$/,
    );
  });
});

describe("forms tell whose code wrote a set", () => {
  const storage = (data: ArrayBufferView) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const view = (key: string, type: string, ...shape: number[]) =>
    pickles.tensor({
      ...{ key, type, length: pickles.int(shape.reduce((a, b) => a * b, 1)) },
      shape: pickles.tuple(...shape.map(pickles.int)),
      strides: pickles.tuple(...shape.map((_, axis) => pickles.int(shape.slice(axis + 1).reduce((a, b) => a * b, 1)))),
    });
  const pair = pickles.list(view("0", "FloatStorage", 4, 1, 6, 5), view("1", "LongStorage", 4));
  const files = [
    ["data/0", storage(pixels([4, 1, 6, 5]))],
    ["data/1", storage(BigInt64Array.of(0n, 1n, 2n, 0n))],
  ] as const;
  const made = (value: pickles.Opcodes) => ({ path: "net.pt", bytes: pickles.archive(value, files) });
  const array3 = pickles.call(pickles.name("torch", "Size"), pickles.emptyTuple);

  test("a list in data is DC's, a list alone IDC's, and a list elsewhere nobody's", async () => {
    const experiments = pickles.dict([pickles.text("data"), pickles.list(pair)], [pickles.text("accs"), array3]);
    expect((await foreignSet([made(experiments)])).form).toBe("DC");
    expect((await foreignSet([made(pair)])).form).toBe("IDC");
    expect(await said(made(pair), {}, "formation")).toMatchObject({ text: "1 guessed" });
    expect((await foreignSet([made(pickles.list(pair))])).form).toBe("arrays");
    expect((await foreignSet([made(pickles.dict([pickles.text("data"), pair]))])).form).toBe("arrays");
  });

  test("rows beside image are FRePo's centred labels, and rows in a file of their own DATM's logits", async () => {
    const labels = rows(0.5, -0.25, 0.5, -0.25, 0.5, 0.75, 1, 0, 0, 1, 0, 2);
    const frepo = npz({ image: array([4, 6, 5, 1]), label: labels });
    expect(await said(frepo, {}, "labels")).toMatchObject({ text: "centred guessed" });
    expect(await said(frepo, {}, "form")).toMatchObject({ text: "FRePo guessed" });
    const first = npz({ x_proto: array([4, 1, 6, 5]), y_proto: labels });
    expect(await said(first, {}, "form")).toEqual({
      text: "names as FRePo's guessed",
      because: "but channels come first, which FRePo's do not",
    });
    const apart = [npy("images.npy", array([4, 6, 5])), npy("labels.npy", labels)];
    expect(await said(apart, {}, "labels")).toMatchObject({ text: "logits guessed" });
    expect(await said(apart, { training: { learningRate: 0.1 } }, "training")).toEqual({
      text: "300 epochs declared",
      because: "given",
    });
  });

  test("an array of NumPy in a pickle is an array like others, and an entry that is none is refused", async () => {
    const kind = pickles.build(
      pickles.call(pickles.name("numpy", "dtype"), pickles.text("u1"), pickles.no, pickles.yes),
      pickles.tuple(pickles.int(3), pickles.text("|"), pickles.none),
    );
    const labels = pickles.build(
      pickles.call(pickles.name("numpy.core.multiarray", "_reconstruct"), pickles.name("numpy", "ndarray")),
      pickles.tuple(pickles.int(1), pickles.tuple(pickles.int(4)), kind, pickles.no, pickles.bytes(0, 1, 2, 0)),
    );
    const value = pickles.list(view("0", "FloatStorage", 4, 1, 6, 5), labels);
    const { set } = await foreignSet([made(value)]);
    expect(set.classes).toBe(3);
    await expect(foreignSet([made(value)], { entry: "[0]" })).rejects.toThrow('expected a set at "[0]", got ""');
    await expect(
      foreignSet([npy("images.npy", array([4, 6, 5])), npy("labels.npy", array([4], Float32Array.of(0, 1, 2, 9.5)))]),
    ).rejects.toThrow("images.npy: expected its array to be classes");
  });
});

describe("layout", () => {
  test.each([
    [[4, 3, 6, 5], undefined, "NCHW guessed", [3, 6, 5]],
    [[4, 6, 5, 3], undefined, "NHWC guessed", [3, 6, 5]],
    [[4, 6, 5, 1], undefined, "NHWC guessed", [1, 6, 5]],
    [[4, 6, 5], undefined, "NCHW guessed", [1, 6, 5]],
    [[4, 1, 6, 1], undefined, "NCHW guessed", [1, 6, 1]],
    [[4, 3, 6, 1], "NCHW", "NCHW declared", [3, 6, 1]],
    [[4, 3, 6, 1], "NHWC", "NHWC declared", [1, 3, 6]],
  ] as const)("images %j, declared %s: %s", async (shape, layout, text, sizes) => {
    const file = labelled(four, shape);
    const options = { normalization: "pixels", ...(layout && { layout }) } as const;
    expect((await said(file, options, "layout")).text).toBe(text);
    const { set } = await foreignSet([file], options);
    expect([set.channels, set.height, set.width]).toEqual(sizes);
    const data = pixels(shape);
    const [c, h, w] = sizes;
    const at = (k: number, y: number, x: number) =>
      text.startsWith("NHWC") ? (y * w + x) * c + k : (k * h + y) * w + x;
    const expected = Array.from(
      { length: c * h * w },
      (_, i) => data[at(Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w)],
    );
    expect([...set.images.subarray(0, c * h * w)]).toEqual(expected);
  });

  test.each([
    [[4, 3, 6, 1], undefined, 'with "layout", because NCHW and NHWC both fit, got [4, 3, 6, 1]'],
    [[4, 6, 5, 2], undefined, "of 1 or 3 channels, first or last, got [4, 6, 5, 2]"],
    [[4, 6, 5, 3], "NCHW", "of 1 or 3 channels as NCHW says, got [4, 6, 5, 3]: NHWC fits"],
    [[4, 3, 6, 5], "NHWC", "of 1 or 3 channels as NHWC says, got [4, 3, 6, 5]: NCHW fits"],
    [[4, 2, 6, 5], "NHWC", "of 1 or 3 channels as NHWC says, got [4, 2, 6, 5]"],
    [[4, 1, 0, 5], undefined, "to hold images, got [4, 1, 0, 5]"],
  ] as const)("images %j, declared %s: refused", async (shape, layout, message) => {
    await expect(foreignSet([labelled(four, shape)], { layout })).rejects.toThrow(
      `${name}: expected "images" ${message}`,
    );
  });

  test("float64 beyond float32 is refused, in images and in labels", async () => {
    const images = array([4, 6, 5], new Float64Array(120).fill(1e300));
    await expect(foreignSet([npz({ images, labels: four })])).rejects.toThrow(
      '"images" to be finite, got Infinity at 0',
    );
    const labels = array([4, 2], new Float64Array(8).fill(-1e300));
    await expect(foreignSet([labelled(labels)], { labels: "centred" })).rejects.toThrow(
      `${name}: expected "labels" to be finite, got -Infinity at 0`,
    );
  });

  test("whole numbers other than bytes are no images", async () => {
    const file = npz({ images: array([4, 6, 5], new Int16Array(120)), labels: four });
    await expect(foreignSet([file])).rejects.toThrow('"images" in floats or bytes, got Int16Array');
    const nan = npz({ images: array([4, 6, 5], new Float32Array(120).fill(Number.NaN)), labels: four });
    await expect(foreignSet([nan])).rejects.toThrow('"images" to be finite, got NaN at 0');
  });
});

describe("labels", () => {
  const oneInFour = [0.25, 0.25, 0.5, 0, 0, 1, 0.5, 0.5, 0, 0.1, 0.2, 0.7];
  const centred = [0.9, -0.4, -0.5, 0.5, -0.5, 0, -1, 0, 1, 0.25, 0.25, -0.5];

  test("rows that sum to 1 are probabilities, rows that sum to 0 are centred, and others have to be declared", async () => {
    const probable = await foreignSet([labelled(rows(...oneInFour))]);
    expect(probable.set.targets).toEqual(Float32Array.from(oneInFour));
    expect(await said(labelled(rows(...oneInFour)), {}, "labels")).toMatchObject({ text: "probabilities guessed" });
    const around = await foreignSet([labelled(rows(...centred))]);
    expect(around.set.targets).toEqual(Float32Array.from(centred));
    expect(around.set.recipe.loss).toBe("mse");
    expect(await said(labelled(rows(...centred)), {}, "labels")).toMatchObject({ text: "centred guessed" });
    const others = labelled(rows(...centred.map((value) => value + 1)));
    await expect(foreignSet([others])).rejects.toThrow(
      'expected "labels" with "labels": probabilities, logits, centred, got rows that sum to neither 0 nor 1',
    );
    expect((await foreignSet([others], { labels: "centred" })).set.recipe.loss).toBe("mse");
    expect(await said(others, { labels: "logits" }, "labels")).toMatchObject({ text: "logits declared" });
  });

  test("logits of any size become their softmax at once", async () => {
    const exact = array([4, 3], Float64Array.of(0, 1e300, -1e300, 1e6, -1e6, 0, 2, 2, 2, -3, -2, -1));
    const { set } = await foreignSet([labelled(exact)], { labels: "logits" });
    const [third, e] = [1 / 3, Math.E];
    const last = [1, e, e * e].map((power) => power / (1 + e + e * e));
    for (const [i, value] of [0, 1, 0, 1, 0, 0, third, third, third, ...last].entries()) {
      expect(set.targets[i]).toBeCloseTo(value, 7);
    }
  });

  test.each([
    ["a fraction", array([4], Float32Array.of(0, 1, 1.5, 0)), {}, "to be classes from 0 to 65535, got 1.5 at 2"],
    ["a label below 0", classes(0, -1, 1, 0), {}, "to be classes from 0 to 65535, got -1 at 1"],
    [
      "a label of 2^40",
      array([4], BigInt64Array.of(0n, 2n ** 40n, 0n, 0n)),
      {},
      "to be classes from 0 to 65535, got 1099511627776 at 1",
    ],
    ["a label beyond the classes", four, { classes: 2 }, "below 2 classes, got 2"],
    ["classes that are declared as rows", four, { labels: "logits" }, "to be rows of logits, got one number an image"],
    [
      "rows that are declared as classes",
      rows(...oneInFour),
      { labels: "classes" },
      "to be one class an image, got rows of 3",
    ],
    ["rows of too few classes", rows(...oneInFour), { classes: 4 }, "to have a column for each of 4 classes, got 3"],
    [
      "rows with a number below 0",
      rows(...centred),
      { labels: "probabilities" },
      "to be probabilities, whose rows sum to 1, got -0.4",
    ],
    [
      "rows that sum to 2",
      rows(...oneInFour.map((value) => 2 * value)),
      { labels: "probabilities" },
      "to be probabilities, whose rows sum to 1, got a row that sums to 2",
    ],
  ] as const)("%s is refused", async (_, labels, options, message) => {
    await expect(foreignSet([labelled(labels)], options)).rejects.toThrow(`${name}: expected "labels" ${message}`);
  });

  test("a label far beyond the others takes no memory for its classes", async () => {
    const far = array(
      [2048],
      Uint16Array.from({ length: 2048 }, (_, i) => (i === 0 ? 65_535 : 0)),
    );
    const file = npz({ images: array([2048, 1, 1]), labels: far });
    await expect(foreignSet([file])).rejects.toThrow('"labels" of at most 4194304 targets in all, got 2048×65536');
  });

  test("a column of classes is one class an image, and classes may be more than the labels have", async () => {
    const column = array([4, 1], Uint8Array.of(0, 1, 2, 0));
    const { set } = await foreignSet([labelled(column)], { classes: 5 });
    expect(set.classes).toBe(5);
    expect([...set.targets.subarray(5, 10)]).toEqual([0, 1, 0, 0, 0]);
  });
});

describe("normalization", () => {
  /** Images that were normalised so. */
  const normalised = ({ mean, std }: { mean: readonly number[]; std: readonly number[] }, channels: number) => {
    const shape = [8, channels, 16, 16];
    const data = pixels(shape).map((pixel, i) => {
      const c = Math.floor(i / 256) % channels;
      return (pixel - (mean[c] ?? mean[0]!)) / (std[c] ?? std[0]!);
    });
    return npz({ images: array(shape, data), labels: classes(0, 1, 2, 3, 4, 5, 6, 7) });
  };
  const grey = knownNormalizations.filter(({ mean }) => mean.length === 1);
  const colour = knownNormalizations.filter(({ name, mean }) => mean.length === 3 || /pixels|signed/.test(name));

  test.each([...grey.map((known) => [1, known] as const), ...colour.map((known) => [3, known] as const)])(
    "of %i channels: $who is guessed from its values alone",
    async (channels, known) => {
      const { set, findings } = await foreignSet([normalised(known, channels)]);
      const spread = (of: readonly number[]) => Array.from({ length: channels }, (_, c) => of[c] ?? of[0]!);
      expect([set.mean, set.std]).toEqual([spread(known.mean), spread(known.std)]);
      expect(findings.find(({ what }) => what === "normalization")).toMatchObject({ value: known.name, by: "guessed" });
    },
  );

  test("every wrong one that is declared is found, and the message names the right one", async () => {
    const faults: string[] = [];
    for (const [channels, all] of [
      [1, grey],
      [3, colour],
    ] as const) {
      for (const right of all) {
        for (const wrong of all) {
          const alike = right.name === wrong.name || [right, wrong].every(({ name }) => /^(cifar|svhn)/.test(name));
          if (alike) continue;
          const reading = foreignSet([normalised(right, channels)], { normalization: wrong.name });
          const message = await reading.then(
            () => "accepted",
            (error: Error) => `${error.name}: ${error.message}`,
          );
          const named = `expected another normalization than the declared ${wrong.name}, which makes pixels from `;
          if (
            !message.startsWith(`FormatError: ${name}: ${named}`) ||
            !message.includes(`: ${right.name} makes them 0.0`)
          ) {
            faults.push(`${right.name} declared as ${wrong.name}: ${message}`);
          }
        }
      }
    }
    expect(faults).toEqual([]);
  });

  test("mean and std may be declared by themselves, and are checked in the same way", async () => {
    const file = normalised({ mean: [0.4], std: [0.1] }, 1);
    const { set } = await foreignSet([file], { normalization: { mean: [0.4], std: [0.1] } });
    expect([set.mean, set.std]).toEqual([[0.4], [0.1]]);
    await expect(foreignSet([file])).rejects.toThrow(
      /expected "normalization", because no known one brings these values to pixels .* whitened \(ZCA\)/,
    );
    const mnist = normalised(grey[1]!, 1);
    await expect(foreignSet([mnist], { normalization: { mean: [0], std: [1] } })).rejects.toThrow(
      "than the declared mean and std, which makes pixels from -0.38 to 2.80: mnist makes them 0.01 to 0.99",
    );
    await expect(foreignSet([mnist], { normalization: { mean: [0, 0], std: [1, 1] } })).rejects.toThrow(RangeError);
    await expect(foreignSet([mnist], { normalization: "svhn" })).rejects.toThrow(
      `${name}: expected a normalization of 1 channels, got "svhn"`,
    );
  });

  test("values that overshoot more than any known normalisation allows are read as declared", async () => {
    const shape = [8, 1, 16, 16];
    const data = pixels(shape).map((pixel) => (4 * pixel - 1.5 - 0.1307) / 0.3081);
    const file = npz({ images: array(shape, data), labels: classes(0, 1, 2, 3, 4, 5, 6, 7) });
    await expect(foreignSet([file])).rejects.toThrow('expected "normalization"');
    const { text, because } = await said(file, { normalization: "mnist" }, "normalization");
    expect(`${text}: ${because}`).toBe("mnist declared: pixels from -1.45 to 2.47");
  });

  test("others that fit as well are named beside a guess", async () => {
    const { because } = await said(normalised(knownNormalizations[3]!, 3), {}, "normalization");
    expect(because).toContain("svhn fits nearly as well");
  });

  test("bytes are pixels, whatever is guessed, and another normalisation of them is refused", async () => {
    const bytes = Uint8Array.from(pixels([4, 1, 6, 5]), (pixel) => Math.round(255 * pixel));
    const file = npz({ images: array([4, 1, 6, 5], bytes), labels: four });
    const { set } = await foreignSet([file]);
    expect(set.images).toEqual(Float32Array.from(bytes, (byte) => byte / 255));
    expect(await said(file, {}, "normalization")).toMatchObject({ text: "pixels file" });
    await expect(foreignSet([file], { normalization: "mnist" })).rejects.toThrow("than the declared mnist");
  });

  test("values are brought to another mean and std", async () => {
    const file = normalised(grey[1]!, 1);
    const { set } = await foreignSet([file], { standardize: "fashion-mnist" });
    const expected = pixels([8, 1, 16, 16]).map((pixel) => (pixel - 0.2861) / 0.353);
    for (const [i, value] of expected.entries()) expect(Math.abs(set.images[i]! - value)).toBeLessThan(2e-6);
    expect(set).toMatchObject({ mean: [0.2861], std: [0.353] });
    await expect(foreignSet([file], { standardize: "cifar10" })).rejects.toThrow(
      '"standardize" expected a normalization of 1',
    );
  });
});

describe("formations", () => {
  const file = labelled(four);
  test.each([
    [
      "normalised values",
      npz({
        images: array(
          [4, 6, 5],
          pixels([4, 6, 5]).map((v) => (v - 0.1307) / 0.3081),
        ),
        labels: four,
      }),
      2,
      "pixels from 0 to 1 where images are cut into parts, as IDC stores them, got normalised values",
    ],
    ["more parts than pixels", file, 6, "images of at least 6 pixels a side, got 6×5"],
  ] as const)("%s cannot be cut", async (_, cut, factor, message) => {
    await expect(foreignSet([cut], { factor })).rejects.toThrow(`${name}: expected ${message}`);
  });

  test("images that would take more than 1 GiB are refused before they are made", async () => {
    const large = npz({ images: array([1, 1025, 1024], new Uint8Array(1025 * 1024)), labels: classes(0) });
    await expect(foreignSet([large], { factor: 16 })).rejects.toThrow(
      "expected at most 1073741824 bytes of images, got 1074790400 with factor 16",
    );
  });

  test("a side that the factor does not divide is filled up with grey", async () => {
    const odd = npz({ images: array([1, 3, 3], new Float32Array(9)), labels: classes(0) });
    const { set } = await foreignSet([odd], { factor: 2, normalization: { mean: [0], std: [1] } });
    // The last part is a black pixel in grey ones.
    expect([...set.images.subarray(27)]).toEqual([0, 0.25, 0.5, 0.25, 0.375, 0.5, 0.5, 0.5, 0.5]);
  });

  test("each part is enlarged to the whole, and has the label of its image", async () => {
    const data = Float32Array.of(0, 0, 1, 1, 0, 0, 1, 1, 0.5, 0.5, 0.25, 0.75, 0.5, 0.5, 0.25, 0.75);
    const two = npz({ images: array([1, 1, 4, 4], data), labels: classes(1) });
    const { set } = await foreignSet([two], { factor: 2, normalization: "pixels", classes: 2 });
    expect(set.imagesPerStep).toBe(4);
    const part = (k: number) => [...set.images.subarray(16 * k, 16 * k + 4)];
    expect([part(0), part(1), part(2), part(3)]).toEqual([
      [0, 0, 0, 0],
      [1, 1, 1, 1],
      [0.5, 0.5, 0.5, 0.5],
      [0.25, 0.375, 0.625, 0.75],
    ]);
    expect([...set.targets]).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
  });
});

describe("whitened images", () => {
  const train = noise({ count: 60, channels: 3, size: 5, classes: 3, seed: 8 });
  const asPixels = { ...train, mean: [0, 0, 0], std: [1, 1, 1] };

  test("have the declared whitening, and are judged on test images that were whitened alike", async () => {
    const whitening = await zca(asPixels);
    const white = await whiten(asPixels, whitening);
    const images = white.whitened!.images.slice(0, 4 * 75);
    const file = npz({ images: array([4, 3, 5, 5], images), labels: classes(0, 1, 2, 0) });
    const { set, findings } = await foreignSet([file], { normalization: "pixels", whitening, layout: "NCHW" });
    expect(set.images).toEqual(images);
    expect(set.whitening).toEqual(whitening);
    expect(set.mean).toEqual([0, 0, 0]);
    expect(findings.find(({ what }) => what === "whitening")).toMatchObject({ by: "declared", value: "0.1" });
    // Unwhitened they are bytes divided by 255, from 0 to 1.
    expect(findings.find(({ what }) => what === "normalization")!.because).toMatch(/^pixels from 0\.\d+ to (0\.\d+|1)/);
    const options = { model: mlp({ input: [3, 5, 5], classes: 3, hidden: [] }), init: randomInit(), networks: 1, set };
    await expect(evaluate({ ...options, test: asPixels })).rejects.toThrow("whitened as those of the set");
    expect((await evaluate({ ...options, test: white })).networks).toBe(1);
  });

  test("need a normalization, and nothing that changes images; another declared one is refused", async () => {
    const whitening = await zca(asPixels);
    const images = (await whiten(asPixels, whitening)).whitened!.images.slice(0, 4 * 75);
    const file = npz({ images: array([4, 3, 5, 5], images), labels: classes(0, 1, 2, 0) });
    const refuse = (options: ForeignSetOptions, message: string) =>
      expect(foreignSet([file], { layout: "NCHW", whitening, ...options })).rejects.toThrow(message);
    await refuse({}, '"whitening" expected a "normalization" beside it');
    await refuse({ normalization: "pixels", factor: 2 }, '"factor" expected nothing beside whitening, got 2');
    await refuse(
      { normalization: "pixels", standardize: "cifar10" },
      '"standardize" expected nothing beside whitening',
    );
    await refuse({ normalization: "cifar10" }, "expected another normalization than the declared cifar10");
    const small = { ...whitening, mean: new Float32Array(74) };
    await refuse({ normalization: "pixels", whitening: small }, '"whitening.mean" expected [75], 75 numbers, got 74');
  });
});

test.each([
  [{ layout: "CHWN" }, TypeError, RangeError, '"layout" expected "NCHW" or "NHWC"'],
  [{ entry: 1 }, TypeError, TypeError, '"entry" expected a string'],
  [{ normalization: "imagenet" }, RangeError, RangeError, '"normalization" expected one of "pixels"'],
  [{ normalization: 3 }, TypeError, TypeError, '"normalization" expected one of pixels'],
  [{ normalization: { mean: [0.5] } }, TypeError, TypeError, '"normalization.std" expected an array of numbers'],
  [{ factor: 0 }, RangeError, RangeError, '"factor" expected integer >= 1'],
  [{ training: { epochs: 0 } }, RangeError, RangeError, '"training.epochs" expected integer >= 1'],
  [{ normalisation: "mnist" }, TypeError, TypeError, "did you mean normalization?"],
])("%j: the option is refused by its name", async (options, _, Class, message) => {
  const reading = foreignSet([labelled(four)], options as ForeignSetOptions);
  await expect(reading).rejects.toThrow(Class);
  await expect(reading).rejects.toThrow(message);
});

test.each([
  [undefined, '"files" expected an array of files, got undefined'],
  [[], '"files" expected at least one file'],
  [[3], '"files[0]" expected a file, { path, bytes }, got 3'],
])("files %j: refused", async (files, message) => {
  await expect(foreignSet(files as never)).rejects.toThrow(message);
});
