// Kernels of infinitely wide ReLU networks and products in float64: against the reference, the reference against the recursion as it is
// published and PyTorch's autograd of it, and the recursion's closed forms.
import { describe, expect, test } from "vitest";
import { none } from "../../src/backend/buffer.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { ridgeFloats } from "../../src/backend/shapes.ts";
import { webgpuPlan } from "../../src/backend/webgpu/plan.ts";
import { expectClose, float32Tolerance, paint } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { checkOp, unwritten } from "./parity.ts";

interface Pair {
  readonly features: number;
  readonly images: number;
  readonly lanes: number;
  readonly yImages: number;
  readonly yLanes: number;
}

const kernels = [
  { depth: 1, tangent: false },
  { depth: 1, tangent: true },
  { depth: 3, tangent: false },
  { depth: 3, tangent: true },
  { depth: 8, tangent: true },
] as const;

// Two rows of a tile ± 1, four columns ± 1, padding in both, one feature, and enough for threads.
const shapes: readonly Pair[] = [
  { features: 1, images: 1, lanes: 2, yImages: 1, yLanes: 2 },
  { features: 5, images: 2, lanes: 2, yImages: 3, yLanes: 4 },
  { features: 7, images: 3, lanes: 4, yImages: 5, yLanes: 6 },
  { features: 12, images: 10, lanes: 12, yImages: 16, yLanes: 16 },
  { features: 40, images: 21, lanes: 24, yImages: 30, yLanes: 32 },
];

/** Zeros the padding of images [features, lanes]. */
function padded(values: Float32Array, images: number, lanes: number): Float32Array {
  return values.map((value, i) => (i % lanes < images ? value : 0));
}

function operandsOf({ features, lanes, yLanes }: Pair, x: Float32Array, y: Float32Array) {
  expect([x.length, y.length]).toEqual([features * lanes, features * yLanes]);
  return {
    k: { values: unwritten(lanes * yLanes), shift: 1 },
    ds: { values: unwritten(lanes * yLanes), shift: 2 },
    da: { values: unwritten(lanes * yLanes), shift: 3 },
    x: { values: x },
    y: { values: y },
  };
}

describe.for(kernels)("depth $depth, tangent $tangent:", (kernel) => {
  describe.for(shapes)("$images and $yImages images of $features features", (shape) => {
    const { features, images, lanes, yImages, yLanes } = shape;
    const inPadding = (i: number): boolean => i % yLanes >= yImages || i >= images * yLanes;

    test.for([1, 1e-2, 30])("the kernel and its derivatives, for pixels of %d", async (size) => {
      const outputs = { tolerance: float32Tolerance, zero: inPadding };
      await checkOp({
        label: `arcCosineKernel of ${size}, seeds 1 2`,
        operands: operandsOf(shape, paint(features * lanes, 1, size), paint(features * yLanes, 2, size)),
        outputs: { k: outputs, ds: outputs, da: { ...outputs, scale: 1 } },
        call: (ops, at) => ops.arcCosineKernel(at.k, at.ds, at.da, at.x, at.y, { ...shape, ...kernel }),
      });
    });

    test("a factor solves as that of the reference", async () => {
      const floats = ridgeFloats(images, webgpuPlan);
      await checkOp({
        label: "arcCosineFactor, ridge 1e-3, seeds 1 2",
        operands: {
          out: { values: unwritten(3 * lanes), shift: 1 },
          workspace: { values: unwritten(3 * floats.row) },
          factor: { values: unwritten(floats.factor), shift: 3 },
          x: { values: padded(paint(features * lanes, 1), images, lanes) },
          b: { values: paint(3 * lanes, 2), shift: 1 },
        },
        outputs: {
          out: { tolerance: float32Tolerance, zero: (i) => i % lanes >= images },
          workspace: { tolerance: 0, opaque: true },
          factor: { tolerance: 0, opaque: true },
        },
        call(ops, at) {
          ops.arcCosineFactor(at.factor, at.x, 1e-3, { ...shape, ...kernel });
          ops.ridgeSolve(at.out, at.workspace, at.factor, at.b, 3, shape);
        },
      });
    });
  });
});

test("an op writes no derivative that is left out", async () => {
  const shape = shapes[2]!;
  const { ds, da, ...operands } = operandsOf(shape, paint(7 * 4, 1), paint(7 * 6, 2));
  for (const left of [{ ds }, { da }] as const) {
    await checkOp({
      label: `arcCosineKernel with ${Object.keys(left)} alone, seeds 1 2`,
      operands: { ...operands, left: Object.values(left)[0]! },
      outputs: { k: { tolerance: float32Tolerance }, left: { tolerance: float32Tolerance, scale: 1 } },
      call(ops, at) {
        const [s, a] = "ds" in left ? [at.left, none] : [none, at.left];
        ops.arcCosineKernel(at.k, s, a, at.x, at.y, { ...shape, depth: 2, tangent: true });
      },
    });
  }
});

