import { describe, expect, test } from "vitest";
import { type ArrayData, type NumericArray, writeNpy } from "../../src/codecs/npy.ts";
import { writeNpz } from "../../src/codecs/npz.ts";
import { writeZip } from "../../src/codecs/zip.ts";
import { loadArrays } from "../../src/data/layouts/arrays.ts";
import { ascii, expectOnlyFormatErrors, expectRefused, fileName, patched } from "../formats/hostile.ts";
import { bytes, file, histogram } from "./samples.ts";

type Arrays = Readonly<Record<string, NumericArray>>;

const npz = (arrays: Arrays, path = "d.npz") => file(path, writeNpz(Object.entries(arrays)));
const array = (data: ArrayData, ...shape: number[]): NumericArray => ({ shape, data });
/** Two classes in turn. */
const classes = (n: number) =>
  array(
    Uint8Array.from({ length: n }, (_, i) => i % 2),
    n,
  );
const grey = (n: number, seed = 1) => array(bytes(4 * n, seed), n, 2, 2);
const load = async (arrays: Arrays) => {
  const notices: string[] = [];
  const split = await loadArrays([npz(arrays)], { source: "d", onNotice: (notice) => notices.push(notice) });
  return { ...split, notices };
};
/** A set whose training part is `images` with classes in turn. */
const images = async (x: NumericArray) => {
  const [n] = x.shape as [number];
  return load({ x_train: x, y_train: classes(n), x_test: x, y_test: classes(n) });
};
const labels = async (y: NumericArray) => {
  const [n] = y.shape as [number];
  return (await load({ x_train: grey(n), y_train: y, x_test: grey(n), y_test: y })).train;
};
const refused = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "accepted",
    (error: Error) => `${error.name}: ${error.message}`,
  );

describe("the axes of images", () => {
  const [height, width, channels] = [5, 4, 3];
  const count = 2;
  const value = (i: number, c: number, y: number, x: number) => 100 * i + 25 * c + 4 * y + x;
  /** [n, c, h, w] */
  const planes = Uint8Array.from({ length: count * channels * height * width }, (_, at) => {
    const [x, y, c] = [at % width, Math.floor(at / width) % height, Math.floor(at / (width * height)) % channels];
    return value(Math.floor(at / (width * height * channels)), c, y, x);
  });
  const interleaved = Uint8Array.from(planes, (_, at) => {
    const [c, x] = [at % channels, Math.floor(at / channels) % width];
    const y = Math.floor(at / (channels * width)) % height;
    return value(Math.floor(at / (channels * width * height)), c, y, x);
  });

  test("colour comes as [n, h, w, 3] or [n, 3, h, w] and is the same set", async () => {
    const last = await images(array(interleaved, count, height, width, channels));
    expect(last.train).toMatchObject({ channels, height, width, pixels: planes });
    const second = await images(array(planes, count, channels, height, width));
    expect(second).toEqual(last);
    expect(last.notices).toEqual([]);
  });

  test("grey comes as [n, h, w], [n, h, w, 1], [n, 1, h, w] and [n, h·w] of squares", async () => {
    const pixels = bytes(2 * 36);
    const size = { channels: 1, height: 6, width: 6, pixels };
    for (const shape of [[6, 6], [6, 6, 1], [1, 6, 6], [36]]) {
      expect((await images(array(pixels, 2, ...shape))).train).toMatchObject(size);
    }
    expect((await images(array(pixels, 2, 9, 4))).train).toMatchObject({ channels: 1, height: 9, width: 4 });
  });

  test("1 and 3 are channels rather than 2 and 4; where both axes may be, the second is, and that is said", async () => {
    const read = async (...shape: number[]) => {
      const { train, notices } = await images(array(bytes(shape.reduce((a, b) => a * b, 1)), ...shape));
      return [[train.channels, train.height, train.width].join("×"), notices.length > 0];
    };
    expect(await read(2, 4, 8, 3)).toEqual(["3×4×8", false]);
    expect(await read(2, 4, 4, 1)).toEqual(["1×4×4", false]);
    expect(await read(2, 3, 8, 4)).toEqual(["3×8×4", false]);
    expect(await read(2, 8, 8, 4)).toEqual(["4×8×8", false]);
    expect(await read(2, 3, 8, 3)).toEqual(["3×8×3", true]);
    expect(await read(2, 4, 4, 4)).toEqual(["4×4×4", true]);
    const { notices } = await images(array(bytes(2 * 72), 2, 3, 8, 3));
    expect(notices[0]).toBe("d: x_train: [2, 3, 8, 3] is read as [n, c, h, w]");
  });

  test("other shapes are refused: what was found, what is read, and how to reshape", async () => {
    const found = async (...shape: number[]) =>
      refused(images(array(bytes(shape.reduce((a, b) => a * b, 1)), ...shape)));
    const read = "expected [n, h, w], [n, c, h, w] or [n, h, w, c] with up to 4 channels";
    expect(await found(2, 8, 8, 5)).toBe(`FormatError: d: x_train: found [2, 8, 8, 5]; ${read}`);
    expect(await found(2, 2, 2, 2, 2)).toContain(`found [2, 2, 2, 2, 2]; ${read}`);
    expect(await found(2, 48)).toMatch(/reshape the rows, to \[n, 3, 4, 4\] .* or \[n, 4, 4, 3\]$/);
    expect(await found(2, 5)).toContain("rows of pixels must be of square images");
    expect(await found(2, 0, 2)).toContain("found [2, 0, 2]");
  });
});

