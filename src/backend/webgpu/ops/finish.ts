// What an op does to each float of its output before it writes it, where the op after it would do only that, in place: a ReLU,
// or the mask of one. A layer with its activation is then one dispatch.
import { numberOf, operandOf, overlap, replaced } from "../join.ts";
import type { Dispatch, Shader } from "../shader.ts";

const [relu, mask] = [1, 2];

// A NaN stays one, so that a diverged run shows.
const rectified = "select(0.0, value, value > 0.0 || is_nan(value))";

export const reluForward: Shader<Readonly<Record<never, never>>, "y" | "x"> = {
  name: "reluForward",
  numbers: {},
  operands: ["y", "x"],
  body: `
  let value = m[x + id];
  m[y + id] = ${rectified};`,
};

export const reluMask: Shader<Readonly<Record<never, never>>, "out" | "y" | "v"> = {
  name: "reluMask",
  numbers: {},
  operands: ["out", "y", "v"],
  body: "m[out + id] = select(0.0, m[v + id], m[y + id] > 0.0);",
};

/** The number and the operand of a shader that calls `finished`. */
export const finishNumbers = { finish: "u" } as const;
export const finishOperands = ["gate"] as const;

/** A dispatch that is not joined. */
export const unfinished = { finish: 0 } as const;

/** `finished(value, finish, gate, i)`: what is written into float i of the output. */
export const finishFunction: string = `
fn finished(value: f32, finish: u32, gate: u32, i: u32) -> f32 {
  if (finish == ${relu}u) { return ${rectified}; }
  if (finish == ${mask}u) { return select(0.0, value, m[gate + i] > 0.0); }
  return value;
}
`;

/** The join of an op, whose output has so many floats, with a ReLU or a mask in the place of that output. */
export function joinFinish(first: Dispatch, second: Dispatch, output: string, floats: number): Dispatch | undefined {
  if (numberOf(first, "finish") !== unfinished.finish || second.count !== floats) return undefined;
  const at = operandOf(first, output);
  const inPlace = (into: string, from: string): boolean =>
    operandOf(second, into) === at && operandOf(second, from) === at;
  if (second.shader === reluForward && inPlace("y", "x")) return replaced(first, { finish: relu }, {});
  if (second.shader !== reluMask || !inPlace("out", "v")) return undefined;
  const gate = operandOf(second, "y");
  if (overlap({ at: gate, floats }, { at, floats })) return undefined;
  return replaced(first, { finish: mask }, { gate });
}
