// Fully connected layers and the sums of rows on a GPU.
import type { OptionalBuffer } from "../../buffer.ts";
import { none } from "../../buffer.ts";
import type { Ops } from "../../ops.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";
import { TILE_COLUMNS, TILE_ROWS } from "../tiles.ts";
import { groupSum } from "../wgsl/math.ts";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** c[i, j] (+)= Σ_k a[i, k]·b[k, j] + bias[i], with the strides of a and b; c is dense. A thread has a tile of c. */
const product = {
  name: "matrix product",
  numbers: { rows: "u", columns: "u", depth: "u", a_row: "u", a_depth: "u", b_depth: "u", b_column: "u", add: "u" },
  operands: ["c", "a", "b", "bias"],
  body: `
  let across = (columns + ${TILE_COLUMNS - 1}u) / ${TILE_COLUMNS}u;
  let row = (id / across) * ${TILE_ROWS}u;
  let column = (id % across) * ${TILE_COLUMNS}u;
  ${range(TILE_ROWS)
    .map((t) => `let a${t} = a + min(row + ${t}u, rows - 1u) * a_row; var c${t} = vec4f();`)
    .join("\n  ")}
  ${range(TILE_COLUMNS)
    .map((t) => `let b${t} = b + min(column + ${t}u, columns - 1u) * b_column;`)
    .join("\n  ")}
  for (var k = 0u; k < depth; k++) {
    let i = k * b_depth;
    let v = vec4f(m[b0 + i], m[b1 + i], m[b2 + i], m[b3 + i]);
    ${range(TILE_ROWS)
      .map((t) => `c${t} += m[a${t} + k * a_depth] * v;`)
      .join("\n    ")}
  }
  ${range(TILE_ROWS)
    .map(
      (t) => `if (row + ${t}u < rows) {
    if (bias != NONE) { c${t} += vec4f(m[bias + row + ${t}u]); }
    let out = c + (row + ${t}u) * columns + column;
    for (var j = 0u; j < min(${TILE_COLUMNS}u, columns - column); j++) {
      if (add == 1u) { m[out + j] += c${t}[j]; } else { m[out + j] = c${t}[j]; }
    }
  }`,
    )
    .join("\n  ")}`,
} as const satisfies Shader;

/** One row a group. */
const rowSums = {
  name: "sumRows",
  numbers: { length_: "u", add: "u" },
  operands: ["out", "x"],
  shared: groupSum,
  body: `
  var sum = 0.0;
  for (var i = lane; i < length_; i += 64u) { sum += m[x + group * length_ + i]; }
  let all = group_sum(lane, sum);
  if (lane == 0u) {
    if (add == 1u) { m[out + group] += all; } else { m[out + group] = all; }
  }`,
} as const satisfies Shader;

type LinearOps = Pick<Ops, "linearForward" | "linearBackwardData" | "linearBackwardWeights" | "sumRows">;

/** A matrix, with what lies between its rows and between its columns. */
type Matrix = readonly [at: number, row: number, column: number];

export function linearOps({ record }: Recorder): LinearOps {
  const multiply = (
    [c, rows, columns]: readonly [at: number, rows: number, columns: number],
    [a, a_row, a_depth]: Matrix,
    [b, b_depth, b_column]: Matrix,
    depth: number,
    bias: OptionalBuffer,
    accumulate: boolean,
  ): void => {
    const tiles = Math.ceil(rows / TILE_ROWS) * Math.ceil(columns / TILE_COLUMNS);
    const numbers = { rows, columns, depth, a_row, a_depth, b_depth, b_column, add: Number(accumulate) };
    record(product, tiles, numbers, { c, a, b, bias });
  };
  return {
    linearForward: (y, x, w, bias, { inFeatures, outFeatures, lanes }, accumulate) =>
      multiply([y, outFeatures, lanes], [w, inFeatures, 1], [x, lanes, 1], inFeatures, bias, accumulate),
    linearBackwardData: (dx, dy, w, { inFeatures, outFeatures, lanes }, accumulate) =>
      multiply([dx, inFeatures, lanes], [w, 1, inFeatures], [dy, lanes, 1], outFeatures, none, accumulate),
    linearBackwardWeights: (dw, dy, x, { inFeatures, outFeatures, lanes }, accumulate) =>
      multiply([dw, outFeatures, inFeatures], [dy, lanes, 1], [x, 1, lanes], lanes, none, accumulate),
    sumRows: (out, x, rows, length, accumulate) =>
      record(rowSums, rows, { length_: length, add: Number(accumulate) }, { out, x }),
  };
}
