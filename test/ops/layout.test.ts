// packImages, unpackImages and embed2d against the reference. They move floats, so nothing may be rounded.

import { describe, test } from "vitest";
import type { Embed2dShape } from "../../src/backend/shapes.ts";
import { paint } from "../helpers.ts";
import { checkOp, unwritten } from "./parity.ts";

// Features: one, lanes ± 1, tiles of 16 ± 1, MNIST. Images: one, padding of 1 to 3 lanes, whole vectors of it.
const packShapes = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 784].flatMap((features) =>
  [
    [1, 2],
    [1, 4],
    [2, 4],
    [3, 4],
    [4, 4],
    [5, 8],
    [9, 10],
    [10, 10],
    [1, 12],
    [10, 12],
    [16, 16],
    [17, 20],
    [63, 64],
    [64, 64],
  ].map(([images, lanes]) => ({ features, images: images!, lanes: lanes! })),
);

describe("packImages and unpackImages", () => {
  test.for(packShapes)("$features features, $images of $lanes images", async (shape) => {
    const userFloats = shape.images * shape.features;
    const packedFloats = shape.features * shape.lanes;
    for (const shift of [0, 1, 2, 3]) {
      const label = `${JSON.stringify(shape)}, shift ${shift}, seed 1`;
      await checkOp({
        label: `packImages, ${label}`,
        operands: { images: { values: paint(userFloats, 1), shift }, out: { values: unwritten(packedFloats) } },
        outputs: { out: { tolerance: 0 } },
        call: (ops, at) => ops.packImages(at.out, at.images, shape),
      });
      await checkOp({
        label: `unpackImages, ${label}`,
        operands: { x: { values: paint(packedFloats, 1) }, out: { values: unwritten(userFloats), shift } },
        outputs: { out: { tolerance: 0 } },
        call: (ops, at) => ops.unpackImages(at.out, at.x, shape),
      });
    }
  });
});

describe("embed2d", () => {
  // [channels, height, width, outHeight, outWidth, top, left, spread, lanes, why]
  const rows: readonly (readonly [number, number, number, number, number, number, number, number, number, string])[] = [
    [1, 1, 1, 1, 1, 0, 0, 1, 4, "one pixel"],
    [0, 2, 2, 4, 4, 1, 1, 1, 4, "no channels"],
    [3, 4, 5, 4, 5, 0, 0, 1, 4, "a copy"],
    [3, 3, 5, 4, 6, 1, 1, 1, 2, "2 lanes, odd rows"],
    [2, 3, 3, 7, 8, 1, 2, 2, 6, "6 lanes, spread 2"],
    [3, 5, 3, 3, 2, -1, -1, 1, 10, "10 lanes, cropped"],
    [1, 3, 3, 5, 5, 1, 1, 1, 4, "padding 1"],
    [3, 3, 4, 7, 8, 2, 2, 1, 8, "padding 2"],
    [2, 3, 3, 4, 6, 1, 0, 1, 12, "different padding on every side"],
    [2, 3, 3, 6, 4, 0, 1, 1, 16, "padding after, not before"],
    [3, 5, 5, 3, 3, -1, -1, 1, 4, "crop 1: the adjoint of padding"],
    [3, 6, 5, 2, 3, -2, -1, 1, 20, "crop unevenly"],
    [2, 4, 4, 5, 3, 2, -2, 1, 4, "pad rows, crop columns"],
    [2, 4, 4, 3, 3, 0, 0, 1, 4, "crop at the end only"],
    [2, 3, 3, 4, 4, 5, 0, 1, 4, "wholly below the frame"],
    [2, 3, 3, 4, 4, 0, -3, 1, 4, "wholly left of the frame"],
    [1, 2, 3, 3, 5, 0, 0, 2, 4, "spread 2: stride 2 backward"],
    [3, 3, 3, 9, 9, 2, 2, 2, 8, "spread 2 and padding"],
    [3, 2, 2, 8, 9, 1, 2, 3, 12, "spread 3"],
    [2, 4, 4, 5, 5, -2, -1, 2, 4, "spread 2, cropped before"],
    [2, 4, 4, 5, 6, 0, 1, 2, 4, "spread 2, cropped after"],
    [2, 3, 3, 2, 2, -1, -1, 2, 4, "spread 2 that misses the frame's corners"],
    [1, 28, 28, 32, 32, 2, 2, 1, 10, "LeNet's first"],
    [6, 10, 10, 18, 18, 4, 4, 1, 64, "a large lanes"],
  ];
  test.for(rows)("%s channels, %s x %s into %s x %s at %s, %s, spread %s, lanes %s: %s", async (row) => {
    const [channels, height, width, outHeight, outWidth, top, left, spread, lanes, why] = row;
    const shape: Embed2dShape = { channels, height, width, outHeight, outWidth, top, left, spread, lanes };
    await checkOp({
      label: `embed2d, ${why}, seed 1`,
      operands: {
        x: { values: paint(channels * height * width * lanes, 1) },
        out: { values: unwritten(channels * outHeight * outWidth * lanes) },
      },
      outputs: { out: { tolerance: 0 } },
      call: (ops, at) => ops.embed2d(at.out, at.x, shape),
    });
  });
});
