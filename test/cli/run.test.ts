import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { setDigest } from "../../src/distill/digest.ts";
import { loadDistilled } from "../../src/node.ts";
import { version } from "../../src/version.gen.ts";
import { distillate, jsonLines, start, writeIdxFolder } from "./cli.ts";

const files = [
  ...["checkpoint.safetensors", "distilled.npz", "distilled.safetensors"],
  ...["images.png", "metrics.jsonl", "recipe.json", "result.json"],
];

let folder: string;
let data: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-cli-"));
  data = writeIdxFolder(join(folder, "painted"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const resultOf = (out: string) => JSON.parse(readFileSync(join(out, "result.json"), "utf8"));
const metricsOf = (out: string) => jsonLines(readFileSync(join(out, "metrics.jsonl"), "utf8"));

async function expectSavedSet(out: string, steps: number) {
  expect(readdirSync(out).sort()).toEqual(files);
  const { sha256 } = resultOf(out);
  for (const name of ["distilled.safetensors", "distilled.npz"]) {
    const set = await loadDistilled(join(out, name));
    expect(await setDigest(set)).toBe(sha256);
    expect(set.recipe).toMatchObject({ outerSteps: steps });
  }
  expect([...readFileSync(join(out, "images.png")).subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
  expect(metricsOf(out).map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
}

test("a run leaves its files, and tells a program in JSON lines and a person in text", async () => {
  const out = join(folder, "run");
  const sizes = [
    ...["--steps", "3", "--epochs", "2", "--outer-steps", "3", "--batch", "64"],
    ...["--networks-per-step", "2", "--evaluate", "2", "--threads", "2"],
  ];
  const { code, stdout, stderr } = await distillate(["run", "--data", data, ...sizes, "--out", out]);
  expect({ code, stderr }).toMatchObject({ code: 0 });

  const result = resultOf(out);
  expect(result).toEqual({
    recipe: "digits-random",
    version,
    seed: 1,
    backend: "wasm",
    workers: 0,
    threads: 2,
    simd: "strict",
    reproducible: true,
    data: { name: "painted", train: 200, test: 50 },
    images: 30,
    storage: { floats: 30 * 784 + 6, bytes: 4 * (30 * 784 + 6) },
    outerSteps: 3,
    batch: 64,
    networks: 2,
    stopped: false,
    seconds: expect.any(Number),
    distillSeconds: expect.any(Number),
    loss: expect.any(Number),
    evaluation: {
      networks: 2,
      mean: expect.any(Number),
      std: expect.any(Number),
      ci95: expect.any(Number),
      accuracies: expect.any(Array),
    },
    baselines: {
      "random-real": {
        networks: 2,
        mean: expect.any(Number),
        std: expect.any(Number),
        ci95: expect.any(Number),
        learningRate: expect.any(Number),
        epochs: 2,
      },
    },
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(result.evaluation.accuracies).toHaveLength(2);
  await expectSavedSet(out, 3);
  expect(metricsOf(out)[2]).toEqual({
    step: 3,
    loss: result.loss,
    outerLearningRate: 0.01,
    seconds: expect.any(Number),
  });

  const events = jsonLines(stdout);
  const names = events.map(({ event }) => event);
  expect(names.filter((name) => name !== "progress")).toEqual(["start", "evaluation", "baselines", "result"]);
  expect(events[names.lastIndexOf("progress")]).toMatchObject({ step: 3, steps: 3, loss: result.loss, secondsLeft: 0 });
  expect(events.at(-1)).toEqual({ event: "result", ...result });

  expect(stderr).toMatch(
    /distilled images +\d+\.\d % ± \d+\.\d +\d+\.\d to \d+\.\d +2 networks\n +random real images +\d+\.\d % ±/,
  );
  expect(stderr).toContain(`sha256 ${result.sha256}\n`);
  expect(stderr).not.toContain("\u001b");
  expect(stderr).not.toContain("\r");
}, 60_000);

test("the seed decides the images, the numbers of threads and workers do not", async () => {
  const run = async (out: string, ...args: string[]) => {
    const fast = ["--data", data, "--outer-steps", "2", "--batch", "40", "--evaluate", "0"];
    const { code, stderr } = await distillate(["run", ...fast, ...args, "--out", join(folder, out)]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { evaluation, baselines, sha256 } = resultOf(join(folder, out));
    expect({ evaluation, baselines }).toEqual({ evaluation: null, baselines: null });
    return sha256;
  };
  const first = await run("seed7", "--seed", "7", "--threads", "1");
  expect(await run("seed7-again", "--seed", "7", "--threads", "2")).toBe(first);
  expect(await run("seed7-workers", "--seed", "7", "--workers", "2", "--threads", "1")).toBe(first);
  expect(resultOf(join(folder, "seed7-workers"))).toMatchObject({ workers: 2, threads: 1 });
  expect(await run("seed8", "--seed", "8", "--threads", "1")).not.toBe(first);
}, 60_000);

test("--evaluate-every tells of the accuracy while a run is under way, and changes nothing of its set", async () => {
  const fast = ["--data", data, "--outer-steps", "4", "--batch", "40", "--evaluate", "2", "--baselines", "none"];
  const run = async (out: string, ...args: string[]) => {
    const outcome = await distillate(["run", ...fast, ...args, "--out", join(folder, out)]);
    expect(outcome).toMatchObject({ code: 0 });
    return { ...outcome, result: resultOf(join(folder, out)), metrics: metricsOf(join(folder, out)) };
  };
  const [plain, watched] = [await run("unwatched"), await run("watched", "--evaluate-every", "2")];
  expect(watched.result.sha256).toBe(plain.result.sha256);

  const accuracies = watched.metrics.filter(({ accuracy }) => accuracy);
  expect(accuracies.map(({ step }) => step)).toEqual([2, 4]);
  const { mean, std, networks } = watched.result.evaluation;
  expect(accuracies[1]!.accuracy).toEqual({ mean, std, networks });
  expect(plain.metrics.filter(({ accuracy }) => accuracy)).toEqual([]);
  // The same networks as judge the set at the end, on the set as it is then.
  const half = await distillate(["run", ...fast, "--outer-steps", "2", "--out", join(folder, "half")]);
  expect(half).toMatchObject({ code: 0 });
  expect(accuracies[0]!.accuracy).toMatchObject({ mean: resultOf(join(folder, "half")).evaluation.mean });

  const events = jsonLines(watched.stdout).filter(({ event }) => event === "accuracy");
  expect(events.map(({ step, mean }) => [step, mean])).toEqual(
    accuracies.map(({ step, accuracy }) => [step, (accuracy as { mean: number }).mean]),
  );
  expect(jsonLines(plain.stdout).filter(({ event }) => event === "accuracy")).toEqual([]);
}, 60_000);

test("digits-dm makes a set that says how networks train, and trains baselines and a report's words by that", async () => {
  const out = join(folder, "dm");
  const short = ["--outer-steps", "2", "--real-per-class", "8", "--epochs", "3", "--evaluate", "2"];
  const { code, stdout, stderr } = await distillate(["run", "digits-dm", ...short, "--out", out]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  await expectSavedSet(out, 2);
  const protocol =
    "3 epochs of SGD in batches of 256, learning rate 0.01 (× 0.1 after epoch 1), momentum 0.9, weight decay 0.0005";
  expect(stderr).toContain(`10 to distil: ${protocol}`);
  const { images, batch, evaluation, baselines } = resultOf(out);
  expect({ images, batch }).toEqual({ images: 10, batch: 80 });
  expect(evaluation).toMatchObject({ networks: 2 });
  expect(baselines["random-real"]).toMatchObject({ networks: 2, epochs: 3, learningRate: 0.01 });
  expect(jsonLines(stdout).at(-1)).toMatchObject({ event: "result", baselines });

  const again = await distillate(["evaluate", join(out, "distilled.npz"), "--networks", "2", "--json"]);
  expect(JSON.parse(again.stdout)).toMatchObject({ mean: evaluation.mean, std: evaluation.std, epochs: 3 });
  await distillate(["report", out]);
  const page = readFileSync(join(out, "report.html"), "utf8");
  expect(page).toContain(`Networks train on distilled images and on real ones by the same protocol: ${protocol}`);
  expect(page).toContain("distribution-matching, imagesPerClass 1, realPerClass 8, init real");
});

test("digits-fixed on the digits of the package serves one network, and saves below runs/", async () => {
  const { code, stderr } = await distillate(
    ["run", "digits-fixed", "--outer-steps", "2", "--evaluate", "3", "--epochs", "1"],
    {
      cwd: folder,
    },
  );
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const out = join(folder, "runs", "digits-fixed");
  expect(resultOf(out)).toMatchObject({
    recipe: "digits-fixed",
    data: { name: "digits", train: 9000, test: 1000 },
    images: 10,
    evaluation: { networks: 1, std: 0 },
    baselines: { "random-real": { networks: 3 } },
  });
  const { recipe } = await loadDistilled(join(out, "distilled.npz"));
  expect(recipe.init).toEqual({ kind: "fixed", scheme: "xavier-normal", seed: 1 });
}, 60_000);

test("a run folder's recipe.json makes the same bytes again, and so does the recipe printed and given the options", async () => {
  const out = join(folder, "kept");
  const options = [
    "--data",
    data,
    "--outer-steps",
    "2",
    "--batch",
    "40",
    "--networks-per-step",
    "2",
    "--evaluate",
    "1",
  ];
  const inner = [
    "--steps",
    "2",
    "--epochs",
    "2",
    "--images-per-class",
    "2",
    "--learning-rate",
    "5e-2",
    "--initial-noise",
    "0.5",
  ];
  const rest = [
    "--momentum",
    "0.5",
    "--weight-decay",
    "5e-4",
    "--memory",
    "recompute",
    "--outer-learning-rate",
    "0.02",
    "--clip",
    "2",
  ];
  const labels = ["--labels", "learned", "--initial-labels", "random", "--shuffle"];
  const args = [...options, ...inner, ...rest, ...labels, "--seed", "3"];
  const run = async (what: string, to: string, ...more: string[]) => {
    const { code, stderr } = await distillate(["run", what, ...more, "--out", join(folder, to)], { cwd: folder });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { seconds: _, distillSeconds: __, ...result } = resultOf(join(folder, to));
    return result;
  };
  const result = await run("digits-fixed", "kept", ...args);
  const recipe = JSON.parse(readFileSync(join(out, "recipe.json"), "utf8"));
  expect(recipe).toEqual({
    name: "digits-fixed",
    summary: expect.any(String),
    data: { name: "painted", path: "../painted" },
    model: { name: "lenet" },
    init: { kind: "fixed", scheme: "xavier-normal" },
    loss: "cross-entropy",
    method: {
      name: "back-gradient",
      steps: 2,
      epochs: 2,
      imagesPerClass: 2,
      labels: "learned",
      initialLabels: "random",
      shuffle: true,
      learningRate: 0.05,
      initialNoise: 0.5,
      momentum: 0.5,
      weightDecay: 0.0005,
      memory: "recompute",
    },
    networksPerStep: 2,
    outer: {
      optimizer: "adam",
      learningRate: 0.02,
      beta1: 0.5,
      beta2: 0.999,
      eps: 1e-8,
      decayEvery: 40,
      decayFactor: 0.5,
      onDivergence: "stop",
      mostHalvings: 5,
      clip: 2,
      batch: 40,
      steps: 2,
    },
    evaluate: { networks: 1, baselines: ["random-real"] },
    paper: { accuracy: 93.76, text: "on MNIST" },
    seed: 3,
  });
  expect(await run("kept/recipe.json", "again")).toEqual(result);
  expect(JSON.parse(readFileSync(join(folder, "again", "recipe.json"), "utf8"))).toEqual(recipe);
  expect((await run("kept/recipe.json", "other", "--learning-rate", "0.06")).sha256).not.toBe(result.sha256);

  const printed = await distillate(["recipes", "digits-fixed", "--json"]);
  writeFileSync(join(folder, "mine.json"), printed.stdout);
  expect(await run("mine.json", "mine", ...args)).toEqual(result);
}, 60_000);

describe("stopping", () => {
  const endless = (out: string) => ["run", "--data", data, "--outer-steps", "100000", "--batch", "40", "--out", out];

  test.each(["SIGINT", "SIGTERM"] as const)("%s keeps what was learned", async (signal) => {
    const out = join(folder, signal);
    const { child, outcome, said } = start(endless(out));
    await said('"event":"progress"');
    child.kill(signal);
    const { code, stdout, stderr } = await outcome;
    expect({ code, stderr }).toMatchObject({ code: 130 });
    const result = resultOf(out);
    expect(result).toMatchObject({ stopped: true, evaluation: null, baselines: null });
    await expectSavedSet(out, result.outerSteps);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ event: "result", stopped: true });
    expect(stderr).toContain(
      `Stopped after outer step ${result.outerSteps} of 100000. Saved in ${out}, not evaluated.\nGo on with it by --resume ${out}.\n`,
    );
  });

  test("SIGINT while evaluating keeps the set", async () => {
    const out = join(folder, "evaluating");
    const args = ["run", "--data", data, "--outer-steps", "1", "--batch", "40", "--evaluate", "100000", "--out", out];
    const { child, outcome, said } = start(args);
    await said('"step":1');
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill("SIGINT");
    const { code, stderr } = await outcome;
    expect({ code, stderr }).toMatchObject({ code: 130 });
    expect(resultOf(out)).toMatchObject({ stopped: true, outerSteps: 1, evaluation: null });
    await expectSavedSet(out, 1);
    expect(stderr).toContain(`Stopped after the last outer step. Saved in ${out}, not evaluated.\n`);
  });

  test("a reader that goes away ends the run quietly, with what was learned", async () => {
    const out = join(folder, "pipe");
    const { child, outcome, said } = start(endless(out));
    await said('"event":"progress"');
    child.stdout!.destroy();
    const { code, stderr } = await outcome;
    expect(code).toBe(141);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe("Ctrl-C stops early and keeps what was learned.");
    await expectSavedSet(out, resultOf(out).outerSteps);
  });
});
