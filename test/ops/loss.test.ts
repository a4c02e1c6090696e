// One-hot targets, softmax cross-entropy and squared error against the reference.

import { describe, test } from "vitest";
import { none } from "../../src/backend/buffer.ts";
import type { LossShape } from "../../src/backend/shapes.ts";
import { float32Tolerance, paint } from "../helpers.ts";
import { checkOp, unwritten } from "./parity.ts";

// One class, lanes ± 1, MNIST, CIFAR-100; one image, padding of 1 to 3 lanes, whole vectors of padding, none; and
// ImageNet's classes once.
const shapes: LossShape[] = [1, 2, 3, 4, 5, 7, 10, 100].flatMap((classes) =>
  [
    [1, 2],
    [1, 4],
    [2, 4],
    [3, 4],
    [4, 4],
    [3, 8],
    [5, 6],
    [10, 10],
    [10, 12],
    [9, 16],
    [16, 16],
    [20, 20],
    [61, 64],
  ].map(([images, lanes]) => ({ classes, images: images!, lanes: lanes! })),
);
shapes.push({ classes: 1000, images: 10, lanes: 12 });
// Work for threads, also where a float is one move.
shapes.push({ classes: 211, images: 77, lanes: 80 });

/** Logits of ordinary size, sure ones, and ones whose exponentials overflow and vanish. */
const logitScales = [1, 20, 1e4];

/** Soft targets whose sums are about 1, and differ from it and from each other. */
function paintTargets({ classes, lanes }: LossShape): Float32Array {
  return paint(classes * lanes, 2).map((value) => (value + 1) / classes);
}

function oneHotTargets({ classes, lanes }: LossShape): Float32Array {
  return Float32Array.from({ length: classes * lanes }, (_, i) =>
    Math.floor(i / lanes) === (i % lanes) % classes ? 1 : 0,
  );
}

/** Column softmax in float32, as crossEntropy leaves it. */
function softmax(z: Float32Array, { classes, lanes }: LossShape): Float32Array {
  const p = new Float32Array(z.length);
  for (let image = 0; image < lanes; image++) {
    const column = Array.from({ length: classes }, (_, k) => z[k * lanes + image]!);
    const top = Math.max(...column);
    const sum = column.reduce((total, value) => total + Math.exp(value - top), 0);
    for (let k = 0; k < classes; k++) p[k * lanes + image] = Math.exp(column[k]! - top) / sum;
  }
  return p;
}

describe("oneHot", () => {
  test.for(shapes)("$classes classes, $images of $lanes images", async (shape) => {
    const labels = paint(shape.images, 1).map((value) => Math.floor(((value + 1) / 2) * shape.classes));
    for (const shift of [0, 1]) {
      await checkOp({
        label: `oneHot, ${JSON.stringify(shape)}, shift ${shift}, seed 1`,
        operands: { labels: { values: labels, shift }, out: { values: unwritten(shape.classes * shape.lanes) } },
        outputs: { out: { tolerance: 0 } },
        call: (ops, at) => ops.oneHot(at.out, at.labels, shape),
      });
    }
  });
});

describe("crossEntropy", () => {
  test.for(shapes)("$classes classes, $images of $lanes images", async (shape) => {
    const n = shape.classes * shape.lanes;
    const tolerance = float32Tolerance;
    const real = (index: number) => index % shape.lanes < shape.images;
    const zero = (index: number) => !real(index);
    for (const logitScale of logitScales) {
      for (const targets of [paintTargets(shape), oneHotTargets(shape)]) {
        const label = `crossEntropy, ${JSON.stringify(shape)}, logits to ${logitScale}, seeds 1 2`;
        const operands = {
          z: { values: paint(n, 1, logitScale) },
          y: { values: targets },
          losses: { values: unwritten(shape.lanes) },
          p: { values: unwritten(n) },
          dz: { values: unwritten(n) },
        };
        const outputs = {
          losses: { tolerance, zero },
          p: { tolerance, scale: 1, means: real },
          // S·p and y cancel where the network is right, so the error is measured by the targets.
          dz: { tolerance, scale: 1 / shape.images, zero },
        };
        await checkOp({
          label: `${label}, without dy`,
          operands,
          outputs,
          call: (ops, at) => ops.crossEntropy(at.losses, at.p, at.dz, none, at.z, at.y, shape),
        });
        await checkOp({
          label,
          operands: { ...operands, dy: { values: unwritten(n) } },
          outputs: { ...outputs, dy: { tolerance, zero } },
          call: (ops, at) => ops.crossEntropy(at.losses, at.p, at.dz, at.dy, at.z, at.y, shape),
        });
      }
    }
  });
});

test("a logit that is NaN makes its image's loss NaN, and no other's", async () => {
  const shape: LossShape = { classes: 5, images: 7, lanes: 8 };
  const n = shape.classes * shape.lanes;
  for (let at = 0; at < n; at++) {
    const z = paint(n, 1);
    z[at] = Number.NaN;
    const others = (index: number) => index % shape.lanes !== at % shape.lanes;
    await checkOp({
      label: `crossEntropy, logit ${at} is NaN, seeds 1 2`,
      operands: {
        z: { values: z },
        y: { values: paintTargets(shape) },
        losses: { values: unwritten(shape.lanes) },
        p: { values: unwritten(n) },
        dz: { values: unwritten(n) },
      },
      outputs: {
        losses: { tolerance: float32Tolerance, mayBeNaN: true },
        p: { tolerance: float32Tolerance, mayBeNaN: true, means: others },
        dz: { tolerance: float32Tolerance, mayBeNaN: true, means: others },
      },
      call: (ops, place) => ops.crossEntropy(place.losses, place.p, place.dz, none, place.z, place.y, shape),
    });
  }
});

