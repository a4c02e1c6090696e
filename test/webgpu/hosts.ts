// Hosts with another WebGPU than the tested one, for one test.
import { vi } from "vitest";

/** Gives the host that WebGPU, until `vi.unstubAllGlobals()`. */
export function hostHas(gpu: Partial<GPU> | undefined): void {
  vi.stubGlobal("navigator", gpu && { gpu });
}

/** The adapter, with another way to open a device. */
export function withDevice(
  adapter: GPUAdapter | null,
  open: (adapter: GPUAdapter, wanted?: GPUDeviceDescriptor) => Promise<GPUDevice>,
): GPUAdapter | null {
  if (!adapter) return null;
  const { info, features, limits } = adapter;
  return { info, features, limits, requestDevice: (wanted) => open(adapter, wanted) } as GPUAdapter;
}

/** That WebGPU, which keeps the devices that it gives. */
export function remembering(gpu: GPU, devices: GPUDevice[]): Partial<GPU> {
  return {
    requestAdapter: async (options) =>
      withDevice(await gpu.requestAdapter(options), async (adapter, wanted) => {
        const device = await adapter.requestDevice(wanted);
        devices.push(device);
        return device;
      }),
  };
}
