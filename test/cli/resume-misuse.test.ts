// Runs that go on where something is amiss: nothing that a run left is lost, whatever a person does beside it.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkGoesOn, loadResumed, offerToGoOn } from "../../src/cli/input/resume.ts";
import { type Following, follow } from "../../src/cli/output/follow.ts";
import type { Distillation } from "../../src/index.ts";
import { lockFolder } from "../../src/node/lock.ts";
import { distillate, jsonLines, start, writeIdxFolder } from "./cli.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-misuse-"));
  writeIdxFolder(join(folder, "painted"), { size: 12 });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The data's path is relative, as a person writes it. */
const settings = (steps: number, out: string, ...more: string[]) => [
  ...["run", "--data", "painted", "--size", "28", "--steps", "2", "--batch", "40", "--threads", "1"],
  ...["--evaluate", "0", "--outer-steps", String(steps), "--out", out, ...more],
];
const run = (steps: number, out: string, ...more: string[]) =>
  distillate(settings(steps, out, ...more), { cwd: folder });
const goOn = (from: string, ...more: string[]) =>
  distillate(["run", "--resume", from, "--threads", "1", ...more], { cwd: folder });
const at = (...path: string[]) => join(folder, ...path);
const result = (out: string) => JSON.parse(readFileSync(at(out, "result.json"), "utf8"));
const metricsOf = (out: string) => readFileSync(at(out, "metrics.jsonl"), "utf8");
const steps = (out: string) => jsonLines(metricsOf(out)).map(({ step }) => step);
const contents = (out: string) =>
  readdirSync(at(out), { recursive: true }).map((name) => [name, statSync(at(out, String(name))).mtimeMs]);

describe("a run that has taken all its steps", () => {
  test("goes on to the result that it had", async () => {
    await run(3, "finished");
    const { loss, sha256 } = result("finished");
    expect(await goOn("finished")).toMatchObject({ code: 0 });
    expect(result("finished")).toMatchObject({ loss, sha256, outerSteps: 3 });
  }, 60_000);

  test("does not go on to fewer, which would give its recipe a number of steps that it has not", async () => {
    await run(3, "more");
    const before = contents("more");
    const { code, stderr } = await goOn("more", "--outer-steps", "2");
    expect(code).toBe(2);
    expect(stderr).toContain(
      `expected at least the 3 outer steps that ${join("more", "checkpoint.safetensors")} comes after, got 2`,
    );
    expect(contents("more")).toEqual(before);
  }, 60_000);
});

describe("a run in previous/", () => {
  test("goes on, and its recipe is run again, with the relative paths that it had before it was moved", async () => {
    await run(2, "deep/older");
    await run(2, "deep/older");
    expect(await goOn("deep/older/previous", "--outer-steps", "3", "--out", "other")).toMatchObject({ code: 0 });
    expect(await goOn("deep/older/previous", "--outer-steps", "3")).toMatchObject({ code: 0 });
    expect(result("deep/older/previous").sha256).toBe(result("other").sha256);
    await run(2, "deep/older");
    const recipe = at("deep/older/previous/recipe.json");
    expect(await distillate(["run", recipe, "--out", at("same")])).toMatchObject({ code: 0 });
    expect(result("same").sha256).toBe(result("deep/older").sha256);
  }, 60_000);

  test("is not replaced by another one while it goes on there", async () => {
    await run(2, "twice");
    await run(3, "twice");
    const before = contents("twice").length;
    const first = start(["run", "--resume", "twice/previous", "--outer-steps", "100000", "--threads", "1"], {
      cwd: folder,
    });
    await first.said('"event":"progress"');
    const second = await run(2, "twice");
    first.child.kill("SIGINT");
    await first.outcome;
    expect(second.code).toBe(1);
    expect(second.stderr).toContain("another run writes there");
    expect(contents("twice").length).toBeGreaterThanOrEqual(before);
    expect(result("twice").outerSteps).toBe(3);
    expect(result("twice/previous").stopped).toBe(true);
  }, 60_000);

  test("does not go on in the folder above, which replaces its previous/", async () => {
    await run(2, "above");
    await run(3, "above");
    symlinkSync(at("above"), at("link"));
    const before = contents("above");
    for (const out of ["above", "link"]) {
      const { code, stderr } = await goOn("above/previous", "--outer-steps", "4", "--out", out);
      expect(code).toBe(2);
      expect(stderr).toContain(`--out expected another folder than ${out}: a run there replaces above/previous`);
    }
    expect(contents("above")).toEqual(before);
  }, 60_000);
});

test("a run goes on in its own folder by whatever name that is called", async () => {
  await run(2, "real");
  symlinkSync(at("real"), at("alias"));
  expect(await goOn("alias", "--outer-steps", "3", "--out", "real")).toMatchObject({ code: 0 });
  expect(existsSync(at("real/previous"))).toBe(false);
  expect(steps("real")).toEqual([1, 2, 3]);
}, 60_000);

