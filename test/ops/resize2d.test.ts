// Resampling to another size against the reference, the reference against PyTorch, and both ways against each other: one is the
// adjoint of the other.

import { describe, expect, test } from "vitest";
import { write } from "../../src/backend/backend.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import type { Resize2dShape } from "../../src/backend/shapes.ts";
import { expectClose, float32Tolerance, float64Tolerance, paint } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { checkOp, unwritten } from "./parity.ts";

/** Channels, rows and columns before and after, lanes, and why. */
type Row = readonly [channels: number, from: readonly [number, number], to: readonly [number, number], number, string];

const rows: readonly Row[] = [
  [1, [1, 1], [1, 1], 2, "one pixel of one"],
  [1, [1, 1], [3, 4], 4, "twelve of one pixel"],
  [2, [3, 1], [6, 1], 6, "columns of one pixel, 6 lanes"],
  [3, [2, 5], [4, 10], 10, "twice the size, 10 lanes"],
  [1, [3, 3], [8, 8], 8, "sides that the factor does not divide"],
  [2, [4, 3], [4, 7], 12, "the same rows, more columns"],
  [2, [7, 5], [3, 4], 4, "smaller"],
  [1, [14, 14], [28, 28], 20, "digits in quarters"],
  [3, [11, 11], [32, 32], 16, "photographs in ninths: work for threads"],
];

function shapeOf([channels, [inHeight, inWidth], [outHeight, outWidth], lanes]: Row): Resize2dShape {
  return { channels, inHeight, inWidth, outHeight, outWidth, lanes };
}
const floatsBefore = (s: Resize2dShape): number => s.channels * s.inHeight * s.inWidth * s.lanes;
const floatsAfter = (s: Resize2dShape): number => s.channels * s.outHeight * s.outWidth * s.lanes;

describe.for(rows)("%i channels, %j to %j, %i lanes: %s", (row) => {
  const s = shapeOf(row);

  test("both ways agree with the reference, seed 1", async () => {
    await checkOp({
      label: "resize2dForward, seed 1",
      operands: { x: { values: paint(floatsBefore(s), 1) }, y: { values: unwritten(floatsAfter(s)) } },
      outputs: { y: { tolerance: float32Tolerance } },
      call: (ops, at) => ops.resize2dForward(at.y, at.x, s),
    });
    await checkOp({
      label: "resize2dBackward, seed 1",
      operands: { dy: { values: paint(floatsAfter(s), 1) }, dx: { values: unwritten(floatsBefore(s)) } },
      outputs: { dx: { tolerance: float32Tolerance } },
      call: (ops, at) => ops.resize2dBackward(at.dx, at.dy, s),
    });
  });

  test("on the reference ⟨Dx, u⟩ = ⟨x, Dᵀu⟩, to the last digits, seeds 1 2", async () => {
    const { products } = await bothWays(s);
    const [one = 0, other = 1] = products;
    expect(Math.abs(one - other)).toBeLessThan(1e-13 * Math.max(1, Math.abs(one)));
    expect(Math.abs(one)).toBeGreaterThan(1e-3);
  });

  test.skipIf(noPyTorch)("on the reference both are those of PyTorch's interpolate, seeds 1 2", async () => {
    const { y, dx } = await bothWays(s);
    const wanted = pytorch(interpolate, { x: paint(floatsBefore(s), 1), u: paint(floatsAfter(s), 2), s }) as [
      number[],
      number[],
    ];
    expectClose(y, Float64Array.from(wanted[0]), float64Tolerance, "y");
    expectClose(dx, Float64Array.from(wanted[1]), float64Tolerance, "dx");
  });
});

/** Puts x and u through the op and its adjoint, on the reference. */
async function bothWays(s: Resize2dShape) {
  const backend = createReferenceBackend();
  const { base: x, ops } = backend;
  const y = x + floatsBefore(s);
  const u = y + floatsAfter(s);
  const dx = u + floatsAfter(s);
  const products = dx + floatsBefore(s);
  backend.reserve(products + 2);
  write(backend, x, paint(floatsBefore(s), 1));
  write(backend, u, paint(floatsAfter(s), 2));
  ops.resize2dForward(y, x, s);
  ops.resize2dBackward(dx, u, s);
  ops.dot(products, y, u, floatsAfter(s));
  ops.dot(products + 1, x, dx, floatsBefore(s));
  return {
    ...{ y: await backend.read(y, floatsAfter(s)), dx: await backend.read(dx, floatsBefore(s)) },
    products: await backend.read(products, 2),
  };
}

const interpolate = `
s = given["s"]
def images(name, height, width):
    rows = torch.tensor(given[name], dtype=torch.float64)
    return rows.reshape(s["channels"], height, width, s["lanes"]).permute(3, 0, 1, 2)
x = images("x", s["inHeight"], s["inWidth"]).contiguous().requires_grad_()
y = F.interpolate(x, size=(s["outHeight"], s["outWidth"]), mode="bilinear", align_corners=False)
(y * images("u", s["outHeight"], s["outWidth"])).sum().backward()
flat = lambda t: t.permute(1, 2, 3, 0).reshape(-1).tolist()
print(json.dumps([flat(y.detach()), flat(x.grad)]))
`;
