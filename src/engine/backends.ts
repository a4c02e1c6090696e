// The backends that an engine can run on. This table is the one place that knows their names: whoever wants to know
// something about one asks here. A new backend is a folder in backend/ and a row; a test may add a row of its own with
// Object.assign(backends, { name: row }), and createEngine then takes that name.
import type { Backend, Simd } from "../backend/backend.ts";
import type { Planner } from "../backend/plan.ts";
import { referencePlan } from "../backend/reference/plan.ts";
import { adoptKernels, compileKernels, type Kernels } from "../backend/wasm/kernels.ts";
import { wasmPlan } from "../backend/wasm/plan.ts";
import { type Check, oneOf } from "../checks/checks.ts";

/** `wasm`: float32 SIMD kernels. `reference`: plain float64 loops. */
export type BackendName = "wasm" | "reference";

/** The backends whose results are Float64Array. */
export type DoubleBackendName = "reference";

/** What a backend is started with. */
export interface BackendOptions {
  readonly threads: number;
  readonly simd: Simd;
  /** Is told what the backend does without, and why. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

export interface BackendEntry {
  readonly plan: Planner;
  /** Starts one. Its code is loaded here, so that who has no use for it does not load it. */
  create(options: BackendOptions): Promise<Backend>;
  /** What workers are handed, so that they need not make it again: something that can be posted. */
  readonly kernels?: (options: Pick<BackendOptions, "threads" | "simd">) => Promise<unknown>;
  /** Takes what was handed over. */
  readonly adopt?: (kernels: unknown) => void;
  /** Whether it never runs in a page's orchestrator: it is for tests, and pages should not have to download it there. */
  readonly inPlaceOnly?: boolean;
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
  reference: {
    plan: referencePlan,
    async create() {
      const { createReferenceBackend } = await import("../backend/reference/backend.ts");
      return createReferenceBackend();
    },
    inPlaceOnly: true,
  },
};

/** The backend of an engine that is asked for none. */
export const defaultBackend: BackendName = "wasm";

/** The name of a backend in the table, as the table is when this is called. */
export const checkBackendName: Check = (name, value) => oneOf(...Object.keys(backends))(name, value);

/** The row of a backend, of the default one where none is named. */
export function backendEntry(name: string = defaultBackend): BackendEntry {
  checkBackendName("backend", name);
  return backends[name as BackendName];
}
