// The backends and engines that tests compare with the reference: those of the kernels, whose results may not depend on the
// number of threads, or in the project `webgpu` one of a GPU. Where there is none, all tests of the file are skipped, and say why.
import { afterAll, beforeEach } from "vitest";
import type { Backend } from "../src/backend/backend.ts";
import { createWasmBackend } from "../src/backend/wasm/backend.ts";
import type { WebGpuBackend } from "../src/backend/webgpu/backend.ts";
import { createEngine, Engine } from "../src/engine/engine.ts";
import { testedGpu } from "./webgpu/device.ts";

/** Whether this is the project `webgpu`. What is about the reference or the kernels alone does not run there again. */
export const onGpu: boolean = process.env.BACKEND === "webgpu";

let opened: Promise<readonly WebGpuBackend[]> | undefined;

/** The GPU of this test file, opened once. */
function theGpu(): Promise<readonly WebGpuBackend[]> {
  opened ??= open();
  return opened;
}

async function open(): Promise<readonly WebGpuBackend[]> {
  const gpu = await testedGpu();
  if (typeof gpu === "string") {
    beforeEach(({ skip }) => skip(gpu));
    return [];
  }
  afterAll(() => gpu.dispose());
  return [gpu];
}

/** Returns the backends, which the file's last test disposes of. Call it before the first test. */
export async function backendsUnderTest(): Promise<readonly Backend[]> {
  if (onGpu) return theGpu();
  const kernels = [await createWasmBackend({ threads: 1 }), await createWasmBackend({ threads: 2 })];
  afterAll(async () => {
    for (const backend of kernels) await backend.dispose();
  });
  return kernels;
}

/**
 * Returns engines, for kernels one for each number of threads, which the file's last test disposes of. Call it before the first
 * test.
 */
export async function enginesUnderTest(threads: readonly number[] = [2]): Promise<readonly Engine[]> {
  if (onGpu) return (await theGpu()).map((gpu) => new Engine(gpu));
  const engines = await Promise.all(threads.map((each) => createEngine({ threads: each })));
  afterAll(async () => {
    for (const engine of engines) await engine.dispose();
  });
  return engines;
}
