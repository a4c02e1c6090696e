// --zca from the recipe to the report: runs, their continuation, evaluation, and sets of other programs.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeNpz } from "../../src/codecs/npz.ts";
import { loadDistilled } from "../../src/node.ts";
import { distillate, writeIdxFolder } from "./cli.ts";

let folder: string;
let data: string;
let out: string;
const run = ["--data", "painted", "--zca", "0.1", "--batch", "64"];
const sizes = ["--steps", "1", "--epochs", "1", "--evaluate", "1", "--threads", "1"];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "distillate-cli-"));
  data = writeIdxFolder(join(folder, "painted"));
  out = join(folder, "run");
});
afterAll(() => rmSync(folder, { recursive: true }));

const call = (...args: string[]) => distillate(args, { cwd: folder });
const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

test("a run with --zca saves the whitening, goes on with it, and is evaluated with it by itself", async () => {
  const first = await call("run", ...run, ...sizes, "--outer-steps", "2", "--out", out);
  expect(first).toMatchObject({ code: 0 });
  expect(json(readFileSync(join(out, "recipe.json"), "utf8"))).toMatchObject({ data: { zca: 0.1 } });
  const file = join(out, "distilled.npz");
  const set = await loadDistilled(file);
  expect(set.whitening).toMatchObject({ epsilon: 0.1, matrix: { length: 784 * 784 } });
  const { sha256 } = json(readFileSync(join(out, "result.json"), "utf8"));

  const judged = ["evaluate", file, "--data", data, "--networks", "2", "--threads", "1", "--json"];
  const evaluated = await call(...judged, "--baselines", "random-real,nearest-k-means");
  expect(evaluated).toMatchObject({ code: 0 });
  expect(json(evaluated.stdout)).toMatchObject({ networks: 2, sha256 });
  const refused = await call(...judged, "--zca", "0.1");
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("has its whitening itself") });

  const resumed = await call("run", "--resume", out, "--outer-steps", "3", "--threads", "1");
  expect(resumed).toMatchObject({ code: 0 });
  expect(await loadDistilled(file)).toMatchObject({ whitening: set.whitening, recipe: { outerSteps: 3 } });

  const inspected = await call("inspect", file);
  expect(inspected.stdout).toContain("then whitened (ZCA) with epsilon 0.1");
  expect(inspected.stdout).toMatch(/whitening matrix +\[784, 784\]/);
});

test("a published set is judged on test images that --zca whitens, and needs --normalization beside it", async () => {
  const file = join(folder, "images_best.npz");
  // The numbers do not matter, except that unwhitened they would be pixels: μ alone, which any whitening maps to 0.
  const images = new Float32Array(10 * 784);
  writeFileSync(
    file,
    writeNpz([
      ["images", { shape: [10, 1, 28, 28], data: images }],
      ["labels", { shape: [10], data: Int32Array.from({ length: 10 }, (_, i) => i) }],
    ]),
  );
  const judged = ["evaluate", file, "--data", data, "--model", "lenet", "--networks", "1", "--zca", "0.1"];
  const short = [...judged, "--epochs", "1", "--threads", "1"];
  const refused = await call(...short);
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--zca expected --normalization beside it"),
  });
  const evaluated = await call(...short, "--normalization", "pixels");
  expect(evaluated.stderr).toContain("whitening 0.1, declared");
  expect(evaluated).toMatchObject({ code: 0 });
});

test("an epsilon that is none is refused before anything is loaded", async () => {
  for (const wrong of ["0", "x", "1e9"]) {
    const { code, stderr } = await call("run", "--data", "nowhere", "--zca", wrong);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("from 0.00001 to 1000") });
  }
});
