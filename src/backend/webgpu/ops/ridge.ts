// Ridge regression with a Gram matrix on a GPU, by the formulas of reference/ridge.ts, in numbers of 64 bits (wgsl/wide.ts). Row i of
// the factor L begins at number i·(i + 1)/2. docs/math.md §9 has the formulas.
import type { Ops } from "../../ops.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";
import { GROUP } from "../tiles.ts";
import { wide } from "../wgsl/wide.ts";

/** FᵀF, a number a thread. */
export const gram: Shader<{ readonly depth: "u"; readonly lanes: "u" }, "factor" | "features"> = {
  name: "gram",
  numbers: { depth: "u", lanes: "u" },
  operands: ["factor", "features"],
  functions: wide,
  body: `
  var i = u32((sqrt(8.0 * f32(id) + 1.0) - 1.0) / 2.0);
  while (i * (i + 1u) / 2u > id) { i--; }
  while ((i + 1u) * (i + 2u) / 2u <= id) { i++; }
  let j = id - i * (i + 1u) / 2u;
  var sum = wide_of(0.0);
  for (var d = features; d < features + depth * lanes; d += lanes) {
    sum = wide_add(sum, wide_product(m[d + i], m[d + j]));
  }
  wide_put(factor + 4u * id, sum);`,
};

/** Where a number of a triangle lies. */
export const triangle: string = `
fn entry(factor: u32, i: u32, j: u32) -> u32 { return factor + 4u * (i * (i + 1u) / 2u + j); }
`;

/** L, column by column; the threads of one group share the rows of each. */
export const cholesky: Shader<{ readonly images: "u"; readonly ridge: "f" }, "factor"> = {
  name: "cholesky",
  numbers: { images: "u", ridge: "f" },
  operands: ["factor"],
  functions: wide + triangle,
  shared: "",
  body: `
  var trace = wide_of(0.0);
  for (var i = 0u; i < images; i++) { trace = wide_add(trace, wide_get(entry(factor, i, i))); }
  let added = wide_divide(wide_multiply(wide_of(ridge), trace), wide_of(f32(images)));
  storageBarrier();
  for (var j = 0u; j < images; j++) {
    for (var i = j + lane; i < images; i += ${GROUP}u) {
      var rest = wide_get(entry(factor, i, j));
      if (i == j) { rest = wide_add(rest, added); }
      for (var k = 0u; k < j; k++) {
        let product = wide_multiply(wide_get(entry(factor, i, k)), wide_get(entry(factor, j, k)));
        rest = wide_add(rest, wide_minus(product));
      }
      wide_put(entry(factor, i, j), rest);
    }
    storageBarrier();
    let root = wide_sqrt(wide_get(entry(factor, j, j)));
    storageBarrier();
    for (var i = j + lane; i < images; i += ${GROUP}u) {
      let at = entry(factor, i, j);
      if (i == j) { wide_put(at, root); } else { wide_put(at, wide_divide(wide_get(at), root)); }
    }
    storageBarrier();
  }`,
};

/** L·y = b, then Lᵀ·out = y: a row of b a thread. */
const solve = {
  name: "ridgeSolve",
  numbers: { images: "u", lanes: "u" },
  operands: ["out", "workspace", "factor", "b"],
  functions: wide + triangle,
  body: `
  let y = workspace + 4u * id * images;
  for (var i = 0u; i < images; i++) {
    var rest = wide_of(m[b + id * lanes + i]);
    for (var k = 0u; k < i; k++) {
      let product = wide_multiply(wide_get(entry(factor, i, k)), wide_get(y + 4u * k));
      rest = wide_add(rest, wide_minus(product));
    }
    wide_put(y + 4u * i, wide_divide(rest, wide_get(entry(factor, i, i))));
  }
  for (var left = images; left > 0u; left--) {
    let i = left - 1u;
    let value = wide_divide(wide_get(y + 4u * i), wide_get(entry(factor, i, i)));
    for (var k = 0u; k < i; k++) {
      let product = wide_multiply(wide_get(entry(factor, i, k)), value);
      wide_put(y + 4u * k, wide_add(wide_get(y + 4u * k), wide_minus(product)));
    }
    m[out + id * lanes + i] = float_of(value);
  }
  for (var i = images; i < lanes; i++) { m[out + id * lanes + i] = 0.0; }`,
} as const satisfies Shader;

export function ridgeOps({ record }: Recorder): Pick<Ops, "ridgeFactor" | "ridgeSolve"> {
  return {
    ridgeFactor(factor, features, ridge, { features: depth, images, lanes }) {
      record(gram, (images * (images + 1)) / 2, { depth, lanes }, { factor, features });
      record(cholesky, 1, { images, ridge }, { factor });
    },
    ridgeSolve: (out, workspace, factor, b, rows, { images, lanes }) =>
      record(solve, rows, { images, lanes }, { out, workspace, factor, b }),
  };
}
