// `distillate verify` of the folder of a run and of its set alone: what is the same, what is not, and what cannot be told.
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lenet, parametersToSafetensors } from "../../src/index.ts";
import { loadCheckpoint, loadDistilled, saveCheckpoint, saveDistilled } from "../../src/node.ts";
import { paint } from "../helpers.ts";
import { distillate, start, writeIdxFolder } from "./cli.ts";

let folder: string;
let data: string;
let run: string;
let sha256: string;

const settings = ["--steps", "2", "--epochs", "1", "--batch", "40", "--evaluate", "0", "--threads", "1"];
const distil = (out: string, ...more: string[]) =>
  distillate(["run", "--data", data, ...settings, "--out", join(folder, out), ...more]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "distillate-verify-"));
  data = writeIdxFolder(join(folder, "painted"));
  run = join(folder, "run");
  expect(await distil("run", "--outer-steps", "4", "--networks", "2")).toMatchObject({ code: 0 });
  sha256 = JSON.parse(readFileSync(join(run, "result.json"), "utf8")).sha256;
});
afterAll(() => rmSync(folder, { recursive: true }));

const verify = (path: string, ...more: string[]) => distillate(["verify", path, ...more]);
/** A copy of the run's folder, which may be changed. */
function copy(name: string): string {
  const path = join(folder, name);
  cpSync(run, path, { recursive: true, preserveTimestamps: true });
  return path;
}
function replace(path: string, from: string | RegExp, to: string): void {
  const before = readFileSync(path, "utf8");
  const after = before.replace(from, to);
  expect(after, path).not.toBe(before);
  writeFileSync(path, after);
}
const contents = (path: string) => readdirSync(path).map((name) => [name, statSync(join(path, name)).mtimeMs]);

describe("the same", () => {
  test("bytes, on other threads and on workers, and nothing in the folder is changed", async () => {
    const before = contents(run);
    for (const where of [
      ["--threads", "2"],
      ["--workers", "2"],
    ]) {
      expect(await verify(run, ...where)).toEqual({
        code: 0,
        stdout: `${run}: the same bytes: the recipe, run again on painted, gives sha256 ${sha256} after 4 outer steps\n`,
        stderr: "",
      });
    }
    expect(contents(run)).toEqual(before);
  });

  test("losses of the first steps, in a moment, which say nothing of the bytes", async () => {
    const { code, stdout, stderr } = await verify(run, "--quick", "2");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      `${run}: the losses of the first 2 outer steps are those of metrics.jsonl; the bytes of the set were not compared\n`,
    );
    const json = JSON.parse((await verify(run, "--quick", "2", "--json")).stdout);
    expect(json).toMatchObject({ same: true, bytes: null, losses: { compared: 2 } });
  });

  test("bytes of a single file, whose recipe is in it, on data that are named", async () => {
    for (const name of ["distilled.npz", "distilled.safetensors"]) {
      const { code, stdout } = await verify(join(run, name), "--data", data, "--json");
      expect({ code, ...JSON.parse(stdout) }).toMatchObject({
        ...{ code: 0, same: true, bytes: true, differs: [], expected: sha256, sha256, steps: 4 },
        ...{ data: { name: "painted", count: 200 }, losses: { compared: 0 } },
      });
    }
    expect(await verify(join(run, "distilled.npz"))).toMatchObject({
      code: 1,
      stderr: "distillate: painted is not here: give its folder, archive or file by --data\n",
    });
  });

  test("bytes without checkpoint and recipe.json, which is said, and with the data in another place", async () => {
    const path = copy("few");
    for (const name of ["checkpoint.safetensors", "recipe.json", "distilled.safetensors"]) rmSync(join(path, name));
    const { code, stdout, stderr } = await verify(path, "--data", data);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain("the same bytes");
    expect(stderr).toContain(`has no checkpoint.safetensors, so nothing tells the SHA-256 of its data\n`);
    expect(stderr).toContain("has no recipe.json\n");
  });

  test("bytes of a run that was stopped, and of one that went on", async () => {
    const out = join(folder, "stopped");
    const cli = start(["run", "--data", data, ...settings, "--outer-steps", "100000", "--out", out]);
    await cli.said('"event":"progress"');
    cli.child.kill("SIGINT");
    await cli.outcome;
    const { outerSteps } = JSON.parse(readFileSync(join(out, "result.json"), "utf8"));
    expect((await verify(out)).stdout).toContain("the same bytes");
    const more = ["run", "--resume", out, "--outer-steps", String(outerSteps + 3), "--threads", "1"];
    expect(await distillate(more)).toMatchObject({ code: 0 });
    const { stdout } = await verify(out, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      same: true,
      steps: outerSteps + 3,
      losses: { compared: outerSteps + 3 },
    });
  });
});