describe("the numbers of images", () => {
  const levels = [0, 1, 127, 255, 254, 2, 3, 4];
  const read = async (data: ArrayData, bool?: true) => [
    ...(await images({ ...array(data, 2, 2, 2), ...(bool && { bool }) })).train.pixels,
  ];

  test("whole numbers of every type are grey levels as they are", async () => {
    for (const Data of [Uint8Array, Uint16Array, Int16Array, Uint32Array, Int32Array]) {
      expect(await read(Data.from(levels))).toEqual(levels);
    }
    for (const Data of [BigInt64Array, BigUint64Array])
      expect(await read(Data.from(levels.map(BigInt)))).toEqual(levels);
    expect(await read(Int8Array.from([0, 1, 127, 5, 6, 2, 3, 4]))).toEqual([0, 1, 127, 5, 6, 2, 3, 4]);
    expect(await read(Uint8Array.of(0, 1, 1, 0, 0, 0, 1, 1))).toEqual([0, 1, 1, 0, 0, 0, 1, 1]);
  });

  test("floats are 0 to 1 where the largest is at most 1, else 0 to 255, and are rounded", async () => {
    for (const Data of [Float32Array, Float64Array]) {
      expect(await read(Data.of(0, 1, 0.5, 0.1, 0, 0, 0, 0))).toEqual([0, 255, 128, 26, 0, 0, 0, 0]);
      expect(await read(Data.of(0, 255, 127.6, 0.4, 1, 0.5, 16, 17))).toEqual([0, 255, 128, 0, 1, 1, 16, 17]);
    }
    expect(await read(new Float32Array(8))).toEqual(new Array(8).fill(0));
  });

  test("bool is black and white", async () => {
    const npy = writeNpy(array(Uint8Array.of(0, 1, 1, 0, 0, 1, 0, 0), 2, 2, 2));
    const bool = patched(npy, npy.indexOf(0x75), 0x62); // |u1 becomes |b1
    const split = await loadArrays([
      file("x_train.npy", bool),
      file("x_test.npy", bool),
      ...["y_train.npy", "y_test.npy"].map((path) => file(path, writeNpy(classes(2)))),
    ]);
    expect([...split.train.pixels]).toEqual([0, 255, 255, 0, 0, 255, 0, 0]);
  });

  test("any other range is refused, named, with what to do", async () => {
    const range = async (data: ArrayData) => refused(read(data));
    const floats = (...values: number[]) => range(Float32Array.from({ length: 8 }, (_, i) => values[i] ?? 0));
    expect(await floats(-1, 1)).toBe(
      "FormatError: d: x_train: found values from -1 to 1; expected 0 to 1 or 0 to 255: undo the normalisation",
    );
    expect(await floats(0, 256)).toContain("found values from 0 to 256");
    expect(await floats(0, 1.0001)).toContain("found values from 0 to 1; expected 0 to 1 or 0 to 255: clip them");
    expect(await floats(-0.01, 1)).toContain("clip them, as numpy.clip(x, 0, 1) does");
    expect(await floats(-3, 257.5)).toContain("found values from -3 to 257.5");
    expect(await floats(-3, 257.5)).toContain("clip them, as numpy.clip(x, 0, 255) does");
    expect(await floats(0, 65_535)).toContain("divide them by their largest possible value");
    expect(await floats(0, Number.NaN)).toContain("found NaN at 1; expected finite numbers");
    expect(await floats(0, 0, Number.POSITIVE_INFINITY)).toContain("found Infinity at 2");
    const whole = "expected 0 to 255: scale them";
    expect(await range(Uint16Array.of(7, 65_535, 9, 9, 9, 9, 9, 9))).toContain(`from 7 to 65535; ${whole}`);
    expect(await range(Int8Array.of(-128, 127, 0, 0, 0, 0, 0, 0))).toContain(`from -128 to 127; ${whole}`);
    expect(await range(BigInt64Array.of(0n, 2n ** 62n, 0n, 0n, 0n, 0n, 0n, 0n))).toContain(whole);
  });

  test("training and test images on different scales are refused", async () => {
    const scaled = (most: number) => array(Float32Array.of(0, most, 0, 0, 0, 0, 0, 0), 2, 2, 2);
    const both = (train: number, held: number) =>
      refused(load({ x_train: scaled(train), y_train: classes(2), x_test: scaled(held), y_test: classes(2) }));
    expect(await both(255, 1)).toContain("found training images from 0 to 255 and test images from 0 to 1");
    expect(await both(255, 0)).toBe("accepted");
  });
});

