// Convolution and its adjoints on a GPU, as direct sums: each thread has a tile of outputs in registers.
import type { Ops } from "../../ops.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";
import { SLICE_ROWS_WORK, TILE_CHANNELS, TILE_TAPS } from "../tiles.ts";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const lines = (n: number, line: (i: number) => string): string => range(n).map(line).join("\n    ");

/** Four columns of a row of the output, for TILE_CHANNELS channels. A row is outWidth·lanes columns. */
const forward = {
  name: "conv2dForward",
  numbers: {
    ...{ in_channels: "u", in_height: "u", in_width: "u", out_channels: "u", out_height: "u", out_width: "u" },
    ...{ kernel_height: "u", kernel_width: "u", stride: "u", lanes: "u", add: "u" },
  },
  operands: ["y", "x", "w", "bias"],
  body: `
  let row_length = out_width * lanes;
  let quads = out_height * row_length / 4u;
  let first = (id / quads) * ${TILE_CHANNELS}u;
  let column = (id % quads) * 4u;
  let row = column / row_length;
  let within = column % row_length;
  // Where the kernel's first column meets these: with stride 1 pixels follow each other, otherwise all four are of one pixel.
  let start = select((within / lanes) * stride * lanes + within % lanes, within, stride == 1u);
  let taps = kernel_height * kernel_width;
  let per_channel = in_channels * taps;
  ${lines(TILE_CHANNELS, (t) => `let w${t} = w + min(first + ${t}u, out_channels - 1u) * per_channel;`)}
  ${lines(TILE_CHANNELS, (t) => `var y${t} = vec4f();`)}
  for (var c = 0u; c < in_channels; c++) {
    for (var ky = 0u; ky < kernel_height; ky++) {
      let xs = x + ((c * in_height + row * stride + ky) * in_width) * lanes + start;
      let tap = c * taps + ky * kernel_width;
      for (var kx = 0u; kx < kernel_width; kx++) {
        let i = xs + kx * lanes;
        let v = vec4f(m[i], m[i + 1u], m[i + 2u], m[i + 3u]);
        ${lines(TILE_CHANNELS, (t) => `y${t} += m[w${t} + tap + kx] * v;`)}
      }
    }
  }
  ${lines(
    TILE_CHANNELS,
    (t) => `if (first + ${t}u < out_channels) {
    let o = first + ${t}u;
    let out = y + o * out_height * row_length + column;
    if (bias != NONE) { y${t} += vec4f(m[bias + o]); }
    if (add == 1u) { y${t} += vec4f(m[out], m[out + 1u], m[out + 2u], m[out + 3u]); }
    m[out] = y${t}.x; m[out + 1u] = y${t}.y; m[out + 2u] = y${t}.z; m[out + 3u] = y${t}.w;
  }`,
  )}`,
} as const satisfies Shader;

