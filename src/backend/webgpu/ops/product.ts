// Matrix products on a GPU: c[i, j] (+)= Σ_k a[i, k]·b[k, j] + bias[i], perhaps of two pairs of matrices. A tile of c lies in a
// thread's registers, or in those of SHARERS threads that each sum a part of the products. Columns of a tile are those of
// neighbouring threads' tiles in turn, so that neighbouring threads read and write neighbouring floats.
import { none, type OptionalBuffer } from "../../buffer.ts";
import { joinTerms, numberOf, oneTerm, operandOf } from "../join.ts";
import type { Recorder } from "../recorder.ts";
import { type Dispatch, LEFT_OUT, type Shader } from "../shader.ts";
import { GROUP, SHARED_LENGTH, SHARED_TILES, SHARERS, TILE_COLUMNS, TILE_ROWS } from "../tiles.ts";
import { handOver, sharing } from "../wgsl/sharing.ts";
import { finishFunction, finishNumbers, finishOperands, joinFinish, unfinished } from "./finish.ts";
import { joinRowSums } from "./row-sums.ts";

const numbers = {
  rows: "u",
  columns: "u",
  depth: "u",
  a_row: "u",
  a_depth: "u",
  b_depth: "u",
  b_column: "u",
  terms: "u",
  add: "u",
  sums_add: "u",
  ...finishNumbers,
} as const;
const operands = ["c", "a", "b", "bias", "other_a", "other_b", "sums", ...finishOperands] as const;

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const lines = (n: number, line: (i: number) => string): string => range(n).map(line).join("\n    ");

/** The products of one tile that thread `part` of `parts` sums, row t in c{t}. */
const tile = (parts: number): string => `
  let across = (columns + ${TILE_COLUMNS - 1}u) / ${TILE_COLUMNS}u;
  let part = id % ${parts}u;
  let own_tile = id / ${parts}u;
  let row = own_tile / across * ${TILE_ROWS}u;
  let column = own_tile % across;
  ${lines(TILE_ROWS, (t) => `var c${t} = vec4f();`)}
  for (var term = 0u; term < terms; term++) {
    let at_a = select(a, other_a, term == 1u);
    let at_b = select(b, other_b, term == 1u);
    ${lines(TILE_ROWS, (t) => `let a${t} = at_a + min(row + ${t}u, rows - 1u) * a_row;`)}
    ${lines(TILE_COLUMNS, (j) => `let b${j} = at_b + min(column + ${j}u * across, columns - 1u) * b_column;`)}
    for (var k = part; k < depth; k += ${parts}u) {
      let i = k * b_depth;
      let v = vec4f(m[b0 + i], m[b1 + i], m[b2 + i], m[b3 + i]);
      ${lines(TILE_ROWS, (t) => `c${t} += m[a${t} + k * a_depth] * v;`)}
    }
  }`;

/** Writes `value` into an element of c. */
const put = (row: string, column: string, value: string): string => `
  if (${row} < rows && ${column} < columns) {
    var value = ${value};
    if (bias != NONE) { value += m[bias + ${row}]; }
    let i = ${row} * columns + ${column};
    if (add == 1u) { value += m[c + i]; }
    m[c + i] = finished(value, finish, gate, i);
  }`;

/** Floats of c, and from the first to the last of a, b and bias. */
function floatsOf(dispatch: Dispatch): {
  readonly c: number;
  readonly a: number;
  readonly b: number;
  readonly bias: number;
} {
  const n = (name: keyof typeof numbers): number => numberOf(dispatch, name);
  const [rows, columns, depth] = [n("rows"), n("columns"), n("depth")];
  return {
    c: rows * columns,
    a: (rows - 1) * n("a_row") + (depth - 1) * n("a_depth") + 1,
    b: (depth - 1) * n("b_depth") + (columns - 1) * n("b_column") + 1,
    bias: rows,
  };
}

