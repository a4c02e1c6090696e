// Vectors of n floats as jobs (assembly/vector.ts).
import type { Ops } from "../../ops.ts";
import type { Extent, Jobs } from "../jobs.gen.ts";
import { DOT_SUMS, PARTIALS } from "../layout.ts";
import { BLOCK } from "../tiles.gen.ts";

/** How much an elementwise kernel has to do; `cost` is its work for each float. */
export function vector(n: number, cost: number = 1): Extent {
  return { tiles: Math.ceil(n / BLOCK), work: cost * n };
}

type VectorOps = Pick<
  Ops,
  "fill" | "copy" | "scale" | "axpy" | "axpyBy" | "scaleBy" | "multiply" | "dot" | "sum" | "sumRows"
>;

export function vectorOps(jobs: Jobs): VectorOps {
  return {
    fill: (out, value, n) => jobs.fill({ out, value, n }, vector(n)),
    copy: (out, x, n) => jobs.copy({ out, x, n }, vector(n)),
    scale: (out, alpha, x, n) => jobs.scale({ out, alpha, x, n }, vector(n)),
    axpy: (out, y, alpha, x, n) => jobs.axpy({ out, y, alpha, x, n }, vector(n)),
    axpyBy: (out, y, sign, alpha, x, n) => jobs.axpyBy({ out, y, sign, alpha, x, n }, vector(n)),
    scaleBy: (out, sign, alpha, x, n) => jobs.scaleBy({ out, sign, alpha, x, n }, vector(n)),
    multiply: (out, x, y, n) => jobs.multiply({ out, x, y, n }, vector(n)),
    dot(out, x, y, n) {
      const span = BLOCK * Math.max(1, Math.ceil(n / (BLOCK * DOT_SUMS)));
      const count = Math.ceil(n / span);
      jobs.dotPartial({ partials: PARTIALS, x, y, n, span }, { tiles: count, work: n });
      jobs.dotFinish({ out, partials: PARTIALS, count }, { tiles: 1, work: count });
    },
    sum: (out, x, n, accumulate) => jobs.sum({ out, x, n, accumulate }, { tiles: 1, work: n }),
    sumRows: (out, x, rows, length, accumulate) =>
      jobs.sumRows({ out, x, rows, length, accumulate }, { tiles: rows, work: rows * length }),
  };
}
