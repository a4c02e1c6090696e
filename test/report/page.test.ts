// A report: complete, self-contained, and safe whatever the files say.

import { expect, test } from "vitest";
import { fitTraining } from "../../src/distill/training.ts";
import { linePlot, plotFile } from "../../src/report/line-plot.ts";
import { reportPage } from "../../src/report/page.ts";
import { fitText } from "../../src/report/words.ts";
import { makeFitSet, makeSet } from "../formats/sets.ts";

const evaluation = { networks: 20, mean: 0.812, std: 0.03, ci95: 0.014, accuracies: [] };
const result = {
  recipe: "tiny",
  version: "0.1.0",
  seed: 7,
  threads: 2,
  workers: 0,
  backend: "wasm",
  simd: "strict",
  data: { name: "digits", train: 9000, test: 1000 },
  images: 6,
  outerSteps: 40,
  seconds: 12.3,
  distillSeconds: 10,
  evaluation,
  baselines: { "random-real": { networks: 20, mean: 0.6, std: 0.08, ci95: 0.04, learningRate: 0.05, epochs: 3 } },
  sha256: "ab".repeat(32),
};
const recipe = {
  name: "tiny",
  summary: "six images",
  init: { kind: "random" },
  paper: { accuracy: 79.5, spread: 8.1, text: "on MNIST" },
};
const metrics = [
  ...Array.from({ length: 40 }, (_, i) => ({ step: i + 1, loss: 2 - i / 40, learningRate: 0.01, seconds: i })),
  { step: 20, accuracy: { mean: 0.5, std: 0.1, networks: 3 }, seconds: 20 },
];
const set = makeSet();
const parts = { set, sha256: "ab".repeat(32), metrics, result, recipe, missing: [] };
const labels = (name: string) => `labelled ${name}`;

const imagesIn = (page: string) => page.match(/<img [^>]*src="data:image\/png;base64,[A-Za-z0-9+/=]+"/g) ?? [];

test("has the figure, all images with their names, curves, comparison and provenance", () => {
  const page = reportPage("folder", parts, labels);
  expect(page).toContain('<p class="figure">81.2 <span>± 3.0</span><span> %</span></p>');
  expect(page).toContain("95 % interval of the mean 79.8 to 82.6 %");
  expect(imagesIn(page)).toHaveLength(set.steps * set.imagesPerStep);
  expect(page.match(/<svg class="plot"/g)).toHaveLength(3);
  for (const text of [
    "labelled random-real",
    "the paper",
    "learning rate 0.05",
    "9,000 to learn from",
    "ab".repeat(32),
  ]) {
    expect(page).toContain(text);
  }
  expect(page).toContain("npx distillate@0.1.0 run recipe.json");
});

test("asks for nothing from anywhere: no address, no script, and a policy that forbids both", () => {
  const page = reportPage("folder", parts, labels);
  const sources = [...page.matchAll(/(?:src|href)="([^"]*)"|url\(([^)]*)\)/g)].map(([, one, other]) => one ?? other!);
  expect(sources.length).toBe(6);
  expect(sources.every((source) => source.startsWith("data:image/png;base64,"))).toBe(true);
  // Letters of a picture may look like anything.
  expect(page.replace(/data:[^"]*"/g, "")).not.toMatch(/https?:|\/\/[a-z]|<script|<link|<iframe|@import/i);
  expect(page).toContain("default-src 'none'");
});

test("escapes whatever stands in the files", () => {
  const evil = `"><script>alert('x')</script><img src=x onerror=y>&`;
  const page = reportPage(
    evil,
    {
      set: makeSet({ recipe: { data: { name: evil, classNames: [evil, evil, evil] }, [evil]: evil } }),
      sha256: evil,
      metrics: [
        { step: evil, loss: evil },
        { step: 1, loss: 1, [evil]: 1 },
      ],
      result: {
        ...result,
        recipe: evil,
        version: evil,
        backend: evil,
        simd: evil,
        sha256: evil,
        data: { name: evil, train: evil, test: 3 },
        baselines: { [evil]: { mean: 0.5, std: 0.1, networks: 3, learningRate: evil } },
      },
      recipe: { name: evil, summary: evil, paper: { accuracy: 50, text: evil } },
      missing: [evil],
    },
    (name) => name,
  );
  expect(page).not.toContain("<script");
  expect(page).not.toContain("onerror=y>");
  expect(page).not.toMatch(/<img src=x/);
  // Nothing ends a quoted attribute: every tag has none but even quotes.
  for (const [tag] of page.matchAll(/<[a-z][^>]*>/g)) expect(tag.split('"').length % 2, tag).toBe(1);
  expect(page).toContain("&lt;script&gt;");
});

test("shows what is there and names what is not", () => {
  const without = (...keys: (keyof typeof parts)[]) => {
    const rest: Partial<typeof parts> = { ...parts };
    for (const key of keys) delete rest[key];
    return reportPage("folder", { ...rest, missing: keys.map((key) => `${key}: gone`) }, labels);
  };
  expect(imagesIn(without("set", "sha256"))).toHaveLength(0);
  expect(without("set", "sha256")).toContain("set: gone");
  expect(without("set", "sha256")).toContain("81.2");
  expect(without("metrics").match(/<svg class="plot"/g)).toHaveLength(1);
  expect(without("result")).not.toContain("81.2");
  expect(imagesIn(without("result"))).toHaveLength(6);
  expect(without("recipe")).not.toContain("run recipe.json");
  expect(without("set", "sha256", "metrics", "recipe")).toContain("81.2");
  // A part of another shape than expected counts as missing.
  const odd = reportPage("folder", { set, metrics: [null, 3, {}], result: [1], recipe: "x", missing: [] }, labels);
  expect(imagesIn(odd)).toHaveLength(6);
});

test("says where the set is not the one that was evaluated", () => {
  expect(reportPage("folder", { ...parts, sha256: "cd".repeat(32) }, labels)).toContain("result.json has another");
  expect(reportPage("folder", parts, labels)).not.toContain("result.json has another");
});

test("soft targets are shown as bars and the two largest as numbers, by the names of the classes", () => {
  const targets = Float32Array.from({ length: 18 }, (_, i) => [0.1, 0.7, 0.2][i % 3]!);
  const recipe = { data: { classNames: ["ant", "bee", "wasp"] } };
  const page = reportPage("folder", { set: makeSet({ targets, recipe }), missing: [] }, labels);
  expect(page.match(/<svg class="bars"/g)).toHaveLength(6);
  expect(page).toContain("bee 0.70<br>wasp 0.20<br>");
});

test("a plot has round ticks around its values, and draws nothing outside", () => {
  const points = [1, 2, 3, 4, 5].map((x) => [x, 10 + 7.3 * x] as const);
  const options = { title: "t", x: "steps", y: "per cent", wholeX: true, series: [{ label: "a", points }] };
  const { text } = linePlot(options);
  const labels = [...text.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, label]) => label);
  expect(labels).toEqual(["10", "20", "30", "40", "50", "1", "2", "3", "4", "5", "steps", "per cent"]);
  const [line] = text.match(/<polyline[^>]*points="([^"]*)"/)!.slice(1);
  const drawn = line!.split(" ").map((pair) => pair.split(",").map(Number));
  expect(drawn).toHaveLength(5);
  for (const [x, y] of drawn) expect(x! >= 52 && x! <= 426 && y! >= 30 && y! <= 228).toBe(true);
  expect(plotFile(options)).toMatch(/^<svg xmlns="[^"]*" .*<\/svg>\n$/s);
  expect(linePlot({ ...options, series: [] }).text).toContain("nothing to draw");
});

