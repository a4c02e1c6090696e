import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { loadCsv } from "../../src/data/layouts/csv.ts";
import { datasetFromFiles } from "../../src/data/layouts/layouts.ts";
import { ascii, expectOnlyFormatErrors, fileName } from "../formats/hostile.ts";
import { file, realFile } from "./samples.ts";

/** Ten rows of a label, 0 or 1, and 3 × 3 pixels. */
const rows = Array.from({ length: 10 }, (_, row) => [
  row % 2,
  ...Array.from({ length: 9 }, (_, p) => (37 * row + 29 * p) % 256),
]);
const pixelNames = Array.from({ length: 9 }, (_, p) => `pixel${p}`);
const labelFirst = (table: readonly (readonly (number | string)[])[], end = "\n") =>
  table.map((row) => row.join()).join(end);
const labelLast = rows.map(([label, ...pixels]) => [...pixels, label!]);
const kaggle = labelFirst([["label", ...pixelNames], ...rows]);
const load = async (text: string, path = "train.csv") => {
  const notices: string[] = [];
  const split = await loadCsv([file(path, ascii(text))], { source: "d", onNotice: (notice) => notices.push(notice) });
  return { ...split, notices };
};
const refused = (text: string): Promise<string> =>
  load(text).then(
    () => "accepted",
    (error: Error) => `${error.name}: ${error.message}`,
  );
const divided = "d: there is no test part, so 20 % of each class, chosen at random, are the test images";

