// Bilinear resampling to another size and its adjoint, reference: torch.nn.functional.interpolate with mode="bilinear" and
// align_corners=False. x and dx [c, h, w, B], y and dy [c, oh, ow, B]. docs/math.md §14 has the formulas.
import { bilinearTaps } from "../../numeric/bilinear.ts";
import type { Ops } from "../ops.ts";
import type { Resize2dShape } from "../shapes.ts";
import type { Memory } from "./memory.ts";

export function resize2dOps(memory: Memory): Pick<Ops, "resize2dForward" | "resize2dBackward"> {
  /** Calls `each` for every float of y and each of the four of x that it is made of. */
  const overTaps = (shape: Resize2dShape, each: (y: number, x: number, weight: number) => void): void => {
    const { channels, inHeight, inWidth, outHeight, outWidth, lanes } = shape;
    const [rows, columns] = [bilinearTaps(inHeight, outHeight), bilinearTaps(inWidth, outWidth)];
    for (let c = 0; c < channels; c++) {
      for (const [i, row] of rows.entries()) {
        for (const [j, column] of columns.entries()) {
          const y = ((c * outHeight + i) * outWidth + j) * lanes;
          const at = (r: number, s: number): number => ((c * inHeight + r) * inWidth + s) * lanes;
          for (let b = 0; b < lanes; b++) {
            each(y + b, at(row.lower, column.lower) + b, (1 - row.share) * (1 - column.share));
            each(y + b, at(row.lower, column.upper) + b, (1 - row.share) * column.share);
            each(y + b, at(row.upper, column.lower) + b, row.share * (1 - column.share));
            each(y + b, at(row.upper, column.upper) + b, row.share * column.share);
          }
        }
      }
    }
  };
  return {
    resize2dForward: (y, x, shape) => {
      const f = memory.floats;
      f.fill(0, y, y + shape.channels * shape.outHeight * shape.outWidth * shape.lanes);
      overTaps(shape, (to, from, weight) => {
        f[y + to]! += weight * f[x + from]!;
      });
    },
    resize2dBackward: (dx, dy, shape) => {
      const f = memory.floats;
      f.fill(0, dx, dx + shape.channels * shape.inHeight * shape.inWidth * shape.lanes);
      overTaps(shape, (from, to, weight) => {
        f[dx + to]! += weight * f[dy + from]!;
      });
    },
  };
}
