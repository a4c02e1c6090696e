// Random numbers as jobs (assembly/random.ts).

import type { RandomKey } from "../../../numeric/philox.ts";
import type { Ops } from "../../ops.ts";
import type { Jobs, RandomStream } from "../jobs.gen.ts";
import { vector } from "./vector.ts";

const streamOf = ({ seed: [seed0, seed1], stream }: RandomKey): RandomStream => ({ seed0, seed1, stream });

/** Draws of 24 bits: 2²⁴. */
const DRAWS = 0x1000000;

export function randomOps(jobs: Jobs): Pick<Ops, "uniform" | "normal" | "dropoutMask"> {
  return {
    uniform: (out, n, key, low, high) => jobs.uniform({ out, n, low, high }, streamOf(key), vector(n, 8)),
    normal: (out, n, key, mean, std) => jobs.normal({ out, n, mean, std }, streamOf(key), vector(n, 16)),
    // Draws are compared as whole numbers, so that every backend drops the same ones.
    dropoutMask: (out, n, key, p) =>
      jobs.dropoutMask({ out, n, dropped: Math.ceil(p * DRAWS), kept: 1 / (1 - p) }, streamOf(key), vector(n, 8)),
  };
}
