// From a recipe that starts from trained networks to its result, on painted images: training the pool, adaptation to other
// images, poisoning.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeInit } from "../../src/distill/weight-source.ts";
import { lenet, pretrained } from "../../src/index.ts";
import { loadDistilled, loadParameters } from "../../src/node.ts";
import { distillate, writeIdxFolder } from "./cli.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-pretrained-"));
  writeIdxFolder(join(folder, "source"));
  writeIdxFolder(join(folder, "target"), { train: 100, test: 30, size: 16 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const command = async (line: string) => {
  const { code, stdout, stderr } = await distillate(line.split(" "), {
    cwd: folder,
    env: { DISTILLATE_CACHE: join(folder, "cache"), XDG_CACHE_HOME: folder },
  });
  return { code, stdout, stderr };
};
const run = async (line: string, out: string) => {
  const { code, stderr } = await command(`run ${line} --out ${out}`);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const read = (name: string) => JSON.parse(readFileSync(join(folder, out, name), "utf8"));
  return { result: read("result.json"), recipe: read("recipe.json"), stderr };
};
const fast = "--outer-steps 2 --batch 40 --steps 2 --epochs 2 --baselines none";

test("what is missing is said with the command that makes it", async () => {
  expect(await command("run mnist-usps --data target")).toMatchObject({
    code: 1,
    stderr:
      "distillate: pools/mnist-lenet/train: there are no trained networks; train them first: " +
      "distillate train mnist-usps --out pools/mnist-lenet --dataset mnist\n",
  });
  expect((await command("run usps-mnist --data source")).stderr).toContain(
    "distillate train usps-mnist --out pools/usps-lenet --data <usps>\n",
  );
  expect((await command("run usps-mnist")).stderr).toMatch(/^distillate: mnist: expected .* --dataset mnist .*\n$/);
  expect((await command("run mnist-usps")).stderr).toBe(
    "distillate: usps is not here: give its folder, archive or file by --data\n",
  );
  expect((await command("train mnist-fixed")).stderr).toBe(
    "distillate: mnist-fixed starts from no networks that could be trained here\n",
  );
});

test("a pool is trained, networks are adapted to other images of another size, and poisoned", async () => {
  const trained = await command("train mnist-usps --data source --networks 3 --test-networks 2 --epochs 1");
  expect(trained).toMatchObject({ code: 0 });
  expect(trained.stdout).toMatch(/^pools\/mnist-lenet\/train: 3 networks, .*\npools\/mnist-lenet\/test: 2 networks, /);

  const adapted = await run(`mnist-usps --data target ${fast} --networks 2`, "adapted");
  expect(adapted.result).toMatchObject({
    recipe: "mnist-usps",
    data: { name: "target", train: 100, test: 30 },
    networks: 2,
    evaluation: { networks: 2 },
    baselines: {},
  });
  expect(adapted.recipe).toMatchObject({
    data: { name: "target", path: "../target", size: 28, padding: 3 },
    init: { kind: "pretrained", pool: "../pools/mnist-lenet/train", testPool: "../pools/mnist-lenet/test" },
  });
  expect(adapted.stderr).toContain("networks of a trained pool");
  const again = await run("adapted/recipe.json", "again");
  expect(again.result.sha256).toBe(adapted.result.sha256);
  expect(again.result.evaluation).toEqual(adapted.result.evaluation);

  const evaluate = "evaluate adapted/distilled.npz --data target --weights pools/mnist-lenet/test --json";
  expect((await command(evaluate)).stderr).toMatch(
    /^distillate: adapted\/distilled.npz has images of 1×28×28, target of 1×16×16/,
  );
  const evaluated = JSON.parse((await command(`${evaluate} --size 28 --padding 3`)).stdout);
  expect(evaluated.accuracies).toEqual(adapted.result.evaluation.accuracies);
  const measured = await command(
    "baselines mnist-usps --data target --evaluate 2 --steps 1 --epochs 2 --baselines nearest-random-real,class-average --json",
  );
  expect(measured).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(measured.stdout)).toMatchObject({
    data: { name: "target", train: 100 },
    baselines: { "class-average": { networks: 2 } },
  });

  const fixed = await run(`mnist-usps-fixed --data target ${fast}`, "fixed");
  expect(fixed.result).toMatchObject({ evaluation: { networks: 1 } });
  expect(fixed.stderr).toContain("one trained network");

  const attack = await run(`mnist-attack --data source --outer-steps 2 --batch 40 --networks 2`, "attack");
  expect(attack.recipe).toMatchObject({ attack: { from: 0, to: 1 }, evaluate: { baselines: [] } });
  expect(attack.result.attack.misread).toMatchObject({ mean: expect.any(Number), std: expect.any(Number) });
  expect(attack.result.evaluation).not.toHaveProperty("confusions");
  expect(attack.stderr).toMatch(/ class 0 read as 1 +\d+\.\d % ± /);
  const other = await run(`mnist-attack --data source --outer-steps 2 --batch 40 --networks 2 --attack 3,4`, "other");
  expect(other.result.sha256).not.toBe(attack.result.sha256);

  const weights = "pools/mnist-lenet/train/network-0000.safetensors";
  const file = await run(`mnist-fixed --data source ${fast} --pool ${weights}`, "file");
  expect(file.recipe.init).toEqual({ kind: "pretrained", pool: `../${weights}` });
  expect(file.result.evaluation.networks).toBe(1);
}, 60_000);

test("a recipe in a file trains one network in three channels, and starts from it with a new last layer", async () => {
  const images = { path: "source", size: 32, channels: 3 };
  const training = { data: { name: "source", ...images }, networks: 1, testNetworks: 0, epochs: 1 };
  const init = { kind: "pretrained", pool: "one/train/network-0000.safetensors", freshLastLayer: true, training };
  const recipe = {
    name: "fresh",
    data: { name: "source", ...images, augment: { crop: 2, flip: true } },
    model: { name: "lenet" },
    init,
    method: { steps: 1, epochs: 1 },
    outer: { steps: 1, batch: 20 },
    evaluate: { networks: 1, baselines: [] },
  };
  writeFileSync(join(folder, "fresh.json"), JSON.stringify(recipe));
  expect((await command("run fresh.json")).stderr).toBe(
    "distillate: one/train/network-0000.safetensors: there are no trained networks; train them first: " +
      "distillate train fresh.json --out one\n",
  );
  expect((await command("run fresh.json --pool source")).stderr).toBe(
    "distillate: source: init.freshLastLayer expected the file of one network, got a folder\n",
  );
  expect((await command("train fresh.json --out one")).stdout).toMatch(/^one\/train: 1 network, /);
  await run("fresh.json", "fresh");
  const set = await loadDistilled(join(folder, "fresh", "distilled.npz"));
  expect(set).toMatchObject({ channels: 3, height: 32, recipe: { augment: { crop: 2, flip: true } } });
  const weights = await loadParameters(join(folder, init.pool), lenet({ channels: 3, size: 32 }), {
    freshLastLayer: true,
  });
  expect(set.recipe.init).toEqual(await describeInit(pretrained([weights])));
}, 60_000);
