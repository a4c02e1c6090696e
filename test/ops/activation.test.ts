// ReLU, its mask and softplus against the reference.

import { describe, test } from "vitest";
import { float32Tolerance, paint, paintWhole } from "../helpers.ts";
import { checkOp, unwritten } from "./parity.ts";

// 0, 1, one vector of 4 lanes and unrolled steps of it ± 1, a block of 1024 ± 1, LeNet's first activation.
const lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 1023, 1024, 1025, 56448];

describe.for(lengths)("%d floats", (n) => {
  // Whole numbers hold zeros of both signs, where the mask must be 0.
  const inputs = [paint(n, 1), paintWhole(n, 1)];

  test("reluForward", () => {
    for (const values of inputs) {
      checkOp({
        label: `reluForward, n ${n}, seed 1`,
        operands: { x: { values }, y: { values: unwritten(n) } },
        outputs: { y: { tolerance: 0 } },
        call: (ops, at) => ops.reluForward(at.y, at.x, n),
      });
      checkOp({
        label: `reluForward, y = x, n ${n}, seed 1`,
        operands: { y: { values } },
        outputs: { y: { tolerance: 0 } },
        call: (ops, at) => ops.reluForward(at.y, at.y, n),
      });
    }
  });

  test("reluForward keeps NaN, so that a diverged run shows", () => {
    checkOp({
      label: `reluForward, NaN, n ${n}, seed 1`,
      operands: { y: { values: paint(n, 1).map((value) => (value < -0.5 ? Number.NaN : value)) } },
      outputs: { y: { tolerance: 0, mayBeNaN: true } },
      call: (ops, at) => ops.reluForward(at.y, at.y, n),
    });
  });

  test("reluMask", () => {
    for (const values of inputs) {
      const y = { values };
      const v = { values: paint(n, 2) };
      checkOp({
        label: `reluMask, n ${n}, seeds 1 2`,
        operands: { y, v, out: { values: unwritten(n) } },
        outputs: { out: { tolerance: 0 } },
        call: (ops, at) => ops.reluMask(at.out, at.y, at.v, n),
      });
      checkOp({
        label: `reluMask, out = v, n ${n}, seeds 1 2`,
        operands: { y, out: v },
        outputs: { out: { tolerance: 0 } },
        call: (ops, at) => ops.reluMask(at.out, at.y, at.out, n),
      });
    }
  });
});

describe("softplus", () => {
  // Narrow bands, because one large value would hide the error of small ones: [centre, half width, why].
  const bands: readonly (readonly [number, number, string])[] = [
    [-88, 1, "e^x near the smallest float32"],
    [-15, 1, "1 + e^x rounds to 1"],
    [-4, 1, "the learning rates of the paper"],
    [0, 1, "the bend"],
    [15, 2, "e^x is most of 1 + e^x"],
    [90, 3, "e^x overflows float32"],
    [0, 1e4, "far out on both sides"],
  ];
  const cases = bands.flatMap(([centre, half, why]) =>
    [1, 2, 3, 5, 30, 1027, 5003].map((n) => ({ centre, half, why, n })),
  );
  test.for(cases)("$why, $n floats", ({ centre, half, why, n }) => {
    for (const shift of [0, 1, 2, 3]) {
      const label = `${why}, n ${n}, shift ${shift}, seeds 1 2`;
      const x = { values: paint(n, 1, half).map((value) => value + centre), shift };
      const dy = { values: paint(n, 2), shift: (shift + 1) % 4 };
      const tolerance = float32Tolerance;
      checkOp({
        label: `softplus, ${label}`,
        operands: { x, y: { values: unwritten(n), shift } },
        outputs: { y: { tolerance } },
        call: (ops, at) => ops.softplus(at.y, at.x, n),
      });
      checkOp({
        label: `softplusBackward, ${label}`,
        operands: { x, dy, dx: { values: unwritten(n), shift } },
        outputs: { dx: { tolerance } },
        call: (ops, at) => ops.softplusBackward(at.dx, at.x, at.dy, n),
      });
      checkOp({
        label: `softplusBackward, dx = dy, ${label}`,
        operands: { x, dx: dy },
        outputs: { dx: { tolerance } },
        call: (ops, at) => ops.softplusBackward(at.dx, at.x, at.dx, n),
      });
    }
  });
});