test("images that are the same, nearly the same and opposite keep the digits of their angle", async () => {
  const features = 9;
  const x = paint(features * 4, 3);
  for (const from of [0, 1, 2, 3]) {
    const columns = Float32Array.from({ length: features * 4 }, (_, i) => x[i - (i % 4) + from]!);
    // The image itself, the image but for 1e-3, but for 1e-5, and its negative.
    const other = Float32Array.from({ length: features * 4 }, (_, i) => {
      const value = columns[i]!;
      const place = Math.floor(i / 4);
      return [value, value * (1 + 1e-3 * (place % 3)), value * (1 + 1e-5 * (place % 5)), -value][i % 4]!;
    });
    await checkOp({
      label: `arcCosineKernel of an image and others like it, column ${from}, seed 3`,
      operands: operandsOf({ features, images: 4, lanes: 4, yImages: 4, yLanes: 4 }, columns, other),
      outputs: {
        k: { tolerance: float32Tolerance },
        ds: { tolerance: float32Tolerance },
        da: { tolerance: float32Tolerance },
      },
      call: (ops, at) => {
        const shape = { features, images: 4, lanes: 4, yImages: 4, yLanes: 4, depth: 3, tangent: true };
        ops.arcCosineKernel(at.k, at.ds, at.da, at.x, at.y, shape);
      },
    });
  }
});

test.for([
  ["zeros, whose covariance is the bias alone", 0],
  ["pixels of 1e10", 1e10],
] as const)("%s give numbers", async ([, size]) => {
  const shape = { features: 3, images: 2, lanes: 2, yImages: 2, yLanes: 2 };
  await checkOp({
    label: `arcCosineKernel of ${size}, seeds 1 2`,
    operands: operandsOf(shape, paint(6, 1, size), paint(6, 2, size)),
    outputs: {
      k: { tolerance: float32Tolerance },
      ds: { tolerance: float32Tolerance },
      da: { tolerance: float32Tolerance, scale: 1 },
    },
    call: (ops, at) => ops.arcCosineKernel(at.k, at.ds, at.da, at.x, at.y, { ...shape, depth: 3, tangent: true }),
  });
});

test.for([
  [1, 1, 2],
  [3, 5, 4],
  [10, 700, 12],
] as const)("a product of %d rows of %d with %d lanes is added in float64", async ([rows, length, lanes]) => {
  await checkOp({
    label: `wideProduct, ${rows} × ${length} × ${lanes}, seeds 1 2`,
    operands: {
      out: { values: unwritten(rows * lanes), shift: 3 },
      a: { values: paint(rows * length, 1), shift: 1 },
      b: { values: paint(length * lanes, 2) },
    },
    outputs: { out: { tolerance: 1e-7 } },
    call: (ops, at) => ops.wideProduct(at.out, at.a, at.b, rows, length, lanes),
  });
});

test("a product whose terms cancel to a millionth keeps its digits", async () => {
  const a = Float32Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 1000 : -1000));
  const b = Float32Array.from({ length: 400 }, (_, i) => 1 + 1e-6 * (Math.floor(i / 2) % 7) + (i % 2));
  await checkOp({
    label: "wideProduct, cancelling",
    operands: { out: { values: unwritten(2) }, a: { values: a }, b: { values: b } },
    outputs: { out: { tolerance: 1e-7 } },
    call: (ops, at) => ops.wideProduct(at.out, at.a, at.b, 1, 200, 2),
  });
});

/** Runs the op on the reference, on images as rows. */
async function reference(x: readonly number[][], y: readonly number[][], depth: number, tangent: boolean) {
  const backend = createReferenceBackend();
  const { ops, base } = backend;
  const [features, lanes, yLanes] = [x[0]!.length, x.length, y.length];
  const columns = (rows: readonly number[][]) =>
    Float64Array.from(
      { length: features * rows.length },
      (_, i) => rows[i % rows.length]![Math.floor(i / rows.length)]!,
    );
  const [inX, inY] = [columns(x), columns(y)];
  const n = lanes * yLanes;
  backend.reserve(base + inX.length + inY.length + 3 * n);
  backend.upload(base, inX.length, (host) => host.set(inX));
  backend.upload(base + inX.length, inY.length, (host) => host.set(inY));
  const k = base + inX.length + inY.length;
  const shape = { features, images: lanes, lanes, yImages: yLanes, yLanes, depth, tangent };
  ops.arcCosineKernel(k, k + n, k + 2 * n, base, base + inX.length, shape);
  const [value, ds, da] = await Promise.all([k, k + n, k + 2 * n].map((at) => backend.read(at, n)));
  return { value: value!, ds: ds!, da: da! };
}

const rowsOf = (count: number, features: number, seed: number): number[][] => {
  const values = paint(count * features, seed);
  return Array.from({ length: count }, (_, i) => [...values.subarray(i * features, (i + 1) * features)]);
};

