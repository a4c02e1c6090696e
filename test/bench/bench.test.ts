// What the bench and its page promise, without timing anything.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const file = (name: string): URL => new URL(`../../bench/${name}`, import.meta.url);

test("docs/performance.md and docs/cluster.md have the figures of the committed results", () => {
  const script = fileURLToPath(file("write-docs.mjs"));
  const { stderr, status } = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

test("the bench's inputs are those that other languages make", async () => {
  const { fill, hash } = await import(file("inputs.mjs").href);
  expect([0, 1, 2, 3].map((i) => hash(i, 280100))).toEqual([
    0.9921927452087402, 0.8268870115280151, -0.8046287298202515, -0.603813648223877,
  ]);
  expect(fill(2, 280100, 0.5, 1)).toEqual(Float32Array.of(1.4960963726043701, 1.4134435057640076));
});

test("a kernel that passes the limit without transforms is said, since then the limit is too low", async () => {
  const { beyondLimit } = await import(file("kernels.mjs").href);
  const row = { network: "LeNet", layer: "conv1", pass: "forward", images: 10, transformed: false, share: 1.2 };
  expect(beyondLimit([row])).toEqual([expect.stringMatching(/^LeNet conv1 forward, 10 images: 120 % of the limit/)]);
  expect(
    beyondLimit([
      { ...row, share: 0.99 },
      { ...row, transformed: true, share: 2.5 },
    ]),
  ).toEqual([]);
});

test("without a browser the bench of pages says so and ends well", () => {
  const script = fileURLToPath(file("main.mjs"));
  const env = { ...process.env, CHROMIUM: "/none" };
  const { stdout, status } = spawnSync(process.execPath, [script, "browser", "--quick"], { env, encoding: "utf8" });
  expect(stdout).toMatch("skipped: there is no Chromium at /none (set CHROMIUM to where it is)");
  expect(status).toBe(0);
});

test("a step's useful flops are those of the papers' networks", async () => {
  const { forwardFlops, backGradientFlops } = await import(file("flops.mjs").href);
  const { lenet } = await import("../../src/nn/zoo.ts");
  // Twice the multiplications of an image (docs/math.md §3); 300 · 6.792 + 1,024 · 2.264 − 10 · 1.431 MFLOP.
  expect(forwardFlops(lenet())).toEqual({ all: 2 * 416_520, first: 2 * 117_600 });
  const steps = { steps: 10, epochs: 3, imagesPerStep: 10, real: 1024 };
  expect(backGradientFlops(lenet(), steps) / 1e9).toBeCloseTo(4.341, 3);
});

test.each(["lenet-1x3", "convnet3-matching"])("the bench's step %s has the gradients of PyTorch", async (id) => {
  const { createEngine } = await import(new URL("../../dist/index.js", import.meta.url).href);
  const { gradientOf, summary } = await import(file("run-options.mjs").href);
  const { checkResult, workloads } = await import(file("workloads.mjs").href);
  const workload = workloads.find((each: { readonly id: string }) => each.id === id);
  const engine = await createEngine({ threads: 1 });
  const step = await gradientOf(engine, workload);
  checkResult(id, workload, summary(await step()));
  await engine.dispose();
});
