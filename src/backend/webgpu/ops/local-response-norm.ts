// Local response normalisation on a GPU, by the formulas of reference/local-response-norm.ts: one thread a float.
import { none } from "../../buffer.ts";
import type { Ops } from "../../ops.ts";
import type { LocalResponseNormShape } from "../../shapes.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";
import { expLog } from "../wgsl/math.ts";
import { finishFunction, finishNumbers, finishOperands, joinFinish, unfinished } from "./finish.ts";

const numbers = { channels: "i", plane: "i", size: "i", alpha: "f", beta: "f", k: "f" } as const;

const functions = `${expLog}
/** x^exponent for x above 0 */
fn power(x: f32, exponent: f32) -> f32 { return exp_(exponent * log_(x)); }
`;

/** Σ of `value` over the channels that count for that of float id: float `j` of each. */
const counting = (value: string): string => overChannels("size / 2", "(size + 1) / 2 - 1", value);
/** The same over those that it counts for. */
const countedFor = (value: string): string => overChannels("(size + 1) / 2 - 1", "size / 2", value);

function overChannels(before: string, after: string, value: string): string {
  return `
  let c = i32(id) / plane;
  var sum = 0.0;
  for (var n = max(0, c - (${before})); n <= min(channels - 1, c + (${after})); n++) {
    let j = u32(i32(id) + (n - c) * plane);
    sum += ${value};
  }`;
}

const forward = {
  ...{ name: "localResponseNormForward", numbers, functions, operands: ["y", "sizes", "x"] },
  body: `${counting("m[x + j] * m[x + j]")}
  let base = k + alpha / f32(size) * sum;
  m[sizes + id] = base;
  m[y + id] = m[x + id] * power(base, -beta);`,
} as const satisfies Shader;

const products = {
  ...{ name: "localResponseNormBackward, products", numbers, functions, operands: ["u", "dy", "x", "sizes"] },
  body: "m[u + id] = m[dy + id] * m[x + id] * power(m[sizes + id], -beta - 1.0);",
} as const satisfies Shader;

const backward = {
  ...{ name: "localResponseNormBackward", operands: ["dx", "u", "dy", "x", "sizes", ...finishOperands] },
  numbers: { ...numbers, ...finishNumbers },
  functions: functions + finishFunction,
  body: `${countedFor("m[u + j]")}
  m[dx + id] = finished(m[dy + id] * power(m[sizes + id], -beta) - 2.0 * alpha * beta / f32(size) * m[x + id] * sum, finish, gate, id);`,
  join: (first, second) => joinFinish(first, second, "dx", first.count),
} as const satisfies Shader;

const forwardR = {
  ...{ name: "localResponseNormForwardR", numbers, functions, operands: ["ry", "rs", "rx", "x", "sizes"] },
  body: `${counting("m[x + j] * m[rx + j]")}
  let r = 2.0 * alpha / f32(size) * sum;
  let base = m[sizes + id];
  m[rs + id] = r;
  m[ry + id] = m[rx + id] * power(base, -beta) - beta * m[x + id] * power(base, -beta - 1.0) * r;`,
} as const satisfies Shader;

const operandsR = ["rdy", "dy", "rx", "x", "sizes", "rs"] as const;

const productsR = {
  ...{ name: "localResponseNormBackwardR, products", numbers, functions, operands: ["u", "ru", ...operandsR] },
  body: `
  let base = m[sizes + id];
  let once = power(base, -beta - 1.0);
  let product = m[dy + id] * m[x + id];
  let r_product = m[rdy + id] * m[x + id] + m[dy + id] * m[rx + id];
  m[u + id] = product * once;
  m[ru + id] = r_product * once + product * ((-beta - 1.0) * power(base, -beta - 2.0) * m[rs + id]);`,
} as const satisfies Shader;

const backwardR = {
  ...{ name: "localResponseNormBackwardR", operands: ["rdx", "u", "ru", ...operandsR, ...finishOperands] },
  numbers: { ...numbers, ...finishNumbers },
  functions: functions + finishFunction,
  body: `${countedFor("m[rx + id] * m[u + j] + m[x + id] * m[ru + j]")}
  let base = m[sizes + id];
  let direct = m[rdy + id] * power(base, -beta) - m[dy + id] * beta * power(base, -beta - 1.0) * m[rs + id];
  m[rdx + id] = finished(direct - 2.0 * alpha * beta / f32(size) * sum, finish, gate, id);`,
  join: (first, second) => joinFinish(first, second, "rdx", first.count),
} as const satisfies Shader;

type LocalResponseNormOps = Pick<
  Ops,
  "localResponseNormForward" | "localResponseNormBackward" | "localResponseNormForwardR" | "localResponseNormBackwardR"
>;

export function localResponseNormOps({ record }: Recorder): LocalResponseNormOps {
  const numbersOf = ({ channels, area, lanes, size, alpha, beta, k }: LocalResponseNormShape) => ({
    ...{ channels, plane: area * lanes, size, alpha, beta, k },
  });
  const floatsOf = ({ channels, area, lanes }: LocalResponseNormShape): number => channels * area * lanes;
  return {
    localResponseNormForward: (y, s, x, shape) =>
      record(forward, floatsOf(shape), numbersOf(shape), { y, sizes: s, x }),

    localResponseNormBackward(dx, workspace, dy, x, s, shape) {
      record(products, floatsOf(shape), numbersOf(shape), { u: workspace, dy, x, sizes: s });
      const numbers = { ...numbersOf(shape), ...unfinished };
      record(backward, floatsOf(shape), numbers, { dx, u: workspace, dy, x, sizes: s, gate: none });
    },

    localResponseNormForwardR: (ry, rs, rx, x, s, shape) =>
      record(forwardR, floatsOf(shape), numbersOf(shape), { ry, rs, rx, x, sizes: s }),

    localResponseNormBackwardR(rdx, workspace, rdy, dy, rx, x, s, rs, shape) {
      const [u, ru] = [workspace, workspace + floatsOf(shape)];
      const operands = { u, ru, rdy, dy, rx, x, sizes: s, rs };
      record(productsR, floatsOf(shape), numbersOf(shape), operands);
      const numbers = { ...numbersOf(shape), ...unfinished };
      record(backwardR, floatsOf(shape), numbers, { rdx, ...operands, gate: none });
    },
  };
}
