// Ridge regression with a Gram matrix as jobs (assembly/rare/ridge.ts).
import type { Ops } from "../../ops.ts";
import type { Jobs } from "../jobs.gen.ts";
import { RIDGE_ROWS } from "../tiles.gen.ts";
import { halves } from "./halves.ts";

export function ridgeOps(jobs: Jobs): Pick<Ops, "ridgeFactor" | "ridgeSolve"> {
  return {
    ridgeFactor(factor, features, ridge, { features: depth, images, lanes }) {
      const pairs = images * images;
      jobs.gram(
        { gram: factor, features, depth, images, lanes },
        { tiles: Math.ceil(images / RIDGE_ROWS), work: pairs * depth },
      );
      const [ridgeLow, ridgeHigh] = halves(ridge);
      jobs.cholesky({ factor, images, ridgeLow, ridgeHigh }, { tiles: 1, work: pairs * images });
    },
    ridgeSolve: (out, workspace, factor, b, rows, { images, lanes }) =>
      jobs.ridgeSolve({ out, workspace, factor, b, images, lanes }, { tiles: rows, work: 2 * rows * images * images }),
  };
}
