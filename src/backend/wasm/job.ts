// Writes a job where the kernel threads read it, field by field, and runs it. One object serves every op. Or it writes the jobs
// of several works down as programs, which the threads then run at once, each program whole on one thread (assembly/job.ts).
import { WorkerError } from "../../errors.ts";
import { thrown } from "../../kinds.ts";
import { atOnce, inTurns, type Parts } from "../../platform/parts.ts";
import { type Buffer, none, type OptionalBuffer } from "../buffer.ts";
import { type Extent, FIRST_RARE, type JobSink, Jobs } from "./jobs.gen.ts";
import type { KernelExports } from "./plain-instance.ts";
import { RareKernelsError } from "./rare-kernels-error.ts";
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
  /** Whether the rare kernels are not there. */
  readonly lacksRare: boolean;
  /** Room for a program of each thread, in bytes: where the first one begins and how long it is, and from one to the next. */
  readonly programs: { readonly first: number; readonly size: number; readonly stride: number };
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
  /** Kernels of this number and more are not there. */
  readonly #missing: number;
  readonly #rooms: JobWriterOptions["programs"];
  #words: Int32Array;
  #floats: Float32Array;
  /** Word of the job in hand. */
  #job: number = PUBLISHED;
  /** Word of the field that is written next. */
  #field = 0;
  /** The word of the next job of each program that is being written down; empty while jobs run at once. */
  #programs: number[] = [];
  /** The program that is written on. */
  #program = 0;

  constructor(kernels: KernelExports, memory: WebAssembly.Memory, options: JobWriterOptions) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#others = options.threads - 1;
    this.#useful = options.atOnce;
    this.#scratch = options.scratch;
    this.#base = options.base;
    this.#maySleep = options.maySleep ? 1 : 0;
    this.#missing = options.lacksRare ? FIRST_RARE : Number.POSITIVE_INFINITY;
    this.#rooms = options.programs;
    this.#words = new Int32Array(0);
    this.#floats = new Float32Array(0);
    this.refresh();
    this.jobs = new Jobs(this);
  }

  /** Must be called when the memory has grown. */
  refresh(): void {
    this.#words = new Int32Array(this.#memory.buffer, 0, this.#base);
    this.#floats = new Float32Array(this.#memory.buffer, 0, this.#base);
  }

  /** Begins the job of kernel `kernel`, whose fields follow one by one. Throws RareKernelsError if that kernel is not there. */
  start(kernel: number): this {
    if (kernel >= this.#missing) throw new RareKernelsError();
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
    if (this.#programs.length > 0) {
      this.#job += SIZE;
      // Another job and the end of the program would not fit.
      if (this.#job + SIZE >= this.#begin(this.#program) + this.#rooms.size / 4) this.settle();
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

  /** Does works as Backend.together says. Their jobs are programs, which run when one of them is half full, and where `settle` says. */
  together(works: readonly Parts[]): Parts {
    const together = this.#programs.length > 0 ? 1 : this.#useful;
    const groups: Parts[] = [];
    for (let from = 0; from < works.length; from += together) {
      const some = works.slice(from, from + together);
      groups.push(some.length === 1 ? some[0]! : this.#together(some));
    }
    return inTurns(groups);
  }

  sideBySide(count: number, record: (i: number) => void): void {
    function* work(i: number): Parts {
      yield record(i);
    }
    atOnce(this.together(Array.from({ length: count }, (_, i) => work(i))));
  }

  /** Runs what was written down, so that the next one sees what it left. */
  settle(): void {
    const ends = this.#programs;
    if (ends.length === 0) return;
    ends[this.#program] = this.#job;
    this.#runAtOnce();
    const written = [...ends.keys()].filter((i) => ends[i]! > this.#begin(i));
    const [first, last] = [written[0], written.at(-1)];
    if (first !== undefined && last !== undefined) {
      for (const end of ends) this.#words[end] = PROGRAM_END;
      const job = { first: 4 * this.#begin(first), stride: this.#rooms.stride };
      this.jobs.programs(job, { tiles: last + 1 - first, work: Number.POSITIVE_INFINITY });
    }
    this.#write(ends.length);
    this.#job = this.#begin(this.#program);
  }

  *#together(works: readonly Parts[]): Parts {
    this.#write(works.length);
    const half = this.#rooms.size / 8;
    try {
      for (const _ of inTurns(works.map((work, i) => this.#written(i, work)))) {
        if (this.#programs.every((end, i) => end < this.#begin(i) + half)) continue;
        this.settle();
        this.#runAtOnce();
        yield;
        this.#write(works.length);
      }
      this.settle();
    } finally {
      this.#runAtOnce();
    }
  }

  /** Does the parts of a work, whose jobs are program `i`. */
  *#written(i: number, work: Parts): Parts {
    const writeOn = (): void => {
      this.#program = i;
      this.#job = this.#programs[i]!;
    };
    writeOn();
    for (const _ of work) {
      this.#programs[i] = this.#job;
      yield;
      writeOn();
    }
    this.#programs[i] = this.#job;
  }

  /** The first word of program `i`. */
  #begin(i: number): number {
    return (this.#rooms.first + i * this.#rooms.stride) >> 2;
  }

  /** Makes jobs those of programs, of which each is empty. */
  #write(programs: number): void {
    this.#programs = Array.from({ length: programs }, (_, i) => this.#begin(i));
  }

  /** Makes jobs run when they are started. */
  #runAtOnce(): void {
    this.#programs = [];
    this.#job = PUBLISHED;
  }
}