test("a set for a pretrained network needs the same one", async () => {
  const model = lenet();
  const weights = (name: string, scale: number) => {
    const path = join(folder, name);
    const theta = Float32Array.from(paint(model.parameterCount, 3), (value) => scale * value);
    writeFileSync(path, parametersToSafetensors(model, theta));
    return path;
  };
  const net = weights("net.safetensors", 0.1);
  expect(await distil("adapted", "--outer-steps", "2", "--pool", net)).toMatchObject({ code: 0 });
  const [adapted, file] = [join(folder, "adapted"), join(folder, "adapted/distilled.npz")];
  expect(await verify(adapted)).toMatchObject({ code: 0, stderr: "" });
  expect(await verify(file, "--data", data, "--weights", net)).toMatchObject({ code: 0, stderr: "" });
  expect(await verify(file, "--data", data)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /was distilled for pretrained networks, 1 in all, with SHA-256 "[0-9a-f…]+": give .* by --weights\n$/,
    ),
  });
  const other = weights("other.safetensors", 0.2);
  expect(await refusal(adapted, "--weights", other)).toMatch(
    /in recipe\.json, got one with init\.sha256 "[0-9a-f…]+" instead of/,
  );
  expect(await refusal(file, "--data", data, "--weights", other)).toMatch(/distilled\.npz: "init\.sha256" expected/);
});

describe("not the same", () => {
  test("a set that another recipe made, in words and with the exit code 1", async () => {
    const path = join(folder, "other.npz");
    const set = await loadDistilled(join(run, "distilled.npz"));
    await saveDistilled(path, { ...set, recipe: { ...set.recipe, seed: 9, version: "0.0.1" } });
    const { code, stdout, stderr } = await verify(path, "--data", data);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      new RegExp(`: not the same: the recipe, .* and not ${sha256}; different are images, learningRates\n$`),
    );
    expect(stderr).toMatch(/^note: .*made by version "0.0.1", this is .*: other versions may give other bits\n$/);
  });

  test("a loss of metrics.jsonl, which is told at once", async () => {
    const path = copy("loss");
    replace(join(path, "metrics.jsonl"), /("step":3,"loss":)[\d.]+/, "$17.5");
    const { code, stdout, stderr } = await verify(path);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /: the same bytes, but metrics.jsonl is of another run: the losses differ first in outer step 3: /,
    );
    expect(stderr).toMatch(/^note: .*: the loss of outer step 3 is \d\S+, and 7.5 in metrics.jsonl; the run goes on/);
    const quick = await verify(path, "--quick", "3");
    expect(quick).toMatchObject({ code: 1, stderr: "" });
    expect(quick.stdout).toMatch(/: not the same: the loss of outer step 3 is \d\S+, and 7.5 in metrics.jsonl\n$/);
    expect(await verify(path, "--quick", "2")).toMatchObject({ code: 0 });
    writeFileSync(join(path, "metrics.jsonl"), "");
    expect(await verify(path, "--quick", "2")).toMatchObject({
      code: 1,
      stdout: `${path}: nothing was compared: metrics.jsonl has no loss of the first 2 outer steps\n`,
    });
  });
});

/** The one line of a refusal. */
async function refusal(path: string, ...more: string[]): Promise<string> {
  const { code, stdout, stderr } = await verify(path, ...more);
  expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^distillate: [^\n]{1,600}\n$/);
  return stderr.slice("distillate: ".length, -1);
}

