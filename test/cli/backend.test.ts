// The option --backend: where a command computes, and what its files say of that.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { distillate, writeIdxFolder } from "./cli.ts";

let folder: string;
let data: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-backend-"));
  data = writeIdxFolder(join(folder, "painted"), { train: 60, test: 20 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const sizes = ["--steps", "1", "--epochs", "1", "--outer-steps", "2", "--batch", "32", "--evaluate", "2"];
const run = (out: string, more: readonly string[], options?: { env?: object }) =>
  distillate(
    ["run", "--data", data, ...sizes, "--baselines", "none", "--threads", "1", "--out", out, ...more],
    options,
  );
const resultOf = (out: string) => JSON.parse(readFileSync(join(out, "result.json"), "utf8"));

test("without a GPU --backend webgpu says why, and gives the kernels' bits", async () => {
  const [kernels, other] = [join(folder, "kernels"), join(folder, "other")];
  expect((await run(kernels, [])).code).toBe(0);
  const { code, stderr } = await run(other, ["--backend", "webgpu"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).toMatch(
    /WebGPU in Node needs the package "webgpu" \(npm install webgpu\).*runs on the backend "wasm"/,
  );
  expect(resultOf(other)).toMatchObject({ backend: "wasm", reproducible: true, sha256: resultOf(kernels).sha256 });
});

test("a GPU takes no workers", async () => {
  const { code, stderr } = await run(join(folder, "workers"), ["--backend", "webgpu", "--workers", "2"]);
  expect(code).toBe(2);
  expect(stderr).toContain("expected --workers 0 with --backend webgpu");
});

const { path, missing } = inject("tools").webgpu;

describe.skipIf(missing)("on a GPU", () => {
  test("a run's files name it, claim no digest, and can be reported and evaluated", async () => {
    const gpu = join(folder, "gpu.mjs");
    writeFileSync(
      gpu,
      `import { create } from ${JSON.stringify(pathToFileURL(path!).href)};
      Object.defineProperty(globalThis, "navigator", { value: { gpu: create(["backend=opengles"]) }, configurable: true });`,
    );
    const env = { EGL_PLATFORM: "surfaceless", NODE_OPTIONS: `--import ${pathToFileURL(gpu).href}` };
    const out = join(folder, "gpu");
    const { code, stderr } = await run(out, ["--backend", "webgpu"], { env });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/engine +webgpu, llvmpipe.*simulated on the processor/);
    expect(stderr).toContain("A GPU gives its own last digits");
    const result = resultOf(out);
    expect(result).toMatchObject({ backend: "webgpu", reproducible: false, gpu: { software: true } });
    expect(result.sha256).toMatch(/^webgpu:[0-9a-f]{64}$/);
    const report = await distillate(["report", out]);
    expect({ code: report.code, stderr: report.stderr }).toMatchObject({ code: 0 });
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("A GPU gives its own last digits");
    const evaluated = ["evaluate", join(out, "distilled.npz"), "--data", data, "--networks", "2", "--json"];
    const evaluation = await distillate([...evaluated, "--backend", "webgpu"], { env });
    expect({ code: evaluation.code, stderr: evaluation.stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(evaluation.stdout)).toMatchObject({ gpu: { software: true }, networks: 2 });
  });
});
