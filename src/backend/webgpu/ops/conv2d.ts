// Convolution and its adjoint in the input on a GPU, as direct sums: each thread has a tile of outputs in registers, of several
// channels and TILE_FLOATS floats of a row. The floats of a row's tiles take turns, so that neighbouring threads read and write
// neighbouring floats, and all of a tile have the same rows of the kernel.
import { none } from "../../buffer.ts";
import type { Ops } from "../../ops.ts";
import { joinTerms, numberOf, oneTerm } from "../join.ts";
import type { Recorder } from "../recorder.ts";
import type { Dispatch, Shader } from "../shader.ts";
import { CHANNEL_TILES, TILE_FLOATS } from "../tiles.ts";
import { conv2dWeightsOps } from "./conv2d-weights.ts";
import { finishFunction, finishNumbers, finishOperands, joinFinish, unfinished } from "./finish.ts";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const lines = (n: number, line: (i: number) => string): string => range(n).map(line).join("\n  ");

/** Which outputs are a thread's: floats `within{j}` of a row of `length` floats, of `rows` rows, from channel `first` on. */
const tile = (tall: number, length: string, rows: string): string => `
  let row_length = ${length};
  let across = (row_length + ${TILE_FLOATS - 1}u) / ${TILE_FLOATS}u;
  let column = id % across;
  let row = id / across % ${rows};
  let first = id / (across * ${rows}) * ${tall}u;
  ${lines(TILE_FLOATS, (j) => `let within${j} = min(column + ${j}u * across, row_length - 1u);`)}
  ${lines(tall, (t) => `var sum${t} = vec4f();`)}`;

/** The kind of tile for so many channels. */
function kindOf(channels: number): number {
  const kind = CHANNEL_TILES.findIndex((most) => channels <= most);
  return kind >= 0 ? kind : CHANNEL_TILES.length - 1;
}

/** Threads for so many channels and rows of so many floats. */
const tiles = (channels: number, rows: number, length: number): number =>
  Math.ceil(channels / CHANNEL_TILES[kindOf(channels)]!) * rows * Math.ceil(length / TILE_FLOATS);

/** Writes a tile into `out`, which has so many channels and rows. */
const writeTile = (tall: number, out: string, channels: string, rows: string, bias: string): string =>
  lines(
    tall,
    (t) => `if (first + ${t}u < ${channels}) {
    let o = first + ${t}u;
    let at = (o * ${rows} + row) * row_length;
    ${bias}
    ${lines(
      TILE_FLOATS,
      (j) => `  if (column + ${j}u * across < row_length) {
      let f = at + within${j};
      var value = sum${t}[${j}]${bias && " + shift"};
      if (add == 1u) { value += m[${out} + f]; }
      m[${out} + f] = finished(value, finish, gate, f);
    }`,
    )}
  }`,
  );

/** A sum may have a second term, and then a finish. */
function joinSum(
  first: Dispatch,
  second: Dispatch,
  sum: string,
  floats: Readonly<Record<string, number>>,
): Dispatch | undefined {
  if (numberOf(first, "finish") !== unfinished.finish) return undefined;
  return joinTerms(first, second, sum, floats) ?? joinFinish(first, second, sum, floats[sum]!);
}

/** Floats of the input, of the output and of the weights. */
function sizesOf(dispatch: Dispatch): readonly [x: number, y: number, w: number, outChannels: number] {
  const n = (name: string): number => numberOf(dispatch, name);
  const [inChannels, outChannels] = [n("in_channels"), n("out_channels")];
  return [
    inChannels * n("in_height") * n("in_width") * n("lanes"),
    outChannels * n("out_height") * n("out_width") * n("lanes"),
    inChannels * outChannels * n("kernel_height") * n("kernel_width"),
    outChannels,
  ];
}

function forward(tall: number) {
  return {
    name: `conv2dForward, ${tall} channels`,
    numbers: {
      ...{ in_channels: "u", in_height: "u", in_width: "u", out_channels: "u", out_height: "u", out_width: "u" },
      ...{ kernel_height: "u", kernel_width: "u", stride: "u", lanes: "u", terms: "u", add: "u" },
      ...finishNumbers,
    },
    operands: ["y", "x", "w", "bias", "other_x", "other_w", ...finishOperands],
    functions: finishFunction,
    body: `${tile(tall, "out_width * lanes", "out_height")}
  ${lines(TILE_FLOATS, (j) => `var from${j} = within${j};`)}
  // With stride 1 pixels follow each other.
  if (stride > 1u) {
    ${lines(TILE_FLOATS, (j) => `from${j} += within${j} / lanes * (stride - 1u) * lanes;`)}
  }
  let per_channel = in_channels * kernel_height * kernel_width;
  for (var term = 0u; term < terms; term++) {
    let at_x = select(x, other_x, term == 1u);
    let at_w = select(w, other_w, term == 1u);
    ${lines(tall, (t) => `let w${t} = at_w + min(first + ${t}u, out_channels - 1u) * per_channel;`)}
    var tap = 0u;
    for (var c = 0u; c < in_channels; c++) {
      for (var ky = 0u; ky < kernel_height; ky++) {
        var i = at_x + (c * in_height + row * stride + ky) * in_width * lanes;
        for (var kx = 0u; kx < kernel_width; kx++) {
          let v = vec4f(m[i + from0], m[i + from1], m[i + from2], m[i + from3]);
          ${lines(tall, (t) => `sum${t} += m[w${t} + tap] * v;`)}
          i += lanes;
          tap++;
        }
      }
    }
  }
  ${writeTile(tall, "y", "out_channels", "out_height", "var shift = 0.0; if (bias != NONE) { shift = m[bias + o]; }")}`,
    join(first, second) {
      const [x, y, w, bias] = sizesOf(first);
      return joinSum(first, second, "y", { x, y, w, bias });
    },
  } as const satisfies Shader;
}

