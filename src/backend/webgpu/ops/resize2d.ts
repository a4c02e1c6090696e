// Resampling to another size on a GPU. The gradient is gathered: one thread a float of the input, which adds what the outputs
// that it counts for give it, in their order.
import type { Ops } from "../../ops.ts";
import type { Resize2dShape } from "../../shapes.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";

const numbers = { in_height: "i", in_width: "i", out_height: "i", out_width: "i", lanes: "u" } as const;

/** As in assembly/rare/resize2d.ts: the place of an output, times twice the outputs, is a whole number. */
const functions = `
fn place(i: i32, from_length: i32, to_length: i32) -> i32 { return max(0, (2 * i + 1) * from_length - to_length); }
fn lower(i: i32, from_length: i32, to_length: i32) -> i32 { return place(i, from_length, to_length) / (2 * to_length); }
fn share(i: i32, from_length: i32, to_length: i32) -> f32 {
  return f32(place(i, from_length, to_length) % (2 * to_length)) / f32(2 * to_length);
}
/** What input k counts for output i. */
fn weight(k: i32, i: i32, from_length: i32, to_length: i32) -> f32 {
  let first = lower(i, from_length, to_length);
  let after = share(i, from_length, to_length);
  return select(0.0, 1.0 - after, first == k) + select(0.0, after, min(first + 1, from_length - 1) == k);
}
/** An output before the first one that input k counts for. */
fn first_output(k: i32, from_length: i32, to_length: i32) -> i32 {
  return max(0, (2 * k - 1) * to_length / (2 * from_length) - 1);
}
`;

const forward = {
  name: "resize2dForward",
  numbers,
  operands: ["y", "x"],
  functions,
  body: `
  let image = id % lanes;
  let pixel = i32(id / lanes);
  let j = pixel % out_width;
  let i = pixel / out_width % out_height;
  let plane = pixel / (out_width * out_height) * in_height;
  let top = lower(i, in_height, out_height);
  let bottom = min(top + 1, in_height - 1);
  let left = lower(j, in_width, out_width);
  let right = min(left + 1, in_width - 1);
  let below = share(i, in_height, out_height);
  let after = share(j, in_width, out_width);
  let x00 = m[x + u32((plane + top) * in_width + left) * lanes + image];
  let x01 = m[x + u32((plane + top) * in_width + right) * lanes + image];
  let x10 = m[x + u32((plane + bottom) * in_width + left) * lanes + image];
  let x11 = m[x + u32((plane + bottom) * in_width + right) * lanes + image];
  let upper = (1.0 - after) * x00 + after * x01;
  let under = (1.0 - after) * x10 + after * x11;
  m[y + id] = (1.0 - below) * upper + below * under;`,
} as const satisfies Shader;

const backward = {
  name: "resize2dBackward",
  numbers,
  operands: ["dx", "dy"],
  functions,
  body: `
  let image = id % lanes;
  let pixel = i32(id / lanes);
  let column = pixel % in_width;
  let row = pixel / in_width % in_height;
  let plane = pixel / (in_width * in_height) * out_height;
  var sum = 0.0;
  for (var i = first_output(row, in_height, out_height); i < out_height; i++) {
    if (lower(i, in_height, out_height) > row) { break; }
    let of_row = weight(row, i, in_height, out_height);
    if (of_row == 0.0) { continue; }
    for (var j = first_output(column, in_width, out_width); j < out_width; j++) {
      if (lower(j, in_width, out_width) > column) { break; }
      let of_both = of_row * weight(column, j, in_width, out_width);
      if (of_both == 0.0) { continue; }
      sum += of_both * m[dy + u32((plane + i) * out_width + j) * lanes + image];
    }
  }
  m[dx + id] = sum;`,
} as const satisfies Shader;

const sizesOf = ({ inHeight, inWidth, outHeight, outWidth, lanes }: Resize2dShape) => ({
  ...{ in_height: inHeight, in_width: inWidth, out_height: outHeight, out_width: outWidth, lanes },
});

export function resize2dOps({ record }: Recorder): Pick<Ops, "resize2dForward" | "resize2dBackward"> {
  return {
    resize2dForward: (y, x, s) =>
      record(forward, s.channels * s.outHeight * s.outWidth * s.lanes, sizesOf(s), { y, x }),
    resize2dBackward: (dx, dy, s) =>
      record(backward, s.channels * s.inHeight * s.inWidth * s.lanes, sizesOf(s), { dx, dy }),
  };
}