describe("metrics.jsonl", () => {
  test("keeps every line of a step before the checkpoint, also behind what somebody wrote into it", async () => {
    await run(4, "edited");
    const lines = metricsOf("edited").split("\n");
    const strange = Buffer.from([0xff, 0x0a]);
    writeFileSync(at("edited/metrics.jsonl"), `\uFEFF${lines.slice(0, 2).join("\n")}\nnot a line\n{"step":null}\n`);
    appendFileSync(at("edited/metrics.jsonl"), Buffer.concat([strange, Buffer.from(lines.slice(2).join("\n"))]));
    await goOn("edited", "--outer-steps", "6");
    expect(steps("edited")).toEqual([1, 2, 3, 4, 5, 6]);
  }, 60_000);

  test("stays as it is if it cannot be read", async () => {
    await run(2, "large");
    truncateSync(at("large/metrics.jsonl"), 2 ** 31);
    const { code, stderr } = await goOn("large", "--outer-steps", "3");
    expect(code).toBe(1);
    expect(stderr).toContain("metrics.jsonl: expected at most 2147483647 bytes, got 2147483648");
    expect(statSync(at("large/metrics.jsonl")).size).toBe(2 ** 31);
    expect(existsSync(at("large/result.json"))).toBe(true);
  }, 60_000);
});

test("a run whose folder is replaced goes on from where its files are instead, with its relative paths", async () => {
  mkdirSync(at("temporary/deeper"), { recursive: true });
  const cli = start(settings(100_000, "replaced"), { cwd: folder, env: { TMPDIR: at("temporary/deeper") } });
  await cli.said('"event":"progress"');
  renameSync(at("replaced"), at("away"));
  writeFileSync(at("replaced"), "");
  cli.child.kill("SIGINT");
  const { stderr } = await cli.outcome;
  const [, elsewhere] = /the files of this run are in (.*)/.exec(stderr)!;
  const { outerSteps } = JSON.parse(readFileSync(join(elsewhere!, "result.json"), "utf8"));
  const again = await goOn(elsewhere!, "--outer-steps", String(outerSteps + 1));
  expect(again).toMatchObject({ code: 0 });
  const recipe = await distillate(["run", join(elsewhere!, "recipe.json"), "--outer-steps", "1", "--out", at("new")]);
  expect(recipe).toMatchObject({ code: 0 });
}, 60_000);

test("a checkpoint comes after the evaluation of its step, so that no evaluation is missing from a run that goes on", async () => {
  const events: string[] = [];
  const said = (what: string) => async () => void events.push(what);
  const folder = { addMetric() {}, refreshPicture: async () => {}, saveCheckpoint: said("checkpoint") };
  let now = 0;
  const following = { folder, reports: [], seconds: () => now++, from: 0, checkpointEvery: 1 };
  const callbacks = { checkpoint: async () => new Uint8Array(), begin: async () => {}, watch: said("evaluation") };
  async function* distillation() {
    yield { step: 1, steps: 1, epoch: 1, loss: 1, learningRate: 1 };
  }
  await follow(distillation() as unknown as Distillation, { ...following, ...callbacks } as unknown as Following);
  expect(events).toEqual(["evaluation", "checkpoint"]);
});

describe("the question whether to go on", () => {
  const asked = async (...typed: string[]) => {
    const terminal = () => Object.assign(new PassThrough(), { isTTY: true });
    const [input, output] = [terminal(), terminal()];
    const { recipe } = await loadResumed(at("stopped"));
    const offered = offerToGoOn(at("stopped"), recipe, { input, output });
    let text = "";
    output.on("data", (part) => {
      text += part;
      if (String(part).includes("[Y/n]")) input.write(typed.shift() ?? "");
    });
    const found = await offered.catch((error: Error) => error.name);
    return { found, questions: text.split("Go on from there?").length - 1 };
  };
  beforeAll(async () => {
    const cli = start(settings(100_000, "stopped"), { cwd: folder });
    await cli.said('"event":"progress"');
    cli.child.kill("SIGINT");
    await cli.outcome;
  }, 60_000);

  test("is asked again after an answer that is neither yes nor no", async () => {
    expect(await asked("q\r", "later\r", "No\r")).toEqual({ found: undefined, questions: 3 });
  });

  test("ends by Ctrl-C and Ctrl-D, and nothing is begun", async () => {
    expect((await asked("\x03")).found).toBe("InterruptedError");
    expect((await asked("\x04")).found).toBe("InterruptedError");
  });

  test("is not asked while another run writes there", async () => {
    const lock = await lockFolder(at("stopped"));
    expect(await asked("\r")).toEqual({ found: undefined, questions: 0 });
    await lock.release();
  });

  test("is in vain if another process wrote there meanwhile", async () => {
    const before = await loadResumed(at("stopped"));
    await goOn("stopped", "--outer-steps", String(before.state.step + 1));
    await expect(checkGoesOn(before, before.folder, 100_000)).rejects.toThrow("another process has written there");
  }, 60_000);
});
