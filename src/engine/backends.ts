// The table of the backends that an engine can run on. Their names are known only here. A new backend is a folder in backend/
// and a row. A test may add a row of its own with Object.assign(backends, { name: row }), and createEngine then takes that name.
import type { Backend, Simd } from "../backend/backend.ts";
import type { Planner } from "../backend/plan.ts";
import { referencePlan } from "../backend/reference/plan.ts";
import { adoptKernels, compileKernels, type Kernels } from "../backend/wasm/kernels.ts";
import { wasmPlan } from "../backend/wasm/plan.ts";
import { webgpuPlan } from "../backend/webgpu/plan.ts";
import { type Check, oneOf } from "../checks/checks.ts";
import { gpuInWorkers } from "../platform/gpu.ts";

/** `wasm`: float32 SIMD kernels. `webgpu`: shaders on a GPU. `reference`: plain float64 loops. */
export type BackendName = "wasm" | "webgpu" | "reference";

/** The backends whose results are Float64Array. */
export type DoubleBackendName = "reference";

/** What a backend is started with. */
export interface BackendOptions {
  readonly threads: number;
  readonly simd: Simd;
  /** Called with a message that says what the backend does without, and why. */
  readonly onNotice?: ((message: string) => void) | undefined;
  /** Refuses a GPU that is simulated on the processor. */
  readonly realGpu?: boolean | undefined;
  /** Whether a page loads the kernels that few pages use, too. */
  readonly rare?: boolean | undefined;
}

export interface BackendEntry {
  readonly plan: Planner;
  /** Starts one. Its code is loaded here, so that a program that does not use it does not load it. */
  create(options: BackendOptions): Promise<Backend>;
  /** Makes what workers are handed, so that they need not make it again. It can be posted. */
  readonly kernels?: (options: Pick<BackendOptions, "threads" | "simd">) => Promise<unknown>;
  /** Takes what was handed over. */
  readonly adopt?: (kernels: unknown) => void;
  /** Whether it never runs in an orchestrator, such as a backend for tests, which pages should not have to download there. */
  readonly inPlaceOnly?: boolean;
  /** The backend that takes its place where the host cannot start it, or loses it again and again. */
  readonly otherwise?: BackendName;
}

export const backends: Readonly<Record<BackendName, BackendEntry>> = {
  wasm: {
    plan: wasmPlan,
    async create(options) {
      const { createWasmBackend } = await import("../backend/wasm/backend.ts");
      return createWasmBackend(options);
    },
    kernels: compileKernels,
    adopt: (kernels) => adoptKernels(kernels as Kernels),
  },
  webgpu: {
    plan: webgpuPlan,
    async create({ realGpu }) {
      const { createWebGpuBackend } = await import("../backend/webgpu/backend.ts");
      return createWebGpuBackend({ real: realGpu });
    },
    kernels: compileKernels,
    adopt: (kernels) => adoptKernels(kernels as Kernels),
    inPlaceOnly: !gpuInWorkers,
    otherwise: "wasm",
  },
  reference: {
    plan: referencePlan,
    async create() {
      const { createReferenceBackend } = await import("../backend/reference/backend.ts");
      return createReferenceBackend();
    },
    inPlaceOnly: true,
  },
};

/** The backend of an engine for which none is named. */
export const defaultBackend: BackendName = "wasm";

/** Checks that a name is in the table, as the table is when this is called. */
export const checkBackendName: Check = (name, value) => oneOf(...Object.keys(backends))(name, value);

/** Returns the row of a backend, by default that of the default backend. */
export function backendEntry(name: string = defaultBackend): BackendEntry {
  checkBackendName("backend", name);
  return backends[name as BackendName];
}