/** `width` neighbouring images of a pixel of dx, for TILE_CHANNELS channels. */
function backwardData(width: 2 | 4) {
  const vector = width === 2 ? "vec2f" : "vec4f";
  const parts = ["x", "y", "z", "w"].slice(0, width);
  return {
    name: `conv2dBackwardData, ${width} images`,
    numbers: {
      ...{ in_channels: "u", in_height: "u", in_width: "u", out_channels: "u", out_height: "i", out_width: "i" },
      ...{ kernel_height: "i", kernel_width: "i", padding: "i", lanes: "u", add: "u" },
    },
    operands: ["dx", "dy", "w"],
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
  ${lines(TILE_CHANNELS, (t) => `let w${t} = w + min(first + ${t}u, in_channels - 1u) * taps;`)}
  ${lines(TILE_CHANNELS, (t) => `var x${t} = ${vector}();`)}
  for (var o = 0u; o < out_channels; o++) {
    for (var ky = max(0, top - out_height + 1); ky < min(kernel_height, top + 1); ky++) {
      let dys = dy + u32(i32(o) * out_height + top - ky) * u32(out_width) * lanes + image;
      let tap = o * in_channels * taps + u32(ky * kernel_width);
      for (var kx = max(0, left - out_width + 1); kx < min(kernel_width, left + 1); kx++) {
        let i = dys + u32(left - kx) * lanes;
        let v = ${vector}(${parts.map((_, i) => `m[i + ${i}u]`).join(", ")});
        ${lines(TILE_CHANNELS, (t) => `x${t} += m[w${t} + tap + u32(kx)] * v;`)}
      }
    }
  }
  ${lines(
    TILE_CHANNELS,
    (t) => `if (first + ${t}u < in_channels) {
    let out = dx + (first + ${t}u) * plane + column;
    if (add == 1u) { x${t} += ${vector}(${parts.map((_, i) => `m[out + ${i}u]`).join(", ")}); }
    ${parts.map((part, i) => `m[out + ${i}u] = x${t}.${part};`).join(" ")}
  }`,
  )}`,
  } as const satisfies Shader;
}
const backwardData2 = backwardData(2);
const backwardData4 = backwardData(4);

/** A tile of TILE_CHANNELS channels and TILE_TAPS taps of dw, summed over one slice of the rows: into s[slice][channel][tap]. */
const weightParts = {
  name: "conv2dBackwardWeights, parts",
  numbers: {
    ...{ in_channels: "u", in_height: "u", in_width: "u", out_channels: "u", out_height: "u", out_width: "u" },
    ...{ kernel_height: "u", kernel_width: "u", stride: "u", lanes: "u", slice_rows: "u" },
  },
  operands: ["dy", "x"],
  body: `
  let taps = in_channels * kernel_height * kernel_width;
  let across = (taps + ${TILE_TAPS - 1}u) / ${TILE_TAPS}u;
  let down = (out_channels + ${TILE_CHANNELS - 1}u) / ${TILE_CHANNELS}u;
  let slice = id / (across * down);
  let first = ((id / across) % down) * ${TILE_CHANNELS}u;
  let tap = (id % across) * ${TILE_TAPS}u;
  ${lines(
    TILE_TAPS,
    (t) => `let t${t} = min(tap + ${t}u, taps - 1u);
  let k${t} = t${t} % (kernel_height * kernel_width);
  let x${t} = x + ((t${t} / (kernel_height * kernel_width) * in_height + k${t} / kernel_width) * in_width + k${t} % kernel_width) * lanes;`,
  )}
  ${lines(TILE_CHANNELS, (t) => `let y${t} = dy + min(first + ${t}u, out_channels - 1u) * out_height * out_width * lanes;`)}
  ${lines(TILE_CHANNELS, (t) => `var w${t} = vec4f();`)}
  for (var row = slice * slice_rows; row < min(out_height, (slice + 1u) * slice_rows); row++) {
    for (var column = 0u; column < out_width; column++) {
      let start = (row * out_width + column) * lanes;
      let at_x = (row * stride * in_width + column * stride) * lanes;
      for (var b = 0u; b < lanes; b++) {
        let v = vec4f(${range(TILE_TAPS)
          .map((t) => `m[x${t} + at_x + b]`)
          .join(", ")});
        ${lines(TILE_CHANNELS, (t) => `w${t} += m[y${t} + start + b] * v;`)}
      }
    }
  }
  ${lines(
    TILE_CHANNELS,
    (t) => `if (first + ${t}u < out_channels) {
    let out = scratch + (slice * out_channels + first + ${t}u) * taps + tap;
    for (var i = 0u; i < min(${TILE_TAPS}u, taps - tap); i++) { s[out + i] = w${t}[i]; }
  }`,
  )}`,
} as const satisfies Shader;

/** out[i] (+)= the sum of s[slice][i], in order of the slices. */
const weights = {
  name: "conv2dBackwardWeights, all",
  numbers: { n: "u", slices: "u", add: "u" },
  operands: ["out"],
  body: `
  var sum = 0.0;
  for (var slice = 0u; slice < slices; slice++) { sum += s[scratch + slice * n + id]; }
  if (add == 1u) { m[out + id] += sum; } else { m[out + id] = sum; }`,
} as const satisfies Shader;

export function conv2dOps({
  record,
}: Recorder): Pick<Ops, "conv2dForward" | "conv2dBackwardData" | "conv2dBackwardWeights"> {
  return {
    conv2dForward(y, x, w, bias, shape, accumulate) {
      const { outChannels, outHeight, outWidth, lanes } = shape;
      const quads = (outHeight * outWidth * lanes) / 4;
      const numbers = {
        ...{ in_channels: shape.inChannels, in_height: shape.inHeight, in_width: shape.inWidth },
        ...{ out_channels: outChannels, out_height: outHeight, out_width: outWidth },
        ...{ kernel_height: shape.kernelHeight, kernel_width: shape.kernelWidth, stride: shape.stride },
        ...{ lanes, add: Number(accumulate) },
      };
      record(forward, Math.ceil(outChannels / TILE_CHANNELS) * quads, numbers, { y, x, w, bias });
    },

    conv2dBackwardData(dx, dy, w, shape, accumulate) {
      const { inChannels, inHeight, inWidth, lanes } = shape;
      const width = lanes % 4 === 0 ? 4 : 2;
      const parts = (inHeight * inWidth * lanes) / width;
      const numbers = {
        ...{ in_channels: inChannels, in_height: inHeight, in_width: inWidth },
        ...{ out_channels: shape.outChannels, out_height: shape.outHeight, out_width: shape.outWidth },
        ...{ kernel_height: shape.kernelHeight, kernel_width: shape.kernelWidth, padding: shape.padding },
        ...{ lanes, add: Number(accumulate) },
      };
      const shader = width === 4 ? backwardData4 : backwardData2;
      record(shader, Math.ceil(inChannels / TILE_CHANNELS) * parts, numbers, { dx, dy, w });
    },

    conv2dBackwardWeights(dw, dy, x, shape, accumulate) {
      const { inChannels, outChannels, outHeight, outWidth, kernelHeight, kernelWidth, lanes } = shape;
      const taps = inChannels * kernelHeight * kernelWidth;
      const n = outChannels * taps;
      const rows = Math.max(1, Math.ceil(SLICE_ROWS_WORK / (outWidth * lanes)));
      const slices = Math.ceil(outHeight / rows);
      const tiles = Math.ceil(taps / TILE_TAPS) * Math.ceil(outChannels / TILE_CHANNELS);
      const numbers = {
        ...{ in_channels: inChannels, in_height: shape.inHeight, in_width: shape.inWidth },
        ...{ out_channels: outChannels, out_height: outHeight, out_width: outWidth },
        ...{ kernel_height: kernelHeight, kernel_width: kernelWidth, stride: shape.stride },
        ...{ lanes, slice_rows: rows },
      };
      record(weightParts, slices * tiles, numbers, { dy, x }, slices * n);
      record(weights, n, { n, slices, add: Number(accumulate) }, { out: dw }, slices * n);
    },
  };
}
