// The augmentations of images against the reference, and the reference against PyTorch. All are affine in the pixels, so each
// backward pass must be the adjoint of the forward pass: ⟨Ax, u⟩ = ⟨x, Aᵀu⟩.

import { describe, expect, test } from "vitest";
import { write } from "../../src/backend/backend.ts";
import type { Buffer } from "../../src/backend/buffer.ts";
import type { Ops } from "../../src/backend/ops.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import type { ImagesShape } from "../../src/backend/shapes.ts";
import { onGpu } from "../backends-under-test.ts";
import { expectClose, float32Tolerance, float64Tolerance, paint } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { checkOp, unwritten } from "./parity.ts";

/** Channels, rows, columns, lanes, and why. */
type Row = readonly [channels: number, height: number, width: number, lanes: number, why: string];

const shapeOf = ([channels, height, width, lanes]: Row): ImagesShape => ({ channels, height, width, lanes });
const floatsOf = ({ channels, height, width, lanes }: ImagesShape): number => channels * height * width * lanes;

const rows: readonly Row[] = [
  [1, 1, 1, 4, "one pixel"],
  [1, 1, 7, 2, "one row, 2 lanes"],
  [1, 7, 1, 4, "one column"],
  [1, 2, 2, 6, "6 lanes"],
  [2, 3, 5, 8, "wide, 2 channels"],
  [3, 5, 4, 10, "high, 10 lanes"],
  [3, 8, 8, 16, "16 lanes: one tile"],
  [3, 7, 6, 18, "18 lanes: a tile and 2 lanes"],
  [4, 5, 9, 20, "4 channels, 20 lanes"],
  [3, 13, 11, 64, "work for threads"],
  [1, 28, 28, 36, "digits"],
];

/** A map for each lane: [a, b, s, d, e, t] of lane k, as the op wants them, [6, lanes]. */
function mapsOf(lanes: number, of: (lane: number) => readonly number[]): Float32Array {
  const each = Array.from({ length: lanes }, (_, k) => of(k));
  return Float32Array.from({ length: 6 * lanes }, (_, i) => each[i % lanes]![Math.floor(i / lanes)]!);
}

/** Maps near and far from the identity, with shifts of some pixels. Numbers of few digits: their products are exact in float32. */
const drawn = (lanes: number): Float32Array =>
  mapsOf(lanes, (k) => {
    const [a, b, s, d, e, t] = Array.from(paint(6, 100 + k), (value) => Math.round(64 * value) / 64) as [
      ...[number, number, number, number, number, number],
    ];
    return [1 + a / 2, b / 2, 3 * s, d / 2, 1 + e / 2, 3 * t];
  });

/** Maps that take whole places to whole places. */
const whole: readonly (readonly [name: string, map: readonly number[]])[] = [
  ["the identity", [1, 0, 0, 0, 1, 0]],
  ["a shift", [1, 0, 2, 0, 1, -1]],
  ["a shift out of the image", [1, 0, 100, 0, 1, 0]],
  ["a mirror image", [-1, 0, 0, 0, 1, 0]],
  ["upside down and shifted", [1, 0, -1, 0, -1, 1]],
  ["half a turn", [-1, 0, 0, 0, -1, 0]],
];
/** Maps that collapse images, and such as no place can be found for. */
const singular: readonly (readonly [name: string, map: readonly number[]])[] = [
  ["one column everywhere", [0, 0, 0.5, 0, 1, 0]],
  ["one place everywhere", [0, 0, 0.25, 0, 0, 0.25]],
  ["a diagonal", [0.5, 0.5, 0, 0.5, 0.5, 0]],
  ["nearly a line", [1, 0, 0, 0, 2 ** -12, 0]],
  ["far away", [1, 0, 1e9, 0, 1, -1e9]],
  ["enlarged a thousand times", [1e-3, 0, 0, 0, 1e-3, 0]],
  ["shrunk a thousand times", [1e3, 0, 0, 0, 1e3, 0]],
];

