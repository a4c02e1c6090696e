// How the rows of two gradients differ in direction, against the reference and against PyTorch's autograd.
import { describe, expect, test } from "vitest";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { expectClose, float32Tolerance, paint } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { checkOp, unwritten } from "./parity.ts";

// One weight, a vector ± 1, a group of 64 threads ± 1, kernels of LeNet and of ConvNet; one row, a few, work for threads.
const shapes = [1, 3, 4, 5, 25, 63, 64, 65, 288, 1152].flatMap((length) => [
  [1, length],
  [7, length],
]) as (readonly [rows: number, length: number])[];
shapes.push([200, 150]);

describe.for(shapes)("%d rows of %d", ([rows, length]) => {
  const n = rows * length;
  const losses = { values: unwritten(rows), shift: 3 };
  const outputsOf = (size: number) => ({
    losses: { tolerance: float32Tolerance, scale: 1 },
    // The two terms of dx, of about 1 / size, cancel where a row has a single weight.
    dx: { tolerance: float32Tolerance, ...(length === 1 && { scale: 1 / size }) },
  });

  test.for([1, 1e-3])("gradients of size %d", async (size) => {
    for (const shift of [0, 1, 2]) {
      await checkOp({
        label: `cosineDistance, ${rows} × ${length}, size ${size}, shift ${shift}, seeds 1 2`,
        operands: {
          losses,
          dx: { values: unwritten(n), shift },
          x: { values: paint(n, 1, size), shift: shift + 1 },
          y: { values: paint(n, 2, size), shift },
        },
        outputs: outputsOf(size),
        call: (ops, at) => ops.cosineDistance(at.losses, at.dx, at.x, at.y, rows, length),
      });
    }
  });

  test("dx may be x", async () => {
    await checkOp({
      label: `cosineDistance, ${rows} × ${length}, dx = x, seeds 1 2`,
      operands: { losses, x: { values: paint(n, 1) }, y: { values: paint(n, 2) } },
      outputs: { losses: outputsOf(1).losses, x: outputsOf(1).dx },
      call: (ops, at) => ops.cosineDistance(at.losses, at.x, at.x, at.y, rows, length),
    });
  });
});

test.for([
  ["the first", [0, 0, 0], [1, 2, 3]],
  ["the second", [1, 2, 3], [0, 0, 0]],
  ["both", [0, 0, 0], [0, 0, 0]],
] as const)("a row that is 0 is as far as can be, and nothing is divided by 0: %s", async ([, x, y]) => {
  await checkOp({
    label: `cosineDistance, ${x}, ${y}`,
    operands: {
      losses: { values: unwritten(1) },
      dx: { values: unwritten(3) },
      x: { values: Float32Array.from(x) },
      y: { values: Float32Array.from(y) },
    },
    outputs: { losses: { tolerance: 0 }, dx: { tolerance: float32Tolerance } },
    call: (ops, at) => ops.cosineDistance(at.losses, at.dx, at.x, at.y, 1, 3),
  });
});

test("rows that point the same way but for a thousandth keep the digits of their distance", async () => {
  const y = paint(64, 3);
  const x = y.map((value, i) => 2 * value + 1e-3 * paint(64, 4)[i]!);
  await checkOp({
    label: "cosineDistance, almost the same direction, seeds 3 4",
    operands: {
      losses: { values: unwritten(1) },
      dx: { values: unwritten(64) },
      x: { values: x },
      y: { values: y },
    },
    // The distance is about 2e-7: a thousandth of it is asked for, where float32 sums would leave no digit.
    outputs: { losses: { tolerance: float32Tolerance, scale: 2e-5 }, dx: { tolerance: float32Tolerance, scale: 1 } },
    call: (ops, at) => ops.cosineDistance(at.losses, at.dx, at.x, at.y, 1, 64),
  });
});

const program = `
x, y = [torch.tensor(v, dtype=torch.float64).view(5, 9) for v in given]
x.requires_grad_()
each = 1 - (x * y).sum(-1) / (x.norm(dim=-1) * y.norm(dim=-1) + 0.000001)
dx, = torch.autograd.grad(each.sum(), x)
print(json.dumps([each.tolist(), dx.flatten().tolist()]))
`;

test.skipIf(noPyTorch)(
  "the reference has the distance of the authors' code and PyTorch's derivative of it",
  async () => {
    const [x, y] = [Float64Array.from(paint(45, 1)), Float64Array.from(paint(45, 2))];
    const [losses, dx] = pytorch(program, [x, y]) as [number[], number[]];
    const backend = createReferenceBackend();
    const { ops, base } = backend;
    backend.reserve(base + 150);
    backend.upload(base, 45, (host) => host.set(x));
    backend.upload(base + 45, 45, (host) => host.set(y));
    ops.cosineDistance(base + 90, base + 95, base, base + 45, 5, 9);
    expectClose(await backend.read(base + 90, 5), losses, 1e-14, "losses, seeds 1 2");
    expectClose(await backend.read(base + 95, 45), dx, 1e-13, "dx, seeds 1 2");
    expect(Math.min(...losses)).toBeGreaterThan(0);
  },
);
