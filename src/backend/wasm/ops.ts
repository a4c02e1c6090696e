// Every op as one job or two: which kernel, its fields by name, and how many tiles there are.

import type { FrequencyOps } from "../frequency-ops.ts";
import type { NormPoolOps } from "../norm-pool-ops.ts";
import type { Ops } from "../ops.ts";
import type { Jobs } from "./jobs.gen.ts";
import { activationOps } from "./ops/activation.ts";
import { kernelOps } from "./ops/arc-cosine.ts";
import { augmentationOps } from "./ops/augmentation.ts";
import { conv2dOps } from "./ops/conv2d.ts";
import { cosineDistanceOps } from "./ops/cosine-distance.ts";
import { frequencyOps } from "./ops/frequency.ts";
import { layoutOps } from "./ops/layout.ts";
import { linearOps } from "./ops/linear.ts";
import { localResponseNormOps } from "./ops/local-response-norm.ts";
import { lossOps } from "./ops/loss.ts";
import { normOps } from "./ops/norm.ts";
import { normPoolOps } from "./ops/norm-pool.ts";
import { optimizerOps } from "./ops/optimizer.ts";
import { poolingOps } from "./ops/pooling.ts";
import { randomOps } from "./ops/random.ts";
import { resize2dOps } from "./ops/resize2d.ts";
import { ridgeOps } from "./ops/ridge.ts";
import { vectorOps } from "./ops/vector.ts";

/** The ops of assembly/. */
export function wasmOps(jobs: Jobs): Ops & FrequencyOps & NormPoolOps {
  return {
    ...vectorOps(jobs),
    ...layoutOps(jobs),
    ...augmentationOps(jobs),
    ...conv2dOps(jobs),
    ...frequencyOps(jobs),
    ...linearOps(jobs),
    ...activationOps(jobs),
    ...poolingOps(jobs),
    ...resize2dOps(jobs),
    ...normOps(jobs),
    ...normPoolOps(jobs),
    ...localResponseNormOps(jobs),
    ...lossOps(jobs),
    ...cosineDistanceOps(jobs),
    ...ridgeOps(jobs),
    ...kernelOps(jobs),
    ...optimizerOps(jobs),
    ...randomOps(jobs),
  };
}