async function checkWarp(row: Row, matrices: Float32Array, tolerance: number): Promise<void> {
  const shape = shapeOf(row);
  const n = floatsOf(shape);
  const label = `${row[4]}, seed 1`;
  const operands = {
    x: { values: paint(n, 1) },
    matrices: { values: matrices, shift: 1 },
    out: { values: unwritten(n) },
  };
  const outputs = { out: { tolerance } };
  for (const op of ["warp2dForward", "warp2dBackward"] as const) {
    const call = (ops: Ops, at: { out: Buffer; x: Buffer; matrices: Buffer }): void =>
      ops[op](at.out, at.x, at.matrices, shape);
    await checkOp({ label: `${op}, ${label}`, operands, outputs, call });
  }
}

describe("warp2d", () => {
  test.for(rows)("%s channels, %s x %s, lanes %s, maps of few digits: %s", async (row) => {
    await checkWarp(row, drawn(row[3]), float32Tolerance);
  });

  test.for(rows)("%s channels, %s x %s, lanes %s, rotated and scaled: %s", async (row) => {
    const turned = mapsOf(row[3], (k) => {
      const [angle, size] = [0.26 * Math.sin(k), 1 + 0.2 * Math.cos(k)];
      return [size * Math.cos(angle), -Math.sin(angle), 0.1 * k, Math.sin(angle), size * Math.cos(angle), -0.1];
    });
    await checkWarp(row, turned, float32Tolerance);
  });

  test.for(whole)("copies without rounding: %s", async ([, map]) => {
    for (const row of rows)
      await checkWarp(
        row,
        mapsOf(row[3], () => map),
        0,
      );
  });

  test.for(singular)("takes singular maps: %s", async ([, map]) => {
    // Sums of many places lose more digits; "far away" and the like must not be read or written.
    for (const row of rows)
      await checkWarp(
        row,
        mapsOf(row[3], () => map),
        float32Tolerance,
      );
  });
});

/** [4, lanes], some lanes with whole numbers. */
const factorsOf = (lanes: number): Float32Array =>
  paint(4 * lanes, 7, 2).map((v, i) => (i % 3 === 0 ? Math.round(v) : v));

describe("recolor and cutout", () => {
  test.for(rows)("recolor: %s channels, %s x %s, lanes %s: %s", async (row) => {
    const shape = shapeOf(row);
    const n = floatsOf(shape);
    const factors = { values: factorsOf(row[3]), shift: 1 };
    const x = { values: paint(n, 1) };
    for (const shifts of [true, false]) {
      const label = `recolor, ${row[4]}, ${shifts ? "shifted, " : ""}seed 1`;
      await checkOp({
        label,
        operands: { x, factors, y: { values: unwritten(n) } },
        // Own colour, mean of the place and mean of the image may cancel: each is up to 2.
        outputs: { y: { tolerance: float32Tolerance, scale: 2 } },
        call: (ops, at) => ops.recolor(at.y, at.x, at.factors, shape, shifts),
      });
      await checkOp({
        label: `${label}, in place`,
        operands: { x, factors },
        outputs: { x: { tolerance: float32Tolerance, scale: 2 } },
        call: (ops, at) => ops.recolor(at.x, at.x, at.factors, shape, shifts),
      });
    }
  });

  test.for(rows)("cutout: %s channels, %s x %s, lanes %s: %s", async (row) => {
    const shape = shapeOf(row);
    const n = floatsOf(shape);
    const { height, width, lanes } = shape;
    // Empty, all, beyond each side, and within.
    const boxes = Array.from({ length: lanes }, (_, k) => {
      const [top, left] = [(k % 5) - 2, ((3 * k) % 7) - 2];
      return k % 6 === 0
        ? [0, 0, 0, 0]
        : k % 6 === 1
          ? [-9, height + 9, -9, width + 9]
          : [top, top + 3, left, left + 4];
    });
    const values = Float32Array.from({ length: 4 * lanes }, (_, i) => boxes[i % lanes]![Math.floor(i / lanes)]!);
    const operands = { x: { values: paint(n, 1) }, boxes: { values, shift: 3 } };
    await checkOp({
      label: `cutout, ${row[4]}, seed 1`,
      operands: { ...operands, y: { values: unwritten(n) } },
      outputs: { y: { tolerance: 0 } },
      call: (ops, at) => ops.cutout(at.y, at.x, at.boxes, shape),
    });
    await checkOp({
      label: `cutout, ${row[4]}, in place, seed 1`,
      operands,
      outputs: { x: { tolerance: 0 } },
      call: (ops, at) => ops.cutout(at.x, at.x, at.boxes, shape),
    });
  });
});

