// The ablation script: a table and a plot of runs, none of them run twice.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { writeIdxFolder } from "./cli.ts";

const folder = mkdtempSync(join(tmpdir(), "distillate-ablation-"));
afterAll(() => rmSync(folder, { recursive: true }));
const script = fileURLToPath(new URL("../../scripts/ablation.mjs", import.meta.url));

function ablation(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
  return { status, stderr, runs: stdout.split("\n").filter((line) => line.startsWith("distillate run")).length };
}

test("runs each point once, and leaves a table and a plot", () => {
  const data = writeIdxFolder(join(folder, "painted"));
  const fixed = ["--", "--data", data, "--outer-steps", "2", "--batch", "40", "--evaluate", "2", "--baselines", "none"];
  const out = join(folder, "out");
  expect(ablation("--epochs", "1", "--out", out, ...fixed)).toEqual({ status: 0, stderr: "", runs: 1 });
  // The first point is there already; other options make it another.
  expect(ablation("--epochs", "1,2", "--out", out, ...fixed).runs).toBe(1);
  expect(ablation("--epochs", "1,2", "--out", out, ...fixed).runs).toBe(0);
  expect(ablation("--epochs", "1", "--out", out, ...fixed, "--seed", "2").runs).toBe(1);
  ablation("--epochs", "1,2", "--out", out, ...fixed);
  expect(readFileSync(join(out, "epochs.md"), "utf8")).toMatch(/\n\| 1 \| 100 \|.*\n\| 2 \| 100 \|/);
  expect(readFileSync(join(out, "epochs.svg"), "utf8").match(/<circle/g)).toHaveLength(2);
  expect(ablation("--epochs", "x", "--out", out).status).toBe(2);
}, 60_000);
