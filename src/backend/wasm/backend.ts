// The product backend: AssemblyScript kernels on one linear memory, on one thread or several.

import type { Parts } from "../../platform/parts.ts";
import { addressSpaceLeft, hardwareThreads, moreAddressSpace, onMainThread } from "../../platform/platform.ts";
import type { Backend, Simd } from "../backend.ts";
import type { Buffer, Floats } from "../buffer.ts";
import { checkedOps } from "../checked.ts";
import type { Ops } from "../ops.ts";
import type { Planner } from "../plan.ts";
import { instantiator, type KernelExports } from "./instantiate.ts";
import { JobWriter } from "./job.ts";
import { compileKernels, lacksRare } from "./kernels.ts";
import { memoryBytes, PAGE, PROGRAM, PROGRAM_SIZE, SCRATCH, SCRATCH_SIZE } from "./layout.ts";
import { wasmOps } from "./ops.ts";
import { wasmPlan } from "./plan.ts";
import { type KernelThread, startThread, threadsObstacle } from "./threads.ts";
import { RESERVED } from "./tiles.gen.ts";

/** 4 GiB, all that 32-bit addresses reach. */
const MAXIMUM_PAGES = 65_536;
/** 256 MiB: with less, hardly a network could be distilled for. */
const LEAST_MAXIMUM_PAGES = 4_096;
/** Milliseconds before memory that the host refused is asked for again. */
const MEMORY_PAUSE = 300;
/**
 * Loads a thread spins before it sleeps: about 40 µs, longer than the gaps between the kernels of an inner step, where
 * waking costs more than the kernel.
 */
const SPINS = 40_000;

/** The address space that a thread in Node takes at its start, and some to spare: without it, V8 ends the process. */
const THREAD_ADDRESS_SPACE = 1_073_741_824;

