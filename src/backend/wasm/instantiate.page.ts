// From a compiled module and a memory to typed exports (instantiate.ts), in pages: without the loader, which is a
// download of its own, and of which only this is needed here.
import type { KernelExports } from "./instantiate.ts";

/** An instance of the kernels on `memory`. Several instances may share one memory. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelExports {
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
