// Pooling on a GPU. Gradients are gathered: one thread a float of the input, which adds what its windows give it in their order.
import { none } from "../../buffer.ts";
import type { Ops } from "../../ops.ts";
import type { AdaptivePool2dShape, AvgPool2dShape, Pool2dShape } from "../../shapes.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";
import { finishFunction, finishNumbers, finishOperands, joinFinish, unfinished } from "./finish.ts";

const sizes = { in_height: "i", in_width: "i", out_height: "i", out_width: "i", lanes: "u" } as const;
const windows = { kernel_height: "i", kernel_width: "i", stride_height: "i", stride_width: "i", padding: "i" } as const;

/** Channel, row, column and image of a float of a plane of `height` × `width`. */
const position = (height: string, width: string): string => `
  let image = id % lanes;
  let pixel = i32(id / lanes);
  let column = pixel % ${width};
  let row = pixel / ${width} % ${height};
  let c = pixel / (${width} * ${height});`;

const maxForward = {
  name: "maxPool2dForward",
  numbers: { ...sizes, ...windows, ...finishNumbers },
  operands: ["y", "index", "x", ...finishOperands],
  functions: finishFunction,
  body: `${position("out_height", "out_width")}
  var largest = 0.0;
  var winner = -1;
  for (var ky = 0; ky < kernel_height; ky++) {
    let i = row * stride_height - padding + ky;
    if (i < 0 || i >= in_height) { continue; }
    for (var kx = 0; kx < kernel_width; kx++) {
      let j = column * stride_width - padding + kx;
      if (j < 0 || j >= in_width) { continue; }
      let value = m[x + u32((c * in_height + i) * in_width + j) * lanes + image];
      if (winner >= 0 && !(value > largest || is_nan(value))) { continue; }
      largest = value;
      winner = ky * kernel_width + kx;
    }
  }
  m[y + id] = finished(largest, finish, gate, id);
  m[index + id] = f32(winner);`,
  join: (first, second) => joinFinish(first, second, "y", first.count),
} as const satisfies Shader;

const maxGather = {
  name: "maxPool2dGather",
  numbers: { ...sizes, ...windows, ...finishNumbers },
  operands: ["ry", "index", "rx", ...finishOperands],
  functions: finishFunction,
  body: `${position("out_height", "out_width")}
  let winner = i32(m[index + id]);
  let i = row * stride_height - padding + winner / kernel_width;
  let j = column * stride_width - padding + winner % kernel_width;
  m[ry + id] = finished(m[rx + u32((c * in_height + i) * in_width + j) * lanes + image], finish, gate, id);`,
  join: (first, second) => joinFinish(first, second, "ry", first.count),
} as const satisfies Shader;

/** The rows of the output whose windows have input row \`row\`, and columns likewise, as loops around \`inner\`. */
const overWindows = (inner: string): string => `
  let last_row = min(out_height - 1, (row + padding) / stride_height);
  let last_column = min(out_width - 1, (column + padding) / stride_width);
  for (var i = max(0, (row + padding - kernel_height) / stride_height); i <= last_row; i++) {
    let ky = row + padding - i * stride_height;
    if (ky >= kernel_height) { continue; }
    for (var j = max(0, (column + padding - kernel_width) / stride_width); j <= last_column; j++) {
      let kx = column + padding - j * stride_width;
      if (kx >= kernel_width) { continue; }
      let o = u32((c * out_height + i) * out_width + j) * lanes + image;
      ${inner}
    }
  }`;

const maxScatter = {
  name: "maxPool2dScatter",
  numbers: { ...sizes, ...windows },
  operands: ["dx", "index", "dy"],
  body: `${position("in_height", "in_width")}
  var sum = 0.0;${overWindows("if (i32(m[index + o]) == ky * kernel_width + kx) { sum += m[dy + o]; }")}
  m[dx + id] = sum;`,
} as const satisfies Shader;

const avgForward = {
  name: "avgPool2dForward",
  numbers: { ...sizes, ...windows },
  operands: ["y", "x"],
  body: `${position("out_height", "out_width")}
  var sum = 0.0;
  for (var ky = 0; ky < kernel_height; ky++) {
    let i = row * stride_height - padding + ky;
    if (i < 0 || i >= in_height) { continue; }
    for (var kx = 0; kx < kernel_width; kx++) {
      let j = column * stride_width - padding + kx;
      if (j >= 0 && j < in_width) { sum += m[x + u32((c * in_height + i) * in_width + j) * lanes + image]; }
    }
  }
  m[y + id] = sum / f32(kernel_height * kernel_width);`,
} as const satisfies Shader;

const avgBackward = {
  name: "avgPool2dBackward",
  numbers: { ...sizes, ...windows, ...finishNumbers },
  operands: ["dx", "dy", ...finishOperands],
  functions: finishFunction,
  body: `${position("in_height", "in_width")}
  var sum = 0.0;${overWindows("sum += m[dy + o];")}
  m[dx + id] = finished(sum / f32(kernel_height * kernel_width), finish, gate, id);`,
  join: (first, second) => joinFinish(first, second, "dx", first.count),
} as const satisfies Shader;

