// The distance of gradients as a job (assembly/rare/cosine-distance.ts).
import type { Ops } from "../../ops.ts";
import type { Jobs } from "../jobs.gen.ts";

export function cosineDistanceOps(jobs: Jobs): Pick<Ops, "cosineDistance"> {
  return {
    cosineDistance: (losses, dx, x, y, rows, length) =>
      jobs.cosineDistance({ losses, dx, x, y, length }, { tiles: rows, work: 5 * rows * length }),
  };
}
