// Activations on a GPU.
import type { Ops } from "../../ops.ts";
import type { Activation } from "../../shapes.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";
import { smoothFunctions } from "../wgsl/math.ts";
import { reluForward, reluMask } from "./finish.ts";

const leaky = {
  name: "leakyRelu",
  numbers: { slope: "f" },
  operands: ["out", "sign_of", "v"],
  body: `
  let value = m[v + id];
  m[out + id] = select(slope * value, value, m[sign_of + id] > 0.0);`,
} as const satisfies Shader;

interface Rules {
  /** f(x) */
  readonly value: string;
  /** f′ of q = p */
  readonly slope: string;
  /** df′/dp, also of k = f′ */
  readonly bend: string;
}

const rules: Readonly<Record<Activation, Rules>> = {
  tanh: { value: "tanh_(q)", slope: "(1.0 - q) * (1.0 + q)", bend: "-2.0 * q" },
  sigmoid: { value: "sigmoid_(q)", slope: "q * (1.0 - q)", bend: "1.0 - 2.0 * q" },
  softplus: { value: "softplus_(q)", slope: "sigmoid_(q)", bend: "k * (1.0 - k)" },
};

function shadersOf(name: Activation, { value, slope, bend }: Rules) {
  const functions = smoothFunctions;
  const forward = {
    ...{ name: `${name}, forward`, numbers: {}, operands: ["y", "x"], functions },
    body: `let q = m[x + id]; m[y + id] = ${value};`,
  } as const satisfies Shader;
  const backward = {
    ...{ name: `${name}, backward`, numbers: {}, operands: ["dx", "at_p", "dy"], functions },
    body: `let q = m[at_p + id]; m[dx + id] = (${slope}) * m[dy + id];`,
  } as const satisfies Shader;
  const backwardR = {
    ...{ name: `${name}, backward tangent`, numbers: {}, operands: ["rdx", "at_p", "rp", "dy", "rdy"], functions },
    body: `
  let q = m[at_p + id];
  let k = ${slope};
  m[rdx + id] = k * m[rdy + id] + (${bend}) * m[rp + id] * m[dy + id];`,
  } as const satisfies Shader;
  return { forward, backward, backwardR };
}

const smooth = {
  tanh: shadersOf("tanh", rules.tanh),
  sigmoid: shadersOf("sigmoid", rules.sigmoid),
  softplus: shadersOf("softplus", rules.softplus),
};

type ActivationOps = Pick<
  Ops,
  "reluForward" | "reluMask" | "leakyRelu" | "activationForward" | "activationBackward" | "activationBackwardR"
>;

export function activationOps({ record }: Recorder): ActivationOps {
  return {
    reluForward: (y, x, n) => record(reluForward, n, {}, { y, x }),
    reluMask: (out, y, v, n) => record(reluMask, n, {}, { out, y, v }),
    leakyRelu: (out, signOf, v, n, slope) => record(leaky, n, { slope }, { out, sign_of: signOf, v }),
    activationForward: (y, x, n, f) => record(smooth[f].forward, n, {}, { y, x }),
    activationBackward: (dx, p, dy, n, f) => record(smooth[f].backward, n, {}, { dx, at_p: p, dy }),
    activationBackwardR: (rdx, p, rp, dy, rdy, n, f) =>
      record(smooth[f].backwardR, n, {}, { rdx, at_p: p, rp, dy, rdy }),
  };
}
