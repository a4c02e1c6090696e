// From a build of the kernels to a compiled module: once in each thread of JavaScript, and then handed to workers, because
// the machine code that a module has earned by running comes with it.
import { UnsupportedError } from "../../errors.ts";
import { checkWebAssembly, compileModule } from "../../platform/web-assembly.ts";
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
  checkWebAssembly("the kernels are");
  const build = simd === "relaxed" ? "relaxed" : strictBuild(threads > 1);
  const before = compiled.get(build);
  if (before) return before;
  const bytes = await readBuild(build);
  if (!WebAssembly.validate(bytes)) throw new UnsupportedError(missing[lacking(simd)]);
  const kernels = { build, module: await compileModule(bytes) };
  compiled.set(build, kernels);
  return kernels;
}

/** A module that is valid where there is SIMD: one function, i8x16.popcnt(i8x16.splat(0)). */
const smallest = [
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
];

/** Returns what a host lacks if it does not take kernels of this kind. */
function lacking(simd: Simd): keyof typeof missing {
  if (!WebAssembly.validate(Uint8Array.from(smallest))) return "strict";
  return simd === "relaxed" ? "relaxed" : "threads";
}

const missing = {
  strict:
    "this host has no WebAssembly SIMD: use a newer browser or Node 20.19 or newer, on a processor that has SIMD (SSE4.1)",
  threads: "this host has WebAssembly SIMD, but no WebAssembly threads (shared memory): use a newer browser",
  relaxed:
    'this host has no relaxed WebAssembly SIMD: leave simd: "relaxed" out, use Node 22 or newer or a newer browser, ' +
    "or start Node 20 with --experimental-wasm-relaxed-simd",
};