describe("labels", () => {
  const expected = Uint8Array.of(0, 2, 1, 2);

  test("are whole numbers of every type, [n] or [n, 1]", async () => {
    for (const shape of [[4], [4, 1]]) {
      for (const Data of [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array]) {
        expect(await labels(array(Data.from(expected), ...shape))).toMatchObject({ labels: expected, classes: 3 });
      }
      for (const Data of [BigInt64Array, BigUint64Array]) {
        const y = array(Data.from(Array.from(expected, BigInt)), ...shape);
        expect(await labels(y)).toMatchObject({ labels: expected, classes: 3 });
      }
    }
  });

  test("are one-hot rows of floats or whole numbers, with as many classes as the rows are long", async () => {
    const rows = [1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0];
    for (const Data of [Float32Array, Float64Array, Uint8Array, Int32Array]) {
      expect(await labels(array(Data.from(rows), 4, 4))).toMatchObject({ labels: expected, classes: 4 });
    }
    expect(await labels(array(BigInt64Array.from(rows.map(BigInt)), 4, 4))).toMatchObject({ classes: 4 });
  });

  test("that are neither are refused, with what and where", async () => {
    const rows = (...values: number[]) => refused(labels(array(Float32Array.from(values), 2, 2)));
    expect(await rows(1, 0, 0.5, 0.5)).toBe(
      "FormatError: d: y_train: expected one-hot rows, a single 1 and else 0, got [0.5, 0.5] in row 1",
    );
    expect(await rows(1, 0, 1, 1)).toContain("got [1, 1] in row 1");
    expect(await rows(0, 0, 1, 0)).toContain("got [0, 0] in row 0");
    const one = (value: number) => refused(labels(array(Float64Array.of(0, value), 2)));
    for (const value of [-1, 256, 0.5, Number.NaN]) expect(await one(value)).toContain(`got ${value} at 1`);
    expect(await refused(labels(array(new Uint8Array(514), 2, 257)))).toContain("at most 256 classes, got 257");
    expect(await refused(load({ x: grey(3), y: array(new Uint8Array(3), 1, 3) }))).toContain(
      "y: expected one label for each of 3 images, [3], or one-hot rows, [3, classes], got [1, 3]",
    );
  });
});

