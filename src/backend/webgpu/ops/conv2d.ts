// Convolution and its adjoints on a GPU, as direct sums: each thread has a tile of outputs in registers.

import { none } from "../../buffer.ts";
import type { Ops } from "../../ops.ts";
import { joinTerms, numberOf, oneTerm } from "../join.ts";
import type { Recorder } from "../recorder.ts";
import type { Dispatch, Shader } from "../shader.ts";
import { TILE_CHANNELS } from "../tiles.ts";
import { conv2dWeightsOps } from "./conv2d-weights.ts";
import { finishFunction, finishNumbers, finishOperands, joinFinish, unfinished } from "./finish.ts";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const lines = (n: number, line: (i: number) => string): string => range(n).map(line).join("\n    ");

/**
 * COLUMNS columns of the output, for TILE_CHANNELS channels. The columns of all tiles take turns, so that neighbouring threads
 * read and write neighbouring floats.
 */
const forward = {
  name: "conv2dForward",
  numbers: {
    ...{ in_channels: "u", in_height: "u", in_width: "u", out_channels: "u", out_height: "u", out_width: "u" },
    ...{ kernel_height: "u", kernel_width: "u", stride: "u", lanes: "u", terms: "u", add: "u" },
    ...finishNumbers,
  },
  operands: ["y", "x", "w", "bias", "other_x", "other_w", ...finishOperands],
  functions: finishFunction,
  body: `
  let row_length = out_width * lanes;
  let plane = out_height * row_length;
  let across = plane / 4u;
  let first = (id / across) * ${TILE_CHANNELS}u;
  let column = id % across;
  ${lines(
    4,
    (j) => `let column${j} = column + ${j}u * across;
  let row${j} = column${j} / row_length;
  var from${j} = row${j} * stride * in_width * lanes + column${j} % row_length;
  // With stride 1 pixels follow each other.
  if (stride > 1u) { from${j} += column${j} % row_length / lanes * (stride - 1u) * lanes; }`,
  )}
  let taps = kernel_height * kernel_width;
  let per_channel = in_channels * taps;
  ${lines(TILE_CHANNELS, (t) => `var y${t} = vec4f();`)}
  for (var term = 0u; term < terms; term++) {
    let at_x = select(x, other_x, term == 1u);
    let at_w = select(w, other_w, term == 1u);
    ${lines(TILE_CHANNELS, (t) => `let w${t} = at_w + min(first + ${t}u, out_channels - 1u) * per_channel;`)}
    var tap = 0u;
    for (var c = 0u; c < in_channels; c++) {
      for (var ky = 0u; ky < kernel_height; ky++) {
        var i = at_x + (c * in_height + ky) * in_width * lanes;
        for (var kx = 0u; kx < kernel_width; kx++) {
          let v = vec4f(m[i + from0], m[i + from1], m[i + from2], m[i + from3]);
          ${lines(TILE_CHANNELS, (t) => `y${t} += m[w${t} + tap] * v;`)}
          i += lanes;
          tap++;
        }
      }
    }
  }
  ${lines(
    TILE_CHANNELS,
    (t) => `if (first + ${t}u < out_channels) {
    let o = first + ${t}u;
    let i = o * plane + column;
    if (bias != NONE) { y${t} += vec4f(m[bias + o]); }
    ${range(4)
      .map(
        (j) => `{
      let f = i + ${j}u * across;
      var value = y${t}[${j}];
      if (add == 1u) { value += m[y + f]; }
      m[y + f] = finished(value, finish, gate, f);
    }`,
      )
      .join(" ")}
  }`,
  )}`,
  join(first, second) {
    const n = (name: string): number => numberOf(first, name);
    const [inChannels, outChannels] = [n("in_channels"), n("out_channels")];
    const floats = {
      y: outChannels * n("out_height") * n("out_width") * n("lanes"),
      x: inChannels * n("in_height") * n("in_width") * n("lanes"),
      w: outChannels * inChannels * n("kernel_height") * n("kernel_width"),
      bias: outChannels,
    };
    return joinSum(first, second, "y", floats);
  },
} as const satisfies Shader;

/** A sum may have a second term, and then a finish. */
function joinSum(
  first: Dispatch,
  second: Dispatch,
  sum: string,
  floats: Readonly<Record<string, number>>,
): Dispatch | undefined {
  if (numberOf(first, "finish") !== 0) return undefined;
  return joinTerms(first, second, sum, floats) ?? joinFinish(first, second, sum, floats[sum]!);
}

