// The command's runs that diverge: they go back with half the step size, at once or when they are resumed.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cli, distillate, jsonLines, start, writeIdxFolder } from "./cli.ts";

let folder: string;
let data: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-back-off-"));
  data = writeIdxFolder(join(folder, "painted"), { size: 12 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const calm = (out: string, ...more: string[]) => [
  ...["run", "--data", data, "--size", "28", "--batch", "40", "--threads", "1", "--evaluate", "0"],
  ...["--outer-steps", "10", "--steps", "3", "--epochs", "2", "--out", out, ...more],
];
/** Learning rates that Adam makes so large that the networks of the second step or so are lost. */
const wild = (out: string, ...more: string[]) => calm(out, "--lr", "1", "--outer-lr", "20", ...more);
const halve = ["--on-divergence", "halve", "--most-halvings", "12"];
const at = (name: string) => join(folder, name);
const read = (out: string, name: string) => readFileSync(join(out, name), "utf8");
const json = (out: string, name: string) => JSON.parse(read(out, name));
const metrics = (out: string) =>
  jsonLines(read(out, "metrics.jsonl")).map(({ seconds: _, ...rest }) => JSON.stringify(rest));
const goOn = (out: string, ...more: string[]) => distillate(["run", "--resume", out, "--threads", "1", ...more]);

/** Expects the run in `out` to have the bytes, the metrics and the recipe of the one that halved from the start. */
function expectWhole(out: string): void {
  expect(json(out, "result.json").sha256).toBe(json(at("whole"), "result.json").sha256);
  expect(metrics(out)).toEqual(metrics(at("whole")));
  expect(read(out, "recipe.json")).toBe(read(at("whole"), "recipe.json"));
}

describe("a run with --on-divergence halve", () => {
  test("ends, and says when it went back: on the terminal, in its metrics, its recipe, its result and its report", async () => {
    const out = at("whole");
    const { code, stdout, stderr } = await distillate(wild(out, ...halve));
    expect(code).toBe(0);
    const { halvings, outerSteps } = json(out, "result.json");
    expect(outerSteps).toBe(10);
    expect(halvings.length).toBeGreaterThan(0);
    const { step, tensor, value, backTo } = halvings[0];
    const told = `outer step ${step}: the ${tensor} was ${value}; going on after outer step ${backTo} with half the step size`;
    expect(stderr).toContain(`note: ${told}\n`);
    expect(jsonLines(stdout)).toContainEqual({ event: "note", text: told });
    expect(json(out, "recipe.json")).toMatchObject({ halvings, outer: { onDivergence: "halve", mostHalvings: 12 } });
    const lines = jsonLines(read(out, "metrics.jsonl"));
    expect(lines.filter((line) => line.halvings === undefined)).toHaveLength(step - 1);
    expect(lines.find((line) => line.halvings === 1)).toMatchObject({ step: backTo + 1, outerLearningRate: 10 });
    expect(await distillate(["report", out])).toMatchObject({ code: 0 });
    expect(read(out, "report.html")).toContain(`halved after step ${backTo}, because of the ${tensor} in step ${step}`);
  }, 60_000);

  test("gives the same bytes when its recipe.json is run again", async () => {
    const again = at("again");
    expect(await distillate(["run", join(at("whole"), "recipe.json"), "--threads", "1", "--out", again])).toMatchObject(
      {
        code: 0,
      },
    );
    expectWhole(again);
  }, 60_000);

  test("goes on to the same bytes after it was stopped, also when it had gone back", async () => {
    const out = at("stopped");
    const cli: Cli = start(wild(out, ...halve, "--outer-steps", "100000"));
    await cli.said('"event":"note"');
    cli.child.kill("SIGINT");
    expect(await cli.outcome).toMatchObject({ code: 130 });
    expect(await goOn(out, "--outer-steps", "10")).toMatchObject({ code: 0 });
    expectWhole(out);
  }, 60_000);
});

describe("a run that diverged", () => {
  test("goes on by --resume with --on-divergence halve, to the bytes of a run that halved from the start", async () => {
    const out = at("added");
    expect(await distillate(wild(out))).toMatchObject({ code: 1 });
    const { step } = json(out, "result.json").diverged;
    const unchanged = await goOn(out);
    expect(unchanged).toMatchObject({ code: 1 });
    expect(unchanged.stderr).toContain(
      `note: the run in ${out} diverged in outer step ${step}, and will again: add --on-divergence halve\n`,
    );
    expect(json(out, "result.json").diverged.step).toBe(step);
    const { code, stderr } = await goOn(out, ...halve);
    expect(code).toBe(0);
    expect(stderr).not.toContain("will again");
    expectWhole(out);
  }, 60_000);

  test("is not offered to the same command, which would diverge again", async () => {
    const out = at("same");
    expect(await distillate(wild(out))).toMatchObject({ code: 1 });
    const { stderr } = await distillate(wild(out));
    const previous = join(out, "previous");
    expect(stderr).toContain(`note: ${out} holds this run, which diverged in outer step `);
    expect(stderr).toContain(`--resume ${previous} --on-divergence halve goes on with it`);
    expect(await goOn(previous, ...halve)).toMatchObject({ code: 0 });
    expect(json(previous, "result.json").sha256).toBe(json(at("whole"), "result.json").sha256);
  }, 60_000);

  test("that has used up its halvings says how to allow more", async () => {
    const out = at("few");
    const most = json(at("whole"), "result.json").halvings.length - 1;
    expect(most).toBeGreaterThan(0);
    const { code, stderr } = await distillate(wild(out, "--on-divergence", "halve", "--most-halvings", String(most)));
    expect(code).toBe(1);
    expect(stderr.trimEnd()).toMatch(
      new RegExp(`; --resume ${out} --most-halvings ${2 * most} goes on after outer step \\d+$`),
    );
    expect(await goOn(out, "--most-halvings", "12")).toMatchObject({ code: 0 });
    expectWhole(out);
  }, 60_000);
});

test("a run goes on with another --memory, which changes no bit", async () => {
  const [whole, out] = [at("stored"), at("recomputed")];
  await distillate(calm(whole, "--outer-steps", "4"));
  await distillate(calm(out, "--outer-steps", "2"));
  const { code } = await goOn(out, "--outer-steps", "4", "--memory", "recompute");
  expect(code).toBe(0);
  expect(json(out, "result.json").sha256).toBe(json(whole, "result.json").sha256);
}, 60_000);
