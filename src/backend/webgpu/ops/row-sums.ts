// The sums of rows on a GPU, which are the gradient of a bias: alone, or with the gradient of the weights above it.
import { numberOf, operandOf, overlap, replaced } from "../join.ts";
import { type Dispatch, LEFT_OUT, type Shader } from "../shader.ts";
import { GROUP } from "../tiles.ts";
import { groupSum } from "../wgsl/math.ts";

/** One row a group. */
export const rowSums: Shader<{ readonly length_: "u"; readonly add: "u" }, "out" | "x"> = {
  name: "sumRows",
  numbers: { length_: "u", add: "u" },
  operands: ["out", "x"],
  shared: groupSum,
  body: `
  var sum = 0.0;
  for (var i = lane; i < length_; i += ${GROUP}u) { sum += m[x + group * length_ + i]; }
  let all = group_sum(lane, sum);
  if (lane == 0u) {
    if (add == 1u) { m[out + group] += all; } else { m[out + group] = all; }
  }`,
};

/**
 * The join of the gradient of weights with that of the bias: the sums of the rows of the factor `of`, so many of such a length.
 * A shader with such sums has the number `sums_add` and the operand `sums`. `floats`: those of what it writes, `into`, and reads.
 */
export function joinRowSums(
  first: Dispatch,
  second: Dispatch,
  { rows, length, of, into }: { rows: number; length: number; of: string; into: string },
  floats: Readonly<Record<string, number>>,
): Dispatch | undefined {
  if (second.shader !== rowSums || operandOf(first, "sums") !== LEFT_OUT) return undefined;
  if (second.count !== rows || numberOf(second, "length_") !== length) return undefined;
  const factor = operandOf(first, of);
  if (operandOf(second, "x") !== factor) return undefined;
  const sums = { at: operandOf(second, "out"), floats: rows };
  const written = { at: operandOf(first, into), floats: floats[into]! };
  if (overlap({ at: factor, floats: floats[of]! }, written)) return undefined;
  for (const name of first.shader.operands) {
    const length = floats[name.replace(/^other_/, "")];
    if (length !== undefined && overlap(sums, { at: operandOf(first, name), floats: length })) return undefined;
  }
  return replaced(first, { sums_add: numberOf(second, "add") }, { sums: sums.at });
}
