// Linear layers and sumRows against the reference.

import { describe, test } from "vitest";
import { none } from "../../src/backend/buffer.ts";
import type { LinearShape } from "../../src/backend/shapes.ts";
import {
  LINEAR_FEATURES,
  LINEAR_FEW,
  LINEAR_IMAGES,
  LINEAR_LARGE,
  LINEAR_OUTPUTS,
  LINEAR_SIDE,
  LINEAR_TILES,
  ROWS,
} from "../../src/backend/wasm/tiles.gen.ts";
import { checkOp, paints, unwritten } from "./parity.ts";

// [in, out, lanes, why]. Kernels tile features by 4 and images by up to 16, and weight gradients by 64 × 64 features;
// they sum at most 4,096 features or 128 images in one pass.
const rows: readonly (readonly [number, number, number, string])[] = [
  // Where the kernels change their way, one less and one more; batches are even.
  ...[-1, 0, 1].flatMap((more): readonly (readonly [number, number, number, string])[] => [
    [LINEAR_FEATURES + more, 5, 4, `${LINEAR_FEATURES} features in, ${more}`],
    [5, LINEAR_OUTPUTS + more, 4, `${LINEAR_OUTPUTS} features out, ${more}`],
    [ROWS * LINEAR_TILES * 22 + more, LINEAR_OUTPUTS + 1, 10, `tiles of packed weights, ${more}`],
    [LINEAR_SIDE + more, LINEAR_SIDE - more, 8, `a tile of weights, ${more}`],
    [9, 8, LINEAR_FEW + 2 * more, `the most images of few, ${2 * more}`],
    [9, 8, LINEAR_IMAGES + 2 * more, `the images of a pass, ${2 * more}`],
  ]),
  [LINEAR_LARGE / 512, 512, 4, "the most weights that are not packed"],
  [LINEAR_LARGE / 512 + 1, 512, 4, "weights that are packed"],
  [3 * LINEAR_SIDE + 5, LINEAR_SIDE + 1, LINEAR_IMAGES / 2, "two tiles of weights side by side"],
  [1, 1, 4, "one multiplication per image"],
  [1, 7, 4, "one feature in"],
  [7, 1, 4, "one feature out"],
  [2, 2, 4, "two"],
  [3, 3, 4, "lanes less 1"],
  [4, 4, 4, "lanes"],
  [5, 5, 4, "lanes and 1"],
  [6, 3, 4, "rows of weights unaligned by 2"],
  [7, 3, 4, "rows of weights unaligned by 3"],
  [8, 3, 4, "two vectors in"],
  [9, 3, 4, "two vectors in and 1"],
  [10, 2, 4, "2 out"],
  [10, 3, 4, "3 out"],
  [10, 4, 4, "one tile out"],
  [10, 5, 4, "a tile out and 1"],
  [10, 6, 4, "a tile out and 2"],
  [10, 7, 4, "two tiles out less 1"],
  [10, 8, 4, "two tiles out"],
  [10, 9, 4, "two tiles out and 1"],
  [15, 5, 8, "tile of columns less 1"],
  [16, 5, 8, "tile of columns"],
  [17, 5, 8, "tile of columns and 1"],
  [31, 6, 8, "prime in"],
  [33, 6, 8, "two tiles of columns and 1"],
  [13, 5, 12, "lanes 12: a partial tile of images"],
  [13, 5, 16, "lanes 16: one tile of images"],
  [13, 5, 20, "lanes 20: a tile of images and 4"],
  [13, 5, 24, "lanes 24: a tile of images and 8"],
  [13, 5, 28, "lanes 28: a tile of images and 12"],
  [13, 5, 64, "lanes 64"],
  [13, 7, 2, "2 lanes"],
  [13, 7, 6, "6 lanes"],
  [67, 9, 10, "10 lanes"],
  [13, 6, 18, "18 lanes"],
  [13, 11, 22, "22 lanes: a tile of images and 10"],
  [5, 6, 130, "130 lanes: two passes of images, the second of 2"],
  [16, 8, 16, "everything divides"],
  [63, 9, 12, "64 in less 1"],
  [64, 9, 12, "64 in"],
  [65, 9, 12, "64 in and 1"],
  [127, 3, 8, "128 in less 1"],
  [129, 3, 8, "128 in and 1"],
  [255, 3, 20, "256 in less 1"],
  [257, 2, 20, "256 in and 1"],
  [1023, 2, 4, "1024 in less 1"],
  [1025, 2, 4, "1024 in and 1"],
  [2, 1025, 4, "more out than in"],
  [4096, 3, 4, "4096 in: one pass"],
  [4097, 3, 4, "4096 in and 1: two passes"],
  [3, 4097, 4, "two passes backward"],
  [64, 64, 128, "one tile of weights, one pass of images"],
  [65, 65, 132, "tiles of weights and 1, two passes of images"],
  [63, 66, 260, "63 and 66 features: around a tile of weights, three passes of images"],
  [131, 67, 20, "work for threads, primes"],
  [400, 120, 10, "LeNet's first"],
  [120, 84, 10, "LeNet's second"],
  [84, 10, 10, "LeNet's third"],
  [784, 37, 64, "a large lanes"],
];

