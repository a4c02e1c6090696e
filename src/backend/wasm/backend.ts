// The product backend: AssemblyScript kernels on one linear memory, on one thread or several.
//
// memory: [control and job, constants: 64 KiB][partial sums of dot: 64 KiB][programs: 64 KiB][scratch of each thread][buffers …]

import { UnsupportedError } from "../../errors.ts";
import { hardwareThreads, isNode } from "../../platform.ts";
import type { Backend, Buffer, Ops, Simd } from "../backend.ts";
import { simd as alone, threads as together } from "./binary.gen.ts";
import { instantiate, type KernelExports } from "./instantiate.ts";
import { JobWriter } from "./job.ts";
import { wasmOps } from "./ops.ts";
import { type KernelThread, startThread } from "./pool.ts";

const PAGE = 65_536;
const PARTIALS = PAGE;
const PROGRAMS = 2 * PAGE;
const SCRATCH = 3 * PAGE;
/** What the hungriest kernel needs: 4,096 offsets and packed weights for 4 rows (assembly/conv2d.ts). */
const SCRATCH_SIZE = 96 * 1024;
/** 4 GiB, all that 32-bit addresses reach. */
const MAXIMUM_PAGES = 65_536;
/**
 * Loads a thread spins before it sleeps: about 40 µs, longer than the gaps between the kernels of an inner step, where
 * waking costs more than the kernel; next to nothing where there are more threads than processors.
 */
const SPINS = { alone: 40_000, crowded: 500 };

/** Bytes of linear memory, whole pages, that hold `floats` floats of buffers. */
export function memoryBytes(floats: number, threads: number): number {
  return Math.ceil((SCRATCH + threads * SCRATCH_SIZE + 4 * floats) / PAGE) * PAGE;
}

/** Starts the kernels with `threads` threads, the caller's included. Throws UnsupportedError. */
export async function createWasmBackend({
  threads,
  simd = "strict",
}: {
  threads: number;
  simd?: Simd;
}): Promise<Backend> {
  // There is one relaxed build, for any number of threads.
  const shared = threads > 1 || simd === "relaxed";
  const module = simd === "relaxed" ? await compileRelaxed() : await compileStrict(shared);
  const initial = memoryBytes(0, threads) / PAGE;
  const memory = new WebAssembly.Memory({ initial, maximum: MAXIMUM_PAGES, shared });
  // Every instance writes the constants again, so all exist before there is any work.
  const kernels = instantiate(module, memory);
  kernels.setSpins(threads > hardwareThreads() ? SPINS.crowded : SPINS.alone);
  const pool: KernelThread[] = [];
  for (let i = 1; i < threads; i++) {
    pool.push(await startThread({ module, memory, scratch: SCRATCH + i * SCRATCH_SIZE }));
  }
  return new WasmBackend(kernels, memory, pool, simd);
}

class WasmBackend implements Backend {
  readonly name = "wasm";
  readonly threads: number;
  readonly simd: Simd;
  readonly ops: Ops;
  readonly base: Buffer;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: KernelExports;
  readonly #pool: KernelThread[];
  readonly #job: JobWriter;
  #floats: Float32Array;
  #disposed = false;

  constructor(kernels: KernelExports, memory: WebAssembly.Memory, pool: KernelThread[], simd: Simd) {
    this.threads = pool.length + 1;
    this.simd = simd;
    this.base = (SCRATCH + this.threads * SCRATCH_SIZE) / 4;
    this.#memory = memory;
    this.#kernels = kernels;
    this.#pool = pool;
    this.#job = new JobWriter(kernels, memory, {
      threads: this.threads,
      scratch: SCRATCH,
      maySleep: mayBlock(),
      programs: { begin: PROGRAMS, end: SCRATCH },
    });
    this.#floats = new Float32Array(memory.buffer);
    this.ops = wasmOps(kernels, this.#job, PARTIALS);
  }

  get capacity(): number {
    return this.#floats.length;
  }

  reserve(floats: number): void {
    this.#check();
    const missing = Math.ceil((floats * 4 - this.#memory.buffer.byteLength) / PAGE);
    if (missing <= 0) return;
    try {
      this.#memory.grow(missing);
    } catch {
      const mebibytes = Math.ceil((floats * 4) / (1024 * 1024));
      throw new RangeError(
        `"memory" expected room for ${mebibytes} MiB, but the WebAssembly memory cannot grow so far`,
      );
    }
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#job.refresh();
  }

  write(target: Buffer, values: ArrayLike<number>): void {
    this.#check();
    this.#floats.set(values, target);
  }

  read(source: Buffer, n: number): Float32Array {
    this.#check();
    const copy = new Float32Array(n);
    copy.set(this.#floats.subarray(source, source + n));
    return copy;
  }

  view(source: Buffer, n: number): Float32Array {
    this.#check();
    return this.#floats.subarray(source, source + n);
  }

  sideBySide(count: number, record: (i: number) => void): void {
    this.#job.sideBySide(count, record);
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#kernels.stopThreads();
    for (const thread of this.#pool) thread.terminate();
  }

  #check(): void {
    if (this.#disposed) throw new Error("this engine was disposed: create a new one");
  }
}

/** A page's main thread may not block; workers and Node may. */
function mayBlock(): boolean {
  return isNode || !("document" in globalThis);
}

async function compileStrict(shared: boolean): Promise<WebAssembly.Module> {
  const bytes = decode(shared ? together : alone);
  if (!WebAssembly.validate(bytes)) {
    throw new UnsupportedError("this host has no WebAssembly SIMD: use a newer browser, or Node 20.19 or newer");
  }
  return WebAssembly.compile(bytes);
}

async function compileRelaxed(): Promise<WebAssembly.Module> {
  const { relaxed } = await import("./relaxed.gen.ts");
  const bytes = decode(relaxed);
  if (!WebAssembly.validate(bytes)) {
    throw new UnsupportedError(
      'this host has no relaxed WebAssembly SIMD: leave simd: "relaxed" out, use Node 22 or newer or a newer browser, ' +
        "or start Node 20 with --experimental-wasm-relaxed-simd",
    );
  }
  return WebAssembly.compile(bytes);
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
