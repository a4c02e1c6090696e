// From a build of the kernels to a compiled module: once in each thread of JavaScript, and then handed to workers, because
// the machine code that a module has earned by running comes with it.
import { UnsupportedError } from "../../errors.ts";
import { checkWebAssembly, compileModule } from "../../platform/web-assembly.ts";
import type { Simd } from "../backend.ts";
import { type Build, rareOf, readBuild, strictBuild } from "./binary.ts";
import type { KernelModules } from "./plain-instance.ts";

/** Compiled kernels. They can be posted to workers. */
export interface Kernels extends KernelModules {
  readonly build: Build;
}

/** What the kernels are asked for. */
export interface KernelsWanted {
  readonly threads: number;
  readonly simd: Simd;
  /** Whether the rare ones are wanted, too, which pages have apart. */
  readonly rare?: boolean | undefined;
}

const compiled = new Map<Build, Kernels>();

/** Kernels that came compiled from another thread: they are not compiled here again. */
export function adoptKernels(kernels: Kernels): void {
  compiled.set(kernels.build, kernels);
}

/** The kernels for so many threads. Throws UnsupportedError. */
export async function compileKernels({ threads, simd, rare = false }: KernelsWanted): Promise<Kernels> {
  checkWebAssembly("the kernels are");
  const build = simd === "relaxed" ? "relaxed" : strictBuild(threads > 1);
  const kernels = compiled.get(build) ?? { build, module: await compileKnown(await readBuild(build), simd) };
  compiled.set(build, kernels);
  const readRare = rare && lacksRare(kernels) && rareOf(build);
  if (!readRare) return kernels;
  const all = { ...kernels, rare: await compileKnown(await readRare(), simd) };
  compiled.set(build, all);
  return all;
}

/** Whether the rare kernels are not there. */
export function lacksRare({ build, rare }: Kernels): boolean {
  return rare === undefined && rareOf(build) !== undefined;
}

async function compileKnown(bytes: Uint8Array<ArrayBuffer>, simd: Simd): Promise<WebAssembly.Module> {
  if (!WebAssembly.validate(bytes)) throw new UnsupportedError(missing[lacking(simd)]);
  return compileModule(bytes);
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
