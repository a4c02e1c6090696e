// Runs of the command that go on: to the bytes, the metrics and the recipe of a run that was never stopped.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadResumed, offerToGoOn } from "../../src/cli/input/resume.ts";
import { patched } from "../formats/hostile.ts";
import { type Cli, distillate, jsonLines, start, writeIdxFolder } from "./cli.ts";

let folder: string;
let data: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-resume-"));
  data = writeIdxFolder(join(folder, "painted"), { size: 12 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const settings = (...more: string[]) => [
  ...["run", "--data", data, "--size", "28", "--steps", "2", "--batch", "40", "--threads", "1", "--evaluate", "0"],
  ...more,
];
const read = (out: string, name: string) => readFileSync(join(out, name), "utf8");
const metrics = (out: string) =>
  jsonLines(read(out, "metrics.jsonl")).map(({ seconds: _, ...rest }) => JSON.stringify(rest));
const result = (out: string) => JSON.parse(read(out, "result.json"));
const contents = (out: string) => readdirSync(out).map((name) => [name, statSync(join(out, name)).mtimeMs]);
const checkpoint = "checkpoint.safetensors";
const earlier = "checkpoint.previous.safetensors";

/** Starts a run that ends only after a long time, and waits for `what`. */
async function stoppedAfter(out: string, what: (cli: Cli) => Promise<void>, signal: NodeJS.Signals): Promise<void> {
  const cli = start(settings("--outer-steps", "100000", "--checkpoint-every", "1", "--out", out));
  await cli.said('"event":"progress"');
  await what(cli);
  cli.child.kill(signal);
  await cli.outcome;
}

/** Expects the run in `out` to be that of as many steps as it took, and never stopped. */
async function expectWhole(out: string): Promise<void> {
  const { outerSteps, sha256 } = result(out);
  const whole = join(folder, `whole-${outerSteps}`);
  const { code } = await distillate(settings("--outer-steps", String(outerSteps), "--out", whole));
  expect(code).toBe(0);
  expect(sha256).toBe(result(whole).sha256);
  expect(metrics(out)).toEqual(metrics(whole));
  expect(read(out, "recipe.json")).toBe(read(whole, "recipe.json"));
}

/** Returns the number of outer steps that the checkpoint in `out` comes after. */
async function savedStep(out: string): Promise<number> {
  return (await loadResumed(out)).state.step;
}

async function goOn(out: string, steps: number, ...more: string[]) {
  return distillate(["run", "--resume", out, "--outer-steps", String(steps), "--threads", "1", ...more]);
}

describe("a run that goes on ends as one that was never stopped", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "after %s, which saves its last step",
    async (signal) => {
      const out = join(folder, signal);
      await stoppedAfter(out, async () => {}, signal);
      const stopped = result(out);
      expect(stopped).toMatchObject({ stopped: true, outerSteps: await savedStep(out) });
      const { code, stdout, stderr } = await goOn(out, stopped.outerSteps + 5);
      expect(code).toBe(0);
      expect(jsonLines(stdout)[0]).toMatchObject({
        event: "start",
        resumed: { step: stopped.outerSteps, path: join(out, checkpoint) },
      });
      expect(stderr).toContain(`goes on  after outer step ${stopped.outerSteps}, from ${join(out, checkpoint)}`);
      expect(result(out).seconds).toBeGreaterThan(stopped.distillSeconds);
      expect(existsSync(join(out, "previous"))).toBe(false);
      await expectWhole(out);
    },
    60_000,
  );

  test("after kill -9, from the last checkpoint", async () => {
    const out = join(folder, "killed");
    const saved = async () => {
      while (!existsSync(join(out, earlier))) await setTimeout(50);
    };
    await stoppedAfter(out, saved, "SIGKILL");
    expect(existsSync(join(out, "result.json"))).toBe(false);
    // Lines of steps after the checkpoint are taken back.
    expect(metrics(out).length).toBeGreaterThanOrEqual(await savedStep(out));
    await goOn(out, (await savedStep(out)) + 3);
    expect(readdirSync(out).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    await expectWhole(out);
  }, 60_000);

  test("on workers, into another folder, when a finished run is made longer", async () => {
    const [first, out] = [join(folder, "shorter"), join(folder, "longer")];
    await distillate(settings("--outer-steps", "3", "--out", first));
    const before = contents(first);
    const { code } = await goOn(first, 6, "--workers", "1", "--out", out);
    expect(code).toBe(0);
    expect(contents(first)).toEqual(before);
    await expectWhole(out);
  }, 60_000);

  test("from the checkpoint before the last one, if the last is damaged", async () => {
    const out = join(folder, "damaged");
    await distillate(settings("--outer-steps", "3", "--out", out));
    await goOn(out, 5);
    const bytes = readFileSync(join(out, checkpoint));
    writeFileSync(join(out, checkpoint), patched(bytes, bytes.length - 9, 1));
    const { code, stderr } = await goOn(out, 6);
    expect(code).toBe(0);
    expect(stderr).toContain("the file is damaged; going on from the checkpoint before it");
    expect(stderr).toContain(`goes on  after outer step 3, from ${join(out, earlier)}`);
    await expectWhole(out);
  }, 60_000);
});

describe("a run does not go on", () => {
  test("with other settings, and its files stay as they are", async () => {
    const out = join(folder, "other");
    await distillate(settings("--outer-steps", "2", "--out", out));
    const before = contents(out);
    const { code, stderr } = await goOn(out, 4, "--seed", "9", "--batch", "30");
    expect(code).toBe(1);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(
      'distillate: "resume" expected a state of the same run, got one of a run with seed 1 instead of 9, outer.batch 40 instead of 30',
    );
    expect(contents(out)).toEqual(before);
  }, 60_000);

  test("without a checkpoint, or beside a recipe", async () => {
    const none = await goOn(data, 4);
    expect(none).toMatchObject({ code: 2 });
    expect(none.stderr).toBe(
      `distillate: ${data}: expected the folder of a run, with checkpoint.safetensors to go on from, got none\n`,
    );
    const both = await distillate(["run", "digits-fixed", "--resume", data]);
    expect(both).toMatchObject({ code: 2 });
    expect(both.stderr).toContain("expected a recipe or --resume");
  });

  test("by itself: the same command says how, and moves the run away with its checkpoint", async () => {
    const out = join(folder, "again");
    await stoppedAfter(out, async () => {}, "SIGINT");
    const step = await savedStep(out);
    const { code, stderr } = await distillate(settings("--outer-steps", "2", "--out", out));
    expect(code).toBe(0);
    const previous = join(out, "previous");
    expect(stderr).toContain(`note: ${out} holds this run, which was stopped after outer step ${step} of 100000`);
    expect(stderr).toContain(`--resume ${previous} goes on with it`);
    expect(await savedStep(previous)).toBe(step);
    expect(await savedStep(out)).toBe(2);
  }, 60_000);
});

describe("at a terminal the same command asks whether to go on", () => {
  const asked = async (out: string, answer: string, changed = {}) => {
    const terminal = () => Object.assign(new PassThrough(), { isTTY: true });
    const [input, output] = [terminal(), terminal()];
    const { recipe } = await loadResumed(out);
    input.write(`${answer}\n`);
    const found = await offerToGoOn(out, { ...recipe, ...changed }, { input, output });
    return { found, text: String(output.read() ?? "") };
  };

  test("and takes no for an answer", async () => {
    const out = join(folder, "asked");
    await stoppedAfter(out, async () => {}, "SIGINT");
    const step = await savedStep(out);
    const yes = await asked(out, "");
    expect(yes.text).toContain(`${out} holds this run, which was stopped after outer step ${step} of 100000. Go on`);
    expect(yes.found).toMatchObject({ folder: out, state: { step } });
    expect((await asked(out, "n")).found).toBeUndefined();
    // Another recipe is another run, of which nobody is asked.
    expect(await asked(out, "", { seed: 9 })).toEqual({ found: undefined, text: "" });
  }, 60_000);
});
