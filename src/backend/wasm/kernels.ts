// From a build of the kernels to a compiled module: once in each thread of JavaScript, and then handed to workers, because
// the machine code that a module has earned by running comes with it.
import { UnsupportedError } from "../../errors.ts";
import type { Simd } from "../backend.ts";
import { type Build, readBuild, strictBuild } from "./binary.ts";

/** Compiled kernels. They can be posted to workers. */
export interface Kernels {
  readonly build: Build;
  readonly module: WebAssembly.Module;
}

const compiled = new Map<Build, Kernels>();

/** Kernels that came compiled from another thread: they are not compiled here again. */
export function adoptKernels(kernels: Kernels): void {
  compiled.set(kernels.build, kernels);
}

/** The kernels for so many threads. Throws UnsupportedError. */
export async function compileKernels({ threads, simd }: { threads: number; simd: Simd }): Promise<Kernels> {
  const build = simd === "relaxed" ? "relaxed" : strictBuild(threads > 1);
  const before = compiled.get(build);
  if (before) return before;
  const bytes = await readBuild(build);
  if (!WebAssembly.validate(bytes)) throw new UnsupportedError(missing[simd]);
  const kernels = { build, module: await compile(bytes) };
  compiled.set(build, kernels);
  return kernels;
}

async function compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    // The bytes are valid: then it is the page's policy that forbids to compile them.
    throw new UnsupportedError(
      `this page may not compile WebAssembly (${(error as Error).message}): add 'wasm-unsafe-eval' to the script-src of ` +
        "its Content-Security-Policy",
    );
  }
}

const missing: Readonly<Record<Simd, string>> = {
  strict: "this host has no WebAssembly SIMD: use a newer browser, or Node 20.19 or newer",
  relaxed:
    'this host has no relaxed WebAssembly SIMD: leave simd: "relaxed" out, use Node 22 or newer or a newer browser, ' +
    "or start Node 20 with --experimental-wasm-relaxed-simd",
};
