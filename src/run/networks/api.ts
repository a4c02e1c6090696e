// The messages between a run and its workers, through comlink. All of them are plain data, because functions and classes do not
// cross.

import type { Floats } from "../../backend/buffer.ts";
import type { DistillConfig } from "../../distill/config.ts";
import type { Confusion } from "../../evaluate/confusion.ts";
import type { TrainedOn } from "../../evaluate/fit-trainer.ts";
import type { HeldOutTestConfig } from "../../evaluate/held-out-test.ts";
import type { TrainingConfig } from "../../evaluate/network-in-training.ts";
import type { TrainedWeights } from "../../evaluate/pool-trainer.ts";
import type { ModelDescription } from "../../nn/describe.ts";
import type { StartMessage } from "../../workers/start-message.ts";

/** A distillation, sent once. */
export interface RunMessage extends Omit<DistillConfig, "model"> {
  readonly model: ModelDescription;
}

/** Asks for the share of network `k` of outer step `step`. */
export interface ShareRequest {
  readonly step: number;
  readonly k: number;
  /** All that is learned and carried, by name, as rows (`distill/tensor.ts`). */
  readonly values: ReadonlyMap<string, Floats>;
  /** Shared memory for the gradients, if the host has any. */
  readonly gradients?: ReadonlyMap<string, Floats> | undefined;
}

/** The outer loss of that network, and its gradients by the names of the learned tensors, as rows, where they were asked for. */
export interface ShareReply {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, Floats>;
}

/** An evaluation, sent once. */
export interface TestMessage extends Omit<HeldOutTestConfig, "model"> {
  readonly model: ModelDescription;
}

/** The training of a pool, sent once. */
export interface TrainingMessage extends Omit<TrainingConfig, "model"> {
  readonly model: ModelDescription;
}

/** A network that was trained in one call. */
export interface TrainedNetwork extends TrainedWeights {
  readonly losses: readonly number[];
}

/** What a worker does. It has one engine and one distillation, evaluation or training at a time; opening one ends the last. */
export interface WorkerApi {
  start(engine: StartMessage): Promise<void>;
  openRun(run: RunMessage): Promise<void>;
  share(request: ShareRequest): Promise<ShareReply>;
  openTest(test: TestMessage): Promise<void>;
  /** Test accuracy of held-out network number `network`, trained on `set`. */
  accuracy(network: number, set: TrainedOn): Promise<number>;
  /** Counts how that network classifies the images of each class. */
  confusion(network: number, set: TrainedOn): Promise<Confusion>;
  openTraining(training: TrainingMessage): Promise<void>;
  /** Trains `network` for a pass over the images; pass 0 starts it. Returns the mean loss of its steps. */
  trainEpoch(network: number, epoch: number): Promise<number>;
  /** Returns the network in training, as it is now. */
  trained(): Promise<TrainedWeights>;
  /** Does all of that at once: returns the network after so many passes over the images, and the mean loss of each. */
  train(network: number, epochs: number): Promise<TrainedNetwork>;
}
