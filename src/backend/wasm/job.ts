// Writes a job where the kernel threads read it, argument by argument, and runs it. One object serves every op: the
// writer allocates nothing.
import type { Buffer } from "../backend.ts";
import type { KernelExports } from "./instantiate.ts";

/** Words before the arguments: kernel, tiles, grain (assembly/job.ts). */
const HEADER = 3;
/** Chunks a thread would take if all ran at one speed: more even out a busy machine, fewer cost less. */
const CHUNKS_PER_THREAD = 4;
/** Work, in multiply-adds or floats moved, below which waking the threads costs more than it gives. */
const SMALL = 16_384;

export class JobWriter {
  readonly #kernels: KernelExports;
  readonly #memory: WebAssembly.Memory;
  readonly #threads: number;
  readonly #scratch: number;
  readonly #maySleep: number;
  #words: Int32Array;
  #floats: Float32Array;
  #next = 0;

  constructor(
    kernels: KernelExports,
    memory: WebAssembly.Memory,
    options: { threads: number; scratch: number; maySleep: boolean },
  ) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#threads = options.threads;
    this.#scratch = options.scratch;
    this.#maySleep = options.maySleep ? 1 : 0;
    this.#words = new Int32Array(0);
    this.#floats = new Float32Array(0);
    this.refresh();
  }

  /** Must be called when the memory has grown. */
  refresh(): void {
    const at = this.#kernels.jobAddress();
    this.#words = new Int32Array(this.#memory.buffer, at, 32);
    this.#floats = new Float32Array(this.#memory.buffer, at, 32);
  }

  /** Begins the job of `kernel`, a value of `Kernel`. */
  start(kernel: number): this {
    this.#words[0] = kernel;
    this.#next = HEADER;
    return this;
  }

  int(value: number): this {
    this.#words[this.#next++] = value;
    return this;
  }

  num(value: number): this {
    this.#floats[this.#next++] = value;
    return this;
  }

  /** A buffer, as the byte address kernels take. */
  ptr(buffer: Buffer): this {
    this.#words[this.#next++] = buffer << 2;
    return this;
  }

  flag(value: boolean): this {
    return this.int(value ? 1 : 0);
  }

  /** Runs tiles [0, tiles). `work` decides how many threads are asked, never what is computed. */
  run(tiles: number, work: number): void {
    if (tiles <= 0) return;
    const wanted = this.#threads === 1 || work < SMALL ? 1 : Math.min(tiles, this.#threads * CHUNKS_PER_THREAD);
    const grain = Math.ceil(tiles / wanted);
    this.#words[1] = tiles;
    this.#words[2] = grain;
    this.#kernels.dispatch(this.#scratch, Math.ceil(tiles / grain), this.#maySleep);
  }
}