const cases = rows.map(([inFeatures, outFeatures, lanes, why], row) => ({
  why: `${inFeatures} to ${outFeatures}, lanes ${lanes}: ${why}`,
  // Parameters lie at any alignment; over the table, at all of them.
  shift: row % 4,
  shape: { inFeatures, outFeatures, lanes } satisfies LinearShape,
  xFloats: inFeatures * lanes,
  wFloats: inFeatures * outFeatures,
  yFloats: outFeatures * lanes,
}));

describe("linearForward", () => {
  for (const { why, shape, shift, xFloats, wFloats, yFloats } of cases) {
    test(why, async () => {
      for (const { kind, values, tolerance } of paints) {
        const x = { values: values(xFloats, 1) };
        const w = { values: values(wFloats, 2), shift };
        const bias = { values: values(shape.outFeatures, 3), shift: (shift + 1) % 4 };
        for (const accumulate of [false, true]) {
          const label = `linearForward, ${why}, ${kind}, accumulate ${accumulate}, seeds 1 2 3 4`;
          const y = { values: accumulate ? values(yFloats, 4) : unwritten(yFloats) };
          const outputs = { y: { tolerance } };
          await checkOp({
            label: `${label}, bias`,
            operands: { x, w, bias, y },
            outputs,
            call: (ops, at) => ops.linearForward(at.y, at.x, at.w, at.bias, shape, accumulate),
          });
          await checkOp({
            label,
            operands: { x, w, y },
            outputs,
            call: (ops, at) => ops.linearForward(at.y, at.x, at.w, none, shape, accumulate),
          });
        }
      }
    });
  }
});

describe("linearBackwardData", () => {
  for (const { why, shape, shift, xFloats, wFloats, yFloats } of cases) {
    test(why, async () => {
      for (const { kind, values, tolerance } of paints) {
        const dy = { values: values(yFloats, 5) };
        const w = { values: values(wFloats, 2), shift };
        for (const accumulate of [false, true]) {
          await checkOp({
            label: `linearBackwardData, ${why}, ${kind}, accumulate ${accumulate}, seeds 2 5 6`,
            operands: { dy, w, dx: { values: accumulate ? values(xFloats, 6) : unwritten(xFloats) } },
            outputs: { dx: { tolerance } },
            call: (ops, at) => ops.linearBackwardData(at.dx, at.dy, at.w, shape, accumulate),
          });
        }
      }
    });
  }
});

describe("linearBackwardWeights", () => {
  for (const { why, shape, shift, xFloats, wFloats, yFloats } of cases) {
    test(why, async () => {
      for (const { kind, values, tolerance } of paints) {
        const dy = { values: values(yFloats, 5) };
        const x = { values: values(xFloats, 1) };
        for (const accumulate of [false, true]) {
          await checkOp({
            label: `linearBackwardWeights, ${why}, ${kind}, accumulate ${accumulate}, seeds 1 5 7`,
            operands: { dy, x, dw: { values: accumulate ? values(wFloats, 7) : unwritten(wFloats), shift } },
            outputs: { dw: { tolerance } },
            call: (ops, at) => ops.linearBackwardWeights(at.dw, at.dy, at.x, shape, accumulate),
          });
        }
      }
    });
  }
});

describe("sumRows", () => {
  // A row is a plane of images: nothing, one vector, tiles of 16 ± 4, long; and half a vector more.
  const sizes = [0, 2, 4, 6, 8, 10, 12, 16, 20, 28, 32, 36, 60, 64, 68, 1020, 1024, 1028, 1034, 7840].flatMap(
    (length) => [0, 1, 2, 3, 4, 5, 9].map((count) => ({ count, length })),
  );
  test.for(sizes)("$count rows of $length", async ({ count, length }) => {
    for (const { kind, values, tolerance } of paints) {
      const x = { values: values(count * length, 1) };
      for (const accumulate of [false, true]) {
        const out = { values: accumulate ? values(count, 2) : unwritten(count), shift: count % 4 };
        await checkOp({
          label: `sumRows, ${count} rows of ${length}, ${kind}, accumulate ${accumulate}, seeds 1 2`,
          operands: { x, out },
          // The few sums may nearly cancel, so their error is measured by their terms: at most 1 each.
          outputs: { out: { tolerance, scale: length + 1 } },
          call: (ops, at) => ops.sumRows(at.out, at.x, count, length, accumulate),
        });
      }
    }
  });
});
