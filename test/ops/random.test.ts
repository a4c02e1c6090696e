// Random numbers against the reference: the draws are whole numbers, so uniform draws must be equal.
import { describe, test } from "vitest";
import type { RandomKey } from "../../src/numeric/philox.ts";
import { float32Tolerance } from "../helpers.ts";
import { checkOp, unwritten } from "./parity.ts";

// 0, 1, blocks of 4 draws ± 1, vectors of blocks ± 1, a block of 1024 ± 1, enough for threads.
const lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 1023, 1024, 1025, 4099];

// Words of the seed and the stream at both ends of their range, and different from one another.
const keys: readonly RandomKey[] = [
  { seed: [0, 0], stream: 0 },
  { seed: [1, 0], stream: 0 },
  { seed: [0, 1], stream: 0 },
  { seed: [0x12345678, 0x9abcdef0], stream: 7 },
  { seed: [0xffffffff, 0xffffffff], stream: 0xffffffff },
];

describe.for(lengths)("%d floats", (n) => {
  test("uniform", async () => {
    for (const key of keys) {
      for (const shift of [0, 1, 2, 3]) {
        const out = { values: unwritten(n), shift };
        const label = `uniform, n ${n}, shift ${shift}, key ${JSON.stringify(key)}`;
        await checkOp({
          label: `${label}, [0, 1)`,
          operands: { out },
          outputs: { out: { tolerance: 0 } },
          call: (ops, at) => ops.uniform(at.out, n, key, 0, 1),
        });
        await checkOp({
          label: `${label}, [-0.3, 0.7)`,
          operands: { out },
          outputs: { out: { tolerance: float32Tolerance } },
          call: (ops, at) => ops.uniform(at.out, n, key, -0.3, 0.7),
        });
      }
    }
  });

  test("normal", async () => {
    for (const key of keys) {
      for (const shift of [0, 1, 2, 3]) {
        for (const [mean, std] of [[0, 1] as const, [0.5, 0.02] as const]) {
          await checkOp({
            label: `normal, n ${n}, shift ${shift}, key ${JSON.stringify(key)}, mean ${mean}, std ${std}`,
            operands: { out: { values: unwritten(n), shift } },
            outputs: { out: { tolerance: float32Tolerance } },
            call: (ops, at) => ops.normal(at.out, n, key, mean, std),
          });
        }
      }
    }
  });

  test("dropoutMask drops the same elements", async () => {
    for (const key of keys) {
      for (const shift of [0, 1, 2, 3]) {
        // 0.1 and 1/3 are no multiples of 2⁻²⁴; 2⁻³⁰ still drops a draw of 0.
        for (const p of [0, 2 ** -30, 0.1, 1 / 3, 0.5, 0.999]) {
          await checkOp({
            label: `dropoutMask, n ${n}, shift ${shift}, key ${JSON.stringify(key)}, p ${p}`,
            operands: { out: { values: unwritten(n), shift } },
            outputs: { out: { tolerance: float32Tolerance } },
            call: (ops, at) => ops.dropoutMask(at.out, n, key, p),
          });
        }
      }
    }
  });
});
