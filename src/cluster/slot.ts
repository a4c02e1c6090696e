// One place of a worker where a call is computed: a thread with an engine, in which a specification is open. When it dies, a fresh one
// takes its place.
import { checkDataset } from "../data/check-dataset.ts";
import { checkMethod } from "../distill/methods/known.ts";
import { checkWeightSource } from "../distill/weight-source.ts";
import { FormatError, WorkerError } from "../errors.ts";
import { isObject } from "../kinds.ts";
import { type ModelDescription, modelFromDescription } from "../nn/describe.ts";
import { checkModel } from "../nn/model.ts";
import type { WorkerApi } from "../run/networks/api.ts";
import { workerStarter } from "../workers/start.ts";
import { startMessage } from "../workers/start-message.ts";
import { SupervisedWorker } from "../workers/supervised.ts";
import type { Call, Opening } from "./job.ts";

/** What is to be open: its name, the backend, the call that opens it, and what that is given. */
export interface ToOpen {
  readonly digest: string;
  readonly backend: string;
  readonly name: Opening;
  readonly args: () => Promise<readonly unknown[]>;
}

export class Slot {
  readonly #name: string;
  readonly #threads: number;
  #worker: SupervisedWorker<WorkerApi> | undefined;
  #backend: string | undefined;
  #open: string | undefined;

  constructor(name: string, threads: number) {
    this.#name = name;
    this.#threads = threads;
  }

  /** The digest of what is open here. */
  get open(): string | undefined {
    return this.#open;
  }

  /** Computes a call. Throws what the call throws; WorkerError if the thread died of it. */
  async compute(toOpen: ToOpen, name: Call, args: readonly unknown[]): Promise<unknown> {
    const worker = await this.#ready(toOpen);
    return worker.call((api) => (api[name] as (...args: readonly unknown[]) => Promise<unknown>)(...args));
  }

  async #ready({ digest, backend, name, args }: ToOpen): Promise<SupervisedWorker<WorkerApi>> {
    if (backend !== "wasm" && backend !== "reference") {
      throw new FormatError(`a specification: expected the backend "wasm" or "reference", got another`);
    }
    if (this.#worker?.reason || (this.#worker && this.#backend !== backend)) await this.stop();
    if (!this.#worker) {
      const message = await startMessage({ backend, threads: this.#threads, simd: "strict" });
      this.#worker = new SupervisedWorker<WorkerApi>(this.#name, workerStarter());
      this.#backend = backend;
      await this.#worker.call((api) => api.start(message));
    }
    if (this.#open !== digest) {
      this.#open = undefined;
      const given = await args();
      checkOpening(name, given);
      await this.#worker.call((api) => (api[name] as (...args: readonly unknown[]) => Promise<void>)(...given));
      this.#open = digest;
    }
    return this.#worker;
  }

  /** Ends the thread at once. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = this.#open = undefined;
    await worker?.stop(new WorkerError(`${this.#name} was stopped`));
  }
}

/** Checks what came from another machine, as the public calls check what they are given. Throws TypeError, RangeError, FormatError. */
function checkOpening(name: Opening, args: readonly unknown[]): void {
  const [message] = args;
  if (!isObject(message) || message.module !== undefined) {
    throw new FormatError("a specification: expected options and no module, got others");
  }
  const { model, data, test, init, method } = message;
  checkModel("model", modelFromDescription(model as ModelDescription));
  if (name !== "openTest") checkDataset("data", data);
  if (name === "openTest" || test !== undefined) checkDataset("test", test);
  checkWeightSource("init", init);
  if (name === "openRun") checkMethod("method", method);
}