// Which columns of the kernel meet dy differs between the floats of a tile: where one meets none, it counts for 0.
function backwardData(tall: number) {
  return {
    name: `conv2dBackwardData, ${tall} channels`,
    numbers: {
      ...{ in_channels: "u", in_height: "u", in_width: "u", out_channels: "u", out_height: "u", out_width: "u" },
      ...{ kernel_height: "u", kernel_width: "u", padding: "u", lanes: "u", terms: "u", add: "u" },
      ...finishNumbers,
    },
    operands: ["dx", "dy", "w", "other_dy", "other_w", ...finishOperands],
    functions: finishFunction,
    body: `${tile(tall, "in_width * lanes", "in_height")}
  let top = row + padding;
  let first_ky = max(top + 1u, out_height) - out_height;
  let end_ky = min(kernel_height, top + 1u);
  let shift = padding * lanes;
  ${lines(TILE_FLOATS, (j) => `let left${j} = within${j} / lanes + padding;`)}
  let taps = kernel_height * kernel_width;
  for (var term = 0u; term < terms; term++) {
    let at_dy = select(dy, other_dy, term == 1u) + shift;
    let at_w = select(w, other_w, term == 1u);
    ${lines(tall, (t) => `let w${t} = at_w + min(first + ${t}u, in_channels - 1u) * taps;`)}
    for (var o = 0u; o < out_channels; o++) {
      for (var ky = first_ky; ky < end_ky; ky++) {
        var i = at_dy + (o * out_height + top - ky) * out_width * lanes;
        var tap = o * in_channels * taps + ky * kernel_width;
        for (var kx = 0u; kx < kernel_width; kx++) {
          let v = vec4f(
            ${range(TILE_FLOATS)
              .map((j) => `select(0.0, m[i + within${j}], left${j} - kx < out_width)`)
              .join(",\n            ")}
          );
          ${lines(tall, (t) => `sum${t} += m[w${t} + tap] * v;`)}
          i -= lanes;
          tap++;
        }
      }
    }
  }
  ${writeTile(tall, "dx", "in_channels", "in_height", "")}`,
    join(first, second) {
      const [dx, dy, w] = sizesOf(first);
      return joinSum(first, second, "dx", { dx, dy, w });
    },
  } as const satisfies Shader;
}

const forwards = CHANNEL_TILES.map(forward);
const backwardsData = CHANNEL_TILES.map(backwardData);

export function conv2dOps(
  recorder: Recorder,
): Pick<Ops, "conv2dForward" | "conv2dBackwardData" | "conv2dBackwardWeights"> {
  const { record } = recorder;
  return {
    ...conv2dWeightsOps(recorder),

    conv2dForward(y, x, w, bias, shape, accumulate) {
      const { outChannels, outHeight, outWidth, lanes } = shape;
      const numbers = {
        ...{ in_channels: shape.inChannels, in_height: shape.inHeight, in_width: shape.inWidth },
        ...{ out_channels: outChannels, out_height: outHeight, out_width: outWidth },
        ...{ kernel_height: shape.kernelHeight, kernel_width: shape.kernelWidth, stride: shape.stride },
        ...{ lanes, ...oneTerm, add: Number(accumulate), ...unfinished },
      };
      const operands = { y, x, w, bias, other_x: none, other_w: none, gate: none };
      record(forwards[kindOf(outChannels)]!, tiles(outChannels, outHeight, outWidth * lanes), numbers, operands);
    },

    conv2dBackwardData(dx, dy, w, shape, accumulate) {
      const { inChannels, inHeight, inWidth, lanes } = shape;
      const numbers = {
        ...{ in_channels: inChannels, in_height: inHeight, in_width: inWidth },
        ...{ out_channels: shape.outChannels, out_height: shape.outHeight, out_width: shape.outWidth },
        ...{ kernel_height: shape.kernelHeight, kernel_width: shape.kernelWidth, padding: shape.padding },
        ...{ lanes, ...oneTerm, add: Number(accumulate), ...unfinished },
      };
      const operands = { dx, dy, w, other_dy: none, other_w: none, gate: none };
      record(backwardsData[kindOf(inChannels)]!, tiles(inChannels, inHeight, inWidth * lanes), numbers, operands);
    },
  };
}
