// What is recorded for a device: dispatches, uploads and reads in the order of the calls. Pipelines are compiled
// asynchronously, so what is recorded goes to the device when those that it needs are ready, still in order.
import { UnsupportedError, WorkerError } from "../../errors.ts";
import type { Buffer } from "../buffer.ts";
import { MAP_READ, STAGE_COMPUTE, USAGE } from "./flags.ts";
import { type Dispatch, groupsOf, type Shader, textOf, wordsOf, writeWords } from "./shader.ts";

/** Dispatches after which what was recorded is sent, so that the GPU begins before all of a step is recorded. */
const MOST_DISPATCHES = 512;
/** Bytes of a float. */
const FLOAT = 4;

type Command =
  | { readonly kind: "dispatch"; readonly networks: readonly Dispatch[] }
  | { readonly kind: "upload"; readonly target: Buffer; readonly floats: Float32Array }
  | {
      readonly kind: "read";
      readonly source: Buffer;
      readonly n: number;
      readonly resolve: (floats: Promise<Float32Array>) => void;
    };

/** What a device did, to be compared with what a plan predicts. */
export interface Counts {
  dispatches: number;
  submissions: number;
  reads: number;
}

export class DeviceQueue {
  readonly #device: GPUDevice;
  readonly #layout: GPUBindGroupLayout;
  readonly #pipelineLayout: GPUPipelineLayout;
  readonly #pipelines = new Map<Shader, GPUComputePipeline>();
  readonly #alignment: number;
  readonly counts: Counts = { dispatches: 0, submissions: 0, reads: 0 };
  #memory: GPUBuffer;
  #scratch: GPUBuffer;
  #words: GPUBuffer;
  /** Floats that the memory must have when the next commands run. */
  #capacity: number;
  #commands: Command[] = [];
  #dispatches = 0;
  /** The networks of a call of sideBySide, one list of dispatches each. */
  #apart: Dispatch[][] | undefined;
  /** What waits for pipelines, in order; undefined where nothing does. */
  #waiting: Promise<void> | undefined;
  #fault: Error | undefined;
  /** Settles when the device has said what was wrong with all that was sent so far. */
  #told: Promise<void> = Promise.resolve();
  /** Where the floats of a read arrive, and such buffers that are free again. */
  readonly #staged = new Map<Command, GPUBuffer>();
  #spare: GPUBuffer[] = [];

