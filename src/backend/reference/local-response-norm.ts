// Local response normalisation, reference. Every array is [channels, area, B]; W(c) is the channels from c − ⌊size/2⌋ to
// c + ⌈size/2⌉ − 1 that exist, so c counts for those from c − ⌈size/2⌉ + 1 to c + ⌊size/2⌋.
//   s = k + α/size·Σ_{W(c)} x²                     y  = x·s^−β
//   u = dy·x·s^(−β−1)                              dx = dy·s^−β − 2αβ/size·x·Σ_{j: c ∈ W(j)} u_j
// and their tangents by the product rule.
// docs/math.md §2 has the formulas.

import type { Buffer } from "../buffer.ts";
import type { Ops } from "../ops.ts";
import type { LocalResponseNormShape } from "../shapes.ts";
import type { Memory } from "./memory.ts";

type LocalResponseNormOps = Pick<
  Ops,
  "localResponseNormForward" | "localResponseNormBackward" | "localResponseNormForwardR" | "localResponseNormBackwardR"
>;

/** Writes value(i) to out[i] for every i of an activation. */
function writeAll(f: Float64Array, out: Buffer, shape: LocalResponseNormShape, value: (i: number) => number): void {
  for (let i = 0; i < shape.channels * shape.area * shape.lanes; i++) f[out + i] = value(i);
}

/** Σ value over the channels from `first` to `last` before or after that of float i, those that exist. */
function sumChannels(
  i: number,
  [first, last]: readonly [number, number],
  { channels, area, lanes }: LocalResponseNormShape,
  value: (j: number) => number,
): number {
  let sum = 0;
  for (let distance = first; distance <= last; distance++) {
    const j = i + distance * area * lanes;
    if (j >= 0 && j < channels * area * lanes) sum += value(j);
  }
  return sum;
}

/** The channels that count for one, and those one counts for, by their distance. */
function windows({ size }: LocalResponseNormShape) {
  const [before, after] = [Math.floor(size / 2), Math.ceil(size / 2) - 1];
  return { counting: [-before, after], countedFor: [-after, before] } as const;
}

export function localResponseNormOps(memory: Memory): LocalResponseNormOps {
  return {
    localResponseNormForward(y, s, x, shape) {
      const f = memory.floats;
      const { size, alpha, beta, k } = shape;
      const { counting } = windows(shape);
      writeAll(f, s, shape, (i) => k + (alpha / size) * sumChannels(i, counting, shape, (j) => f[x + j]! ** 2));
      writeAll(f, y, shape, (i) => f[x + i]! * f[s + i]! ** -beta);
    },

    localResponseNormBackward(dx, workspace, dy, x, s, shape) {
      const f = memory.floats;
      const { size, alpha, beta } = shape;
      const { countedFor } = windows(shape);
      writeAll(f, workspace, shape, (j) => f[dy + j]! * f[x + j]! * f[s + j]! ** (-beta - 1));
      writeAll(f, dx, shape, (i) => {
        const sum = sumChannels(i, countedFor, shape, (j) => f[workspace + j]!);
        return f[dy + i]! * f[s + i]! ** -beta - ((2 * alpha * beta) / size) * f[x + i]! * sum;
      });
    },

    localResponseNormForwardR(ry, rs, rx, x, s, shape) {
      const f = memory.floats;
      const { size, alpha, beta } = shape;
      const { counting } = windows(shape);
      writeAll(f, rs, shape, (i) => {
        return ((2 * alpha) / size) * sumChannels(i, counting, shape, (j) => f[x + j]! * f[rx + j]!);
      });
      writeAll(f, ry, shape, (i) => {
        return f[rx + i]! * f[s + i]! ** -beta - beta * f[x + i]! * f[s + i]! ** (-beta - 1) * f[rs + i]!;
      });
    },

    localResponseNormBackwardR(rdx, workspace, rdy, dy, rx, x, s, rs, shape) {
      const f = memory.floats;
      const { channels, area, lanes, size, alpha, beta } = shape;
      const { countedFor } = windows(shape);
      const [u, ru] = [workspace, workspace + channels * area * lanes];
      writeAll(f, u, shape, (j) => f[dy + j]! * f[x + j]! * f[s + j]! ** (-beta - 1));
      writeAll(f, ru, shape, (j) => {
        const rProduct = f[rdy + j]! * f[x + j]! + f[dy + j]! * f[rx + j]!;
        const rPower = (-beta - 1) * f[s + j]! ** (-beta - 2) * f[rs + j]!;
        return rProduct * f[s + j]! ** (-beta - 1) + f[dy + j]! * f[x + j]! * rPower;
      });
      writeAll(f, rdx, shape, (i) => {
        const rPower = -beta * f[s + i]! ** (-beta - 1) * f[rs + i]!;
        const direct = f[rdy + i]! * f[s + i]! ** -beta + f[dy + i]! * rPower;
        const sum = sumChannels(i, countedFor, shape, (j) => f[rx + i]! * f[u + j]! + f[x + i]! * f[ru + j]!);
        return direct - ((2 * alpha * beta) / size) * sum;
      });
    },
  };
}