describe("tables of pixels", () => {
  test("a header says where the label is, first or last", async () => {
    const { train, test: held, notices } = await load(kaggle);
    expect(train).toMatchObject({ count: 8, channels: 1, height: 3, width: 3, classes: 2 });
    expect(held.count).toBe(2);
    const images = [...train.labels].map((label, i) => [label, ...train.pixels.subarray(9 * i, 9 * i + 9)]);
    expect(rows).toEqual(expect.arrayContaining(images));
    expect(notices).toEqual([divided]);
    for (const name of ["label", "class", '"Label"', "target", "y"]) {
      expect(await load(labelFirst([[...pixelNames, name], ...labelLast]))).toEqual({ train, test: held, notices });
    }
  });

  test("without a header the label is first, or last where only the last column can be labels; that is said", async () => {
    const { train } = await load(kaggle);
    const first = await load(labelFirst(rows));
    expect(first.train).toEqual(train);
    expect(first.notices).toEqual(["train.csv: no column is called label, so the first one is taken for it", divided]);
    const last = await load(labelFirst(labelLast));
    expect(last.train).toEqual(train);
    expect(last.notices[0]).toContain("the last one is taken for it");
    // A black corner in every image, as in MNIST.
    const black = labelLast.map(([, ...rest]) => [0, ...rest]);
    expect((await load(labelFirst(black))).train.labels).toEqual(train.labels);
    const other = labelFirst([["digit no", ...pixelNames], ...rows]);
    expect((await load(other)).train).toEqual(train);
  });

  test("line ends, blank lines, spaces, quotes, semicolons, tabs, a byte order mark and gzip do not matter", async () => {
    const { train } = await load(kaggle);
    const lines = kaggle.split("\n");
    for (const text of [
      `${lines.join("\r\n")}\r\n`,
      `${lines.join("\n\n")}\n\r\n\n`,
      kaggle.replaceAll(",", ", "),
      kaggle.replaceAll(",", ";"),
      kaggle.replaceAll(",", "\t"),
      kaggle.replace(/\d+/g, '"$&"').replace(/pixel"(\d)"/g, '"pixel$1"'),
      kaggle.replace(/\n(\d)/g, "\n$1.0"),
      `\xef\xbb\xbf${kaggle}`,
    ]) {
      expect((await load(text)).train).toEqual(train);
    }
    const packed = await loadCsv([file("train.csv.gz", gzipSync(ascii(kaggle)))], { name: "csv" });
    expect(packed.train).toEqual(train);
  });

  test("pixels are 0 to 255, or 0 to 1", async () => {
    const { train } = await load(kaggle);
    const scaled = rows.map(([label, ...pixels]) => [label!, ...pixels.map((pixel) => (pixel / 255).toExponential(9))]);
    expect((await load(labelFirst([["label", ...pixelNames], ...scaled]))).train.pixels).toEqual(train.pixels);
    const binary = rows.map(([label, ...pixels]) => [label!, ...pixels.map((pixel) => pixel % 2)]);
    expect(new Set((await load(labelFirst(binary))).train.pixels)).toEqual(new Set([0, 255]));
  });

  test("the names of the files say which part is which; a test part without labels and other tables are left out", async () => {
    const table = (path: string, text: string) => file(`archive/${path}`, ascii(text));
    const parts = [table("sign_mnist_train.csv", kaggle), table("sign_mnist_test.csv", labelFirst(rows.slice(0, 3)))];
    expect(await datasetFromFiles(parts)).toMatchObject({ train: { count: 10 }, test: { count: 3 } });
    const notices: string[] = [];
    const unlabelled = labelFirst([pixelNames, ...rows.map(([, ...pixels]) => pixels)]);
    const competition = [
      table("train.csv", kaggle),
      table("test.csv", unlabelled),
      table("sample_submission.csv", "ImageId,Label\n1,0"),
    ];
    const split = await datasetFromFiles(competition, { source: "d", onNotice: (notice) => notices.push(notice) });
    expect(split).toMatchObject({ train: { count: 8 }, test: { count: 2 } });
    expect(notices).toEqual([
      'd: left out "sample_submission.csv"',
      "archive/test.csv: left out, because it has no labels",
      divided,
    ]);
    expect(await refused(unlabelled)).toBe(
      "FormatError: train.csv: found pixels without a label; expected a label as first or last column",
    );
  });

  test("the names that pandas gives to columns are no image, and its row numbers are refused with what to do", async () => {
    const wide = rows.map(([label, ...pixels]) => [label!, ...Array(9).fill(pixels).flat()]);
    const named = labelFirst([Array.from({ length: 82 }, (_, i) => i), ...wide]);
    expect((await load(named)).train).toEqual((await load(labelFirst(wide))).train);
    const numbered = labelFirst([["", "label", ...pixelNames], ...rows.map((row, i) => [i, ...row])]);
    expect(await refused(numbered)).toContain("found a first column without a name in line 1");
    expect(await refused(numbered)).toContain("in pandas, index=False");
  });

  test("errors name file and line", async () => {
    const changed = (line: number, field: number, text: string) => {
      const lines = kaggle.split("\n").map((fields) => fields.split(","));
      lines[line - 1]![field - 1] = text;
      return refused(lines.map((fields) => fields.join()).join("\n\n"));
    };
    // Every second line is blank.
    expect(await changed(3, 5, "x")).toBe('FormatError: train.csv: expected a number as field 5 in line 5, got "x"');
    expect(await changed(3, 5, "")).toContain('field 5 in line 5, got ""');
    expect(await changed(4, 2, "256")).toContain("expected 0 to 255 as field 2 in line 7, got 256");
    expect(await changed(4, 2, "-1")).toContain("expected 0 to 255 as field 2 in line 7, got -1");
    expect(await changed(4, 1, "1.5")).toContain("train.csv: expected whole numbers from 0 to 255, got 1.5 in line 7");
    expect(await changed(2, 3, "1,1")).toContain("expected 10 fields, as in the first line, in line 3, got more");
    const short = `${kaggle}\n1,2,3`;
    expect(await refused(short)).toContain("expected 10 fields, as in the first line, in line 12, got 3");
    const colour = Array.from({ length: 28 }, (_, i) => i);
    expect(await refused(labelFirst([colour, colour]))).toContain("found 28 columns; expected a label and the pixels");
  });

  test("mutants give FormatErrors only", async () => {
    const read = (content: Uint8Array) =>
      loadCsv([{ path: "a.csv", name: fileName, bytes: content }], { source: fileName });
    const files = [kaggle, labelFirst(labelLast), kaggle.replaceAll(",", " ; ")].map(ascii);
    await expectOnlyFormatErrors("csv", files, read, 2000);
  });

  test("a label in the middle, two of them, a first line that is no header, and nothing at all are refused", async () => {
    const middle = rows.map(([label, ...pixels]) => [...pixels.slice(0, 4), label!, ...pixels.slice(4)]);
    const names = [...pixelNames.slice(0, 4), "label", ...pixelNames.slice(4)];
    expect(await refused(labelFirst([names, ...middle]))).toContain(
      "found the label in column 5 of 10; expected one, the first",
    );
    const twice = [["label", ...pixelNames.slice(1), "class"], ...rows];
    expect(await refused(labelFirst(twice))).toContain("found the label in column 1 and 10 of 10");
    const [first, ...others] = rows;
    expect(await refused(labelFirst([["?", ...first!.slice(1)], ...others]))).toContain("in line 1");
    for (const nothing of ["", "\n\n \n"]) expect(await refused(nothing)).toContain("got an empty file");
    await expect(loadCsv([], { source: "d" })).rejects.toThrow("d: expected a file that this reader takes, found none");
  });

  test("the 1,797 digits of the UCI repository are read", async (context) => {
    const digits = realFile("digits8x8/digits.csv.gz");
    context.skip(!digits, "needs ../shared/data/digits8x8");
    const { train, test: held } = await loadCsv([file("digits.csv.gz", digits!)]);
    expect([train.count + held.count, train.height, train.classes]).toEqual([1797, 8, 10]);
  });
});
