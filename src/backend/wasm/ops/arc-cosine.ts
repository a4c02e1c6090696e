// Kernels of infinitely wide ReLU networks, and products in float64, as jobs (assembly/rare/arc-cosine.ts).
import type { Ops } from "../../ops.ts";
import type { Jobs } from "../jobs.gen.ts";
import { KERNEL_ROWS, RIDGE_ROWS } from "../tiles.gen.ts";
import { halves } from "./halves.ts";

/** What the angles of a pair of images cost in a layer, in products. */
const ANGLE = 100;

type KernelOps = "arcCosineKernel" | "arcCosineFactor" | "wideProduct";

export function kernelOps(jobs: Jobs): Pick<Ops, KernelOps> {
  return {
    arcCosineKernel(k, ds, da, x, y, { features, images, lanes, yImages, yLanes, depth, tangent }) {
      jobs.arcCosine(
        { k, ds, da, x, y, features, images, lanes, yImages, yLanes, depth, tangent },
        { tiles: lanes / KERNEL_ROWS, work: lanes * yLanes * (2 * features + ANGLE * depth) },
      );
    },
    arcCosineFactor(factor, x, ridge, { features, images, lanes, depth, tangent }) {
      const pairs = images * images;
      jobs.gram(
        { gram: factor, features: x, depth: features, images, lanes },
        { tiles: Math.ceil(images / RIDGE_ROWS), work: pairs * features },
      );
      const kernel = { triangle: factor, features, depth, tangent };
      jobs.arcCosineRows(kernel, { tiles: images, work: (pairs / 2) * ANGLE * depth });
      jobs.arcCosineDiagonal(kernel, { tiles: images, work: images * ANGLE * depth });
      const [ridgeLow, ridgeHigh] = halves(ridge);
      jobs.cholesky({ factor, images, ridgeLow, ridgeHigh }, { tiles: 1, work: pairs * images });
    },
    wideProduct: (out, a, b, rows, length, lanes) =>
      jobs.wideProduct({ out, a, b, length, lanes }, { tiles: rows, work: 2 * rows * length * lanes }),
  };
}
