// `distillate train` leaves pools that sets are evaluated on.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { backGradient, distill, pretrained } from "../../src/index.ts";
import { loadIdxFolder, loadPool, saveDistilled } from "../../src/node.ts";
import { parseRecipe } from "../../src/recipes.ts";
import { distillate, start, writeIdxFolder } from "./cli.ts";

const folder = mkdtempSync(join(tmpdir(), "distillate-train-"));
afterAll(() => rmSync(folder, { recursive: true }));
const data = writeIdxFolder(join(folder, "data"));
const out = join(folder, "pools");
const args = ["train", "--data", data, "--networks", "2", "--test-networks", "2", "--epochs", "1", "--out", out];

test("two pools, of which the same command makes no network again, and a set evaluated on them", async () => {
  const first = await distillate([...args, "--workers", "2"]);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toMatch(/train: 2 networks, \d+\.\d % ± \d+\.\d of the test images\n.*test: 2 networks, /);
  expect(first.stderr).toMatch(/^network [01], \d+\.\d %: loss \d\.\d{3}, [\d:-]+ left$/m);
  const again = await distillate([...args, "--json"]);
  expect(again.stderr).toBe("");
  const said = JSON.parse(again.stdout);
  expect(said.train).toMatchObject({ networks: 2, evaluation: { networks: 2 } });

  const [trained, held] = [await loadPool(join(out, "train")), await loadPool(join(out, "test"))];
  expect(said.test.evaluation.mean).toBe(held.evaluation!.mean);
  const { train: images } = await loadIdxFolder(data);
  const { model } = trained;
  const method = backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 });
  const set = (init: ReturnType<typeof pretrained>) =>
    distill({ data: images, model, method, init, outer: { steps: 1, batch: 20 }, threads: 1 }).result();

  const pooled = join(folder, "pooled.safetensors");
  await saveDistilled(pooled, await set(pretrained(trained)));
  const evaluated = await distillate(["evaluate", pooled, "--data", data, "--weights", join(out, "test"), "--json"]);
  expect(JSON.parse(evaluated.stdout)).toMatchObject({ init: "pretrained", networks: 2 });
  const without = await distillate(["evaluate", pooled, "--data", data]);
  expect(without.code).toBe(1);
  expect(without.stderr).toContain("was distilled for a pool of 2 pretrained networks, SHA-256 ");

  const fixed = join(folder, "fixed.safetensors");
  await saveDistilled(fixed, await set(pretrained([trained.weights[0]!])));
  const wrong = await distillate(["evaluate", fixed, "--data", data, "--weights", join(out, "test")]);
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain("test: expected the network that ");
});

test("other settings are refused in one line", async () => {
  const { code, stderr } = await distillate([...args, "--seed", "2"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/manifest\.json: expected seed 1, as the networks there were trained with, got 2; choose/);
});

describe("a recipe of a stranger", () => {
  const home = join(folder, "home");
  const strangers = join(home, "downloads");
  mkdirSync(strangers, { recursive: true });
  mkdirSync(join(home, "private"));
  symlinkSync(join(home, "private"), join(strangers, "link"));
  symlinkSync(join(home, "private", "new"), join(strangers, "dangling"));

  const recipeWith = (pool: string) => {
    const file = join(strangers, "recipe.json");
    const source = { name: "painted", path: data };
    const training = { data: source, networks: 1, testNetworks: 0, epochs: 1 };
    const recipe = {
      name: "strange",
      data: source,
      model: { name: "lenet" },
      init: { kind: "pretrained", pool, training },
    };
    writeFileSync(file, JSON.stringify(recipe));
    return file;
  };

  test.each([
    "../../x/train",
    "train/../../x/train",
    "link/deeper/train",
    "dangling/train",
    join(home, "absolute", "train"),
    "C:\\x\\train",
  ])("is not trained for in %s, which it names", async (pool) => {
    const file = recipeWith(pool);
    const before = readdirSync(home, { recursive: true }).sort();
    const { code, stderr } = await distillate(["train", file]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/: expected to write inside the folder of/),
    });
    expect(stderr).toContain("name the folder to write into by --out\n");
    expect(readdirSync(home, { recursive: true }).sort()).toEqual(before);
  });

  test.each(["//host/share/train", "\\\\host\\share\\train", "a\u001b[2Jb", "a\u0000b"])(
    "is refused where it names %j",
    (pool) => {
      const { init, ...recipe } = JSON.parse(readFileSync(recipeWith("train"), "utf8"));
      const refusal = "expected a path on this machine, without control characters, got ";
      expect(() => parseRecipe({ ...recipe, init: { ...init, pool } })).toThrow(`init.pool ${refusal}`);
      expect(() => parseRecipe({ ...recipe, data: { name: "x", path: pool } })).toThrow(`data.path ${refusal}`);
    },
  );

  test("is trained for beside it, or where the user says", async () => {
    const beside = await distillate(["train", recipeWith("pools/train"), "--json"]);
    expect(beside.code, beside.stderr).toBe(0);
    expect(existsSync(join(strangers, "pools", "train", "network-0000.safetensors"))).toBe(true);
    const chosen = join(folder, "chosen");
    const said = await distillate(["train", recipeWith("../../x/train"), "--out", chosen, "--json"]);
    expect(said.code, said.stderr).toBe(0);
    expect(existsSync(join(chosen, "train", "manifest.json"))).toBe(true);
  });
});

describe("a folder that is trained into", () => {
  const long = (into: string) =>
    start(["train", "--data", data, "--networks", "5000", "--test-networks", "0", "--epochs", "1", "--out", into]);
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  test("is refused to another process, and made again where it was deleted", async () => {
    const into = join(folder, "long");
    const { child, outcome } = long(into);
    const second = join(into, "train", "network-0001.safetensors");
    await until(() => existsSync(second));
    const { code, stderr } = await distillate([...args.slice(0, -1), into]);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`train: another run writes there \\(process ${child.pid} on `));
    renameSync(into, join(folder, "away"));
    await until(() => existsSync(second));
    child.kill("SIGINT");
    expect(await outcome).toMatchObject({ code: 130 });
    const files = readdirSync(join(into, "train"));
    expect(files).toContain("network-0000.safetensors");
    expect(files).toContain("manifest.json");
    expect(files.filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("keeps the networks trained before one that diverges, and says what helps", async () => {
    const file = join(folder, "wild.json");
    const source = { name: "painted", path: data };
    const training = { data: source, networks: 2, testNetworks: 0, epochs: 2, learningRate: 1e30 };
    const init = { kind: "pretrained", pool: "wild/train", training };
    writeFileSync(file, JSON.stringify({ name: "wild", data: source, model: { name: "lenet" }, init }));
    const { code, stderr } = await distillate(["train", file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^distillate: network 0, step 2: the loss is NaN; the networks trained before are in .*train; lower --learning-rate \(1e\+30 now\) and choose another folder by --out\n$/,
    );
  });
});
