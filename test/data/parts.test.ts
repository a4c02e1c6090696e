// Which file of a set is its training part and which its test part, by their names, and how the two become one set.
import { describe, expect, test } from "vitest";
import type { LabelledPixels } from "../../src/data/dataset.ts";
import { meaningOf, partWordsOf, wordsOf } from "../../src/data/layouts/array-names.ts";
import { fileOfEachPart, withParts } from "../../src/data/layouts/parts.ts";
import { FormatError } from "../../src/errors.ts";

test.each([
  ["X_train", ["x", "train"]],
  ["trainX", ["train", "x"]],
  ["xtrain", ["x", "train"]],
  ["train-y", ["train", "y"]],
  ["trainy", ["train", "y"]],
  ["yval", ["y", "val"]],
  ["xylophone", ["xylophone"]],
  ["galaxy", ["galaxy"]],
  ["trainImages", ["train", "images"]],
  ["testLABELS", ["test", "labels"]],
  ["data/part1/train.images", ["data", "part1", "train", "images"]],
  ["__x__", ["x"]],
  ["", []],
])("the words of %j are %j", (name, words) => {
  expect(wordsOf(name)).toEqual(words);
});

test.each([
  ["train_images", { part: "train", role: "images", doubt: 0 }],
  ["training labels", { part: "train", role: "labels", doubt: 0 }],
  ["x_te", { part: "test", role: "images", doubt: 4 }],
  ["validation.y", { part: "val", role: "labels", doubt: 2 }],
  ["data", { part: "whole", role: "images", doubt: 6 }],
  ["target", { part: "whole", role: "labels", doubt: 4 }],
  // A word for labels outweighs one for images.
  ["image_labels", { part: "whole", role: "labels", doubt: 0 }],
  ["data_target_y", { part: "whole", role: "labels", doubt: 2 }],
  ["mean", { part: "whole", role: undefined, doubt: 100 }],
  ["noisy_old_images", { part: "whole", role: "images", doubt: 200 }],
  ["test", { part: "test", role: undefined, doubt: 0 }],
  ["", { part: "whole", role: undefined, doubt: 0 }],
])("what %j means is %j", (name, meaning) => {
  expect(meaningOf(wordsOf(name))).toEqual(meaning);
});

test("the words that say the part are found among others", () => {
  expect(partWordsOf("my_train_images_2_valid")).toEqual(["train", "valid"]);
  expect(partWordsOf("images")).toEqual([]);
});

describe("the file of each part", () => {
  const find = (paths: readonly string[], options = {}) => {
    const notices: string[] = [];
    const files = paths.map((path) => ({ path, bytes: new Uint8Array(0) }));
    const { train, test } = fileOfEachPart(files, { onNotice: (notice) => void notices.push(notice), ...options });
    return { train: train.path, test: test?.path, notices };
  };

  test.each<[readonly string[], string, string | undefined]>([
    [["mnist_train.csv", "mnist_test.csv"], "mnist_train.csv", "mnist_test.csv"],
    [["test.mat", "train.mat"], "train.mat", "test.mat"],
    [["train.csv", "val.csv"], "train.csv", "val.csv"],
    [["digits.csv", "digits_test.csv"], "digits.csv", "digits_test.csv"],
    [["digits.csv"], "digits.csv", undefined],
    [["train.csv"], "train.csv", undefined],
    // What is alone is divided.
    [["test.csv"], "test.csv", undefined],
  ])("of %j is found", (paths, train, test) => {
    expect(find(paths)).toEqual({ train, test, notices: [] });
  });

  test("leaves out the others, and says which", () => {
    const { train, test, notices } = find(["train.csv", "test.csv", "val.csv", "extra.csv"], { source: "set.zip" });
    expect({ train, test }).toEqual({ train: "train.csv", test: "test.csv" });
    expect(notices).toEqual(['set.zip: left out "val.csv", "extra.csv"']);
    const many = Array.from({ length: 3 }, (_, i) => ["train", "test", "val"].map((part) => `${part}${i}`)).flat();
    expect(() => find(many)).toThrow(FormatError);
  });

  test("is refused where a part has several or there is none, by the name of the set", () => {
    expect(() => find(["a_train.csv", "b_train.csv"], { name: "birds" })).toThrow(
      new FormatError(
        'birds: found "a_train.csv", "b_train.csv"; expected one file, or two with "train" and "test" in their names',
      ),
    );
    expect(() => find(Array.from({ length: 12 }, (_, i) => `${i}.csv`))).toThrow(/^files: found ("\d\.csv"(, |;)){8} /);
    expect(() => find([], { name: "birds", source: "birds.zip" })).toThrow(
      new FormatError("birds.zip: expected a file that this reader takes, found none"),
    );
  });
});

describe("two parts", () => {
  const images = (labels: readonly number[], { size = 2, name = "birds" } = {}): LabelledPixels => ({
    ...{ name, channels: 1, height: size, width: size, classes: Math.max(...labels) + 1 },
    pixels: Uint8Array.from({ length: labels.length * size * size }, (_, i) => 7 * i),
    labels: Uint8Array.from(labels),
  });

  test("become a set with the classes of both", () => {
    const { train, test } = withParts(images([0, 1]), images([0, 4]));
    expect([train.classes, test.classes, train.count, test.count]).toEqual([5, 5, 2, 2]);
    expect(withParts(images([0, 6]), images([0, 4])).test.classes).toBe(7);
    expect(test.mean).toEqual(train.mean);
  });

  test("of other sizes are refused by the name of the set", () => {
    expect(() => withParts(images([0, 1]), images([0], { size: 3 }))).toThrow(
      new FormatError("birds: expected test images of 1×2×2, as for training, got 1×3×3"),
    );
    expect(() => withParts(images([0, 1]), { ...images([0]), channels: 3 }, { source: "b.zip" })).toThrow(
      new FormatError("b.zip: expected test images of 1×2×2, as for training, got 3×2×2"),
    );
  });

  test("are made of one by its classes, and a notice says so", () => {
    const notices: string[] = [];
    const whole = images([0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    const onNotice = (notice: string) => void notices.push(notice);
    const split = withParts(whole, undefined, { onNotice });
    expect([split.train.count, split.test.count]).toEqual([8, 2]);
    const half = withParts(whole, undefined, { name: "mine", testShare: 0.405, onNotice });
    expect(half.test.count).toBe(4);
    expect(notices).toEqual([
      "birds: there is no test part, so 20 % of each class, chosen at random, are the test images",
      "mine: there is no test part, so 40.5 % of each class, chosen at random, are the test images",
    ]);
  });

  test("cannot be made of one with a single image of each class", () => {
    expect(() => withParts(images([0, 1, 2]), undefined)).toThrow(
      new FormatError(
        "birds: found no test part and no class with two images; expected two of some class, to test on one",
      ),
    );
  });
});