/** What a backend is started with. */
export interface WasmOptions {
  /** Kernel threads, the caller's included. Fewer run if the host does not start so many. */
  readonly threads: number;
  readonly simd?: Simd | undefined;
  /** Whether a page loads the rare kernels (assembly/rare/), too. Without them, ops that need one throw RareKernelsError. */
  readonly rare?: boolean | undefined;
  /** Called with a message when threads could not start, which says why. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

/** Starts the kernels. Throws UnsupportedError, or RangeError if the host gives no memory. */
export async function createWasmBackend(options: WasmOptions): Promise<Backend> {
  const { threads: wanted, simd = "strict", rare, onNotice } = options;
  const compiled = await compileKernels({ threads: wanted, simd, rare });
  const threads = possibleThreads(wanted, onNotice);
  const initial = memoryBytes(0, threads) / PAGE;
  const memory = await createMemory(initial, compiled.build !== "simd");
  // Every instance writes the constants again, so all exist before there is any work.
  const kernels = (await instantiator())(compiled, memory);
  kernels.setSpins(SPINS);
  const others: KernelThread[] = [];
  for (let i = 1; i < threads; i++) {
    const left = addressSpaceLeft();
    if (left < THREAD_ADDRESS_SPACE) {
      const lack = `another takes ${mebibytes(THREAD_ADDRESS_SPACE)} of address space, of which ${mebibytes(left)} are left`;
      onNotice?.(`${i} of ${threads} threads: ${lack}; ${moreAddressSpace}`);
      break;
    }
    try {
      others.push(await startThread({ kernels: compiled, memory, scratch: SCRATCH + i * SCRATCH_SIZE }));
    } catch (error) {
      onNotice?.(`${i} of ${threads} threads: another could not start: ${(error as Error).message}`);
      break;
    }
  }
  return new WasmBackend(kernels, memory, others, { simd, lacksRare: lacksRare(compiled) });
}

/** Memory that grows as far as the host lets it. Throws RangeError where the host has none, now and a moment later. */
async function createMemory(initial: number, shared: boolean): Promise<WebAssembly.Memory> {
  try {
    return largestMemory(initial, shared);
  } catch {
    // What an engine gave up just now is free only when its worker has ended.
    await new Promise((resolve) => setTimeout(resolve, MEMORY_PAUSE));
  }
  return largestMemory(initial, shared);
}

/** Some phones do not promise 4 GiB of shared memory, and WebKit promises 64 GiB to all engines of a page together. */
function largestMemory(initial: number, shared: boolean): WebAssembly.Memory {
  for (let maximum = MAXIMUM_PAGES; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial, maximum, shared });
    } catch (error) {
      if (maximum / 2 >= Math.max(initial, LEAST_MAXIMUM_PAGES)) continue;
      throw new RangeError(
        `"memory" expected room for ${mebibytes(initial * PAGE)} that can grow to ${mebibytes(maximum * PAGE)}, but the host ` +
          `gives none (${(error as Error).message}); dispose of engines that you no longer use, or ${moreAddressSpace}`,
        { cause: error },
      );
    }
  }
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_048_576)} MiB`;
}

/** Returns how many threads may be started here: the wanted number, or 1 if several cannot compute. */
function possibleThreads(wanted: number, onNotice: WasmOptions["onNotice"]): number {
  if (wanted === 1) return 1;
  const obstacle = threadsObstacle();
  if (obstacle !== undefined) onNotice?.(`1 thread instead of ${wanted}: ${obstacle}`);
  return obstacle === undefined ? wanted : 1;
}

class WasmBackend implements Backend {
  readonly name = "wasm";
  readonly Floats: Float32ArrayConstructor = Float32Array;
  readonly plan: Planner = wasmPlan;
  readonly threads: number;
  readonly atOnce: number;
  readonly simd: Simd;
  readonly ops: Ops;
  readonly base: Buffer;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: KernelExports;
  readonly #others: KernelThread[];
  readonly #job: JobWriter;
  #floats: Float32Array;
  #disposed = false;

  constructor(
    kernels: KernelExports,
    memory: WebAssembly.Memory,
    others: KernelThread[],
    { simd, lacksRare }: { readonly simd: Simd; readonly lacksRare: boolean },
  ) {
    this.threads = others.length + 1;
    this.atOnce = Math.min(this.threads, hardwareThreads());
    this.simd = simd;
    this.base = (SCRATCH + this.threads * SCRATCH_SIZE) / 4;
    this.#memory = memory;
    this.#kernels = kernels;
    this.#others = others;
    this.#job = new JobWriter(kernels, memory, {
      threads: this.threads,
      atOnce: this.atOnce,
      scratch: SCRATCH,
      base: this.base,
      maySleep: !onMainThread,
      lacksRare,
      programs: { first: SCRATCH + PROGRAM, size: PROGRAM_SIZE, stride: SCRATCH_SIZE },
    });
    this.#floats = new Float32Array(memory.buffer);
    // Address 0 stands for an operand that is left out. A kernel that read there in spite of that should not get numbers.
    // All bits set are NaN from any byte on.
    new Uint8Array(memory.buffer, 0, RESERVED).fill(0xff);
    this.ops = checkedOps(wasmOps(this.#job.jobs), this);
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
      const now = mebibytes(this.#memory.buffer.byteLength);
      throw new RangeError(
        `"memory" expected room for ${mebibytes(floats * 4)}, but the WebAssembly memory of ${now} cannot grow so far: use a ` +
          `smaller lanes or model, fewer threads, or memory: "recompute" in the method, or ${moreAddressSpace}`,
      );
    }
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#job.refresh();
  }

  upload(target: Buffer, n: number, fill: (host: Floats) => void): void {
    this.#job.settle();
    fill(this.#view(target, n));
  }

  // Ops have run when they return: the copy is made at the call.
  async read(source: Buffer, n: number, into?: Floats): Promise<Floats> {
    this.#job.settle();
    const view = this.#view(source, n);
    into?.set(view);
    return into ?? new Float32Array(view);
  }

  submit(): void {}

  sideBySide(count: number, record: (i: number) => void): void {
    this.#job.sideBySide(count, record);
  }

  together(works: readonly Parts[]): Parts {
    return this.#job.together(works);
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#kernels.stopThreads();
    for (const thread of this.#others) thread.terminate();
  }

  /** The `n` floats at `at`. Throws RangeError where the memory has none. */
  #view(at: Buffer, n: number): Float32Array {
    this.#check();
    const view = this.#floats.subarray(at, at + n);
    if (view.byteOffset === 4 * at && view.length === n) return view;
    throw new RangeError(`"buffer" expected a place of ${n} floats, got ${at}`);
  }

  #check(): void {
    if (this.#disposed) throw new Error("this engine was disposed: create a new one");
    this.#job.check();
  }
}
