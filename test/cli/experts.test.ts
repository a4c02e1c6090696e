// `distillate train` makes the experts of a recipe, and `distillate run` matches their training.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadPool } from "../../src/node.ts";
import { distillate, writeIdxFolder } from "./cli.ts";

const folder = mkdtempSync(join(tmpdir(), "distillate-experts-"));
afterAll(() => rmSync(folder, { recursive: true }));
const data = writeIdxFolder(join(folder, "data"));
const source = { name: "painted", path: data };
const file = join(folder, "small-mtt.json");

writeFileSync(
  file,
  JSON.stringify({
    ...{ name: "small-mtt", data: source, model: { name: "convNet", width: 2, depth: 1 } },
    init: {
      ...{ kind: "experts", pool: "pools/small/train", scheme: "pytorch" },
      training: { data: source, networks: 2, epochs: 2, optimizer: "sgd", learningRate: 0.05, batch: 10 },
    },
    method: { name: "trajectory-matching", imagesPerClass: 1, steps: 2, expertEpochs: 1, maxStartEpoch: 2 },
    outer: { steps: 2 },
    evaluate: { networks: 2, baselines: [] },
  }),
);
const out = join(folder, "run");
const run = (...more: string[]) => distillate(["run", file, "--out", out, "--threads", "1", ...more]);

test("a run asks for its experts, takes them, and is evaluated on random networks", { timeout: 60_000 }, async () => {
  const early = await run();
  expect(early.code).toBe(1);
  expect(early.stderr).toMatch(
    /there are no trained networks; train them first: distillate train .*small-mtt\.json --out /,
  );

  const trained = await distillate(["train", file, "--json"]);
  expect(trained.code, trained.stderr).toBe(0);
  const pool = join(folder, "pools", "small", "train");
  expect(readdirSync(join(folder, "pools", "small"))).toEqual(["train"]);
  const { trajectories } = await loadPool(pool, { trajectories: true });
  expect(trajectories!.map((trajectory) => trajectory.length)).toEqual([3, 3]);

  const whole = await run();
  expect(whole.code, whole.stderr).toBe(0);
  const result = JSON.parse(readFileSync(join(out, "result.json"), "utf8"));
  expect(result).toMatchObject({ outerSteps: 2, evaluation: { networks: 2 } });
  const again = await distillate(["evaluate", join(out, "distilled.npz"), "--data", data, "--networks", "1", "--json"]);
  expect(again.code, again.stderr).toBe(0);
  expect(JSON.parse(again.stdout)).toMatchObject({ init: "random" });

  const plain = join(folder, "plain");
  const args = ["train", file, "--out", plain, "--networks", "1", "--json"];
  const other = JSON.parse((await distillate(args)).stdout);
  expect(other.train.networks).toBe(1);
  const few = await run("--max-start-epoch", "3", "--pool", join(plain, "train"));
  expect(few.code).toBe(1);
  expect(few.stderr).toContain(
    '"init" expected experts of at least 3 epochs, for "maxStartEpoch" 3 and "expertEpochs" 1, got 2',
  );
  const method = await run("--pool", join(plain, "train"), "--method", "windows");
  expect(method.code).toBe(1);
  expect(method.stderr).toContain("which windows does not match");
});

test("a pool without epochs is refused, and says how to make another", async () => {
  const bare = join(folder, "bare");
  const args = ["train", "--data", data, "--networks", "1", "--test-networks", "0", "--epochs", "1", "--out", bare];
  expect((await distillate(args)).code).toBe(0);
  const { code, stderr } = await run("--pool", join(bare, "train"));
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /manifest\.json: expected a pool that has kept the weights of each epoch, got one without: train another/,
  );
});
