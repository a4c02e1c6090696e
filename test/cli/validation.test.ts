// --validation: options are chosen on training images that are held back, and never by the test images.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { distillate, writeIdxFolder } from "./cli.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const sizes = ["--steps", "1", "--epochs", "1", "--evaluate", "2", "--baselines", "none", "--threads", "1"];
const json = (path: string) => JSON.parse(readFileSync(join(folder, path), "utf8")) as Record<string, unknown>;

test("a run with --validation tests on a tenth of the training images, whatever the test images are", async () => {
  // Training images are painted by their number, and so are test images: these differ and those do not.
  writeIdxFolder(join(folder, "a", "painted"), { train: 200, test: 50 });
  writeIdxFolder(join(folder, "b", "painted"), { train: 200, test: 30 });
  for (const name of ["a", "b"]) {
    const data = ["--data", join(name, "painted"), "--validation", "--batch", "60"];
    const { code, stderr } = await distillate(
      ["run", ...data, ...sizes, "--outer-steps", "2", "--out", `run-${name}`],
      {
        cwd: folder,
      },
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("painted, validation split");
  }
  const [a, b] = [json("run-a/result.json"), json("run-b/result.json")];
  expect(a.data).toEqual({ name: "painted, validation split", train: 180, test: 20 });
  expect(b).toMatchObject({ data: a.data, evaluation: a.evaluation, sha256: a.sha256 });
  expect(json("run-a/recipe.json")).toMatchObject({ data: { validation: true } });

  const again = await distillate(["run", join("run-a", "recipe.json"), "--out", "again", "--threads", "1"], {
    cwd: folder,
  });
  expect(again.code, again.stderr).toBe(0);
  expect(json("again/result.json")).toMatchObject({ sha256: a.sha256, evaluation: a.evaluation });
});
