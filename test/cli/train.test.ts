// `distillate train` leaves pools that sets are evaluated on.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { backGradient, distill, pretrained } from "../../src/index.ts";
import { loadIdxFolder, loadPool, saveDistilled } from "../../src/node.ts";
import { distillate, writeIdxFolder } from "./cli.ts";

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
