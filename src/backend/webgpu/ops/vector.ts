// Vectors of n floats on a GPU.
import { none } from "../../buffer.ts";
import type { Ops } from "../../ops.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";
import { groupSum } from "../wgsl/math.ts";

/** Floats of which one group makes one sum. */
const SUMMED = 4096;

function each<Operand extends string>(name: string, operands: readonly Operand[], value: string) {
  return { name, numbers: { alpha: "f" }, operands, body: `m[out + id] = ${value};` } as const satisfies Shader;
}

const fill = each("fill", ["out"], "alpha");
const scale = each("scale", ["out", "x"], "alpha * m[x + id]");
const axpy = each("axpy", ["out", "y", "x"], "m[y + id] + alpha * m[x + id]");
const axpyBy = each("axpyBy", ["out", "y", "factor", "x"], "m[y + id] + (alpha * m[factor]) * m[x + id]");
const scaleBy = each("scaleBy", ["out", "factor", "x"], "(alpha * m[factor]) * m[x + id]");
const multiply = each("multiply", ["out", "x", "y"], "m[x + id] * m[y + id]");
const copy = each("copy", ["out", "x"], "m[x + id]");

/** s[group] = the sum of a group's part of x·y, or of x alone. */
const partial = {
  name: "dot, parts",
  numbers: { n: "u", add: "u" },
  operands: ["out", "x", "y"],
  shared: groupSum,
  body: `
  var sum = 0.0;
  for (var i = group * ${SUMMED}u + lane; i < min(n, (group + 1u) * ${SUMMED}u); i += 64u) {
    sum += m[x + i] * select(1.0, m[select(x, y, y != NONE) + i], y != NONE);
  }
  let all = group_sum(lane, sum);
  if (lane > 0u) { return; }
  // Few floats are one part, which is the whole sum.
  if (out == NONE) { s[scratch + group] = all; } else if (add == 1u) { m[out] += all; } else { m[out] = all; }`,
} as const satisfies Shader;

const whole = {
  name: "dot, all",
  numbers: { parts_: "u", add: "u" },
  operands: ["out"],
  shared: groupSum,
  body: `
  var sum = 0.0;
  for (var i = lane; i < parts_; i += 64u) { sum += s[scratch + i]; }
  let all = group_sum(lane, sum);
  if (lane == 0u) {
    if (add == 1u) { m[out] += all; } else { m[out] = all; }
  }`,
} as const satisfies Shader;

type VectorOps = Pick<Ops, "fill" | "copy" | "scale" | "axpy" | "axpyBy" | "scaleBy" | "multiply" | "dot" | "sum">;

export function vectorOps({ record }: Recorder): VectorOps {
  const sum = (out: number, x: number, y: number | undefined, n: number, add: boolean): void => {
    const parts = Math.ceil(n / SUMMED);
    if (parts === 1) {
      record(partial, 1, { n, add: Number(add) }, { out, x, y });
      return;
    }
    record(partial, parts, { n, add: 0 }, { out: none, x, y }, parts);
    record(whole, 1, { parts_: parts, add: Number(add) }, { out }, parts);
  };
  return {
    fill: (out, value, n) => record(fill, n, { alpha: value }, { out }),
    copy: (out, x, n) => record(copy, n, { alpha: 0 }, { out, x }),
    scale: (out, alpha, x, n) => record(scale, n, { alpha }, { out, x }),
    axpy: (out, y, alpha, x, n) => record(axpy, n, { alpha }, { out, y, x }),
    axpyBy: (out, y, sign, factor, x, n) => record(axpyBy, n, { alpha: sign }, { out, y, factor, x }),
    scaleBy: (out, sign, factor, x, n) => record(scaleBy, n, { alpha: sign }, { out, factor, x }),
    multiply: (out, x, y, n) => record(multiply, n, { alpha: 0 }, { out, x, y }),
    dot: (out, x, y, n) => sum(out, x, y, n, false),
    sum: (out, x, n, accumulate) => sum(out, x, undefined, n, accumulate),
  };
}
