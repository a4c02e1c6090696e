// What trainPool() takes and gives.

import type { Given } from "../../checks/declare.ts";
import type { Augmentation } from "../../data/augment.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { poolAdam } from "../../distill/outer-options.ts";
import type { PoolNetwork, PretrainedPool, WeightSource } from "../../distill/weight-source.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Evaluation } from "../../evaluate/evaluation.ts";
import type { AbortSignal } from "../../host-types.ts";
import type { Loss } from "../../nn/loss.ts";
import type { Model } from "../../nn/model.ts";

/** Options of {@link trainPool}. */
export interface TrainPoolOptions extends Given<typeof poolAdam> {
  /** Real images to train on. */
  readonly data: Dataset;
  /** To test the trained networks on. */
  readonly test?: Dataset | undefined;
  readonly model: Model;
  /** Networks of the pool. */
  readonly networks: number;
  /** Passes over the images. The paper takes 40 for MNIST. */
  readonly epochs: number;
  /** Images of a step. Default 1024. */
  readonly batch?: number | undefined;
  /** What is done to the images of each step, drawn anew. Default: nothing. */
  readonly augment?: Augmentation | undefined;
  /** Default `randomInit()`; a pool has no other. */
  readonly init?: WeightSource | undefined;
  /** Default "cross-entropy". */
  readonly loss?: Loss | undefined;
  /** Of all networks. Default 0. */
  readonly seed?: number | undefined;
  /** What they are for: no network of one pool is one of the other, whatever the seeds. Default "train". */
  readonly pool?: "train" | "test" | undefined;
  /** Trains only these of them, as where some are there already. Default all. */
  readonly only?: readonly number[] | undefined;
  readonly engine?: Engine | undefined;
  /** Kernel threads; with several workers those of each, and then 1 by default. */
  readonly threads?: number | "auto" | undefined;
  /** Trains networks side by side on so many workers. Default 0: in place. The same networks, bit for bit. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A network is trained: in no certain order with workers. What it returns is waited for. */
  readonly onNetwork?: ((network: PoolNetwork) => Promise<void> | void) | undefined;
  readonly onProgress?: ((progress: PoolProgress) => void) | undefined;
}

/** A network has made another pass over the images. */
export interface PoolProgress {
  readonly network: number;
  /** Passes done, from 1. */
  readonly epoch: number;
  /** The mean loss of its steps. */
  readonly loss: number;
  /** Passes done by all networks, and to be done. */
  readonly done: number;
  readonly total: number;
}

/** Result of {@link trainPool}. */
export interface TrainedPool extends PretrainedPool {
  /** Test accuracy, if there were images to test on. */
  readonly evaluation?: Evaluation;
}
