// The worker's side of a distillation: the networks that it is asked to compute, on its engine.
import { transfer } from "comlink";
import type { Backend } from "../../backend/backend.ts";
import { computing } from "../../distill/computing.ts";
import type { MethodChoice } from "../../distill/config.ts";
import { methodContext } from "../../distill/method.ts";
import { loadMethod } from "../../distill/methods/load.ts";
import { importMethod } from "../../distill/methods/own.ts";
import { recorded } from "../../distill/networks.ts";
import { bringUpToDate } from "../../distill/outer-loop.ts";
import { withSlices } from "../../distill/slices.ts";
import { readTensor, writeTensor } from "../../distill/tensor-rows.ts";
import type { Engine } from "../../engine/engine.ts";
import { allIn } from "../../inner/allocators.ts";
import { modelFromDescription } from "../../nn/describe.ts";
import { inParts } from "../../platform/parts.ts";
import { allocateServed, type Served } from "./allocate.ts";
import type { RunMessage, ShareReply, ShareRequest } from "./api.ts";
import { bufferOf, gradientOf } from "./rows.ts";

/** A distillation whose networks are computed here. */
export class ServedRun {
  readonly #backend: Backend;
  readonly #served: Served;

  private constructor(backend: Backend, served: Served) {
    this.#backend = backend;
    this.#served = served;
  }

  /** Loads its method, and allocates it on the engine, which `begin` gives when nothing waits any more. */
  static async open({ model, ...rest }: RunMessage, begin: () => Engine): Promise<ServedRun> {
    const problem = { ...rest, model: modelFromDescription(model) };
    const given = rest.module === undefined ? rest.method : await importMethod(rest.method, rest.module);
    const code = await loadMethod(given as MethodChoice, rest.images);
    const method = withSlices(code.around(code.method), problem);
    const { backend, arena } = begin();
    const options = (rest.decoded ?? rest.method) as never;
    const context = methodContext({ options, problem, backend, memory: allIn(arena) }, computing);
    const served = allocateServed(method, context);
    served.run.start(served.staging);
    return new ServedRun(backend, served);
  }

  async share({ step, k, values, gradients: room }: ShareRequest): Promise<ShareReply> {
    const backend = this.#backend;
    const { run, network, staging } = this.#served;
    for (const tensor of [...run.learned, ...run.carried]) {
      writeTensor(backend, tensor, values.get(tensor.name)!, staging);
    }
    bringUpToDate(run, backend);
    await inParts(recorded(network, step, k));
    const { share } = network;
    const loss = backend.read(share.loss, 1);
    const rows = run.learned.map((tensor, i) => {
      return readTensor(backend, gradientOf(tensor, share, i), staging, room?.get(tensor.name));
    });
    const [[first], ...read] = await Promise.all([loss, ...rows]);
    const gradients = new Map(run.learned.map(({ name }, i) => [name, read[i]!]));
    return transfer({ loss: first!, gradients }, room ? [] : read.map(bufferOf));
  }
}
