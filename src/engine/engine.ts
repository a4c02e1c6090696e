// The engine: where networks run. It owns a backend and its memory, and binds models to them.
import { Arena } from "../backend/arena.ts";
import type { Backend, Simd } from "../backend/backend.ts";
import { createReferenceBackend } from "../backend/reference/backend.ts";
import { createWasmBackend } from "../backend/wasm/backend.ts";
import { checkLoss, type Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { hardwareThreads, onMainThread } from "../platform.ts";
import { BoundNetwork } from "./bound-network.ts";

export { memoryBytes } from "../backend/wasm/backend.ts";

const MAXIMUM_THREADS = 64;

/** Options of {@link createEngine}. */
export interface EngineOptions {
  /** `wasm`: float32 SIMD kernels (default). `reference`: plain float64 loops, slow; results are Float64Array. */
  backend?: "wasm" | "reference";
  /** Kernel threads; "auto" (default) takes one per processor, at most 8. Results do not depend on it. */
  threads?: number | "auto";
  /**
   * `strict` (default): the same bits on every machine. `relaxed`: fused multiply-adds where the machine has them, with
   * other bits than elsewhere; what is made with it says so and has no digest to compare.
   */
  simd?: Simd;
}

/** Is told, in a sentence, what an engine does without, and why. */
export type OnNotice = (message: string) => void;

/** Creates networks on one backend. Dispose it when done: `await using engine = await createEngine()`. */
export class Engine {
  readonly backend: Backend;
  readonly #arena: Arena;

  /** Use {@link createEngine}. */
  constructor(backend: Backend) {
    this.backend = backend;
    this.#arena = new Arena(backend);
  }

  /** Kernel threads in use. */
  get threads(): number {
    return this.backend.threads;
  }

  /** Which SIMD instructions the kernels use; `none` on the reference backend. */
  get simd(): Simd | "none" {
    return this.backend.simd;
  }

  /** Memory of this engine; what is allocated in it lives until it is released. */
  get arena(): Arena {
    return this.#arena;
  }

  /**
   * A network of this model on this engine, with the loss that its gradients are of: "cross-entropy" (default) or
   * "mse".
   *
   * @throws RangeError for another loss.
   */
  async bind(model: Model, { loss = "cross-entropy" }: { loss?: Loss } = {}): Promise<BoundNetwork> {
    return new BoundNetwork(model, this.backend, this.#arena, checkLoss("loss", loss));
  }

  /** Stops the kernel threads and gives up the memory. */
  async dispose(): Promise<void> {
    await this.backend.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

/**
 * Starts an engine.
 *
 * @throws RangeError for options out of range, UnsupportedError where the host has no WebAssembly SIMD or, if asked for,
 * no relaxed SIMD.
 * @example
 * const engine = await createEngine({ threads: 2 });
 * const net = await engine.bind(lenet());
 * const { logits } = await net.forward({ parameters, images });
 * await engine.dispose();
 */
export async function createEngine({
  backend = "wasm",
  threads = "auto",
  simd = "strict",
  onNotice,
}: EngineOptions & { onNotice?: OnNotice } = {}): Promise<Engine> {
  checkEngineOptions({ backend, threads, simd });
  if (backend === "reference") return new Engine(createReferenceBackend());
  // A page's main thread may not wait for others.
  const here = threads === "auto" && onMainThread ? 1 : threadCount(threads);
  return new Engine(await createWasmBackend({ threads: here, simd, onNotice }));
}

/** Throws RangeError for options out of range. */
export function checkEngineOptions({ backend, threads, simd }: Required<EngineOptions>): void {
  if (threads !== "auto" && !(Number.isInteger(threads) && threads >= 1 && threads <= MAXIMUM_THREADS)) {
    throw new RangeError(`"threads" expected integer from 1 to ${MAXIMUM_THREADS}, got ${threads}`);
  }
  if (backend !== "wasm" && backend !== "reference") {
    throw new RangeError(`"backend" expected "wasm" or "reference", got "${backend}"`);
  }
  if (simd !== "strict" && simd !== "relaxed") {
    throw new RangeError(`"simd" expected "strict" or "relaxed", got "${simd}"`);
  }
}

/** How many kernel threads an engine asked for `threads` has. */
export function threadCount(threads: number | "auto"): number {
  return threads === "auto" ? hardwareThreads() : threads;
}
