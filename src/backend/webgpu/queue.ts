// What is recorded for a device: dispatches, uploads and reads in the order of the calls. Pipelines are compiled
// asynchronously, so what is recorded goes to the device when those that it needs are ready, still in order.
import { WorkerError } from "../../errors.ts";
import { thrown } from "../../kinds.ts";
import type { Buffer } from "../buffer.ts";
import { alone, type Command, incomingOf, isAlike, type Read, scratchOf, shadersOf, type Upload } from "./commands.ts";
import { joined } from "./join.ts";
import { DeviceMemory, FLOAT } from "./memory.ts";
import { Pace } from "./pace.ts";
import { Pipelines } from "./pipelines.ts";
import { Readback } from "./readback.ts";
import { type Dispatch, groupsOf, wordsOf, writeWords } from "./shader.ts";
import { type Windows, windowsFor } from "./windows.ts";

/** Dispatches after which what was recorded is sent, so that the GPU begins before all of a step is recorded. */
const MOST_DISPATCHES = 1024;

/** Floats on their way in after which the same is done. */
const MOST_UPLOADED = 1 << 24;
/** Milliseconds that the reason of a loss may take. */
const PATIENCE = 200;

/** What a device did, to be compared with what a plan predicts. */
export interface Counts {
  dispatches: number;
  submissions: number;
  /** Times that the host waited for floats. */
  reads: number;
}

export class DeviceQueue {
  readonly #device: GPUDevice;
  readonly #windows: Windows;
  /** By the number of windows. */
  readonly #pipelines = new Map<number, Pipelines>();
  readonly #memory: DeviceMemory;
  readonly #readback: Readback;
  readonly #pace = new Pace();
  readonly counts: Counts = { dispatches: 0, submissions: 0, reads: 0 };
  /** Floats that the memory must have when the next commands run. */
  #capacity: number;
  #commands: Command[] = [];
  #dispatches = 0;
  #threads = 0;
  /** Floats on their way in. */
  #uploaded = 0;
  /** The networks of a call of sideBySide, with what each records. */
  #apart: (Dispatch | Upload | Read)[][] | undefined;
  /** What waits for pipelines, in order; undefined where nothing does. */
  #waiting: Promise<void> | undefined;
  #fault: Error | undefined;
  /** Settles when the device is lost. */
  readonly #lost: Promise<void>;
  /** Settles when the device has said what was wrong with all that was sent so far. */
  #told: Promise<void> = Promise.resolve();

