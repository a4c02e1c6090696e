// The options and the result of trainPool().

import type { Given } from "../../checks/declare.ts";
import type { Augmentation } from "../../data/augment.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { poolAdam, poolRule } from "../../distill/outer-options.ts";
import type { PoolNetwork, PretrainedPool, WeightSource } from "../../distill/weight-source.ts";
import type { Elsewhere } from "../../engine/elsewhere.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Evaluation } from "../../evaluate/evaluation.ts";
import type { AbortSignal } from "../../host-types.ts";
import type { Loss } from "../../nn/loss.ts";
import type { Model } from "../../nn/model.ts";

/** Options of {@link trainPool}. */
export interface TrainPoolOptions extends Given<typeof poolAdam>, Given<typeof poolRule> {
  /** Real images to train on. */
  readonly data: Dataset;
  /** The images to test the trained networks on. */
  readonly test?: Dataset | undefined;
  readonly model: Model;
  /** The number of networks in the pool. */
  readonly networks: number;
  /** The number of passes over the images. The paper takes 40 for MNIST. */
  readonly epochs: number;
  /** The images of a step. Default 1024. */
  readonly batch?: number | undefined;
  /** Augments the images of each step, drawn anew. Default: nothing. */
  readonly augment?: Augmentation | undefined;
  /** The initial weights, which must be random. Default `randomInit()`. */
  readonly init?: WeightSource | undefined;
  /** Default "cross-entropy". */
  readonly loss?: Loss | undefined;
  /** The seed of all networks. Default 0. */
  readonly seed?: number | undefined;
  /** The use of the networks: training pools and test pools have no network in common, whatever the seeds. Default "train". */
  readonly pool?: "train" | "test" | undefined;
  /**
   * Keeps the weights of each network before its training and after each epoch too, as `experts` takes them: (epochs + 1) times the
   * memory of the networks. Default false.
   */
  readonly keepEpochs?: boolean | undefined;
  /** Trains only the networks of these numbers, for example if the others exist already. Default: all. */
  readonly only?: readonly number[] | undefined;
  readonly engine?: Engine | undefined;
  /** Kernel threads; with several workers those of each worker, by default 1. */
  readonly threads?: number | "auto" | undefined;
  /**
   * Trains networks side by side on so many workers. Default 0: in place. The networks do not change, bit for bit. If one dies,
   * a fresh one trains its network again, up to three times in a row.
   */
  readonly workers?: number | undefined;
  /** Computes networks on a cluster, in place of workers here: `cluster(…)` of distillate/cluster. Results do not change. */
  readonly on?: Elsewhere | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with each trained network, in any order with workers. A promise that it returns is awaited. */
  readonly onNetwork?: ((network: PoolNetwork) => Promise<void> | void) | undefined;
  readonly onProgress?: ((progress: PoolProgress) => void) | undefined;
}

/** Reports that a network has made another pass over the images. */
export interface PoolProgress {
  readonly network: number;
  /** The number of passes that the network has made, from 1. */
  readonly epoch: number;
  /** The mean loss of its steps. */
  readonly loss: number;
  /** The passes of all networks: those made, and all. */
  readonly done: number;
  readonly total: number;
}

/** The result of {@link trainPool}. */
export interface TrainedPool extends PretrainedPool {
  /** The test accuracy, if there were images to test on. */
  readonly evaluation?: Evaluation;
}
