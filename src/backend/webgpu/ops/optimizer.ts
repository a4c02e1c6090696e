// The guard of an outer step and the outer optimisers on a GPU, by the formulas of reference/guard.ts and optimizer.ts.
import { required } from "../../buffer.ts";
import type { Ops } from "../../ops.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";

/** The least float above 0 that is not a denormal, which a GPU may take for 0. */
const LEAST = 1.1754943508222875e-38;

/**
 * Squares are summed as shares of the largest, whose sum no float could hold. The mean moves by a tenth of the way to the new norm:
 * 0.9·m + 0.1·n would lose a little of it in every step, because 0.9 is no float.
 */
const guard = {
  name: "guard",
  numbers: { count: "u", clip: "f", least: "f" },
  operands: ["out", "mean", "squares", "loss"],
  body: `
  var finite = is_finite(m[loss]);
  var top = 0.0;
  for (var i = 0u; i < count; i++) {
    let square = m[squares + i];
    finite = finite && is_finite(square);
    top = max(top, square);
  }
  if (!finite || clip == 0.0) {
    m[out] = select(0.0, 1.0, finite);
    return;
  }
  var norm = 0.0;
  if (top >= least) {
    var sum = 0.0;
    for (var i = 0u; i < count; i++) { sum += m[squares + i] / top; }
    norm = sqrt(top) * sqrt(sum);
  }
  var mean_of = m[mean] + m[mean + 1u] + m[mean + 2u];
  if (mean_of == 0.0) { mean_of = norm; }
  let factor = select(1.0, clip * mean_of / norm, norm > clip * mean_of);
  m[mean] = mean_of + 0.1 * (norm * factor - mean_of);
  m[mean + 1u] = 0.0;
  m[mean + 2u] = 0.0;
  m[out] = max(factor, least);`,
} as const satisfies Shader;

const stop = "if (guard != NONE) { if (m[guard] == 0.0) { return; } }";

const moments = `
  let gradient = m[g + id];
  let first = beta1 * m[m_ + id] + rest1 * gradient;
  let second = beta2 * m[v + id] + rest2 * gradient * gradient;
  m[m_ + id] = first;
  m[v + id] = second;`;

const adam = {
  name: "adam",
  numbers: { beta1: "f", beta2: "f", rest1: "f", rest2: "f", rate: "f", root: "f", eps: "f" },
  operands: ["x", "m_", "v", "g", "guard"],
  body: `${stop}${moments}
  m[x + id] -= rate * first / (sqrt(second) / root + eps);`,
} as const satisfies Shader;

const adamDirection = {
  name: "adamDirection",
  numbers: {
    ...{ beta1: "f", beta2: "f", rest1: "f", rest2: "f" },
    ...{ correction1: "f", correction2: "f", eps: "f", weight_decay: "f" },
  },
  operands: ["u", "m_", "v", "g", "x", "guard"],
  body: `${stop}${moments}
  m[u + id] = first / correction1 / (sqrt(second / correction2) + eps) + weight_decay * m[x + id];`,
} as const satisfies Shader;

/**
 * In q (docs/math.md §10) the terms with p nearly cancel in the first steps of a training, and float32 would keep few of their digits.
 * As one fraction they do not: with step = rate·p/d they are
 *   −step·((1 − β₁)·eps/(c₁·d) + ((1 − β₁)·β₂·s − (1 − β₂)·β₁·m·g)/(c₁·c₂·r·d)),
 * because the parts of s' and m' that g makes itself, (1 − β₂)·g² and (1 − β₁)·g, drop out.
 */