describe("names and parts", () => {
  const two = ([x, y]: readonly [string, string], n: number, seed = 1): Arrays => ({
    [x]: grey(n, seed),
    [y]: classes(n),
  });
  const sizes = async (arrays: Arrays) => {
    const { train, test: held, notices } = await load(arrays);
    return { counts: [train.count, held.count], notices };
  };

  test("the usual names are found, in any case and order of their words", async () => {
    for (const [train, held] of [
      [
        ["x_train", "y_train"],
        ["x_test", "y_test"],
      ],
      [
        ["X_train", "y_train"],
        ["X_test", "y_test"],
      ],
      [
        ["train_x", "train_y"],
        ["test_x", "test_y"],
      ],
      [
        ["xtrain", "ytrain"],
        ["xtest", "ytest"],
      ],
      [
        ["trainX", "trainY"],
        ["testX", "testY"],
      ],
      [
        ["train_images", "train_labels"],
        ["test_images", "test_labels"],
      ],
      [
        ["training_images", "training_labels"],
        ["testing_images", "testing_labels"],
      ],
      [
        ["images_train", "targets_train"],
        ["images_test", "targets_test"],
      ],
      [
        ["train_data", "train_targets"],
        ["test_data", "test_targets"],
      ],
    ] as const) {
      expect(await sizes({ ...two(train, 4), ...two(held, 2) })).toEqual({ counts: [4, 2], notices: [] });
    }
    for (const whole of [
      ["images", "labels"],
      ["x", "y"],
      ["X", "y"],
      ["data", "target"],
      ["img", "label"],
    ] as const) {
      expect((await sizes(two(whole, 10))).counts).toEqual([8, 2]);
    }
  });

  test("a training part alone is divided by classes, and that is said", async () => {
    const { train, test: held, notices } = await load(two(["x_train", "y_train"], 20));
    expect([histogram(train), histogram(held)]).toEqual([
      [8, 8],
      [2, 2],
    ]);
    expect(notices).toEqual(["d: there is no test part, so 20 % of each class, chosen at random, are the test images"]);
    expect((await sizes(two(["test_images", "test_labels"], 20))).counts).toEqual([16, 4]);
    const few = { x_train: grey(2), y_train: classes(2) };
    expect(await refused(load(few))).toContain("found no test part and no class with two images");
  });

  test("a validation part is left out beside a test part and stands in for it otherwise, and that is said", async () => {
    const parts = { ...two(["train_images", "train_labels"], 8), ...two(["val_images", "val_labels"], 4) };
    expect(await sizes({ ...parts, ...two(["test_images", "test_labels"], 2) })).toEqual({
      counts: [8, 2],
      notices: ["d: the validation part is left out"],
    });
    expect(await sizes(parts)).toEqual({
      counts: [8, 4],
      notices: ["d: there is no test part, so the validation part is used for testing"],
    });
  });

  test("test images of another size than the training images are refused", async () => {
    const held = { x_test: array(bytes(18), 2, 3, 3), y_test: classes(2) };
    expect(await refused(load({ ...two(["x_train", "y_train"], 4), ...held }))).toBe(
      "FormatError: d: expected test images of 1×2×2, as for training, got 1×3×3",
    );
  });

  test("images without labels, and labels without images, are refused, naming what was found", async () => {
    const keras = { ...two(["x_train", "y_train"], 4), ...two(["x_test", "y_test"], 2) };
    const without = (key: string) =>
      refused(load(Object.fromEntries(Object.entries(keras).filter(([name]) => name !== key))));
    expect(await without("y_train")).toBe(
      "FormatError: d: found x_train without labels (in x_train, x_test, y_test); expected the labels of the train part as well",
    );
    expect(await without("x_train")).toContain("found y_train without images");
    expect(await without("y_test")).toContain("found x_test without labels");
    expect(await refused(load({ images: grey(4) }))).toContain("found images without labels");
  });

  test("other names are refused: what was found, then what is read", async () => {
    expect(await refused(load({ a: grey(2), "b\u0007": grey(2) }))).toBe(
      'FormatError: d: found a, "b\\u0007"; expected names such as x_train, y_train, x_test and y_test, or images and ' +
        "labels: numpy.savez(file, x_train=…, y_train=…)",
    );
    expect(await refused(load({ x_train: grey(4), X_train: grey(4), y_train: classes(4) }))).toContain(
      "found x_train and X_train; expected one array of images",
    );
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${"n".repeat(90)}${i}`, classes(1)]));
    expect((await refused(load(many))).length).toBeLessThan(900);
  });

  test("of several names for one thing the clearest counts, and what else a file holds is not looked at", async () => {
    // As sklearn's digits: the same pixels as rows and as images.
    const sklearn = { data: array(bytes(40), 10, 4), images: grey(10, 2), target: classes(10), x_mean: classes(3) };
    expect((await load(sklearn)).train.pixels).toEqual((await load(two(["images", "target"], 10, 2))).train.pixels);
    const text = ascii(
      "\x93NUMPY\x01\x00\x46\x00{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }          \n",
    );
    const named = writeZip([
      ["images.npy", writeNpy(grey(10))],
      ["labels.npy", writeNpy(classes(10))],
      ["class_names.npy", text],
    ]);
    expect((await loadArrays([file("d.npz", named)])).train.count).toBe(8);
  });

  test("arrays without names are images and labels; the names of files count where there are several", async () => {
    expect((await sizes({ arr_0: grey(10), arr_1: classes(10) })).counts).toEqual([8, 2]);
    const kmnist = ["train", "test"].flatMap((part) => [
      npz({ arr_0: grey(part === "train" ? 4 : 2) }, `kmnist-${part}-imgs.npz`),
      npz({ arr_0: classes(part === "train" ? 4 : 2) }, `kmnist-${part}-labels.npz`),
    ]);
    expect(await loadArrays(kmnist)).toMatchObject({ train: { count: 4 }, test: { count: 2 } });
    const parts = [npz(two(["x", "y"], 4), "train.npz"), npz(two(["x", "y"], 2), "test.npz")];
    expect(await loadArrays(parts)).toMatchObject({ train: { count: 4 }, test: { count: 2 } });
    const npy = [
      file("cifar10.1_v6_data.npy", writeNpy(grey(10))),
      file("cifar10.1_v6_labels.npy", writeNpy(classes(10))),
    ];
    expect((await loadArrays(npy)).train.count).toBe(8);
    const same = [npz(two(["x", "y"], 4), "a.npz"), npz(two(["x", "y"], 2), "b.npz")];
    expect(await refused(loadArrays(same))).toContain("found a: x and b: x; expected one array of images");
  });
});

describe("files that are not trusted", () => {
  const read = (bytes: Uint8Array) => loadArrays([file(`${fileName}.npz`, bytes)], { source: fileName });
  const good = writeNpz(
    Object.entries({
      x_train: grey(2),
      y_train: classes(2),
      x_test: array(Float32Array.of(0, 1, 0, 1), 1, 1, 2, 2),
      y_test: classes(1),
    }),
  );

  test("each shape and type that cannot be a set is refused", async () => {
    const shapes = [[], [8], [0, 2, 2], [2, 0], [2, 3], [1, 8, 5, 5], [2, 9, 9, 9], [1, 1, 1, 1, 1], [3, 7], [2, 12]];
    const types = [Float32Array, Int8Array, BigInt64Array, Uint16Array, Float64Array];
    const corpus = shapes.flatMap((shape) =>
      types.map((Data): [string, Uint8Array] => {
        const x = array(new Data(shape.reduce((a, b) => a * b, 1)), ...shape);
        return [`${Data.name} [${shape}]`, writeNpz(Object.entries({ x, y: classes(2) }))];
      }),
    );
    await expectRefused(corpus, (bytes) =>
      loadArrays([file(fileName.replace("bin", "npz"), bytes)], { source: fileName }),
    );
  });

  test("mutants give FormatErrors only", async () => {
    await expectOnlyFormatErrors("arrays", [good], read, 1500);
  });
});
