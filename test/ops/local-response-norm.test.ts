// Local response normalisation, all four passes, against the reference.

import { describe, test } from "vitest";
import type { LocalResponseNormShape } from "../../src/backend/shapes.ts";
import { float32Tolerance, paint } from "../helpers.ts";
import { checkOp, type OutputRule, unwritten } from "./parity.ts";

/** [channels, area, lanes, why]: one channel up to AlexCifarNet's 64; a tile of 64 floats of the plane ± a vector, several. */
const planes = [
  [1, 1, 4, "one vector"],
  [2, 1, 4, "two channels"],
  [3, 5, 12, "a tile less a vector"],
  [4, 16, 4, "a tile"],
  [5, 17, 4, "a tile and a vector"],
  [7, 9, 28, "four tiles less a vector"],
  [64, 16, 12, "AlexCifarNet's channels, three tiles"],
  [16, 49, 32, "large enough for two threads"],
] as const;

/** [size, alpha, beta, k, why]: windows of one channel, even, odd, wider than all channels. */
const settings = [
  [1, 2, 0.75, 1, "each channel alone"],
  [2, 1, 0.75, 1, "one neighbour"],
  [3, 0.5, 0.5, 2, "a square root"],
  [4, 0.001 / 9, 0.75, 1, "AlexCifarNet's"],
  [4, 3, 0.75, 1, "AlexCifarNet's, strong"],
  [5, 4, 2, 0.5, "a square"],
  [9, 6, -0.3, 1.5, "growing"],
  [40, 20, 0.6, 1e-2, "wide, small k"],
  [5, 0, 0.75, 2, "alpha 0"],
] as const;

const cases = planes.flatMap(([channels, area, lanes, where]) =>
  settings.map(([size, alpha, beta, k, how]) => {
    const shape: LocalResponseNormShape = { channels, area, lanes, size, alpha, beta, k };
    return { label: `${where}, size ${size}: ${how}`, shape, n: channels * area * lanes };
  }),
);

describe.each(cases)("local response norm, $label", ({ label, shape, n }) => {
  const values = (seed: number) => ({ values: paint(n, seed) });
  /** Above k, as the forward pass leaves it. */
  const s = { values: paint(n, 2).map((value) => shape.k + 1 + value) };
  const out = { values: unwritten(n) };
  const exact: OutputRule = { tolerance: float32Tolerance };
  const workspace = (floats: number) => ({ values: unwritten(floats) });
  const scratch: OutputRule = { tolerance: Number.POSITIVE_INFINITY };

  test("forward", async () => {
    await checkOp({
      label: `${label}, seed 1`,
      operands: { x: values(1), y: out, s: out },
      outputs: { y: exact, s: exact },
      call: (ops, at) => ops.localResponseNormForward(at.y, at.s, at.x, shape),
    });
  });

  test("backward", async () => {
    await checkOp({
      label: `${label}, seeds 1 2 3`,
      operands: { x: values(1), dy: values(3), s, dx: out, workspace: workspace(n) },
      outputs: { dx: exact, workspace: scratch },
      call: (ops, at) => ops.localResponseNormBackward(at.dx, at.workspace, at.dy, at.x, at.s, shape),
    });
  });

  test("forwardR", async () => {
    await checkOp({
      label: `${label}, seeds 1 2 4`,
      operands: { x: values(1), rx: values(4), s, ry: out, rs: out },
      outputs: { ry: exact, rs: exact },
      call: (ops, at) => ops.localResponseNormForwardR(at.ry, at.rs, at.rx, at.x, at.s, shape),
    });
  });

  test("backwardR", async () => {
    await checkOp({
      label: `${label}, seeds 1 to 6`,
      operands: {
        x: values(1),
        dy: values(3),
        rx: values(4),
        rdy: values(5),
        rs: values(6),
        s,
        rdx: out,
        workspace: workspace(2 * n),
      },
      outputs: { rdx: exact, workspace: scratch },
      call: (ops, at) =>
        ops.localResponseNormBackwardR(at.rdx, at.workspace, at.rdy, at.dy, at.rx, at.x, at.s, at.rs, shape),
    });
  });
});
