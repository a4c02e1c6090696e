// Augmentations of images on a GPU, by the formulas of reference/augmentation.ts.
import type { Ops } from "../../ops.ts";
import type { ImagesShape } from "../../shapes.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";
import { GROUP } from "../tiles.ts";
import { groupSum } from "../wgsl/math.ts";

const sizes = { channels: "u", height: "u", width: "u", lanes: "u" } as const;

/** Where a float of an image lies, and the centre and the map of the image. */
const position = `
  let b = id % lanes;
  let pixel = id / lanes;
  let i = f32(pixel / width % height);
  let j = f32(pixel % width);
  let plane = pixel / (width * height) * (width * height);
  let middle = 0.5 * f32(height - 1u);
  let centre = 0.5 * f32(width - 1u);
  let k0 = m[matrices + b];
  let k1 = m[matrices + lanes + b];
  let k2 = m[matrices + 2u * lanes + b];
  let k3 = m[matrices + 3u * lanes + b];
  let k4 = m[matrices + 4u * lanes + b];
  let k5 = m[matrices + 5u * lanes + b];`;

const forward = {
  name: "warp2dForward",
  numbers: sizes,
  operands: ["y", "x", "matrices"],
  body: `${position}
  let row = k3 * (j - centre) + k4 * (i - middle) + k5 + middle;
  let column = k0 * (j - centre) + k1 * (i - middle) + k2 + centre;
  var sum = 0.0;
  if (row > -1.0 && row < f32(height) && column > -1.0 && column < f32(width)) {
    let top = floor(row);
    let left = floor(column);
    for (var r = max(0, i32(top)); r <= min(i32(height) - 1, i32(top) + 1); r++) {
      for (var c = max(0, i32(left)); c <= min(i32(width) - 1, i32(left) + 1); c++) {
        let weight = (1.0 - abs(row - f32(r))) * (1.0 - abs(column - f32(c)));
        sum += weight * m[x + (plane + u32(r) * width + u32(c)) * lanes + b];
      }
    }
  }
  m[y + id] = sum;`,
} as const satisfies Shader;

/**
 * Gathers what the places of y give to a pixel of x: those of a box around where the map takes them from it, with a margin of a
 * pixel, which rounding does not reach unless the map is nearly singular. For such a one the box is the image.
 */
const backward = {
  name: "warp2dBackward",
  numbers: sizes,
  operands: ["dx", "dy", "matrices"],
  body: `${position}
  let det = k0 * k4 - k1 * k3;
  var first_row = 0.0;
  var last_row = f32(height - 1u);
  var first_column = 0.0;
  var last_column = f32(width - 1u);
  if (abs(det) > 0.001) {
    let q = j - centre - k2;
    let r = i - middle - k5;
    let across = (k4 * q - k1 * r) / det + centre;
    let down = (k0 * r - k3 * q) / det + middle;
    let reach_across = (abs(k4) + abs(k1)) / abs(det) + 1.0;
    let reach_down = (abs(k0) + abs(k3)) / abs(det) + 1.0;
    first_row = max(first_row, ceil(down - reach_down));
    last_row = min(last_row, floor(down + reach_down));
    first_column = max(first_column, ceil(across - reach_across));
    last_column = min(last_column, floor(across + reach_across));
  }
  var sum = 0.0;
  for (var v = first_row; v <= last_row; v += 1.0) {
    for (var u = first_column; u <= last_column; u += 1.0) {
      let row = k3 * (u - centre) + k4 * (v - middle) + k5 + middle;
      let column = k0 * (u - centre) + k1 * (v - middle) + k2 + centre;
      let below = 1.0 - abs(row - i);
      let right = 1.0 - abs(column - j);
      if (below > 0.0 && right > 0.0) { sum += below * right * m[dy + (plane + u32(v) * width + u32(u)) * lanes + b]; }
    }
  }
  m[dx + id] = sum;`,
} as const satisfies Shader;

/** The threads of a group share the mean of an image, and then its places. */
const recolor = {
  name: "recolor",
  numbers: { channels: "u", area: "u", lanes: "u", shifts: "u" },
  operands: ["y", "x", "factors"],
  shared: groupSum,
  body: `
  var sum = 0.0;
  for (var p = lane; p < area; p += ${GROUP}u) {
    for (var c = 0u; c < channels; c++) { sum += m[x + (c * area + p) * lanes + group]; }
  }
  let mean = group_sum(lane, sum) / f32(channels * area);
  let of_float = m[factors + group];
  let of_place = m[factors + lanes + group];
  var same = m[factors + 2u * lanes + group] * mean;
  if (shifts == 1u) { same += m[factors + 3u * lanes + group]; }
  for (var p = lane; p < area; p += ${GROUP}u) {
    var here = 0.0;
    for (var c = 0u; c < channels; c++) { here += m[x + (c * area + p) * lanes + group]; }
    let rest = same + of_place * (here / f32(channels));
    for (var c = 0u; c < channels; c++) {
      let place = (c * area + p) * lanes + group;
      m[y + place] = of_float * m[x + place] + rest;
    }
  }`,
} as const satisfies Shader;

const cutout = {
  name: "cutout",
  numbers: sizes,
  operands: ["y", "x", "boxes"],
  body: `
  let b = id % lanes;
  let i = f32(id / lanes / width % height);
  let j = f32(id / lanes % width);
  let rows = i >= m[boxes + b] && i < m[boxes + lanes + b];
  let columns = j >= m[boxes + 2u * lanes + b] && j < m[boxes + 3u * lanes + b];
  if (rows && columns) { m[y + id] = 0.0; } else { m[y + id] = m[x + id]; }`,
} as const satisfies Shader;

type AugmentationOps = Pick<Ops, "warp2dForward" | "warp2dBackward" | "recolor" | "cutout">;

export function augmentationOps({ record }: Recorder): AugmentationOps {
  const floats = ({ channels, height, width, lanes }: ImagesShape): number => channels * height * width * lanes;
  const numbersOf = ({ channels, height, width, lanes }: ImagesShape) => ({ channels, height, width, lanes });
  return {
    warp2dForward: (y, x, matrices, shape) => record(forward, floats(shape), numbersOf(shape), { y, x, matrices }),
    warp2dBackward: (dx, dy, matrices, shape) =>
      record(backward, floats(shape), numbersOf(shape), { dx, dy, matrices }),
    recolor(y, x, factors, { channels, height, width, lanes }, shifts) {
      const numbers = { channels, area: height * width, lanes, shifts: shifts ? 1 : 0 };
      record(recolor, lanes, numbers, { y, x, factors });
    },
    cutout: (y, x, boxes, shape) => record(cutout, floats(shape), numbersOf(shape), { y, x, boxes }),
  };
}
