// The engine: where networks run. It owns a backend and its memory, and binds models to them.
/// <reference lib="esnext.disposable" preserve="true" />
import { Arena } from "../backend/arena.ts";
import type { Backend, Simd } from "../backend/backend.ts";
import type { Gpu } from "../backend/gpu.ts";
import { checkOptions, checkValues } from "../checks/options.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { onMainThread } from "../platform/platform.ts";
import type { BoundNetwork } from "./bound-network.ts";
import {
  type BindOptions,
  bindChecks,
  type EngineOptions,
  engineChecks,
  type OnNotice,
  tellNotices,
  threadCount,
} from "./options.ts";
import { replacement, type Start, started } from "./start-backend.ts";

export type { EngineOptions } from "./options.ts";

/** Creates networks on one backend. Dispose it when done: `await using engine = await createEngine()`. */
export class Engine {
  readonly #start: Start | undefined;
  #backend: Backend;
  #arena: Arena;
  #losses = 0;
  #disposed = false;
  /** What is being done about a backend that failed, for all calls that it fails. */
  #replacing: Promise<boolean> | undefined;

  /** Use {@link createEngine}. `start` says how a backend that fails is replaced. */
  constructor(backend: Backend, start?: Start) {
    this.#backend = backend;
    this.#arena = new Arena(backend);
    this.#start = start;
  }

  /** Another one after `recover`. */
  get backend(): Backend {
    return this.#backend;
  }

  /** The GPU that computes, if one does. */
  get gpu(): Gpu | undefined {
    return this.#backend.gpu;
  }

  /** Kernel threads in use. */
  get threads(): number {
    return this.backend.threads;
  }

  /** Which SIMD instructions the kernels use; `none` on the reference backend. */
  get simd(): Simd | "none" {
    return this.backend.simd;
  }

  /** The memory of this engine. What is allocated in it stays until it is released. */
  get arena(): Arena {
    return this.#arena;
  }

  /**
   * Returns a network of this model on this engine. Its gradients are those of the loss "cross-entropy" (default) or
   * "mse".
   *
   * @throws RangeError for another loss.
   */
  async bind(model: Model, options: BindOptions = {}): Promise<BoundNetwork> {
    checkModel("model", model);
    checkOptions(options, bindChecks);
    const { BoundNetwork } = await import("./bound-network.ts");
    return new BoundNetwork(model, options.loss ?? "cross-entropy", (work) => Engine.compute(this, work));
  }

  /**
   * If `error` came because the GPU of `failed` was lost, or cannot do what it was asked, the engine takes another backend with an
   * empty memory: a fresh device, twice, and then the kernels. It does so too where a page has not loaded a kernel: the new backend
   * has all. `failed` is the backend on which the error came; another call may
   * have replaced it by now. Returns false, and changes nothing, for any other error.
   */
  static async recover(engine: Engine, failed: Backend, error: unknown): Promise<boolean> {
    if (engine.#disposed) return false;
    if (engine.#backend !== failed) return true;
    engine.#replacing ??= engine.#replace(error).finally(() => {
      engine.#replacing = undefined;
    });
    return engine.#replacing;
  }

  /** Does work on this engine's backend, whichever it is: again from the start where it is replaced meanwhile. */
  static async compute<T>(engine: Engine, work: (backend: Backend, arena: Arena) => Promise<T>): Promise<T> {
    for (;;) {
      const { backend, arena } = engine;
      try {
        return await work(backend, arena);
      } catch (error) {
        if (!(await Engine.recover(engine, backend, error))) throw error;
      }
    }
  }

  async #replace(error: unknown): Promise<boolean> {
    const start = this.#start;
    const next = start && (await replacement(this.#backend, error, this.#losses, start));
    if (!next) return false;
    if (this.#disposed) {
      await next.dispose();
      return false;
    }
    this.#losses++;
    await this.#backend.dispose();
    this.#backend = next;
    this.#arena = new Arena(next);
    return true;
  }

  /** Stops the kernel threads and gives up the memory. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#backend.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

/**
 * Starts an engine.
 *
 * @throws RangeError for options out of range, UnsupportedError if the host has no WebAssembly with SIMD, does not allow
 * to compile it or, if asked for, has no relaxed SIMD.
 * @example
 * const engine = await createEngine({ threads: 2 });
 * const net = await engine.bind(lenet());
 * const { logits } = await net.forward({ parameters, images });
 * await engine.dispose();
 */
export async function createEngine(
  options: EngineOptions & { onNotice?: OnNotice; realGpu?: boolean | undefined; rare?: boolean | undefined } = {},
): Promise<Engine> {
  checkValues(options, engineChecks);
  const { backend, threads = "auto", simd = "strict", realGpu, rare, onNotice } = options;
  // A page's main thread may not wait for others.
  const here = threads === "auto" && onMainThread ? 1 : threadCount(threads);
  const notices: string[] = [];
  // What happens later is told at once.
  let tell = (notice: string): unknown => notices.push(notice);
  const start: Start = { name: backend, threads: here, simd, realGpu, rare, onNotice: (notice) => void tell(notice) };
  const engine = new Engine(await started(start), start);
  await tellNotices(engine, notices, onNotice);
  tell = (notice) => onNotice?.(notice);
  return engine;
}
