// How little decided labels are, reference (docs/math.md §9).
import type { Ops } from "../ops.ts";
import type { Memory } from "./memory.ts";

export function labelMarginOps(memory: Memory): Pick<Ops, "labelMargin"> {
  return {
    labelMargin(losses, dy, y, cap, { classes, images, lanes }) {
      const f = memory.floats;
      for (let image = 0; image < lanes; image++) {
        const label = Array.from({ length: classes }, (_, k) => f[y + k * lanes + image]!);
        const first = label.indexOf(Math.max(...label));
        const others = label.map((value, k) => (k === first ? Number.NEGATIVE_INFINITY : value));
        const second = others.indexOf(Math.max(...others));
        const gap = label[first]! - label[second]!;
        const real = image < images;
        for (let k = 0; k < classes; k++) f[dy + k * lanes + image] = 0;
        f[losses + image] = real ? -Math.min(gap, cap) : 0;
        if (!real || gap >= cap) continue;
        f[dy + first * lanes + image] = -1 / images;
        f[dy + second * lanes + image] = 1 / images;
      }
    },
  };
}
