// The GPU backend: every op as shaders in WGSL over one buffer of floats. Results differ in their last digits between GPUs and
// from the kernels.

import { UnsupportedError } from "../../errors.ts";
import { hostGpu } from "../../platform/gpu.ts";
import { atOnce, type Parts } from "../../platform/parts.ts";
import { type Backend, write } from "../backend.ts";
import type { Buffer, Floats } from "../buffer.ts";
import { checkedOps } from "../checked.ts";
import type { Gpu } from "../gpu.ts";
import type { Ops } from "../ops.ts";
import type { Planner } from "../plan.ts";
import { describeAdapter, findAdapter, openDevice } from "./device.ts";
import { BASE } from "./layout.ts";
import { activationOps } from "./ops/activation.ts";
import { kernelOps } from "./ops/arc-cosine.ts";
import { augmentationOps } from "./ops/augmentation.ts";
import { conv2dOps } from "./ops/conv2d.ts";
import { cosineDistanceOps } from "./ops/cosine-distance.ts";
import { layoutOps } from "./ops/layout.ts";
import { linearOps } from "./ops/linear.ts";
import { localResponseNormOps } from "./ops/local-response-norm.ts";
import { lossOps } from "./ops/loss.ts";
import { normOps } from "./ops/norm.ts";
import { optimizerOps } from "./ops/optimizer.ts";
import { poolingOps } from "./ops/pooling.ts";
import { randomOps } from "./ops/random.ts";
import { resize2dOps } from "./ops/resize2d.ts";
import { ridgeOps } from "./ops/ridge.ts";
import { vectorOps } from "./ops/vector.ts";
import { webgpuPlan } from "./plan.ts";
import { type Counts, DeviceQueue } from "./queue.ts";
import { recorderOf } from "./recorder.ts";
import { largestWindows, type Windows } from "./windows.ts";

/** Floats of a new backend's memory. */
const INITIAL = 1 << 16;

export class WebGpuBackend implements Backend {
  readonly name = "webgpu";
  readonly Floats: Float32ArrayConstructor = Float32Array;
  readonly plan: Planner = webgpuPlan;
  readonly threads = 1;
  readonly atOnce = 1;
  readonly simd = "none";
  readonly ops: Ops;
  readonly base: Buffer = BASE;
  readonly gpu: Gpu;
  readonly #queue: DeviceQueue;
  readonly most: number;
  #capacity = INITIAL;
  #disposed = false;

  /** Takes a device, which nobody else may use. Its shaders see the memory through windows of that size at most. */
  constructor(device: GPUDevice, gpu: Gpu, largest: Windows = largestWindows(device)) {
    this.gpu = gpu;
    this.most = Math.min(Math.floor(device.limits.maxBufferSize / 4), largest.count * largest.floats);
    this.#queue = new DeviceQueue(device, INITIAL, largest);
    const recorder = recorderOf(this.#queue);
    const ops: Ops = {
      ...vectorOps(recorder),
      ...layoutOps(recorder),
      ...augmentationOps(recorder),
      ...conv2dOps(recorder),
      ...linearOps(recorder),
      ...activationOps(recorder),
      ...poolingOps(recorder),
      ...resize2dOps(recorder),
      ...normOps(recorder),
      ...localResponseNormOps(recorder),
      ...lossOps(recorder),
      ...cosineDistanceOps(recorder),
      ...ridgeOps(recorder),
      ...kernelOps(recorder),
      ...optimizerOps(recorder),
      ...randomOps(recorder),
    };
    this.ops = checkedOps(ops, this);
  }

  get capacity(): number {
    return this.#capacity;
  }

  get failed(): boolean {
    return this.#queue.fault !== undefined;
  }

  /** What the device did so far. */
  get counts(): Counts {
    return this.#queue.counts;
  }

  reserve(floats: number): void {
    this.#check();
    if (floats <= this.#capacity) return;
    if (floats > this.most) {
      throw new UnsupportedError(
        `this GPU takes a memory of at most ${mebibytes(this.most)}, and ${mebibytes(floats)} are wanted: use a smaller batch or ` +
          'model, or memory: "recompute" in the method',
      );
    }
    // Grows by a quarter at least, since what was there is copied.
    this.#capacity = Math.min(this.most, Math.max(floats, Math.ceil(1.25 * this.#capacity)));
    this.#queue.reserve(this.#capacity);
  }

  upload(target: Buffer, n: number, fill: (host: Floats) => void): void {
    this.#checkPlace(target, n);
    const floats = new Float32Array(n);
    fill(floats);
    if (n > 0) this.#queue.upload(target, floats);
  }

  async read(source: Buffer, n: number, into?: Floats): Promise<Floats> {
    this.#checkPlace(source, n);
    const read = n === 0 ? new Float32Array(0) : await this.#queue.read(source, n);
    into?.set(read);
    return into ?? read;
  }

  submit(): void {
    this.#queue.submit();
  }

  sideBySide(count: number, record: (i: number) => void): void {
    this.#check();
    this.#queue.sideBySide(count, record);
  }

  *together(works: readonly Parts[]): Parts {
    yield this.sideBySide(works.length, (i) => atOnce(works[i]!));
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#queue.dispose();
  }

  #checkPlace(at: Buffer, n: number): void {
    this.#check();
    if (Number.isInteger(at) && at >= 0 && n >= 0 && at + n <= this.#capacity) return;
    throw new RangeError(`"buffer" expected a place of ${n} floats in a memory of ${this.#capacity}, got ${at}`);
  }

  #check(): void {
    if (this.#disposed) throw new Error("this engine was disposed: create a new one");
  }
}

/**
 * Opens the GPU of this host and tries it. `real` refuses one that is simulated on the processor. Throws UnsupportedError where
 * there is none or it computes something wrong, and WorkerError where it is lost at once.
 */
export async function createWebGpuBackend({
  real = false,
}: {
  readonly real?: boolean | undefined;
} = {}): Promise<WebGpuBackend> {
  const adapter = await findAdapter(await hostGpu());
  const gpu = describeAdapter(adapter);
  if (real && gpu.software) {
    throw new UnsupportedError(`${gpu.name} is no GPU but a simulation of one, which is slower than the kernels`);
  }
  const backend = new WebGpuBackend(await openDevice(adapter), gpu);
  try {
    await tryOut(backend);
    return backend;
  } catch (error) {
    await backend.dispose();
    throw error;
  }
}

/** Throws unless the backend computes what it should. */
async function tryOut(backend: WebGpuBackend): Promise<void> {
  const { ops, base } = backend;
  const n = 1000;
  const whole = Float32Array.from({ length: n }, (_, i) => (i % 7) - 3);
  const expected = whole.reduce((sum, value) => sum + value * value, 0);
  write(backend, base, whole);
  ops.dot(base + n, base, base, n);
  const [found] = await backend.read(base + n, 1);
  if (found === expected) return;
  throw new UnsupportedError(`${backend.gpu.name} gives ${found} for a sum of squares that is ${expected}`);
}

function mebibytes(floats: number): string {
  return `${Math.ceil((4 * floats) / 1_048_576)} MiB`;
}
