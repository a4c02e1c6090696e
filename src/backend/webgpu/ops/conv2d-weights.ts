// The gradient of a convolution's weights on a GPU, with that of its bias: dw = dy ⋆ x, perhaps of two pairs. The sums are long
// and few, so a group shares each tile of them: neighbouring threads read neighbouring floats of dy and of x.
import { none } from "../../buffer.ts";
import type { Ops } from "../../ops.ts";
import { joinTerms, numberOf, oneTerm, operandOf } from "../join.ts";
import type { Recorder } from "../recorder.ts";
import { type Dispatch, LEFT_OUT, type Shader } from "../shader.ts";
import { GROUP, GROUP_LENGTH, SHARERS, TILE_CHANNELS, TILE_TAPS } from "../tiles.ts";
import { handOver, sharing } from "../wgsl/sharing.ts";
import { joinRowSums } from "./row-sums.ts";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const lines = (n: number, line: (i: number) => string): string => range(n).map(line).join("\n    ");

/** Sums of a tile: of weights, and for the bias those of its channels of dy. */
const WEIGHTS = TILE_CHANNELS * TILE_TAPS;
const SUMS = WEIGHTS + TILE_CHANNELS;

/** `parts` threads share a tile. */
function weightGradient(parts: number) {
  return {
    name: `conv2dBackwardWeights, ${parts} threads`,
    numbers: {
      ...{ in_channels: "u", in_height: "u", in_width: "u", out_channels: "u", out_height: "u", out_width: "u" },
      ...{ kernel_height: "u", kernel_width: "u", stride: "u", lanes: "u", terms: "u", add: "u", sums_add: "u" },
    },
    operands: ["dw", "dy", "x", "other_dy", "other_x", "sums"],
    shared: sharing(SUMS, parts),
    body: `
  let area = kernel_height * kernel_width;
  let taps = in_channels * area;
  let across = (taps + ${TILE_TAPS - 1}u) / ${TILE_TAPS}u;
  let part = id % ${parts}u;
  let first = id / ${parts}u / across * ${TILE_CHANNELS}u;
  let tap = id / ${parts}u % across * ${TILE_TAPS}u;
  let row_length = out_width * lanes;
  let plane = out_height * row_length;
  ${lines(
    TILE_TAPS,
    (j) => `let t${j} = min(tap + ${j}u, taps - 1u);
  let k${j} = t${j} % area;
  let x${j} = ((t${j} / area * in_height + k${j} / kernel_width) * in_width + k${j} % kernel_width) * lanes;`,
  )}
  ${lines(TILE_CHANNELS, (t) => `let y${t} = min(first + ${t}u, out_channels - 1u) * plane;`)}
  ${lines(TILE_CHANNELS, (t) => `var w${t} = vec4f();`)}
  for (var term = 0u; term < terms; term++) {
    let at_dy = select(dy, other_dy, term == 1u);
    let at_x = select(x, other_x, term == 1u);
    var row = part / row_length;
    var within = part % row_length;
    for (var i = part; i < plane; i += ${parts}u) {
      var at = at_x + row * stride * in_width * lanes + within;
      // With stride 1 pixels follow each other.
      if (stride > 1u) { at += within / lanes * (stride - 1u) * lanes; }
      let v = vec4f(${range(TILE_TAPS)
        .map((j) => `m[at + x${j}]`)
        .join(", ")});
      let d = at_dy + i;
      ${lines(TILE_CHANNELS, (t) => `w${t} += m[d + y${t}] * v;`)}
      within += ${parts}u;
      while (within >= row_length) {
        within -= row_length;
        row++;
      }
    }
  }
  var sums_of_dy = vec4f();
  let wants_sums = sums != NONE && tap == 0u;
  if (wants_sums) {
    for (var i = dy + part; i < dy + plane; i += ${parts}u) { sums_of_dy += vec4f(m[i + y0], m[i + y1], m[i + y2], m[i + y3]); }
  }
  ${lines(TILE_CHANNELS, (t) => lines(TILE_TAPS, (j) => handOver(TILE_TAPS * t + j, `w${t}[${j}]`)))}
  ${lines(TILE_CHANNELS, (t) => handOver(WEIGHTS + t, `sums_of_dy[${t}]`))}
  workgroupBarrier();
  for (var i = part; i < ${WEIGHTS}u; i += ${parts}u) {
    let o = first + i / ${TILE_TAPS}u;
    let t = tap + i % ${TILE_TAPS}u;
    if (o >= out_channels || t >= taps) { continue; }
    let sum = shared_sum(i, lane);
    let out = dw + o * taps + t;
    if (add == 1u) { m[out] += sum; } else { m[out] = sum; }
  }
  if (!wants_sums || part >= ${TILE_CHANNELS}u || first + part >= out_channels) { return; }
  let sum = shared_sum(${WEIGHTS}u + part, lane);
  let out = sums + first + part;
  if (sums_add == 1u) { m[out] += sum; } else { m[out] = sum; }`,
    join: joinGradients,
  } as const satisfies Shader;
}
const byGroups = weightGradient(GROUP);
const bySharers = weightGradient(SHARERS);

function joinGradients(first: Dispatch, second: Dispatch): Dispatch | undefined {
  const n = (name: string): number => numberOf(first, name);
  const [rows, length] = [n("out_channels"), n("out_height") * n("out_width") * n("lanes")];
  const floats = {
    dw: rows * n("in_channels") * n("kernel_height") * n("kernel_width"),
    dy: rows * length,
    x: n("in_channels") * n("in_height") * n("in_width") * n("lanes"),
  };
  const sums = { rows, length, of: "dy", into: "dw" };
  if (operandOf(first, "sums") !== LEFT_OUT) return undefined;
  return joinTerms(first, second, "dw", floats) ?? joinRowSums(first, second, sums, floats);
}

export function conv2dWeightsOps({ record }: Recorder): Pick<Ops, "conv2dBackwardWeights"> {
  return {
    conv2dBackwardWeights(dw, dy, x, shape, accumulate) {
      const { inChannels, outChannels, kernelHeight, kernelWidth } = shape;
      const tiles =
        Math.ceil((inChannels * kernelHeight * kernelWidth) / TILE_TAPS) * Math.ceil(outChannels / TILE_CHANNELS);
      const numbers = {
        ...{ in_channels: inChannels, in_height: shape.inHeight, in_width: shape.inWidth },
        ...{ out_channels: outChannels, out_height: shape.outHeight, out_width: shape.outWidth },
        ...{ kernel_height: kernelHeight, kernel_width: kernelWidth, stride: shape.stride },
        ...{ lanes: shape.lanes, ...oneTerm, add: Number(accumulate), sums_add: 0 },
      };
      const operands = { dw, dy, x, other_dy: none, other_x: none, sums: none };
      const length = shape.outHeight * shape.outWidth * shape.lanes;
      if (length >= GROUP_LENGTH) record(byGroups, tiles, numbers, operands);
      else record(bySharers, Math.ceil((tiles * SHARERS) / GROUP), numbers, operands);
    },
  };
}