/** Runs an op of one output on the reference. */
async function onReference(
  given: readonly ArrayLike<number>[],
  n: number,
  call: (ops: Ops, out: Buffer, ...given: Buffer[]) => void,
): Promise<Float64Array> {
  const backend = createReferenceBackend();
  let end = backend.base + n;
  backend.reserve(end + given.reduce((sum, { length }) => sum + length, 0));
  const places = given.map((values) => {
    write(backend, end, values);
    end += values.length;
    return end - values.length;
  });
  call(backend.ops, backend.base, ...places);
  return (await backend.read(backend.base, n)) as Float64Array;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

describe.skipIf(onGpu)("the reference", () => {
  const shape: ImagesShape = { channels: 3, height: 7, width: 6, lanes: 8 };
  const n = floatsOf(shape);
  const [x, u] = [paint(n, 1), paint(n, 2)];

  const linear: readonly (readonly [string, number, (ops: Ops, y: Buffer, x: Buffer, p: Buffer) => void, keyof Ops])[] =
    [
      ["warp2d", 6, (ops, y, x, p) => ops.warp2dForward(y, x, p, shape), "warp2dBackward"],
      ["recolor", 4, (ops, y, x, p) => ops.recolor(y, x, p, shape, false), "recolor"],
      ["cutout", 4, (ops, y, x, p) => ops.cutout(y, x, p, shape), "cutout"],
    ];
  test.for(linear)("has the adjoint of %s", async ([name, height, forward, adjoint]) => {
    const parameters =
      name === "warp2d" ? drawn(8) : name === "recolor" ? factorsOf(8) : paint(32, 5, 4).map((v) => Math.round(v));
    expect(parameters.length).toBe(height * 8);
    const y = await onReference([x, parameters], n, forward);
    const back = await onReference([u, parameters], n, (ops, out, v, p) =>
      adjoint === "warp2dBackward" ? ops.warp2dBackward(out, v, p, shape) : forward(ops, out, v, p),
    );
    expectClose([dot(y, u)], [dot(x, back)], float64Tolerance, `⟨Ax, u⟩ of ${name}, seeds 1 and 2`, dot(x, x));
    expect(Math.abs(dot(y, u))).toBeGreaterThan(0.1);
  });

  test.skipIf(noPyTorch)("resamples as torch's affine_grid and grid_sample do, and so does its gradient", async () => {
    const maps = drawn(8);
    const program = `
c, h, w, lanes = given["shape"]
def images(name): return torch.tensor(given[name], dtype=torch.float64).view(c, h, w, lanes).permute(3, 0, 1, 2)
a, b, s, d, e, t = torch.tensor(given["maps"], dtype=torch.float64).view(6, lanes)
theta = torch.stack([a, b * h / w, 2 * s / w, d * w / h, e, 2 * t / h], 1).view(lanes, 2, 3)
x = images("x").clone().requires_grad_()
grid = F.affine_grid(theta, x.shape, align_corners=False)
y = F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
(y * images("u")).sum().backward()
print(json.dumps([v.detach().permute(1, 2, 3, 0).flatten().tolist() for v in (y, x.grad)]))
`;
    const input = { shape: [shape.channels, shape.height, shape.width, shape.lanes], x, u, maps };
    const [y, dx] = pytorch(program, input) as [number[], number[]];
    expectClose(
      await onReference([x, maps], n, (ops, out, v, p) => ops.warp2dForward(out, v, p, shape)),
      ...([y, float64Tolerance, "y, seed 1"] as const),
    );
    expectClose(
      await onReference([u, maps], n, (ops, out, v, p) => ops.warp2dBackward(out, v, p, shape)),
      ...([dx, float64Tolerance, "dx, seed 2"] as const),
    );
  });
});
