// A backend that runs nothing. Code that allocates on it asks for as much as on the backend that it stands for.
import type { Parts } from "../platform/parts.ts";
import type { Backend, Simd } from "./backend.ts";
import type { Floats } from "./buffer.ts";
import type { Ops } from "./ops.ts";
import type { Planner } from "./plan.ts";

/** The backend whose memory is planned. */
export interface PlannedBackend {
  readonly name: string;
  readonly plan: Planner;
  readonly threads: number;
  readonly atOnce: number;
}

/** Refuses to run anything. */
export function refuse(): never {
  throw new Error("a plan runs nothing");
}

/** Every op refuses to run, whatever it is called. */
const noOps = new Proxy({}, { get: () => refuse }) as Ops;

class PlanBackend implements Backend {
  readonly name: string;
  readonly plan: Planner;
  readonly threads: number;
  readonly atOnce: number;
  readonly simd: Simd | "none" = "none";
  readonly Floats: Backend["Floats"];
  readonly ops: Ops = noOps;
  readonly base = 0;
  readonly capacity: number = Number.POSITIVE_INFINITY;

  constructor({ name, plan, threads, atOnce }: PlannedBackend) {
    this.name = name;
    this.plan = plan;
    this.threads = threads;
    this.atOnce = atOnce;
    this.Floats = plan.floatBytes === 4 ? Float32Array : Float64Array;
  }

  reserve(): void {}

  upload(): void {
    refuse();
  }

  async read(): Promise<Floats> {
    return refuse();
  }

  submit(): void {}

  sideBySide(): void {
    refuse();
  }

  together(): Parts {
    return refuse();
  }

  async dispose(): Promise<void> {}
}

/** Returns a backend to allocate on, with counting allocators. Each op and each read of its memory throws. */
export function planBackend(planned: PlannedBackend): Backend {
  return new PlanBackend(planned);
}
