// From a compiled module and a memory to typed exports, without a library (instantiate.ts).

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
  /** Exported enums: their values are globals, not numbers. */
  readonly Kernel: Readonly<Record<string, WebAssembly.Global<"i32">>>;
  readonly Activation: Readonly<Record<string, WebAssembly.Global<"i32">>>;
}

/** Makes an instance of the kernels on a memory. */
export type Instantiate = (module: WebAssembly.Module, memory: WebAssembly.Memory) => KernelExports;

/** An instance of the kernels on `memory`. */
export function plainInstance(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelExports {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(exports)) {
    // AssemblyScript exports the value B of an enum A as "A.B".
    const [owner, member] = name.split(".") as [string, string?];
    if (member === undefined) kernels[name] = value;
    else kernels[owner] = { ...(kernels[owner] as object), [member]: value };
  }
  return kernels as unknown as KernelExports;
}
