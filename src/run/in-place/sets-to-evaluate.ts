// What an evaluation is asked for, in place and on workers: a set for each network.
import type { Confusion } from "../../evaluate/confusion.ts";
import type { EvaluateOptions } from "../../evaluate/evaluation.ts";
import type { TrainedOn } from "../../evaluate/fit-trainer.ts";
import type { HeldOutTestConfig } from "../../evaluate/held-out-test.ts";
import type { Group } from "../../workers/tasks.ts";
import type { WorkerApi } from "../networks/api.ts";

/** The options of an evaluation whose networks train on sets of their own. */
export interface SetsOptions extends Omit<EvaluateOptions, "set" | "networks"> {
  readonly group?: Group<WorkerApi> | undefined;
  /** The purpose of the networks. Default "evaluate". */
  readonly purpose?: HeldOutTestConfig["purpose"];
}
export type SetOf = (network: number) => TrainedOn;
/** The outcome of a network: its accuracy, or with `perClass` how it read the images. */
export type Outcome = number | Confusion;
export type Add = (outcome: Outcome) => void;

/** Returns the configuration of the test of each network. */
export function configOf({ model, init, test, loss, order, epochs, ...rest }: SetsOptions): HeldOutTestConfig {
  const { seed = 0, purpose = "evaluate" } = rest;
  return { model, init, test, loss, order, epochs, seed, purpose };
}
