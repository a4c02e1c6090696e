// Adam as a job (assembly/optimizer.ts).
import type { Ops } from "../../backend.ts";
import type { Jobs } from "../jobs.gen.ts";
import { vector } from "./vector.ts";

export function optimizerOps(jobs: Jobs): Pick<Ops, "adam"> {
  return {
    adam(x, m, v, g, n, { learningRate, beta1, beta2, eps, step }) {
      // What the kernel could not make in float32 without losing digits.
      const stepSize = learningRate / (1 - power(beta1, step));
      const correction2Sqrt = Math.sqrt(1 - power(beta2, step));
      const oneMinusBeta1 = 1 - beta1;
      const oneMinusBeta2 = 1 - beta2;
      const job = { x, m, v, g, n, stepSize, beta1, oneMinusBeta1, beta2, oneMinusBeta2, eps, correction2Sqrt };
      jobs.adam(job, vector(n, 4));
    },
  };
}

/** baseⁿ for whole n by squaring: Math.pow's last bits differ between engines. */
function power(base: number, n: number): number {
  let result = 1;
  for (let square = base, k = n; k > 0; k = Math.floor(k / 2), square *= square) if (k % 2 === 1) result *= square;
  return result;
}
