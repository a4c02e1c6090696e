// Writes a job where the kernel threads read it, argument by argument, and runs it. One object serves every op: the
// writer allocates nothing. Or it writes jobs down as programs, which the threads then run side by side, each program
// whole on one thread (assembly/job.ts).
import { type Buffer, none, type OptionalBuffer } from "../backend.ts";
import type { KernelExports } from "./instantiate.ts";

/** Words before the arguments: kernel, tiles, chunks (assembly/job.ts). */
const HEADER = 3;
/** Chunks a thread would take if all ran at one speed: more even out a busy machine, fewer cost less. */
const CHUNKS_PER_THREAD = 4;
/** Work, in multiply-adds or floats moved, below which waking the threads costs more than it gives. */
const SMALL = 16_384;
/** Programs written down at a time: words of the table of their addresses. */
const MOST_PROGRAMS = 64;
/** In the place of a kernel: the end of a program. */
const END = -1;

export class JobWriter {
  readonly #kernels: KernelExports;
  readonly #memory: WebAssembly.Memory;
  /** Kernel threads beside the caller. */
  readonly #others: number;
  /** Threads that a job can use, the caller's included. */
  readonly #useful: number;
  readonly #scratch: number;
  /** The first buffer that ops may be given. */
  readonly #base: Buffer;
  readonly #maySleep: number;
  /** Words: the published job; a job's size; the room for programs, first the table of their addresses. */
  readonly #published: number;
  readonly #size: number;
  readonly #table: number;
  readonly #end: number;
  #words: Int32Array;
  #floats: Float32Array;
  /** Word of the job in hand, and of its next argument. */
  #job: number;
  #next = 0;
  #recording = false;

  constructor(
    kernels: KernelExports,
    memory: WebAssembly.Memory,
    options: {
      threads: number;
      atOnce: number;
      scratch: number;
      base: Buffer;
      maySleep: boolean;
      /** Byte addresses of room for programs. */
      programs: { readonly begin: number; readonly end: number };
    },
  ) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#others = options.threads - 1;
    this.#useful = options.atOnce;
    this.#scratch = options.scratch;
    this.#base = options.base;
    this.#maySleep = options.maySleep ? 1 : 0;
    this.#published = kernels.jobAddress() >> 2;
    this.#size = kernels.jobSize() >> 2;
    this.#table = options.programs.begin >> 2;
    this.#end = options.programs.end >> 2;
    this.#job = this.#published;
    this.#words = new Int32Array(0);
    this.#floats = new Float32Array(0);
    this.refresh();
  }

  /** Must be called when the memory has grown. */
  refresh(): void {
    this.#words = new Int32Array(this.#memory.buffer, 0, this.#end);
    this.#floats = new Float32Array(this.#memory.buffer, 0, this.#end);
  }

  /** Begins the job of `kernel`, a value of `Kernel`. */
  start(kernel: number): this {
    this.#words[this.#job] = kernel;
    this.#next = this.#job + HEADER;
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

  /**
   * The byte address of a buffer. Below the first one lie the job itself, counters of the threads and their scratch: a kernel
   * that reads there makes numbers of them, so no address below it is ever handed to one.
   */
  address(buffer: Buffer): number {
    if (buffer >= this.#base) return buffer << 2;
    throw new Error(`a kernel was given a buffer at ${buffer}; the first one is at ${this.#base}`);
  }

  ptr(buffer: Buffer): this {
    return this.int(this.address(buffer));
  }

  /** A buffer that may be left out, which kernels see as address 0. */
  optional(buffer: OptionalBuffer): this {
    return buffer === none ? this.int(0) : this.ptr(buffer);
  }

  flag(value: boolean): this {
    return this.int(value ? 1 : 0);
  }

  /** Runs tiles [0, tiles). `work` decides how many threads are asked, never what is computed. */
  run(tiles: number, work: number): void {
    if (tiles <= 0) return;
    this.#words[this.#job + 1] = tiles;
    if (this.#recording) {
      this.#job = Math.min(this.#job + this.#size, this.#lastJob);
      return;
    }
    const chunks = this.#useful === 1 || work < SMALL ? 1 : Math.min(tiles, this.#useful * CHUNKS_PER_THREAD);
    this.#words[this.#job + 2] = chunks;
    const helpers = Math.min(chunks, this.#useful) - 1;
    this.#kernels.dispatch(this.#scratch, chunks, helpers, this.#others, this.#maySleep);
  }

  /** Runs the jobs that `record(i)` starts, for each i below `count`, one after the other, but those of different i at once. */
  sideBySide(count: number, record: (i: number) => void): void {
    let next = 0;
    while (next < count) {
      const programs = this.#useful === 1 || next + 1 === count ? 0 : this.#write(next, count, record);
      if (programs === 0) record(next++);
      else {
        this.start(this.#kernels.Kernel.programs!.value).int(this.#table << 2);
        this.run(programs, Number.POSITIVE_INFINITY);
        next += programs;
      }
    }
  }

  /** Where the last job of a full room begins, with space for the end after it. */
  get #lastJob(): number {
    return this.#end - this.#size - 1;
  }

  /** Writes down programs `first`, `first` + 1, … and returns how many found room. */
  #write(first: number, count: number, record: (i: number) => void): number {
    this.#recording = true;
    this.#job = this.#table + MOST_PROGRAMS;
    let written = 0;
    try {
      for (; written < MOST_PROGRAMS && first + written < count; written++) {
        this.#words[this.#table + written] = this.#job << 2;
        record(first + written);
        // What reached the end of the room was written over itself.
        if (this.#job === this.#lastJob) break;
        this.#words[this.#job++] = END;
      }
    } finally {
      this.#recording = false;
      this.#job = this.#published;
    }
    return written;
  }
}
