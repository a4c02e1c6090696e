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

/** The kernels as compiled modules. */
export interface KernelModules {
  readonly module: WebAssembly.Module;
  /** The rare kernels (assembly/rare/), where the module has them not itself. */
  readonly rare?: WebAssembly.Module | undefined;
}

/** Makes an instance of the kernels on a memory. */
export type Instantiate = (kernels: KernelModules, memory: WebAssembly.Memory) => KernelExports;

/** What a module may import: its memory, and the rare kernels of another module, which are called without JavaScript in between. */
export function importsOf({ rare }: KernelModules, memory: WebAssembly.Memory): WebAssembly.Imports {
  const { runRare = absent } = rare ? new WebAssembly.Instance(rare, { env: { memory } }).exports : {};
  return { env: { memory, runRare } };
}

/** JobWriter asks for rare kernels before it writes a job of one. */
function absent(): never {
  throw new Error("the rare kernels are not loaded");
}

/** An instance of the kernels on `memory`. */
export function plainInstance(kernels: KernelModules, memory: WebAssembly.Memory): KernelExports {
  const { exports } = new WebAssembly.Instance(kernels.module, importsOf(kernels, memory));
  return exports as unknown as KernelExports;
}
