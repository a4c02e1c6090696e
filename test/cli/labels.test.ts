// Labels and classes that a command cannot do with are found before its first step, whatever the command.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeNpz } from "../../src/codecs/npz.ts";
import { paint } from "../helpers.ts";
import { distillate } from "./cli.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-labels-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A folder with an .npz of painted images, with `label(i)` for training image i and `testLabel(i)` for test image i. */
function written(name: string, label: (i: number) => number, testLabel = label, train = 60, held = 30): string {
  const images = (n: number, seed: number) => ({
    shape: [n, 28, 28],
    data: Uint8Array.from(paint(n * 784, seed), (value) => 127 * (value + 1)),
  });
  const labels = (n: number, of: (i: number) => number) => ({
    shape: [n],
    data: BigInt64Array.from({ length: n }, (_, i) => BigInt(of(i))),
  });
  const arrays = {
    x_train: images(train, 1),
    y_train: labels(train, label),
    x_test: images(held, 2),
    y_test: labels(held, testLabel),
  };
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, "d.npz"), writeNpz(Object.entries(arrays)));
  return name;
}

/** The command in a folder of its own run, short enough to end. */
const run = (data: string, ...more: string[]) => {
  const short = ["--outer-steps", "1", "--steps", "1", "--epochs", "1", "--evaluate", "1", "--threads", "1"];
  return distillate(["run", "--data", data, ...short, "--out", `runs/${data}`, ...more], { cwd: folder });
};

describe("labels from 1 to 10", () => {
  const advice = "the labels start at 1; read them with labelsFrom: 1 (--labels-from 1 on the command line)\n";
  const refusal = `distillate: "one" expected images of each of 11 classes, got none of 0: ${advice}`;
  beforeAll(() => {
    written("one", (i) => 1 + (i % 10));
  });

  test.each(["run", "train", "baselines"])("are refused by %s before anything is written", async (command) => {
    const outcome = await distillate([command, "--data", "one"], { cwd: folder });
    expect(outcome).toEqual({ code: 1, stdout: "", stderr: refusal });
    for (const left of ["runs", "pools"]) expect(existsSync(join(folder, left))).toBe(false);
  });

  test("are read with --labels-from 1, which the run's recipe keeps", async () => {
    const { code, stderr } = await run("one", "--labels-from", "1");
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.not.stringContaining("note:") });
    const recipe = JSON.parse(readFileSync(join(folder, "runs/one/recipe.json"), "utf8"));
    expect(recipe.data).toEqual({ name: "one", path: "../../one", labelsFrom: 1 });
    const set = "runs/one/distilled.safetensors";
    const again = await distillate(["run", "runs/one/recipe.json", "--threads", "1", "--out", "runs/again"], {
      cwd: folder,
    });
    expect(again.code).toBe(0);
    expect(readFileSync(join(folder, "runs/again/distilled.npz"))).toEqual(
      readFileSync(join(folder, "runs/one/distilled.npz")),
    );

    const evaluate = (...more: string[]) =>
      distillate(["evaluate", set, "--data", "one", "--networks", "1", "--threads", "1", ...more], { cwd: folder });
    expect(await evaluate()).toEqual({
      code: 1,
      stdout: "",
      stderr: `distillate: ${set} has 10 classes, one has 11: ${advice}`,
    });
    expect(await evaluate("--labels-from", "1")).toMatchObject({ code: 0 });
    const few = written("few", (i) => 1 + (i % 9));
    const other = await distillate(["evaluate", set, "--data", few, "--networks", "1"], { cwd: folder });
    expect(other.code).toBe(0);
    expect(other.stderr).toContain(`note: few has no test images of class 0: ${advice}`);
  });

  test("train and baselines take the option too", async () => {
    const sizes = ["--labels-from", "1", "--threads", "1"];
    const pool = ["--networks", "1", "--test-networks", "0", "--epochs", "1", "--out", "pools/one"];
    expect(await distillate(["train", "--data", "one", ...pool, ...sizes], { cwd: folder })).toMatchObject({ code: 0 });
    const baseline = ["--baselines", "nearest-random-real", "--steps", "1"];
    expect(await distillate(["baselines", "--data", "one", ...baseline, ...sizes], { cwd: folder })).toMatchObject({
      code: 0,
      stderr: "",
    });
  });
});

test.each<[string, () => string, string[], string]>([
  [
    "a class without training images",
    () => written("hole", (i) => (i % 10 === 4 ? 5 : i % 10)),
    [],
    '"hole" expected images of each of 10 classes, got none of 4: give some, or number the classes that have images',
  ],
  [
    "test images of a class without training images",
    () =>
      written(
        "new",
        (i) => i % 9,
        (i) => i % 10,
      ),
    [],
    '"new" expected images of each of 10 classes, got none of 9: give some',
  ],
  ["one class alone", () => written("single", () => 0), [], '"single" expected images of at least 2 classes, got 1'],
  [
    "negative labels",
    () => written("negative", (i) => (i % 10) - 1),
    [],
    "got -1 at 0; labelsFrom (--labels-from) says where labels start",
  ],
  [
    "an attack on a class without test images",
    () =>
      written(
        "attacked",
        (i) => i % 10,
        (i) => 1 + (i % 9),
      ),
    ["--attack", "0,1"],
    '"attacked" expected test images of class 0, which the attack is about, got none',
  ],
  [
    "baselines where no class has two training images",
    () => written("each", (i) => i % 10, undefined, 10),
    ["--baselines", "random-real"],
    '"train" expected two images of some class, one of them for baselines to choose by',
  ],
  ["labels from 1 of the digits", () => "digits", ["--labels-from", "1"], "--labels-from expected 0 for the digits"],
])("run refuses %s before its first step", async (_, make, more, message) => {
  const data = make();
  const given = data === "digits" ? [] : ["--data", data];
  const { code, stdout, stderr } = await distillate(["run", ...given, ...more, "--out", "never"], { cwd: folder });
  expect({ code: code! > 0, stdout }).toEqual({ code: true, stdout: "" });
  expect(stderr.split("\n").at(-2)).toContain(message);
  expect(existsSync(join(folder, "never"))).toBe(false);
});

test("negative labels are read from where they start", async () => {
  const data = written("minus", (i) => (i % 10) - 1);
  expect(await run(data, "--labels-from", "-1", "--baselines", "none")).toMatchObject({ code: 0 });
});

test("run says which classes have no test images, or fewer training images than baselines take", async () => {
  const data = written(
    "scarce",
    (i) => (i < 10 ? i : i % 8),
    (i) => i % 7,
  );
  const { code, stderr } = await run(data, "--images-per-class", "2");
  expect(code).toBe(0);
  expect(stderr).toContain("note: scarce has no test images of classes 7, 8, 9\n");
  expect(stderr).toContain(
    "note: scarce has fewer than the 2 training images that baselines take of classes 8, 9: some are repeated\n",
  );
});

test("--labels-from wants a whole number", async () => {
  for (const value of ["x", "1.5", "1000001", ""]) {
    const { code, stderr } = await distillate(["run", "--labels-from", value]);
    expect(code).toBe(2);
    expect(stderr).toContain("Expected a whole number from -1000000 to 1000000.");
  }
});