describe("files that do not agree are named before anything is computed", () => {
  test("a set of another run in the place of one of the two", async () => {
    const path = copy("sets");
    expect(await distil("seven", "--outer-steps", "4", "--networks", "2", "--seed", "7")).toMatchObject({ code: 0 });
    cpSync(join(folder, "seven/distilled.npz"), join(path, "distilled.npz"));
    expect(await refusal(path)).toMatch(
      /distilled\.npz: expected sha256 "[0-9a-f]{64}", as the set has it, got "[0-9a-f]{64}"$/,
    );
    const set = await loadDistilled(join(run, "distilled.npz"));
    await saveDistilled(join(path, "distilled.npz"), { ...set, momentum: 0.5 });
    expect(await refusal(path)).toMatch(
      /distilled\.npz: expected what distilled\.safetensors has, got momentum 0\.5 instead of/,
    );
  });

  test("a result, a recipe and a checkpoint of other runs", async () => {
    const result = copy("result");
    replace(
      join(result, "result.json"),
      sha256,
      sha256.replace(/^./, (c) => (c === "a" ? "b" : "a")),
    );
    expect(await refusal(result)).toContain("result.json: expected sha256");
    const steps = copy("steps");
    replace(join(steps, "result.json"), '"outerSteps": 4', '"outerSteps": 5');
    expect(await refusal(steps)).toContain("result.json: expected outerSteps 4, as the set has it, got 5");
    const recipe = copy("recipe");
    replace(join(recipe, "recipe.json"), '"seed": 1', '"seed": 2');
    expect(await refusal(recipe)).toMatch(
      /expected the recipe of the set in recipe\.json, got one with seed 2 instead of 1$/,
    );
    const checkpoint = copy("checkpoint");
    const { state, note } = await loadCheckpoint(join(checkpoint, "checkpoint.safetensors"));
    await saveCheckpoint(join(checkpoint, "checkpoint.safetensors"), { ...state, step: 3 }, note);
    expect(await refusal(checkpoint)).toContain(
      "checkpoint.safetensors: expected outer step 4, as the set has it, got 3",
    );
    const spec = { ...state.spec, networksPerStep: 3 };
    await saveCheckpoint(join(checkpoint, "checkpoint.safetensors"), { ...state, spec }, note);
    expect(await refusal(checkpoint)).toMatch(
      /expected the recipe of the set in checkpoint\.safetensors, got one with networksPerStep 3 instead of 2$/,
    );
  });

  test("data of which one pixel is another", async () => {
    const other = join(folder, "changed/painted");
    cpSync(data, other, { recursive: true });
    const images = join(other, "train-images-idx3-ubyte");
    const bytes = readFileSync(images);
    // Two pixels change places, so that mean and std stay.
    const at = bytes.findIndex((byte, i) => i >= 16 && byte !== bytes[i + 1]);
    [bytes[at], bytes[at + 1]] = [bytes[at + 1]!, bytes[at]!];
    writeFileSync(images, bytes);
    expect(await refusal(run, "--data", other)).toMatch(
      /run: expected the data of the run, as checkpoint\.safetensors tells of them, got painted with pixels "[0-9a-f…]+" instead of/,
    );
    const few = writeIdxFolder(join(folder, "few-images/painted"), { train: 100 });
    expect(await refusal(join(run, "distilled.npz"), "--data", few)).toMatch(
      /distilled\.npz: "data" expected the 200 images that the set was distilled from, got 100/,
    );
  });

  test("damaged files, and a folder without a set", async () => {
    const path = copy("damaged");
    appendFileSync(join(path, "checkpoint.safetensors"), "x");
    expect(await refusal(path)).toContain("checkpoint.safetensors: expected the end of the file at byte");
    rmSync(join(path, "checkpoint.safetensors"));
    writeFileSync(join(path, "metrics.jsonl"), "{}\n");
    expect(await refusal(path)).toContain("metrics.jsonl: line 1: expected step to be a whole number");
    expect(await refusal(data)).toBe(
      `${data}: expected the folder of a finished run, with distilled.safetensors or distilled.npz, found neither`,
    );
    expect(await refusal(join(folder, "none"))).toBe(`${join(folder, "none")}: no such file or folder`);
  });

  test.each([
    ["gpu", { gpu: { name: "llvmpipe", software: true } }, 'the GPU "llvmpipe"'],
    ["relaxed", { simd: "relaxed" }, "relaxed SIMD"],
  ])("a set that claims no digest: %s", async (name, inexact, what) => {
    const path = join(folder, `${name}.npz`);
    const set = await loadDistilled(join(run, "distilled.npz"));
    await saveDistilled(path, { ...set, recipe: { ...set.recipe, ...inexact } });
    expect(await refusal(path, "--data", data)).toBe(
      `${path}: was made with ${what}, which rounds in its own way, so no other run gives these bytes: replay its recipe on WASM ` +
        "for the bits, by distillate run RECIPE --backend wasm",
    );
  });
});

test("Ctrl-C stops it, says how far it came, and changes nothing", async () => {
  const path = copy("long");
  const out = join(path, "distilled.npz");
  const set = await loadDistilled(out);
  const outer = { ...(set.recipe.outer as object), steps: 100_000 };
  await saveDistilled(out, { ...set, recipe: { ...set.recipe, outerSteps: 100_000, outer } });
  const cli = start(["verify", out, "--data", data]);
  await new Promise((done) => setTimeout(done, 1500));
  cli.child.kill("SIGINT");
  const { code, stdout, stderr } = await cli.outcome;
  expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
  expect(stderr).toMatch(
    /^stopped after outer step \d+: no difference was found so far, and the bytes were not compared\n$/,
  );
});

test.each([
  [["run", "--quick", "0"], "Expected a whole number of at least 1."],
  [["run", "--factor", "2"], "--factor is for sets of other programs; run is a run"],
  [
    ["run", "--protocol", "paper"],
    "--protocol is for sets of other programs; run is a run, which `distillate evaluate`",
  ],
  [["run", "--weights", "pool"], "--weights expected a set for pretrained networks, got random ones"],
  [["run/distilled.npz", "--quick", "2"], "--quick needs metrics.jsonl: give the folder of the run"],
  [["run/distilled.npz", "--weights", "pool", "--data", "painted"], "--weights expected a set for pretrained networks"],
  [[], "missing required argument 'path'"],
])("wrong usage has the exit code 2: %j", async (args, message) => {
  const { code, stdout, stderr } = await distillate(["verify", ...args], { cwd: folder });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
});