describe("crossEntropyR", () => {
  test.for(shapes)("$classes classes, $images of $lanes images", async (shape) => {
    const n = shape.classes * shape.lanes;
    const tolerance = float32Tolerance;
    // rz and its mean cancel where one class has all of p, so the error is measured by rz, which is below 1.
    const scale = 1 / shape.images;
    const zero = (index: number) => index % shape.lanes >= shape.images;
    for (const logitScale of logitScales) {
      const label = `crossEntropyR, ${JSON.stringify(shape)}, logits to ${logitScale}, seeds 1 2 3`;
      const operands = {
        p: { values: softmax(paint(n, 1, logitScale), shape) },
        y: { values: paintTargets(shape) },
        rz: { values: paint(n, 3) },
        rdz: { values: unwritten(n) },
      };
      await checkOp({
        label: `${label}, without rdy`,
        operands,
        outputs: { rdz: { tolerance, scale, zero } },
        call: (ops, at) => ops.crossEntropyR(at.rdz, none, at.p, at.y, at.rz, shape),
      });
      await checkOp({
        label,
        operands: { ...operands, rdy: { values: unwritten(n) } },
        outputs: { rdz: { tolerance, scale, zero }, rdy: { tolerance, scale, zero } },
        call: (ops, at) => ops.crossEntropyR(at.rdz, at.rdy, at.p, at.y, at.rz, shape),
      });
    }
  });
});

describe("squaredError", () => {
  test.for(shapes)("$classes classes, $images of $lanes images", async (shape) => {
    const n = shape.classes * shape.lanes;
    const tolerance = float32Tolerance;
    const zero = (index: number) => index % shape.lanes >= shape.images;
    for (const logitScale of logitScales) {
      for (const targets of [paintTargets(shape), oneHotTargets(shape)]) {
        const label = `squaredError, ${JSON.stringify(shape)}, logits to ${logitScale}, seeds 1 2`;
        const operands = {
          z: { values: paint(n, 1, logitScale) },
          y: { values: targets },
          losses: { values: unwritten(shape.lanes) },
          dz: { values: unwritten(n) },
        };
        const outputs = { losses: { tolerance, zero }, dz: { tolerance, zero } };
        await checkOp({
          label: `${label}, without dy`,
          operands,
          outputs,
          call: (ops, at) => ops.squaredError(at.losses, at.dz, none, at.z, at.y, shape),
        });
        await checkOp({
          label,
          operands: { ...operands, dy: { values: unwritten(n) } },
          outputs: { ...outputs, dy: { tolerance, zero } },
          call: (ops, at) => ops.squaredError(at.losses, at.dz, at.dy, at.z, at.y, shape),
        });
      }
    }
  });
});

describe("squaredErrorR", () => {
  test.for(shapes)("$classes classes, $images of $lanes images", async (shape) => {
    const n = shape.classes * shape.lanes;
    const tolerance = float32Tolerance;
    const zero = (index: number) => index % shape.lanes >= shape.images;
    const label = `squaredErrorR, ${JSON.stringify(shape)}, seed 3`;
    const operands = { rz: { values: paint(n, 3) }, rdz: { values: unwritten(n) } };
    await checkOp({
      label: `${label}, without rdy`,
      operands,
      outputs: { rdz: { tolerance, zero } },
      call: (ops, at) => ops.squaredErrorR(at.rdz, none, at.rz, shape),
    });
    await checkOp({
      label,
      operands: { ...operands, rdy: { values: unwritten(n) } },
      outputs: { rdz: { tolerance, zero }, rdy: { tolerance, zero } },
      call: (ops, at) => ops.squaredErrorR(at.rdz, at.rdy, at.rz, shape),
    });
  });
});

describe("labelMargin", () => {
  /** Labels with gaps below and above the cap, and equal largest entries, first, last and beside each other. */
  const painted = ({ classes, lanes }: LossShape): Float32Array => {
    const y = paint(classes * lanes, 3);
    for (let image = 0; image < lanes; image += 3) {
      const [a, b] = [image % classes, (image * image + 1) % classes];
      y[a * lanes + image] = 2;
      y[b * lanes + image] = image % 2 === 0 ? 2 : 1.95;
    }
    return y;
  };

  test.for(shapes.filter(({ classes }) => classes >= 2))(
    "$classes classes, $images of $lanes images",
    async (shape) => {
      const n = shape.classes * shape.lanes;
      const zero = (index: number) => index % shape.lanes >= shape.images;
      for (const cap of [0.1, 1 / shape.classes]) {
        await checkOp({
          label: `labelMargin, ${JSON.stringify(shape)}, cap ${cap}, seed 3`,
          operands: {
            losses: { values: unwritten(shape.lanes) },
            dy: { values: unwritten(n) },
            y: { values: painted(shape) },
          },
          outputs: {
            losses: { tolerance: float32Tolerance, zero },
            dy: { tolerance: float32Tolerance, zero },
          },
          call: (ops, at) => ops.labelMargin(at.losses, at.dy, at.y, cap, shape),
        });
      }
    },
  );
});