  constructor(device: GPUDevice, floats: number) {
    this.#device = device;
    this.#alignment = device.limits.minStorageBufferOffsetAlignment;
    const entry = (binding: number, type: GPUBufferBindingType, hasDynamicOffset = false): GPUBindGroupLayoutEntry => ({
      binding,
      visibility: STAGE_COMPUTE,
      buffer: { type, hasDynamicOffset },
    });
    this.#layout = device.createBindGroupLayout({
      label: "distillate",
      entries: [entry(0, "storage"), entry(1, "read-only-storage", true), entry(2, "storage")],
    });
    this.#pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [this.#layout] });
    this.#capacity = floats;
    this.#memory = this.#storage("memory", FLOAT * floats);
    this.#scratch = this.#storage("scratch", 1024);
    this.#words = this.#storage("words", 1024);
    device.lost.then(({ reason, message }) => this.#fail(new WorkerError(`the GPU was lost (${reason}): ${message}`)));
  }

  /** What ended the work of this device, if something did. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  /** Makes room for `floats` floats in all, before the commands that follow run. */
  reserve(floats: number): void {
    this.#capacity = floats;
  }

  dispatch(dispatch: Dispatch): void {
    if (this.#apart) {
      this.#apart.at(-1)!.push(dispatch);
      return;
    }
    this.#push([dispatch]);
  }

  #push(networks: readonly Dispatch[]): void {
    this.#commands.push({ kind: "dispatch", networks });
    if (++this.#dispatches >= MOST_DISPATCHES) this.submit();
  }

  /** Records what each call records as one program a network: dispatches that differ in their operands alone become one. */
  sideBySide(count: number, record: (i: number) => void): void {
    const apart: Dispatch[][] = [];
    this.#apart = apart;
    try {
      for (let i = 0; i < count; i++) {
        apart.push([]);
        record(i);
      }
    } finally {
      this.#apart = undefined;
    }
    const [first = []] = apart;
    const alike = apart.every(
      (each) => each.length === first.length && each.every((dispatch, j) => isAlike(dispatch, first[j]!)),
    );
    if (alike) for (let j = 0; j < first.length; j++) this.#push(apart.map((each) => each[j]!));
    else for (const each of apart) for (const dispatch of each) this.#push([dispatch]);
  }

  upload(target: Buffer, floats: Float32Array): void {
    this.#commands.push({ kind: "upload", target, floats });
  }

  read(source: Buffer, n: number): Promise<Float32Array> {
    return new Promise((resolve) => {
      this.#commands.push({ kind: "read", source, n, resolve });
      this.submit();
    });
  }

  /** Sends what was recorded to the device, as soon as its pipelines are ready. */
  submit(): void {
    const commands = this.#commands;
    if (commands.length === 0) return;
    this.#commands = [];
    this.#dispatches = 0;
    const missing = new Set<Shader>();
    for (const command of commands) {
      if (command.kind !== "dispatch") continue;
      const { shader } = command.networks[0]!;
      if (!this.#pipelines.has(shader)) missing.add(shader);
    }
    const capacity = this.#capacity;
    if (missing.size === 0 && !this.#waiting) {
      this.#run(commands, capacity);
      return;
    }
    const compiled = Promise.all([...missing].map((shader) => this.#compile(shader)));
    const mine: Promise<void> = Promise.all([this.#waiting, compiled]).then(() => {
      this.#run(commands, capacity);
      if (this.#waiting === mine) this.#waiting = undefined;
    });
    this.#waiting = mine;
  }

  dispose(): void {
    this.#fail(new Error("this engine was disposed: create a new one"));
    this.#device.destroy();
  }

  #fail(error: Error): void {
    this.#fault ??= error;
  }

  async #compile(shader: Shader): Promise<void> {
    const { name } = shader;
    const module = this.#device.createShaderModule({ label: name, code: textOf(shader) });
    try {
      const pipeline = await this.#device.createComputePipelineAsync({
        ...{ label: name, layout: this.#pipelineLayout, compute: { module, entryPoint: "main" } },
      });
      this.#pipelines.set(shader, pipeline);
    } catch (cause) {
      const { messages } = await module.getCompilationInfo();
      const { message } = messages.find(({ type }) => type === "error") ?? (cause as Error);
      this.#fail(new UnsupportedError(`this GPU does not compile the shader "${name}": ${message}`, { cause }));
    }
  }

  #run(commands: readonly Command[], capacity: number): void {
    if (this.#fault === undefined) {
      this.#device.pushErrorScope("out-of-memory");
      this.#device.pushErrorScope("validation");
      this.#encode(commands, capacity);
      const told = [this.#device.popErrorScope(), this.#device.popErrorScope()];
      this.#told = Promise.all(told).then(
        (errors) => {
          const error = errors.find((each) => each !== null);
          if (error) this.#fail(new WorkerError(`the GPU refused its work: ${error.message}`));
        },
        () => {},
      );
    }
    for (const command of commands) if (command.kind === "read") command.resolve(this.#mapped(command));
  }

  async #mapped(command: Command & { kind: "read" }): Promise<Float32Array> {
    const staging = this.#staged.get(command);
    const told = this.#told;
    this.#staged.delete(command);
    try {
      await staging?.mapAsync(MAP_READ, 0, FLOAT * command.n);
    } catch (cause) {
      await told;
      this.#fail(new WorkerError(`the GPU gave no answer: ${(cause as Error).message}`, { cause }));
    }
    await told;
    if (this.#fault || !staging) throw this.#fault;
    const floats = new Float32Array(staging.getMappedRange(0, FLOAT * command.n)).slice();
    staging.unmap();
    this.#spare.push(staging);
    return floats;
  }

  #encode(commands: readonly Command[], capacity: number): void {
    this.#prepare(commands, capacity);
    const { offsets, size } = this.#writeAllWords(commands);
    const group = this.#device.createBindGroup({
      layout: this.#layout,
      entries: [
        { binding: 0, resource: { buffer: this.#memory } },
        { binding: 1, resource: { buffer: this.#words, size } },
        { binding: 2, resource: { buffer: this.#scratch } },
      ],
    });
    let encoder: GPUCommandEncoder | undefined;
    let pass: GPUComputePassEncoder | undefined;
    const send = (): void => {
      pass?.end();
      pass = undefined;
      if (!encoder) return;
      this.#device.queue.submit([encoder.finish()]);
      this.counts.submissions++;
      encoder = undefined;
    };
    commands.forEach((command, i) => {
      if (command.kind === "upload") {
        send();
        this.#device.queue.writeBuffer(
          this.#memory,
          FLOAT * command.target,
          command.floats as Float32Array<ArrayBuffer>,
        );
        return;
      }
      encoder ??= this.#device.createCommandEncoder();
      if (command.kind === "read") {
        pass?.end();
        pass = undefined;
        const staging = this.#staging(FLOAT * command.n);
        this.#staged.set(command, staging);
        encoder.copyBufferToBuffer(this.#memory, FLOAT * command.source, staging, 0, FLOAT * command.n);
        this.counts.reads++;
        return;
      }
      const [first] = command.networks as [Dispatch];
      pass ??= encoder.beginComputePass();
      pass.setPipeline(this.#pipelines.get(first.shader)!);
      pass.setBindGroup(0, group, [FLOAT * offsets[i]!]);
      pass.dispatchWorkgroups(...groupsOf(first), command.networks.length);
      this.counts.dispatches++;
    });
    send();
  }

  /** Memory and scratch as large as the commands need. */
  #prepare(commands: readonly Command[], capacity: number): void {
    if (FLOAT * capacity > this.#memory.size) {
      const old = this.#memory;
      this.#memory = this.#storage("memory", FLOAT * capacity);
      const encoder = this.#device.createCommandEncoder();
      encoder.copyBufferToBuffer(old, 0, this.#memory, 0, old.size);
      this.#device.queue.submit([encoder.finish()]);
      old.destroy();
    }
    let scratch = 0;
    for (const command of commands) {
      if (command.kind === "dispatch")
        scratch = Math.max(scratch, command.networks.length * command.networks[0]!.scratch);
    }
    if (FLOAT * scratch > this.#scratch.size) {
      this.#scratch.destroy();
      this.#scratch = this.#storage("scratch", FLOAT * scratch);
    }
  }

  /** Puts the words of all dispatches where shaders read them. Returns where those of each begin, and the most bytes of one. */
  #writeAllWords(commands: readonly Command[]): { offsets: readonly number[]; size: number } {
    const unit = this.#alignment / 4;
    let end = 0;
    let most = unit;
    const offsets = commands.map((command) => {
      if (command.kind !== "dispatch") return 0;
      const at = end;
      const length = Math.ceil(wordsOf(command.networks[0]!, command.networks.length) / unit) * unit;
      most = Math.max(most, length);
      end += length;
      return at;
    });
    const words = new Uint32Array(end + most);
    commands.forEach((command, i) => {
      if (command.kind === "dispatch") writeWords(words.subarray(offsets[i]!), command.networks);
    });
    if (4 * words.length > this.#words.size) {
      this.#words.destroy();
      this.#words = this.#storage("words", 4 * words.length);
    }
    this.#device.queue.writeBuffer(this.#words, 0, words);
    return { offsets, size: 4 * most };
  }

  #storage(label: string, size: number): GPUBuffer {
    const usage = USAGE.storage | USAGE.copySource | USAGE.copyTarget;
    return this.#device.createBuffer({ label, size, usage });
  }

  /** A buffer that the host can read, of those that are no longer in use or a new one. */
  #staging(size: number): GPUBuffer {
    const at = this.#spare.findIndex((each) => each.size >= size);
    if (at >= 0) return this.#spare.splice(at, 1)[0]!;
    const usage = USAGE.mapRead | USAGE.copyTarget;
    return this.#device.createBuffer({ label: "read", size: Math.max(4, size), usage });
  }
}

function isAlike(a: Dispatch, b: Dispatch): boolean {
  const sameNumbers = a.numbers.every((number, i) => Object.is(number, b.numbers[i]));
  return a.shader === b.shader && a.count === b.count && a.scratch === b.scratch && sameNumbers;
}
