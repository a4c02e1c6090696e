// Deno's own WebGPU, on Mesa's llvmpipe: another implementation than Dawn, with another compiler of shaders.
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, inject, test } from "vitest";

// Within the package: Deno finds what the library imports by the package.json above the program.
const folder = fileURLToPath(new URL("../../build/engine-runs/", import.meta.url));
const program = `${folder}deno-webgpu.mjs`;
const library = new URL("../../dist/index.js", import.meta.url).href;
afterAll(() => rmSync(program, { force: true }));

const source = `
import { backGradient, conv2d, createEngine, digits, distill, flatten, linear, maxPool2d, relu, sequential } from "${library}";
const { train } = await digits();
const layers = [conv2d({ out: 4, kernel: 3, stride: 2 }), relu(), maxPool2d({ kernel: 2 }), flatten(), linear({ out: 10 })];
const run = {
  data: train,
  model: sequential([1, 28, 28], layers),
  method: backGradient({ steps: 2, epochs: 1, imagesPerClass: 1 }),
  outer: { steps: 4, batch: 64 },
  networksPerStep: 2,
  seed: 3,
};
const engine = await createEngine({ backend: "webgpu", onNotice: (notice) => console.error(notice) });
const found = await distill({ ...run, engine }).result();
const expected = await distill({ ...run, threads: 1 }).result();
const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const error = largest(found.images.map((value, i) => value - expected.images[i])) / largest(expected.images);
console.log(JSON.stringify({ backend: engine.backend.name, gpu: found.recipe.gpu, error }));
await engine.dispose();
`;

const { path, missing } = inject("tools").deno;

test.skipIf(missing)("in Deno 4 outer steps of seed 3 are the kernels' to 2e-3", async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(program, source);
  const env = { ...process.env, EGL_PLATFORM: "surfaceless", DENO_WEBGPU_BACKEND: "gl" };
  const args = ["run", "--allow-all", "--no-lock", "--unstable-webgpu", program];
  const { stdout, stderr } = await promisify(execFile)(path!, args, { env });
  expect(stderr).not.toContain("runs on the backend");
  const { backend, gpu, error } = JSON.parse(stdout.trim().split("\n").at(-1)!);
  console.log(`on ${gpu.name}: images differ by ${error} of the largest`);
  expect({ backend, gpu }).toMatchObject({ backend: "webgpu", gpu: { software: true } });
  expect(error).toBeLessThan(2e-3);
});
