// The only file that imports @assemblyscript/loader: from a compiled module and a memory to typed exports.
import { instantiateSync } from "@assemblyscript/loader";

/** What assembly/index.ts exports. Addresses and sizes are in bytes. */
export interface KernelExports {
  /** Address of the job: kernel, tiles, chunks, arguments (assembly/job.ts). */
  jobAddress(): number;
  /** From one job of a program to the next. */
  jobSize(): number;
  /** Runs the job, cut into `chunks`, here and on `helpers` of the `others`, the kernel threads there are. */
  dispatch(scratch: number, chunks: number, helpers: number, others: number, maySleep: number): void;
  /** Loads that a thread spins before it sleeps; to be called before there are threads. */
  setSpins(spins: number): void;
  /** The life of a kernel thread. */
  threadMain(scratch: number): void;
  stopThreads(): void;
  dotFinish(out: number, partials: number, count: number): void;
  permutation(out: number, n: number, seed0: number, seed1: number, stream: number): void;
  /** Exported enums: their values are globals, not numbers. */
  readonly Kernel: Readonly<Record<string, WebAssembly.Global<"i32">>>;
  readonly Activation: Readonly<Record<string, WebAssembly.Global<"i32">>>;
}

/** An instance of the kernels on `memory`. Several instances may share one memory. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelExports {
  return instantiateSync<Record<string, unknown>>(module, { env: { memory } }).exports as unknown as KernelExports;
}
