// MNIST's four files are found by their names, and fit together.
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { DataFile } from "../../src/data/data-file.ts";
import { isIdxFiles, loadIdxFiles } from "../../src/data/layouts/idx-files.ts";
import { datasetFromFiles } from "../../src/data/layouts/layouts.ts";
import { FormatError } from "../../src/errors.ts";
import { ascii, concat } from "../formats/hostile.ts";
import { bytes, file } from "./samples.ts";

const idx = (values: ArrayLike<number>, ...shape: number[]) =>
  concat([0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, 0, n])], values);
const labels = idx([0, 1, 2], 3);

/** The four files, under names with these ends. */
const four = ({ mark = "-", end = "", rank = 3, size = 2, held = 2 } = {}): DataFile[] => {
  const images = (side: number) =>
    idx(bytes((rank === 4 ? 3 : 1) * 3 * side * side), 3, ...(rank === 4 ? [3] : []), side, side);
  const packed = (content: Uint8Array) => (end === ".gz" ? new Uint8Array(gzipSync(content)) : content);
  const named = (part: string, what: number, content: Uint8Array) =>
    file(`${part}${mark}idx${what}-ubyte${end}`, packed(content));
  return [
    named("train-images", rank, images(size)),
    named("train-labels", 1, labels),
    named("t10k-images", rank, images(held)),
    named("t10k-labels", 1, labels),
  ];
};

describe("MNIST's files", () => {
  test.each([
    ["with hyphens", {}],
    ["with dots", { mark: "." }],
    ["packed", { end: ".gz" }],
    ["of colour images", { rank: 4 }],
  ])("%s are found and read", async (_, change) => {
    const files = four(change);
    expect(isIdxFiles(files)).toBe(true);
    const { train, test: held } = await loadIdxFiles(files);
    expect([train.name, train.count, held.count, train.classes, held.classes]).toEqual(["idx", 3, 3, 3, 3]);
    expect(held.mean).toEqual(train.mean);
  });

  test("are normalised as is asked, and have the name that is asked for", async () => {
    const options = { name: "fashion", mean: [0.25], std: [0.5] };
    const { train, test: held } = await loadIdxFiles(four(), options);
    for (const part of [train, held]) expect(part).toMatchObject(options);
  });

  test.each([
    "train-images-idx3-ubyte.zip",
    "images-idx3-ubyte",
    "a/train-images-idx3-ubyte",
    "train-images_idx3-ubyte",
  ])("are not found by %s", (path) => {
    expect(isIdxFiles([file(path, labels)])).toBe(false);
  });

  test("must be all four; the message says which is missing, what it may be called and what is there", async () => {
    const others = four().filter(({ path }) => !path.startsWith("t10k-labels"));
    await expect(loadIdxFiles(others, { name: "m", source: "m.zip" })).rejects.toThrow(
      new FormatError(
        "m.zip: expected t10k-labels-idx1-ubyte, but it is missing; looked for t10k-labels-idx1-ubyte, " +
          "t10k-labels-idx1-ubyte.gz, t10k-labels.idx1-ubyte, t10k-labels.idx1-ubyte.gz and found " +
          "t10k-images-idx3-ubyte, train-images-idx3-ubyte, train-labels-idx1-ubyte",
      ),
    );
    await expect(loadIdxFiles([])).rejects.toThrow(
      /^idx: expected train-images-idx3-ubyte, .* and found an empty folder$/,
    );
    const many = Array.from({ length: 30 }, (_, i) => file(`${10 + i}${"x".repeat(100)}`, labels));
    await expect(loadIdxFiles(many)).rejects.toThrow(/ and found 10x+…x+, (\d\dx+…x+, ){18}29x+…x+$/);
  });

  test("must have test images of the size of the training images", async () => {
    await expect(loadIdxFiles(four({ held: 3 }))).rejects.toThrow(
      new FormatError("t10k-images-idx3-ubyte: expected images of 1×2×2, as in train-images-idx3-ubyte, got 1×3×3"),
    );
  });
});

test("files of no data set are listed, ten of them by name", async () => {
  const files = Array.from({ length: 12 }, (_, i) => file(`${10 + i}.txt`, ascii("x")));
  await expect(datasetFromFiles(files, { name: "notes" })).rejects.toThrow(
    /^notes: found ("1\d\.txt", ){9}"19\.txt" and 2 more; expected a data set: .*, or an archive \(\.tar, \.tar\.gz, \.zip\) of one$/,
  );
});