  /** Of a device that binds so much at most, with a memory of `floats` floats. */
  constructor(device: GPUDevice, floats: number, largest: Windows) {
    this.#device = device;
    this.#windows = largest;
    this.#memory = new DeviceMemory(device, floats);
    this.#readback = new Readback(device);
    this.#capacity = floats;
    this.#lost = device.lost.then(({ reason, message }) =>
      this.#fail(new WorkerError(`the GPU was lost (${reason}): ${message.replace(/\.$/, "")}`)),
    );
  }

  /** What ended the work of this device, if something did. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  /** Makes room for `floats` floats in all, before the commands that follow run. */
  reserve(floats: number): void {
    this.#capacity = floats;
  }

  /** Records a dispatch, as one with that before it where a shader knows how. */
  dispatch(dispatch: Dispatch): void {
    const network = this.#apart?.at(-1);
    const before = network ? network.at(-1) : alone(this.#commands.at(-1));
    const both = before && "shader" in before ? joined(before, dispatch) : undefined;
    if (network) {
      if (both) network.pop();
      network.push(both ?? dispatch);
      return;
    }
    if (both) this.#commands[this.#commands.length - 1] = { kind: "dispatch", networks: [both] };
    else this.#push([dispatch]);
  }

  upload(target: Buffer, floats: Float32Array): void {
    this.#transfer({ kind: "upload", target, floats });
  }

  #transfer(command: Upload | Read): void {
    if (this.#apart) {
      this.#apart.at(-1)!.push(command);
      return;
    }
    this.#commands.push(command);
    if (command.kind === "upload") this.#uploaded += command.floats.length;
    if (this.#uploaded > MOST_UPLOADED) this.submit();
  }

  // What was recorded is sent before the next dispatch and not after the last: what is joined must not depend on the count.
  #push(networks: readonly Dispatch[]): void {
    if (this.#dispatches >= MOST_DISPATCHES || this.#threads > this.#pace.most) this.submit();
    this.#commands.push({ kind: "dispatch", networks });
    this.#dispatches++;
    this.#threads += networks.length * networks[0]!.count;
  }

  /**
   * Records what each call records as one program a network. Dispatches at the same place of each program that differ in their
   * operands alone become one, as no network reads what another one writes.
   */
  sideBySide(count: number, record: (i: number) => void): void {
    if (this.#apart) {
      for (let i = 0; i < count; i++) record(i);
      return;
    }
    const apart: (Dispatch | Upload | Read)[][] = [];
    this.#apart = apart;
    try {
      for (let i = 0; i < count; i++) {
        apart.push([]);
        record(i);
      }
    } finally {
      this.#apart = undefined;
    }
    const longest = Math.max(0, ...apart.map(({ length }) => length));
    for (let j = 0; j < longest; j++) this.#pushAll(apart.flatMap((each) => each[j] ?? []));
  }

  #pushAll(commands: readonly (Dispatch | Upload | Read)[]): void {
    const dispatches = commands.filter((command) => "shader" in command);
    for (const command of commands) if (!("shader" in command)) this.#transfer(command);
    const [first] = dispatches;
    if (!first) return;
    if (dispatches.every((dispatch) => isAlike(dispatch, first))) this.#push(dispatches);
    else for (const dispatch of dispatches) this.#push([dispatch]);
  }

  /** Reads of one task are one submission. */
  read(source: Buffer, n: number): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.#transfer({ kind: "read", source, n, resolve, reject });
      queueMicrotask(() => this.submit());
    });
  }

  /** Sends what was recorded to the device, as soon as its pipelines are ready. */
  submit(): void {
    const commands = this.#commands;
    if (commands.length === 0) return;
    this.#commands = [];
    this.#dispatches = 0;
    this.#threads = 0;
    this.#uploaded = 0;
    const capacity = this.#capacity;
    const compiling = this.#fault ? undefined : this.#pipelinesFor(capacity).prepared(shadersOf(commands));
    if (!compiling && !this.#waiting) {
      this.#run(commands, capacity);
      return;
    }
    const failed = (error: unknown): void => this.#fail(error as Error);
    const mine: Promise<void> = Promise.all([this.#waiting, compiling?.catch(failed)]).then(() => {
      if (this.#waiting === mine) this.#waiting = undefined;
      this.#run(commands, capacity);
    });
    this.#waiting = mine;
  }

  /** The shaders for a memory of `capacity` floats. */
  #pipelinesFor(capacity: number): Pipelines {
    const windows = windowsFor(capacity, this.#windows);
    const known = this.#pipelines.get(windows.count) ?? new Pipelines(this.#device, windows);
    this.#pipelines.set(windows.count, known);
    return known;
  }

  dispose(): void {
    this.#fail(new Error("this engine was disposed: create a new one"));
    this.#device.destroy();
  }

  #fail(error: Error): void {
    this.#fault ??= error;
  }

  #run(commands: readonly Command[], capacity: number): void {
    const reads = commands.filter((command) => command.kind === "read");
    if (this.#fault === undefined) {
      this.#device.pushErrorScope("out-of-memory");
      this.#device.pushErrorScope("validation");
      let arriving: GPUBuffer | undefined;
      try {
        arriving = this.#encode(commands, reads, capacity);
      } catch (cause) {
        // Hosts throw for what they cannot even ask the device for.
        this.#fail(new WorkerError(`the GPU refused its work: ${thrown(cause).message}`, { cause }));
      }
      const told = [this.#device.popErrorScope(), this.#device.popErrorScope()];
      this.#told = Promise.all(told).then(
        (errors) => {
          const error = errors.find((each) => each !== null);
          if (error) this.#fail(new WorkerError(`the GPU refused its work: ${error.message}`));
        },
        () => {},
      );
      if (arriving) {
        void this.#answer(reads, arriving);
        return;
      }
    }
    for (const { reject } of reads) reject(this.#fault!);
  }

  /** Gives each read its floats, or what ended the work of the device. */
  async #answer(reads: readonly Read[], arriving: GPUBuffer): Promise<void> {
    const told = this.#told;
    const n = reads.reduce((sum, read) => sum + read.n, 0);
    let floats: Float32Array | undefined;
    try {
      floats = await this.#readback.floats(arriving, n);
    } catch (cause) {
      await told;
      // A device that was lost may say so a moment later, and that is the better reason.
      await Promise.race([this.#lost, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
      this.#fail(new WorkerError(`the GPU gave no answer: ${thrown(cause).message}`, { cause }));
    }
    await told;
    let at = 0;
    for (const { n, resolve, reject } of reads) {
      if (this.#fault || !floats) reject(this.#fault!);
      else resolve(floats.slice(at, at + n));
      at += n;
    }
  }

  /** Sends the commands. Returns the buffer in which what is read arrives, one after the other, if anything is. */
  #encode(commands: readonly Command[], reads: readonly Read[], capacity: number): GPUBuffer | undefined {
    this.#memory.reserve(capacity);
    this.#memory.scratch(scratchOf(commands));
    const { offsets, words, size } = this.#wordsOf(commands);
    this.#memory.send(words, incomingOf(commands));
    const pipelines = this.#pipelinesFor(capacity);
    const group = this.#memory.group(pipelines.layout, FLOAT * size, windowsFor(capacity, this.#windows));
    const bytes = reads.reduce((sum, { n }) => sum + FLOAT * n, 0);
    const arriving = reads.length > 0 ? this.#readback.take(bytes) : undefined;
    const { memory, incoming } = this.#memory;
    const encoder = this.#device.createCommandEncoder();
    let pass: GPUComputePassEncoder | undefined;
    const between = (): void => {
      pass?.end();
      pass = undefined;
    };
    let [arrived, come] = [0, 0];
    let threads = 0;
    for (const [i, command] of commands.entries()) {
      if (command.kind === "upload") {
        const { length } = command.floats;
        between();
        encoder.copyBufferToBuffer(incoming, FLOAT * come, memory, FLOAT * command.target, FLOAT * length);
        come += length;
      } else if (command.kind === "read") {
        between();
        encoder.copyBufferToBuffer(memory, FLOAT * command.source, arriving!, FLOAT * arrived, FLOAT * command.n);
        arrived += command.n;
      } else {
        const [first] = command.networks as [Dispatch];
        pass ??= encoder.beginComputePass();
        pass.setPipeline(pipelines.of(first.shader));
        pass.setBindGroup(0, group, [FLOAT * offsets[i]!]);
        pass.dispatchWorkgroups(...groupsOf(first), command.networks.length);
        threads += command.networks.length * first.count;
        this.counts.dispatches++;
      }
    }
    between();
    this.#device.queue.submit([encoder.finish()]);
    this.counts.submissions++;
    if (arriving) this.counts.reads++;
    this.#learn(threads);
    return arriving;
  }

  #learn(threads: number): void {
    const sent = performance.now();
    this.#device.queue.onSubmittedWorkDone().then(
      () => this.#pace.learn(threads, sent, performance.now()),
      // A device that was lost says so elsewhere.
      () => {},
    );
  }

  /** The words of all dispatches one after the other: where those of each begin, and the most words of one. */
  #wordsOf(commands: readonly Command[]): {
    readonly offsets: readonly number[];
    readonly words: Uint32Array<ArrayBuffer>;
    readonly size: number;
  } {
    const unit = this.#device.limits.minStorageBufferOffsetAlignment / FLOAT;
    let end = 0;
    let size = unit;
    const offsets = commands.map((command) => {
      if (command.kind !== "dispatch") return 0;
      const at = end;
      const length = Math.ceil(wordsOf(command.networks[0]!, command.networks.length) / unit) * unit;
      size = Math.max(size, length);
      end += length;
      return at;
    });
    const words = new Uint32Array(end + size);
    for (const [i, command] of commands.entries()) {
      if (command.kind === "dispatch") writeWords(words.subarray(offsets[i]!), command.networks);
    }
    return { offsets, words, size };
  }
}
