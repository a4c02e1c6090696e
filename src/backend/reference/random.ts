// Random numbers, reference: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3",
// 2011) and the distributions made of its draws.
import { draws } from "../../numeric/philox.ts";
import type { Ops } from "../backend.ts";
import type { Memory } from "./memory.ts";

export function randomOps(memory: Memory): Pick<Ops, "uniform" | "normal" | "dropoutMask"> {
  return {
    uniform(out, n, key, low, high) {
      const f = memory.floats;
      const draw = draws(n, key);
      for (let i = 0; i < n; i++) f[out + i] = low + ((high - low) * (draw[i]! >>> 8)) / 2 ** 24;
    },

    normal(out, n, key, mean, std) {
      const f = memory.floats;
      const draw = draws(n + (n % 2), key);
      for (let i = 0; i < n; i += 2) {
        const r = Math.sqrt(-2 * Math.log(((draw[i]! >>> 8) + 1) / 2 ** 24));
        const phi = (2 * Math.PI * (draw[i + 1]! >>> 8)) / 2 ** 24;
        f[out + i] = mean + std * r * Math.cos(phi);
        if (i + 1 < n) f[out + i + 1] = mean + std * r * Math.sin(phi);
      }
    },

    dropoutMask(out, n, key, p) {
      const f = memory.floats;
      const draw = draws(n, key);
      for (let i = 0; i < n; i++) f[out + i] = (draw[i]! >>> 8) / 2 ** 24 < p ? 0 : 1 / (1 - p);
    },
  };
}
