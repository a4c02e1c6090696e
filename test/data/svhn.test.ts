import { describe, expect, test } from "vitest";
import { datasetFromFiles } from "../../src/data/layouts/layouts.ts";
import { loadSvhn } from "../../src/data/layouts/svhn.ts";
import { expectOnlyFormatErrors, fileName } from "../formats/hostile.ts";
import { type MatChoices, type MatData, mat, variable } from "../formats/mat-writer.ts";
import { bytes, file, tar } from "./samples.ts";

const [height, width] = [2, 3];
const value = (i: number, c: number, y: number, x: number) => 60 * i + 20 * c + 3 * y + x;

/** Images with the values above: X[y, x, c, i] lies at y + h x + h w c + 3 h w i. */
function svhn(labels: readonly number[], choices: MatChoices = {}, y: MatData = Uint8Array.from(labels)): Uint8Array {
  const pixels = Uint8Array.from({ length: labels.length * 3 * height * width }, (_, at) => {
    const [row, column] = [at % height, Math.floor(at / height) % width];
    return value(Math.floor(at / (3 * height * width)), Math.floor(at / (height * width)) % 3, row, column);
  });
  return mat([
    variable("X", [height, width, 3, labels.length], pixels, choices),
    variable("y", [labels.length, 1], y, choices),
  ]);
}
const refused = (...files: Parameters<typeof loadSvhn>) =>
  loadSvhn(...files).then(
    () => "accepted",
    (error: Error) => `${error.name}: ${error.message}`,
  );

describe("SVHN", () => {
  test("columns become rows, channels planes, and 10 the digit 0", async () => {
    const files = [
      file("train_32x32.mat", svhn([1, 10, 9], { compressed: true })),
      file("test_32x32.mat", svhn([10], { compressed: true }, Float64Array.of(10))),
    ];
    const { train, test: held } = await datasetFromFiles(files, { name: "svhn" });
    expect(train).toMatchObject({ name: "svhn", count: 3, channels: 3, height, width, classes: 10 });
    expect([[...train.labels], [...held.labels]]).toEqual([[1, 0, 9], [0]]);
    const expected: number[] = [];
    for (const i of [0, 1, 2])
      for (const c of [0, 1, 2]) for (const y of [0, 1]) for (const x of [0, 1, 2]) expected.push(value(i, c, y, x));
    expect([...train.pixels]).toEqual(expected);
    expect(await datasetFromFiles([file("svhn.tar", await tar(files))], { name: "svhn" })).toEqual({
      train,
      test: held,
    });
  });

  test("the extra part is left out beside the training part, and a part alone is divided; both are said", async () => {
    const many = svhn(Array.from({ length: 12 }, (_, i) => 1 + (i % 2)));
    const notices: string[] = [];
    const onNotice = (notice: string) => notices.push(notice);
    const files = ["train", "test", "extra"].map((part) => file(`${part}_32x32.mat`, many));
    expect((await loadSvhn(files, { source: "d", onNotice })).train.count).toBe(12);
    expect((await loadSvhn(files.slice(0, 1), { source: "d", onNotice })).train.count).toBe(10);
    expect(notices).toEqual([
      'd: left out "extra_32x32.mat"',
      "d: there is no test part, so 20 % of each class, chosen at random, are the test images",
    ]);
  });

  test("labels of digits from 0 to 9 stay; other labels, and both 0 and 10, are refused", async () => {
    expect((await loadSvhn([file("train.mat", svhn([0, 9, 9]))])).train.labels).toEqual(Uint8Array.of(0, 9));
    const y = (...labels: number[]) => refused([file("train.mat", svhn(labels))]);
    expect(await y(1, 11)).toBe(
      "FormatError: train.mat: y: expected digits from 1 to 10, which stands for 0, got 11 at 1",
    );
    expect(await y(0, 10)).toContain("got both 0 and 10");
    expect(await refused([file("train.mat", svhn([1, 1], {}, Float64Array.of(1, 1.5)))])).toContain("got 1.5 at 1");
  });

  test("variables other than SVHN's are refused: what was found, then what is read", async () => {
    const one = (...variables: Uint8Array[]) => refused([file("a.mat", mat(variables))]);
    const x = variable("X", [2, 2], bytes(4));
    expect(await one(x, variable("gnd", [2, 1], bytes(2), { kind: 6 }))).toBe(
      'FormatError: a.mat: found "X" (uint8 [2, 2]), "gnd" (double [2, 1]); expected SVHN\'s X [height, width, 3, n] and y [n, 1]',
    );
    expect(await one()).toContain("found no variables");
    const grey = variable("X", [2, 2, 1, 2], bytes(8));
    expect(await one(grey, variable("y", [2, 1], bytes(2)))).toContain("found X [2, 2, 1, 2]");
    expect(await one(variable("X", [2, 2, 3, 2], bytes(24)), variable("y", [3, 1], bytes(3)))).toContain(
      "one label for each of 2 images",
    );
    const both = [file("a.mat", svhn([1])), file("b.mat", svhn([1]))];
    expect(await refused(both, { source: "d" })).toBe(
      'FormatError: d: found "a.mat", "b.mat"; expected one file, or two with "train" and "test" in their names',
    );
  });

  test("mutants give FormatErrors only", async () => {
    const files = [svhn([1, 10, 1]), svhn([1, 10, 1], { compressed: true })];
    const read = (content: Uint8Array) =>
      loadSvhn([{ path: "train.mat", name: fileName, bytes: content }], { source: fileName });
    await expectOnlyFormatErrors("svhn", files, read, 1000);
  });
});
