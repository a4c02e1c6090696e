// One network's share of an outer step of windows, or of another method of one block, on any backend, from what is learned as it
// is or moved.
import type { Backend } from "../../src/backend/backend.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { computing } from "../../src/distill/computing.ts";
import { methodContext } from "../../src/distill/method.ts";
import type { KnownMethod } from "../../src/distill/methods/known.ts";
import { methodOf } from "../../src/distill/methods/methods.ts";
import { type WindowsOptions, windows } from "../../src/distill/methods/windows/options.ts";
import { throughFunctions } from "../../src/distill/outer-loop.ts";
import { outerOptions } from "../../src/distill/outer-options.ts";
import { readTensor } from "../../src/distill/tensor-rows.ts";
import { randomInit, type WeightSource } from "../../src/distill/weight-source.ts";
import { Engine } from "../../src/engine/engine.ts";
import { allIn } from "../../src/inner/allocators.ts";
import type { Loss } from "../../src/nn/loss.ts";
import type { Model } from "../../src/nn/model.ts";
import { atOnce } from "../../src/platform/parts.ts";

export interface MethodShareOptions {
  readonly data: Dataset;
  readonly model: Model;
  readonly method: KnownMethod;
  readonly seed: number;
  readonly init?: WeightSource;
  readonly loss?: Loss;
  readonly step?: number;
}

export interface ShareOptions extends Omit<MethodShareOptions, "method"> {
  readonly method: WindowsOptions;
}

/** Does what `sharesOf` does, for windows. */
export function windowShares(backend: Backend, options: ShareOptions) {
  return sharesOf(backend, { ...options, method: windows(options.method) });
}

/** Allocates a run and one network on a backend, with all real images as the outer batch. */
export function sharesOf<M extends KnownMethod>(backend: Backend, options: MethodShareOptions & { method: M }) {
  const { data, model, method, seed, init = randomInit(), loss = "cross-entropy", step = 3 } = options;
  const { arena } = new Engine(backend);
  const outer = outerOptions({ steps: 9, batch: data.count }, data.count);
  const problem = { data, model, init, loss, networksPerStep: 1, outer, seed };
  const context = methodContext({ options: method, problem, backend, memory: allIn(arena) }, computing);
  const code = methodOf(method);
  const run = code.allocate(context as never);
  const network = code.network(context as never, run);
  const staging = arena.allocate(model.parameterCount + data.count * model.inputShape.reduce((a, b) => a * b, 1));
  run.start(staging);
  throughFunctions(run, backend);

  /** What the network's loss reads: of a tensor that is learned through f, f(value). */
  const used = run.learned.map((tensor) => ({ ...tensor, value: tensor.through?.value ?? tensor.value }));
  const rows = (buffers: readonly number[]) =>
    Promise.all(used.map((tensor, i) => readTensor(backend, { ...tensor, value: buffers[i]! }, staging)));

  return {
    context,
    /** Names and floats of what is learned. */
    names: used.map(({ name }) => name),
    /** What is learned, as rows. */
    values: () => rows(used.map(({ value }) => value)),
    /** θ_0 */
    async initial() {
      const theta = context.tools.parameters();
      context.tools.weights(theta, step, 0);
      return backend.read(theta, model.parameterCount);
    },
    /** The loss, and the gradients as rows. */
    async share() {
      atOnce(network.record(step, 0) ?? []);
      const loss = await backend.read(network.share.loss, 1);
      return { loss: loss[0]!, gradients: await rows(network.share.gradients) };
    },
    /** Adds `by` times a direction, laid out as the tensor is in memory, to tensor `i`. */
    async move(i: number, by: number, direction: ArrayLike<number>) {
      const { value, floats } = used[i]!;
      const before = Float64Array.from(await backend.read(value, floats));
      backend.upload(value, floats, (host) => host.set(before.map((v, at) => v + by * direction[at]!)));
    },
    /** The gradient of tensor `i` as it lies in memory. */
    raw: (i: number) => backend.read(network.share.gradients[i]!, used[i]!.floats),
    floats: (i: number) => used[i]!.floats,
  };
}