test("of a set with a protocol it says the protocol, that baselines have the same, and draws no learning rates", () => {
  const page = reportPage("folder", { ...parts, set: makeFitSet() }, labels);
  const protocol =
    "20 epochs of SGD in batches of 4, learning rate 0.01 (× 0.1 after epoch 10), momentum 0.9, weight decay 0.0005";
  expect(page).toContain("6 images of 5×4 in grey. All are drawn");
  expect(page).toContain(`<th scope="row">Training</th><td>${protocol}</td>`);
  expect(page).toContain(`Networks train on distilled images and on real ones by the same protocol: ${protocol}.`);
  expect(page).toContain("Each baseline has 6 images too, equally many of each class.");
  expect(page).not.toContain("learning rate 0.05");
  expect(imagesIn(page)).toHaveLength(6);
  expect(page.match(/<svg class="plot"/g)).toHaveLength(2);
  expect(page).not.toMatch(/undefined|NaN|Infinity|η/);
});

test("a protocol in words has its optimiser, its schedule and its augmentation", () => {
  const adam = { optimizer: "adam", epochs: 2000, batch: 500, learningRate: 3e-4, weightDecay: 0 } as const;
  const cosine = { schedule: "cosine", warmupSteps: 500, finalShare: 0.01, augment: ["crop", "rotate"] } as const;
  expect(fitText(fitTraining({ ...adam, ...cosine }))).toBe(
    "2,000 epochs of Adam in batches of 500, learning rate 0.0003 (from 0 in 500 steps, then along a cosine to 1 % of it), " +
      "weight decay 0, augmented by crop or rotate",
  );
  expect(fitText(fitTraining({ schedule: "cosine" }))).toContain("0.01 (along a cosine to 0), momentum 0.9");
  expect(fitText(fitTraining({ epochs: 1, decayAt: [] }))).toMatch(
    /^1 epoch of SGD in batches of 256, learning rate 0.01, m/,
  );
});

test("names the method and the network with their settings, and says what the outer loss measures", () => {
  const method = { name: "distribution-matching", imagesPerClass: 1, init: "real", training: { epochs: 20 } };
  const model = { name: "convNet", width: 32 };
  const page = reportPage("folder", { ...parts, set: makeFitSet(), recipe: { ...recipe, method, model } }, labels);
  expect(page).toContain('<th scope="row">Method</th><td>distribution-matching, imagesPerClass 1, init real</td>');
  expect(page).toContain('<th scope="row">Network</th><td>convNet, width 32</td>');
  expect(page).toContain("<figcaption>Squared distance between mean features of learned and of real images");
  // A method without a name is that of older recipes; one that is not known may be a user's own.
  const caption = (method: unknown) =>
    /<figcaption>([^<]*), before each update/.exec(
      reportPage("folder", { ...parts, recipe: { ...recipe, method } }, labels),
    )![1];
  expect(caption({ steps: 3 })).toBe("Loss of trained networks on real images");
  expect(caption({ name: "mine" })).toBe("Loss that the method makes small");
  expect(caption({ name: "constructor" })).toBe("Loss that the method makes small");
});
