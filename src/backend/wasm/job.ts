// Writes a job where the kernel threads read it, field by field, and runs it. One object serves every op. Or it writes jobs
// down as programs, which the threads then run side by side, each program whole on one thread (assembly/job.ts).
import { WorkerError } from "../../errors.ts";
import { thrown } from "../../kinds.ts";
import { type Buffer, none, type OptionalBuffer } from "../buffer.ts";
import { type Extent, type JobSink, Jobs } from "./jobs.gen.ts";
import type { KernelExports } from "./plain-instance.ts";
import { FAILED, JOB, JOB_CHUNKS, JOB_FIELDS, JOB_SIZE, JOB_TILES, PROGRAM_END } from "./tiles.gen.ts";

/** Words from the start of a job to its tiles, chunks and fields, and to the next job. */
const TILES = JOB_TILES / 4;
const CHUNKS = JOB_CHUNKS / 4;
const FIELDS = JOB_FIELDS / 4;
const SIZE = JOB_SIZE / 4;
/** The word of the published job. */
const PUBLISHED = JOB / 4;
/** The chunks of each thread, if all run at one speed. More chunks even out a busy machine; fewer cost less. */
const CHUNKS_PER_THREAD = 4;
/** Work, in multiply-adds or floats moved, below which waking the threads costs more than it gives. */
const SMALL = 16_384;
/** Programs written down at a time: words of the table of their addresses. */
const MOST_PROGRAMS = 64;

const lost = "create a new engine, because the memory of this one is lost";

/** What a writer must know of the machine and its memory. */
export interface JobWriterOptions {
  /** Kernel threads, the caller's included, and how many of them a job can use. */
  readonly threads: number;
  readonly atOnce: number;
  /** Byte address of the caller's scratch. */
  readonly scratch: number;
  /** The first buffer that ops may be given. */
  readonly base: Buffer;
  readonly maySleep: boolean;
  /** Byte addresses of room for programs. */
  readonly programs: { readonly begin: number; readonly end: number };
}

export class JobWriter implements JobSink {
  /** A method for each kernel. */
  readonly jobs: Jobs;
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
  /** Words of the room for programs, which begins with the table of their addresses. */
  readonly #table: number;
  readonly #end: number;
  #words: Int32Array;
  #floats: Float32Array;
  /** Word of the job in hand. */
  #job: number = PUBLISHED;
  /** Word of the field that is written next. */
  #field = 0;
  #recording = false;

  constructor(kernels: KernelExports, memory: WebAssembly.Memory, options: JobWriterOptions) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#others = options.threads - 1;
    this.#useful = options.atOnce;
    this.#scratch = options.scratch;
    this.#base = options.base;
    this.#maySleep = options.maySleep ? 1 : 0;
    this.#table = options.programs.begin >> 2;
    this.#end = options.programs.end >> 2;
    this.#words = new Int32Array(0);
    this.#floats = new Float32Array(0);
    this.refresh();
    this.jobs = new Jobs(this);
  }

  /** Must be called when the memory has grown. */
  refresh(): void {
    this.#words = new Int32Array(this.#memory.buffer, 0, this.#end);
    this.#floats = new Float32Array(this.#memory.buffer, 0, this.#end);
  }

  /** Begins the job of kernel `kernel`, whose fields follow one by one. */
  start(kernel: number): this {
    this.#words[this.#job] = kernel;
    this.#field = this.#job + FIELDS;
    return this;
  }

  int(value: number): this {
    this.#words[this.#field++] = value;
    return this;
  }

  num(value: number): this {
    this.#floats[this.#field++] = value;
    return this;
  }

  flag(value: boolean): this {
    return this.int(value ? 1 : 0);
  }

  /**
   * Writes the byte address of a buffer. Below the first one lie the job itself, counters of the threads and their scratch: a
   * kernel that reads there makes numbers of them, so no address below it is ever handed to one.
   */
  buffer(value: Buffer): this {
    if (!(value >= this.#base)) {
      throw new RangeError(`"buffer" expected >= ${this.#base}, got ${value}`);
    }
    return this.int(value << 2);
  }

  /** A buffer that may be left out, which kernels see as address 0. */
  optional(value: OptionalBuffer): this {
    return value === none ? this.int(0) : this.buffer(value);
  }

  /** Runs tiles [0, tiles) of the job in hand. `work` decides how many threads are asked, never what is computed. */
  run({ tiles, work }: Extent): void {
    if (tiles <= 0) return;
    this.#words[this.#job + TILES] = tiles;
    if (this.#recording) {
      this.#job = Math.min(this.#job + SIZE, this.#lastJob);
      return;
    }
    const chunks = this.#useful === 1 || work < SMALL ? 1 : Math.min(tiles, this.#useful * CHUNKS_PER_THREAD);
    this.#words[this.#job + CHUNKS] = chunks;
    const helpers = Math.min(chunks, this.#useful) - 1;
    this.check();
    try {
      this.#kernels.dispatch(this.#scratch, chunks, helpers, this.#others, this.#maySleep);
    } catch (error) {
      this.#words[FAILED >> 2] = 1;
      throw new WorkerError(`a kernel failed (${thrown(error).message}): ${lost}`, { cause: error });
    }
    this.check();
  }

  /** Throws WorkerError if a kernel failed, here or on another thread, or if a thread ended: the memory may hold anything. */
  check(): void {
    if (this.#words[FAILED >> 2]) throw new WorkerError(`a kernel thread failed: ${lost}`);
  }

  /** Runs the jobs that `record(i)` starts, for each i below `count`, one after the other, but those of different i at once. */
  sideBySide(count: number, record: (i: number) => void): void {
    let next = 0;
    while (next < count) {
      const programs = this.#useful === 1 || next + 1 === count ? 0 : this.#write(next, count, record);
      if (programs === 0) record(next++);
      else {
        this.jobs.programs({ table: this.#table << 2 }, { tiles: programs, work: Number.POSITIVE_INFINITY });
        next += programs;
      }
    }
  }

  /** Where the last job of a full room begins, with space for the end after it. */
  get #lastJob(): number {
    return this.#end - SIZE - 1;
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
        // A program that reached the end of the room has overwritten its own last jobs, so it does not count.
        if (this.#job === this.#lastJob) break;
        this.#words[this.#job++] = PROGRAM_END;
      }
    } finally {
      this.#recording = false;
      this.#job = PUBLISHED;
    }
    return written;
  }
}