/** Θ or Σ after so many layers, by the arc-cosine kernels of degree 0 and 1 as Cho and Saul write them. */
function published(x: readonly number[], y: readonly number[], depth: number, tangent: boolean): number {
  const inner = (u: readonly number[], v: readonly number[]): number =>
    (2 * u.reduce((sum, value, i) => sum + value * v[i]!, 0)) / u.length + 0.01;
  let [xx, xy, yy] = [inner(x, x), inner(x, y), inner(y, y)];
  let theta = xy;
  for (let layer = 0; layer < depth; layer++) {
    const norms = Math.sqrt(xx * yy);
    const angle = Math.acos(xy / norms);
    // κ₀ = (π − θ)/π and κ₁ = (sin θ + (π − θ) cos θ)/π, for weights of variance 2.
    const zero = (Math.PI - angle) / Math.PI;
    const one = (Math.sin(angle) + (Math.PI - angle) * Math.cos(angle)) / Math.PI;
    [xx, xy, yy] = [xx + 0.01, norms * one + 0.01, yy + 0.01];
    theta = xy + zero * theta;
  }
  return tangent ? theta : xy;
}

describe.for(kernels)("the reference, depth $depth, tangent $tangent,", ({ depth, tangent }) => {
  const [x, y] = [rowsOf(4, 6, 1), rowsOf(5, 6, 2)];

  test("has the recursion as it is published", async () => {
    const { value } = await reference(x, y, depth, tangent);
    const expected = x.flatMap((u) => y.map((v) => published(u, v, depth, tangent)));
    expectClose(value, expected, 1e-13, "kernel, seeds 1 2");
  });

  test("has derivatives by pixels that are central differences", async () => {
    const { ds, da } = await reference(x, y, depth, tangent);
    const step = 1e-5;
    for (const [i, j, d] of [
      [0, 0, 0],
      [1, 3, 2],
      [3, 4, 5],
    ] as const) {
      const moved = (by: number) =>
        published(
          x[i]!.map((value, at) => (at === d ? value + by : value)),
          y[j]!,
          depth,
          tangent,
        );
      const at = i * y.length + j;
      const found = (2 / 6) * (ds[at]! * y[j]![d]! + 2 * da[at]! * x[i]![d]!);
      expect(found).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 7);
    }
  });

  test("has the closed form of an image with itself, and its derivative along both", async () => {
    const { value, ds, da } = await reference(x, x, depth, tangent);
    for (let i = 0; i < x.length; i++) {
      const own = (2 * x[i]!.reduce((sum, v) => sum + v * v, 0)) / 6 + 0.01;
      const sum = (depth + 1) * own + (0.01 * depth * (depth + 1)) / 2;
      const at = i * x.length + i;
      expect(value[at]).toBeCloseTo(tangent ? sum : own + 0.01 * depth, 12);
      expect(ds[at]).toBeCloseTo(tangent ? depth + 1 : 1, 7);
      expect(da[at]).toBeCloseTo(0, 7);
    }
  });
});

const program = `
x, y = [torch.tensor(v, dtype=torch.float64) for v in (given["x"], given["y"])]
x.requires_grad_()
xx, yy, xy = [2 * v / x.shape[1] + 0.01 for v in ((x * x).sum(1)[:, None], (y * y).sum(1)[None], x @ y.T)]
theta = xy
for _ in range(given["depth"]):
    q = (xx * yy).sqrt()
    angle = torch.acos(xy / q)
    xx, yy = xx + 0.01, yy + 0.01
    xy = q / math.pi * (torch.sin(angle) + (math.pi - angle) * torch.cos(angle)) + 0.01
    theta = theta * (1 - angle / math.pi) + xy
weights = torch.tensor(given["weights"], dtype=torch.float64).view(xy.shape)
k = theta if given["tangent"] else xy
dx, = torch.autograd.grad((k * weights).sum(), x)
print(json.dumps([k.flatten().tolist(), dx.flatten().tolist()]))
`;

test.skipIf(noPyTorch)("the reference has PyTorch's derivative of the recursion by all pixels", async () => {
  const [x, y] = [rowsOf(4, 6, 1), rowsOf(5, 6, 2)];
  const weights = [...paint(20, 3)];
  for (const { depth, tangent } of kernels) {
    const [k, dx] = pytorch(program, { x, y, weights, depth, tangent }) as [number[], number[]];
    const { value, ds, da } = await reference(x, y, depth, tangent);
    expectClose(value, k, 1e-13, `kernel, depth ${depth}, seeds 1 2`);
    const found = x.flatMap((u, i) =>
      u.map((pixel, d) => {
        let sum = 0;
        for (let j = 0; j < 5; j++) {
          const at = i * 5 + j;
          sum += weights[at]! * (2 / 6) * (ds[at]! * y[j]![d]! + 2 * da[at]! * pixel);
        }
        return sum;
      }),
    );
    expectClose(found, dx, 1e-12, `derivatives, depth ${depth}, tangent ${tangent}, seeds 1 2 3`);
  }
});
