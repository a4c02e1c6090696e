// Updates as jobs (assembly/optimizer.ts, sgd.ts, lamb.ts, guard.ts), and the way back through one (adam-adjoint.ts).
import { none, required } from "../../buffer.ts";
import type { Ops } from "../../ops.ts";
import type { Jobs } from "../jobs.gen.ts";
import { halves } from "./halves.ts";
import { vector } from "./vector.ts";

/** The optimisers and the guard of their updates. */
type OptimizerOps = Pick<Ops, "adam" | "sgd" | "adamDirection" | "adamAdjoint" | "lambStep" | "guard">;

export function optimizerOps(jobs: Jobs): OptimizerOps {
  return {
    adam(x, m, v, g, n, { learningRate, beta1, beta2, eps, step }, guard) {
      const { corrections, ...decays } = moments(beta1, beta2, step);
      const [correction1, correction2] = corrections;
      const stepSize = learningRate / correction1;
      const correction2Sqrt = Math.sqrt(correction2);
      jobs.adam({ x, m, v, g, n, stepSize, ...decays, eps, correction2Sqrt, guard }, vector(n, 4));
    },

    adamDirection(u, m, v, g, x, n, { beta1, beta2, eps, weightDecay, step }, guard) {
      const { corrections, ...decays } = moments(beta1, beta2, step);
      const [correction1, correction2] = corrections;
      const constants = { ...decays, eps, weightDecay, correction1, correction2Sqrt: Math.sqrt(correction2) };
      jobs.adamDirection({ u, m, v, g, x, n, guard, ...constants }, vector(n, 5));
    },

    adamAdjoint(q, u, dm, ds, p, m, s, g, rate, n, { beta1, beta2, eps, step }) {
      const { corrections, ...decays } = moments(beta1, beta2, step);
      const [correction1, correction2] = corrections;
      jobs.adamAdjoint({ q, u, dm, ds, p, m, s, g, rate, n, ...decays, eps, correction1, correction2 }, vector(n, 20));
    },

    lambStep: (x, u, squares, n, learningRate, guard) =>
      jobs.lambStep({ x, u, squares, n, guard, learningRate }, vector(n)),

    sgd(x, v, g, n, { learningRate, momentum }, guard) {
      const remembered = momentum === 0 ? none : required(v, "the momentum of SGD");
      jobs.sgd({ x, v: remembered, g, n, guard, learningRate, momentum }, vector(n, 2));
    },

    guard(out, mean, squares, count, loss, clip) {
      const kept = clip === 0 ? none : required(mean, "the mean of the norms");
      const [clipLow, clipHigh] = halves(clip);
      jobs.guard({ out, mean: kept, squares, count, loss, clipLow, clipHigh }, { tiles: 1, work: count });
    },
  };
}

/** Computes 1 − β and the corrections 1 − βᵗ, which would lose digits in the kernels' float32. */
function moments(beta1: number, beta2: number, step: number) {
  const corrections = [1 - power(beta1, step), 1 - power(beta2, step)] as const;
  return { beta1, oneMinusBeta1: 1 - beta1, beta2, oneMinusBeta2: 1 - beta2, corrections };
}

/** baseⁿ for whole n by squaring: Math.pow's last bits differ between engines. */
function power(base: number, n: number): number {
  let result = 1;
  for (let square = base, k = n; k > 0; k = Math.floor(k / 2), square *= square) if (k % 2 === 1) result *= square;
  return result;
}
