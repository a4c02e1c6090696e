// From a compiled module and a memory to typed exports, without a library (instantiate.ts).

/** What assembly/index.ts exports. Addresses are in bytes. */
export interface KernelExports {
  /** Runs the published job, cut into `chunks`, here and on `helpers` of the other kernel threads, of which there are `others`. */
  dispatch(scratch: number, chunks: number, helpers: number, others: number, maySleep: number): void;
  /** Sets how many loads a thread spins before it sleeps. Call it before starting threads. */
  setSpins(spins: number): void;
  /** Runs jobs as a kernel thread until `stopThreads` is called. */
  threadMain(scratch: number): void;
  stopThreads(): void;
}

/** Makes an instance of the kernels on a memory. */
export type Instantiate = (module: WebAssembly.Module, memory: WebAssembly.Memory) => KernelExports;

/** An instance of the kernels on `memory`. */
export function plainInstance(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelExports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as KernelExports;
}
