// A backend is a place where kernels run: one flat memory of floats and the operations on it. It knows nothing of
// layers, networks or data sets. `wasm` is the product; `reference` is plain float64 loops, never optimised, and
// the oracle of every test.
//
// Layout: activations are stored [channel][row][column][image] ("images innermost"). The image axis is padded to
// `lanes`, of which the first `images` are real. `lanes` is even for packing, embedding, max pooling, linear layers and
// losses, and for convolutions of stride 1 whose rows, outWidth·lanes, are whole vectors of 4; else a multiple of 4.
// Gradients are zero in the padding lanes; other values there are finite and mean nothing. A buffer may be read two
// floats beyond its end.
import type { Parts } from "../platform/parts.ts";
import type { Buffer, Floats } from "./buffer.ts";
import type { Gpu } from "./gpu.ts";
import type { Ops } from "./ops.ts";
import type { Planner } from "./plan.ts";

/** Which SIMD instructions kernels use: those with one result everywhere, or also those that leave some to the machine. */
export type Simd = "strict" | "relaxed";

/**
 * Ops, `upload` and `read` are recorded in the order of the calls, and a backend may run them later, as long as each sees
 * what those before it left. So no caller looks at memory but by `read`, whose answer it waits for.
 */
export interface Backend {
  /** A key of the registry (engine/backends.ts). */
  readonly name: string;
  /** What `read` gives and `upload` fills. */
  readonly Floats: Float32ArrayConstructor | Float64ArrayConstructor;
  /** Kernel threads in use. */
  readonly threads: number;
  /** How many of these threads can work at the same time: no more than there are processors. */
  readonly atOnce: number;
  /** `relaxed`: a machine may add products without rounding them first, so bits differ between machines. */
  readonly simd: Simd | "none";
  /** The GPU that computes, if one does. */
  readonly gpu?: Gpu | undefined;
  /** Whether something has ended all work here, such as the loss of the GPU. */
  readonly failed?: boolean | undefined;
  readonly ops: Ops;
  readonly plan: Planner;
  /** The first buffer that callers may use. */
  readonly base: Buffer;
  /** Floats that can be addressed now; `reserve` makes it more. */
  readonly capacity: number;
  /** Floats that can be addressed at most, if that is little. */
  readonly most?: number | undefined;
  /** Makes room for `floats` floats in all. Throws RangeError when the memory cannot grow so far. */
  reserve(floats: number): void;
  /**
   * Calls `fill` at once with room for `n` floats, all of which it writes: they are at `target` for all ops that follow. The
   * room is the memory itself or a copy of it, holds anything at first and is good until `fill` returns.
   */
  upload(target: Buffer, n: number, fill: (host: Floats) => void): void;
  /**
   * A copy of `n` floats as they are after all ops recorded before this call and before those recorded after it. So a
   * synchronous `arena.scope` may collect such promises: what it gives back may be used for something else at once. The copy is in
   * `into`, if that is given: `n` floats of the class `Floats`.
   */
  read(source: Buffer, n: number, into?: Floats): Promise<Floats>;
  /** Starts what was recorded, on a backend that first collects it. */
  submit(): void;
  /**
   * Calls `record(i)` for each i below `count`. Ops that follow see what the ops called there compute. The ops of
   * one i run in order, and those of different i may run at once: none may write what an op of another i reads. `dot` is not for
   * it, except where `plan.networksTogether`; and what it uploads or reads, others wait for.
   */
  sideBySide(count: number, record: (i: number) => void): void;
  /**
   * Does so with works in parts, and lets others run between some of these. All works begin before any other runs. They may take
   * turns, a part of each, and what they upload or read costs least in the same part of each.
   */
  together(works: readonly Parts[]): Parts;
  /** Stops the threads and gives up the memory. Calls after it throw. */
  dispose(): Promise<void>;
}

/** Writes `values` at `target`. */
export function write(backend: Pick<Backend, "upload">, target: Buffer, values: ArrayLike<number>): void {
  backend.upload(target, values.length, (host) => host.set(values));
}
