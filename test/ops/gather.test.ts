// gatherImages and scatterImages against the reference, and against each other: one is the adjoint of the other.

import { expect, test } from "vitest";
import { write } from "../../src/backend/backend.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { randomKey, randomOrder } from "../../src/numeric/random.ts";
import { paint } from "../helpers.ts";
import { checkOp, unwritten } from "./parity.ts";

// Features: one, tiles of 4 ± 1, MNIST. Images: one, all, with and without padding lanes, fewer or more lanes than the source.
const shapes = [1, 3, 4, 5, 9, 784].flatMap((features) =>
  [
    [1, 2, 2],
    [1, 4, 12],
    [3, 4, 10],
    [10, 12, 10],
    [10, 10, 64],
    [12, 16, 12],
  ].map(([images, lanes, sourceLanes]) => ({ features, images: images!, lanes: lanes!, sourceLanes: sourceLanes! })),
);
type Shape = (typeof shapes)[number];

/** Columns that are drawn without replacement. */
const drawn = ({ images, sourceLanes }: Shape): Float32Array =>
  Float32Array.from(randomOrder(sourceLanes, images, randomKey(1, "columns")));

test.for(shapes)("$images of $sourceLanes columns of $features floats come and go back, in $lanes lanes", async (s) => {
  for (const shift of [0, 1, 3]) {
    const label = `${JSON.stringify(s)}, shift ${shift}, seeds 1 2`;
    const columns = { values: drawn(s), shift };
    await checkOp({
      label: `gatherImages, ${label}`,
      operands: {
        ...{ columns, x: { values: paint(s.features * s.sourceLanes, 1) } },
        out: { values: unwritten(s.features * s.lanes) },
      },
      outputs: { out: { tolerance: 0, zero: (i) => i % s.lanes >= s.images } },
      call: (ops, at) => ops.gatherImages(at.out, at.x, at.columns, s),
    });
    await checkOp({
      label: `scatterImages, ${label}`,
      operands: {
        ...{ columns, x: { values: paint(s.features * s.lanes, 1) } },
        out: { values: paint(s.features * s.sourceLanes, 2) },
      },
      outputs: { out: { tolerance: 1e-6 } },
      call: (ops, at) => ops.scatterImages(at.out, at.x, at.columns, s),
    });
  }
});

test("a column that is not there gives 0 and is left alone", async () => {
  const shape = { features: 5, images: 6, lanes: 8, sourceLanes: 4 };
  const columns = { values: Float32Array.of(-1, 4, Number.NaN, 3, 1e30, 0) };
  await checkOp({
    label: "gatherImages, no such column, seed 1",
    operands: { columns, x: { values: paint(20, 1) }, out: { values: unwritten(40) } },
    outputs: { out: { tolerance: 0, zero: (i) => ![3, 5].includes(i % 8) } },
    call: (ops, at) => ops.gatherImages(at.out, at.x, at.columns, shape),
  });
  await checkOp({
    label: "scatterImages, no such column, seed 1",
    operands: { columns, x: { values: paint(40, 1) }, out: { values: new Float32Array(20) } },
    outputs: { out: { tolerance: 0, zero: (i) => ![3, 0].includes(i % 4) } },
    call: (ops, at) => ops.scatterImages(at.out, at.x, at.columns, shape),
  });
});

test("on the reference ⟨gather x, u⟩ = ⟨x, scatter u⟩, to the last digit but one", async () => {
  const shape = { features: 7, images: 5, lanes: 8, sourceLanes: 12 };
  const backend = createReferenceBackend();
  const { base: x, ops } = backend;
  const [u, columns] = [x + 84, x + 140];
  const [gathered, scattered] = [x + 160, x + 220];
  backend.reserve(x + 320);
  write(backend, x, paint(84, 1));
  write(backend, u, paint(56, 2));
  write(backend, columns, drawn(shape));
  ops.gatherImages(gathered, x, columns, shape);
  ops.fill(scattered, 0, 84);
  ops.scatterImages(scattered, u, columns, shape);
  ops.dot(columns, gathered, u, 56);
  ops.dot(columns + 1, x, scattered, 84);
  const [one, other] = await backend.read(columns, 2);
  expect(Math.abs(one! - other!)).toBeLessThan(1e-14);
  expect(Math.abs(one!)).toBeGreaterThan(0.1);
});
