// Runs the networks of an outer step, each on the next worker that is free. It does not matter for a result which worker that
// is, because shares are added in the order of the networks.
import { type Remote, transfer } from "comlink";
import { type Backend, write } from "../../backend/backend.ts";
import type { Buffer, Floats } from "../../backend/buffer.ts";
import type { DistillConfig } from "../../distill/config.ts";
import type { MethodRun, Share } from "../../distill/method.ts";
import type { AddShare, StepNetworks } from "../../distill/networks.ts";
import { sharesPerStep } from "../../distill/slices.ts";
import { rowFloats, type Tensor } from "../../distill/tensor.ts";
import { readTensor, writeTensor } from "../../distill/tensor-rows.ts";
import { describeModel } from "../../nn/describe.ts";
import { WorkerGroup } from "../../workers/group.ts";
import type { GroupOptions } from "../../workers/options.ts";
import { shareable, shareableInit, sharedFloats } from "../../workers/shared-memory.ts";
import type { Group } from "../../workers/tasks.ts";
import type { ReplyBuffers } from "./allocate.ts";
import type { ShareReply, WorkerApi } from "./api.ts";
import { bufferOf, gradientOf } from "./rows.ts";

export class NetworksOnWorkers implements StepNetworks {
  readonly share: Share;
  readonly #config: DistillConfig;
  readonly #run: MethodRun;
  readonly #backend: Backend;
  readonly #staging: Buffer;
  readonly #options: GroupOptions;
  #group: Group<WorkerApi> | undefined;
  /** All that is learned and carried, as rows that every worker reads; undefined where they cannot share memory with this thread. */
  readonly #values: ReadonlyMap<string, Floats> | undefined;
  /** Such memory for the gradients of a network, which are added now: each time for as many as are computed at once. */
  readonly #spare: ReadonlyMap<string, Floats>[] = [];

  /** Workers are started by the first step. */
  constructor(
    config: DistillConfig,
    run: MethodRun,
    backend: Backend,
    { share, staging }: ReplyBuffers,
    options: GroupOptions,
  ) {
    this.share = share;
    this.#config = config;
    this.#run = run;
    this.#backend = backend;
    this.#staging = staging;
    this.#options = options;
    this.#values = options.on ? undefined : sharedRows([...run.learned, ...run.carried], backend);
  }

  async run(step: number, add: AddShare): Promise<void> {
    const tensors = [...this.#run.learned, ...this.#run.carried];
    const read = tensors.map((tensor) =>
      readTensor(this.#backend, tensor, this.#staging, this.#values?.get(tensor.name)),
    );
    const group = this.#group ?? (await this.#open());
    const rows = await Promise.all(read);
    const named = new Map(tensors.map(({ name }, i) => [name, rows[i]!]));
    await group.inOrder(
      sharesPerStep(this.#config),
      (api, k) => {
        if (this.#values) return this.#shareIn(this.#values, api, step, k);
        // Nothing is transferred to other machines, which all are sent the same.
        if (this.#options.on) return api.share({ step, k, values: named });
        // Each worker is sent copies of its own, because what is transferred is no longer here.
        const values = new Map(tensors.map(({ name }, i) => [name, rows[i]!.slice()]));
        return api.share(transfer({ step, k, values }, [...values.values()].map(bufferOf)));
      },
      (k, reply) => {
        this.#bringIn(reply);
        add(k);
        if (this.#values) this.#spare.push(reply.gradients);
      },
    );
  }

  /** Asks for a share in shared memory. What a worker holds that dies is given up with it. */
  async #shareIn(
    values: ReadonlyMap<string, Floats>,
    api: Remote<WorkerApi>,
    step: number,
    k: number,
  ): Promise<ShareReply> {
    const gradients = this.#spare.pop() ?? sharedRows(this.#run.learned, this.#backend)!;
    const { loss } = await api.share({ step, k, values, gradients });
    return { loss, gradients };
  }

  /** Writes a share to the place from which it is added. */
  #bringIn({ loss, gradients }: ShareReply): void {
    write(this.#backend, this.share.loss, [loss]);
    for (const [i, tensor] of this.#run.learned.entries()) {
      writeTensor(this.#backend, gradientOf(tensor, this.share, i), gradients.get(tensor.name)!, this.#staging);
    }
  }

  async dispose(): Promise<void> {
    await this.#group?.dispose();
  }

  async #open(): Promise<Group<WorkerApi>> {
    const group = await WorkerGroup.start<WorkerApi>(this.#options);
    this.#group = group;
    const { model, data, init, ...config } = this.#config;
    const message = { ...config, data: shareable(data), init: shareableInit(init), model: describeModel(model) };
    await group.all((api) => api.openRun(message));
    return group;
  }
}

/** Returns room in shared memory for tensors as rows, by their names; undefined if the host has none. */
function sharedRows(tensors: readonly Tensor[], { Floats }: Backend): ReadonlyMap<string, Floats> | undefined {
  const rows = tensors.map((tensor) => sharedFloats(rowFloats(tensor), Floats));
  if (rows.some((room) => room === undefined)) return undefined;
  return new Map(tensors.map(({ name }, i) => [name, rows[i]!]));
}
