// Activations as jobs (assembly/activation.ts).

import type { Ops } from "../../ops.ts";
import type { Activation } from "../../shapes.ts";
import type { Jobs } from "../jobs.gen.ts";
import { vector } from "./vector.ts";

type ActivationOps = Pick<
  Ops,
  "reluForward" | "reluMask" | "leakyRelu" | "activationForward" | "activationBackward" | "activationBackwardR"
>;

/** Work for each float of an exponential or a logarithm. */
const EXPONENTIAL = 8;

/** Work for each float of a slope, of which softplus has to make an exponential. */
const slope = (f: Activation, work: number): number => (f === "softplus" ? EXPONENTIAL : work);

export function activationOps(jobs: Jobs): ActivationOps {
  return {
    reluForward: (y, x, n) => jobs.reluForward({ y, x, n }, vector(n)),
    reluMask: (out, y, v, n) => jobs.reluMask({ out, y, v, n }, vector(n)),
    leakyRelu: (out, s, v, n, slope) => jobs.leakyRelu({ out, s, v, n, slope }, vector(n)),
    activationForward: (y, x, n, f) => jobs.activationForward({ y, x, n, f }, vector(n, EXPONENTIAL)),
    activationBackward: (dx, p, dy, n, f) => jobs.activationBackward({ dx, p, dy, n, f }, vector(n, slope(f, 1))),
    activationBackwardR: (rdx, p, rp, dy, rdy, n, f) =>
      jobs.activationBackwardR({ rdx, p, rp, dy, rdy, n, f }, vector(n, slope(f, 2))),
  };
}