const bins = `
fn bin_from(i: i32, length_in: i32, length_out: i32) -> i32 { return i * length_in / length_out; }
fn bin_to(i: i32, length_in: i32, length_out: i32) -> i32 { return ((i + 1) * length_in + length_out - 1) / length_out; }
`;

const binForward = {
  name: "adaptiveAvgPool2dForward",
  numbers: sizes,
  operands: ["y", "x"],
  functions: bins,
  body: `${position("out_height", "out_width")}
  let top = bin_from(row, in_height, out_height);
  let bottom = bin_to(row, in_height, out_height);
  let left = bin_from(column, in_width, out_width);
  let right = bin_to(column, in_width, out_width);
  var sum = 0.0;
  for (var i = top; i < bottom; i++) {
    for (var j = left; j < right; j++) { sum += m[x + u32((c * in_height + i) * in_width + j) * lanes + image]; }
  }
  m[y + id] = sum / f32((bottom - top) * (right - left));`,
} as const satisfies Shader;

// The bins that have an input row follow each other: from that of its first part on.
const binBackward = {
  name: "adaptiveAvgPool2dBackward",
  numbers: sizes,
  operands: ["dx", "dy"],
  functions: bins,
  body: `${position("in_height", "in_width")}
  var sum = 0.0;
  for (var i = max(0, row * out_height / in_height - 1); i < out_height; i++) {
    let top = bin_from(i, in_height, out_height);
    let bottom = bin_to(i, in_height, out_height);
    if (top > row) { break; }
    if (bottom <= row) { continue; }
    for (var j = max(0, column * out_width / in_width - 1); j < out_width; j++) {
      let left = bin_from(j, in_width, out_width);
      let right = bin_to(j, in_width, out_width);
      if (left > column) { break; }
      if (right <= column) { continue; }
      sum += m[dy + u32((c * out_height + i) * out_width + j) * lanes + image] / f32((bottom - top) * (right - left));
    }
  }
  m[dx + id] = sum;`,
} as const satisfies Shader;

type PoolingOps = Pick<
  Ops,
  | "maxPool2dForward"
  | "maxPool2dGather"
  | "maxPool2dScatter"
  | "avgPool2dForward"
  | "avgPool2dBackward"
  | "adaptiveAvgPool2dForward"
  | "adaptiveAvgPool2dBackward"
>;

const sizesOf = ({ inHeight, inWidth, outHeight, outWidth, lanes }: AdaptivePool2dShape | Pool2dShape) => ({
  ...{ in_height: inHeight, in_width: inWidth, out_height: outHeight, out_width: outWidth, lanes },
});

const maxNumbers = (shape: Pool2dShape) => ({
  ...sizesOf(shape),
  ...{ kernel_height: shape.kernelHeight, kernel_width: shape.kernelWidth, padding: shape.padding },
  ...{ stride_height: shape.stride, stride_width: shape.stride },
  ...unfinished,
});

const avgNumbers = (shape: AvgPool2dShape) => ({
  ...sizesOf(shape),
  ...{ kernel_height: shape.kernelHeight, kernel_width: shape.kernelWidth, padding: shape.padding },
  ...{ stride_height: shape.strideHeight, stride_width: shape.strideWidth },
});

const inputs = ({ channels, inHeight, inWidth, lanes }: AdaptivePool2dShape | Pool2dShape): number =>
  channels * inHeight * inWidth * lanes;
const outputs = ({ channels, outHeight, outWidth, lanes }: AdaptivePool2dShape | Pool2dShape): number =>
  channels * outHeight * outWidth * lanes;

export function poolingOps({ record }: Recorder): PoolingOps {
  return {
    maxPool2dForward: (y, index, x, shape) =>
      record(maxForward, outputs(shape), maxNumbers(shape), { y, index, x, gate: none }),
    maxPool2dGather: (ry, index, rx, shape) =>
      record(maxGather, outputs(shape), maxNumbers(shape), { ry, index, rx, gate: none }),
    maxPool2dScatter: (dx, index, dy, shape) => record(maxScatter, inputs(shape), maxNumbers(shape), { dx, index, dy }),
    avgPool2dForward: (y, x, shape) => record(avgForward, outputs(shape), avgNumbers(shape), { y, x }),
    avgPool2dBackward: (dx, dy, shape) =>
      record(avgBackward, inputs(shape), { ...avgNumbers(shape), ...unfinished }, { dx, dy, gate: none }),
    adaptiveAvgPool2dForward: (y, x, shape) => record(binForward, outputs(shape), sizesOf(shape), { y, x }),
    adaptiveAvgPool2dBackward: (dx, dy, shape) => record(binBackward, inputs(shape), sizesOf(shape), { dx, dy }),
  };
}