/** `width` neighbouring images of a pixel of dx, for TILE_CHANNELS channels. */
function backwardData(width: 2 | 4) {
  const vector = width === 2 ? "vec2f" : "vec4f";
  const parts = ["x", "y", "z", "w"].slice(0, width);
  return {
    name: `conv2dBackwardData, ${width} images`,
    numbers: {
      ...{ in_channels: "u", in_height: "u", in_width: "u", out_channels: "u", out_height: "i", out_width: "i" },
      ...{ kernel_height: "i", kernel_width: "i", padding: "i", lanes: "u", terms: "u", add: "u" },
      ...finishNumbers,
    },
    operands: ["dx", "dy", "w", "other_dy", "other_w", ...finishOperands],
    functions: finishFunction,
    body: `
  let plane = in_height * in_width * lanes;
  let parts = plane / ${width}u;
  let first = (id / parts) * ${TILE_CHANNELS}u;
  let column = (id % parts) * ${width}u;
  let pixel = column / lanes;
  let image = column % lanes;
  let top = i32(pixel / in_width) + padding;
  let left = i32(pixel % in_width) + padding;
  let taps = u32(kernel_height * kernel_width);
  ${lines(TILE_CHANNELS, (t) => `var x${t} = ${vector}();`)}
  for (var term = 0u; term < terms; term++) {
    let at_dy = select(dy, other_dy, term == 1u);
    let at_w = select(w, other_w, term == 1u);
    ${lines(TILE_CHANNELS, (t) => `let w${t} = at_w + min(first + ${t}u, in_channels - 1u) * taps;`)}
    for (var o = 0u; o < out_channels; o++) {
      for (var ky = max(0, top - out_height + 1); ky < min(kernel_height, top + 1); ky++) {
        let dys = at_dy + u32(i32(o) * out_height + top - ky) * u32(out_width) * lanes + image;
        let tap = o * in_channels * taps + u32(ky * kernel_width);
        for (var kx = max(0, left - out_width + 1); kx < min(kernel_width, left + 1); kx++) {
          let i = dys + u32(left - kx) * lanes;
          let v = ${vector}(${parts.map((_, i) => `m[i + ${i}u]`).join(", ")});
          ${lines(TILE_CHANNELS, (t) => `x${t} += m[w${t} + tap + u32(kx)] * v;`)}
        }
      }
    }
  }
  ${lines(
    TILE_CHANNELS,
    (t) => `if (first + ${t}u < in_channels) {
    let i = (first + ${t}u) * plane + column;
    let out = dx + i;
    if (add == 1u) { x${t} += ${vector}(${parts.map((_, i) => `m[out + ${i}u]`).join(", ")}); }
    ${parts.map((part, i) => `m[out + ${i}u] = finished(x${t}.${part}, finish, gate, i + ${i}u);`).join(" ")}
  }`,
  )}`,
    join(first, second) {
      const n = (name: string): number => numberOf(first, name);
      const [inChannels, outChannels] = [n("in_channels"), n("out_channels")];
      const floats = {
        dx: inChannels * n("in_height") * n("in_width") * n("lanes"),
        dy: outChannels * n("out_height") * n("out_width") * n("lanes"),
        w: outChannels * inChannels * n("kernel_height") * n("kernel_width"),
      };
      return joinSum(first, second, "dx", floats);
    },
  } as const satisfies Shader;
}
const backwardData2 = backwardData(2);
const backwardData4 = backwardData(4);

export function conv2dOps(
  recorder: Recorder,
): Pick<Ops, "conv2dForward" | "conv2dBackwardData" | "conv2dBackwardWeights"> {
  const { record } = recorder;
  return {
    ...conv2dWeightsOps(recorder),
    conv2dForward(y, x, w, bias, shape, accumulate) {
      const { outChannels, outHeight, outWidth, lanes } = shape;
      const quads = (outHeight * outWidth * lanes) / 4;
      const numbers = {
        ...{ in_channels: shape.inChannels, in_height: shape.inHeight, in_width: shape.inWidth },
        ...{ out_channels: outChannels, out_height: outHeight, out_width: outWidth },
        ...{ kernel_height: shape.kernelHeight, kernel_width: shape.kernelWidth, stride: shape.stride },
        ...{ lanes, ...oneTerm, add: Number(accumulate), ...unfinished },
      };
      const operands = { y, x, w, bias, other_x: none, other_w: none, gate: none };
      record(forward, Math.ceil(outChannels / TILE_CHANNELS) * quads, numbers, operands);
    },

    conv2dBackwardData(dx, dy, w, shape, accumulate) {
      const { inChannels, inHeight, inWidth, lanes } = shape;
      const width = lanes % 4 === 0 ? 4 : 2;
      const parts = (inHeight * inWidth * lanes) / width;
      const numbers = {
        ...{ in_channels: inChannels, in_height: inHeight, in_width: inWidth },
        ...{ out_channels: shape.outChannels, out_height: shape.outHeight, out_width: shape.outWidth },
        ...{ kernel_height: shape.kernelHeight, kernel_width: shape.kernelWidth, padding: shape.padding },
        ...{ lanes, ...oneTerm, add: Number(accumulate), ...unfinished },
      };
      const operands = { dx, dy, w, other_dy: none, other_w: none, gate: none };
      const shader = width === 4 ? backwardData4 : backwardData2;
      record(shader, Math.ceil(inChannels / TILE_CHANNELS) * parts, numbers, operands);
    },
  };
}