/** A product may have a second term, and then a finish. */
function joinProduct(first: Dispatch, second: Dispatch): Dispatch | undefined {
  if (numberOf(first, "finish") !== 0 || operandOf(first, "sums") !== LEFT_OUT) return undefined;
  const floats = floatsOf(first);
  return joinTerms(first, second, "c", floats) ?? joinFinish(first, second, "c", floats.c);
}

/** Or, where it is the gradient of weights, dy·xᵀ, that of the bias. */
function joinGradient(first: Dispatch, second: Dispatch): Dispatch | undefined {
  const [rows, length] = [numberOf(first, "rows"), numberOf(first, "depth")];
  const dense = numberOf(first, "a_row") === length && numberOf(first, "a_depth") === 1;
  if (!dense || numberOf(first, "finish") !== 0) return undefined;
  return joinRowSums(first, second, { rows, length, of: "a", into: "c" }, floatsOf(first));
}

/** A tile a thread. */
const product = {
  name: "matrix product",
  numbers,
  operands,
  functions: finishFunction,
  body: `${tile(1)}
  ${lines(TILE_ROWS, (t) => lines(TILE_COLUMNS, (j) => put(`(row + ${t}u)`, `(column + ${j}u * across)`, `c${t}[${j}]`)))}
  if (sums == NONE || column != 0u) { return; }
  for (var r = row; r < min(rows, row + ${TILE_ROWS}u); r++) {
    var sum = 0.0;
    for (var k = 0u; k < depth; k++) { sum += m[a + r * a_row + k * a_depth]; }
    if (sums_add == 1u) { m[sums + r] += sum; } else { m[sums + r] = sum; }
  }`,
  join: (first, second) => joinProduct(first, second) ?? joinGradient(first, second),
} as const satisfies Shader;

/** A tile for SHARERS threads: each sums every SHARERS-th product, and then one element of the tile over the threads. */
const sharedProduct = {
  name: "matrix product, shared",
  numbers,
  operands,
  functions: finishFunction,
  shared: sharing(TILE_ROWS * TILE_COLUMNS, SHARERS),
  body: `${tile(SHARERS)}
  ${lines(TILE_ROWS, (t) => lines(TILE_COLUMNS, (j) => handOver(TILE_COLUMNS * t + j, `c${t}[${j}]`)))}
  workgroupBarrier();
  for (var e = part; e < ${TILE_ROWS * TILE_COLUMNS}u; e += ${SHARERS}u) {
    let r = row + e / ${TILE_COLUMNS}u;
    let q = column + e % ${TILE_COLUMNS}u * across;
    ${put("r", "q", "shared_sum(e, lane)")}
  }`,
  join: joinProduct,
} as const satisfies Shader;

/** A matrix, with what lies between its rows and between its columns. */
export type Matrix = readonly [at: number, row: number, column: number];

/** Records products. */
export type Multiply = (
  c: readonly [at: number, rows: number, columns: number],
  a: Matrix,
  b: Matrix,
  depth: number,
  bias: OptionalBuffer,
  accumulate: boolean,
) => void;

export function multiplierOf({ record }: Recorder): Multiply {
  return ([c, rows, columns], [a, a_row, a_depth], [b, b_depth, b_column], depth, bias, accumulate) => {
    const tiles = Math.ceil(rows / TILE_ROWS) * Math.ceil(columns / TILE_COLUMNS);
    const sizes = { rows, columns, depth, a_row, a_depth, b_depth, b_column };
    const numbers = { ...sizes, ...oneTerm, add: Number(accumulate), sums_add: 0, ...unfinished };
    const operands = { c, a, b, bias, other_a: none, other_b: none, sums: none, gate: none };
    const shares = tiles <= SHARED_TILES && depth >= SHARED_LENGTH;
    if (shares) record(sharedProduct, Math.ceil((tiles * SHARERS) / GROUP), numbers, operands);
    else record(product, tiles, numbers, operands);
  };
}