const adamAdjoint = {
  name: "adamAdjoint",
  numbers: {
    ...{ beta1: "f", beta2: "f", rest1: "f", rest2: "f" },
    ...{ correction1: "f", correction2: "f", eps: "f" },
  },
  operands: ["q", "u", "dm", "ds", "p_", "m_", "s_", "g", "rate"],
  body: `
  let gradient = m[g + id];
  let first = beta1 * m[m_ + id] + rest1 * gradient;
  let second = beta2 * m[s_ + id] + rest2 * gradient * gradient;
  let root = sqrt(second / correction2);
  let scale = root + eps;
  let direction = first / correction1 / scale;
  let step = m[rate] * m[p_ + id] / scale;
  let a = m[dm + id] - step / correction1;
  var b = m[ds + id];
  var share = rest1 * eps / (correction1 * scale);
  if (root > 0.0) {
    let others = rest1 * beta2 * m[s_ + id] - rest2 * beta1 * m[m_ + id] * gradient;
    share += others / (correction1 * correction2) / root / scale;
    b += step * direction / (2.0 * correction2 * root);
  }
  m[q + id] = rest1 * m[dm + id] + 2.0 * rest2 * gradient * m[ds + id] - step * share;
  if (u != NONE) { m[u + id] = direction; }
  m[dm + id] = beta1 * a;
  m[ds + id] = beta2 * b;`,
} as const satisfies Shader;

const sgd = {
  name: "sgd",
  numbers: { rate: "f", momentum: "f" },
  operands: ["x", "v", "g", "guard"],
  body: `${stop}
  var step = m[g + id];
  if (momentum != 0.0) {
    step = momentum * m[v + id] + step;
    m[v + id] = step;
  }
  m[x + id] -= rate * step;`,
} as const satisfies Shader;

const lambStep = {
  name: "lambStep",
  numbers: { rate: "f" },
  operands: ["x", "u", "squares", "guard"],
  body: `${stop}
  let of_x = sqrt(m[squares]);
  let of_u = sqrt(m[squares + 1u]);
  var trust = 1.0;
  if (of_x != 0.0 && of_u != 0.0) { trust = of_x / of_u; }
  m[x + id] -= rate * trust * m[u + id];`,
} as const satisfies Shader;

type OptimizerOps = "guard" | "adam" | "sgd" | "adamDirection" | "adamAdjoint" | "lambStep";

export function optimizerOps({ record }: Recorder): Pick<Ops, OptimizerOps> {
  return {
    guard(out, mean, squares, count, loss, clip) {
      if (clip > 0) required(mean, "the mean of the norms");
      const numbers = { count, clip: clip > 0 ? Math.max(clip, LEAST) : 0, least: LEAST };
      record(guard, 1, numbers, { out, mean, squares, loss });
    },

    adam(x, m, v, g, n, { learningRate, beta1, beta2, eps, step }, guard) {
      const numbers = {
        ...{ beta1, beta2, rest1: 1 - beta1, rest2: 1 - beta2, eps },
        ...{ rate: learningRate / (1 - beta1 ** step), root: Math.sqrt(1 - beta2 ** step) },
      };
      record(adam, n, numbers, { x, m_: m, v, g, guard });
    },

    sgd(x, v, g, n, { learningRate, momentum }, guard) {
      if (momentum !== 0) required(v, "the momentum of SGD");
      record(sgd, n, { rate: learningRate, momentum }, { x, v, g, guard });
    },

    adamDirection(u, m, v, g, x, n, { beta1, beta2, eps, weightDecay, step }, guard) {
      const numbers = {
        ...{ beta1, beta2, rest1: 1 - beta1, rest2: 1 - beta2, eps, weight_decay: weightDecay },
        ...{ correction1: 1 - beta1 ** step, correction2: 1 - beta2 ** step },
      };
      record(adamDirection, n, numbers, { u, m_: m, v, g, x, guard });
    },

    adamAdjoint(q, u, dm, ds, p, m, s, g, rate, n, { beta1, beta2, eps, step }) {
      const numbers = {
        ...{ beta1, beta2, rest1: 1 - beta1, rest2: 1 - beta2, eps },
        ...{ correction1: 1 - beta1 ** step, correction2: 1 - beta2 ** step },
      };
      record(adamAdjoint, n, numbers, { q, u, dm, ds, p_: p, m_: m, s_: s, g, rate });
    },

    lambStep: (x, u, squares, n, learningRate, guard) =>
      record(lambStep, n, { rate: learningRate }, { x, u, squares, guard }),
  };
}
