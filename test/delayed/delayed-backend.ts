// A backend that may wait, as one on a device would: what is called on it is queued, and runs when somebody awaits a read.
// Whoever looks at its memory without waiting finds what lay there before; the memory itself is NaN at first.
import type { Backend, Simd } from "../../src/backend/backend.ts";
import type { Buffer, Floats } from "../../src/backend/buffer.ts";
import type { Ops } from "../../src/backend/ops.ts";
import type { Planner } from "../../src/backend/plan.ts";
import { inTurns, type Parts } from "../../src/platform/parts.ts";

export class DelayedBackend implements Backend {
  readonly name: string;
  readonly Floats: Backend["Floats"];
  readonly threads: number;
  readonly atOnce: number;
  readonly simd: Simd | "none";
  readonly plan: Planner;
  readonly base: Buffer;
  readonly ops: Ops;
  readonly #inner: Backend;
  #queue: (() => void)[] = [];
  /** Whether the backend that waits no more is calling what was given to sideBySide. */
  #sideBySide = false;
  #disposed = false;

  /** Delays the ops of `inner`, which nobody else may use. */
  constructor(inner: Backend) {
    this.#inner = inner;
    this.name = inner.name;
    this.Floats = inner.Floats;
    this.threads = inner.threads;
    this.atOnce = inner.atOnce;
    this.simd = inner.simd;
    this.plan = inner.plan;
    this.base = inner.base;
    this.#fillWithNaN(inner.base);
    this.ops = Object.fromEntries(
      Object.entries(inner.ops).map(([name, op]) => {
        const record = (...args: unknown[]): void => {
          this.#check();
          const run = () => Reflect.apply(op as () => void, inner.ops, args);
          if (this.#sideBySide) run();
          else this.#queue.push(run);
        };
        return [name, record];
      }),
    ) as unknown as Ops;
  }

  /** What is queued. */
  get waiting(): number {
    return this.#queue.length;
  }

  get capacity(): number {
    return this.#inner.capacity;
  }

  reserve(floats: number): void {
    const before = this.capacity;
    this.#inner.reserve(floats);
    this.#fillWithNaN(before);
  }

  upload(target: Buffer, n: number, fill: (host: Floats) => void): void {
    this.#check();
    const staged = new this.Floats(n).fill(Number.NaN);
    fill(staged);
    this.#queue.push(() => this.#inner.upload(target, n, (host) => host.set(staged)));
  }

  read(source: Buffer, n: number, into?: Floats): Promise<Floats> {
    return new Promise((resolve, reject) => {
      this.#check();
      this.#queue.push(() => {
        this.#inner.read(source, n, into).then(resolve, reject);
      });
      setTimeout(() => {
        try {
          this.#run();
        } catch (error) {
          reject(error);
        }
      }, 1);
    });
  }

  submit(): void {}

  sideBySide(count: number, record: (i: number) => void): void {
    this.#check();
    const recordNow = (i: number): void => {
      this.#sideBySide = true;
      try {
        record(i);
      } finally {
        this.#sideBySide = false;
      }
    };
    this.#queue.push(() => this.#inner.sideBySide(count, recordNow));
  }

  together(works: readonly Parts[]): Parts {
    return inTurns(works);
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#queue = [];
    await this.#inner.dispose();
  }

  #run(): void {
    for (const each of this.#queue.splice(0)) each();
  }

  #fillWithNaN(from: Buffer): void {
    this.#inner.upload(from, this.capacity - from, (host) => host.fill(Number.NaN));
  }

  #check(): void {
    if (this.#disposed) throw new Error("this engine was disposed: create a new one");
  }
}
