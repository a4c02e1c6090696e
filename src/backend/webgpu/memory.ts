// The buffers of a device: the memory of floats, the scratch of ops, the words of dispatches, and what is on its way in. Each
// grows to what is needed, and none is given back before the end.
import { USAGE } from "./flags.ts";
import { bindingOf, type Windows } from "./windows.ts";

/** Bytes of a float and of a word. */
export const FLOAT = 4;

const FIRST = 1024;

export class DeviceMemory {
  readonly #device: GPUDevice;
  readonly #bound = new Map<number, GPUBindGroup>();
  #memory: GPUBuffer;
  #scratch: GPUBuffer;
  #words: GPUBuffer;
  #incoming: GPUBuffer;

  constructor(device: GPUDevice, floats: number) {
    this.#device = device;
    this.#memory = this.#buffer("memory", FLOAT * floats);
    this.#scratch = this.#buffer("scratch", FIRST);
    this.#words = this.#buffer("words", FIRST);
    this.#incoming = this.#buffer("incoming", FIRST);
  }

  get memory(): GPUBuffer {
    return this.#memory;
  }

  get incoming(): GPUBuffer {
    return this.#incoming;
  }

  /** Makes the memory hold so many floats, and keeps what is in it. */
  reserve(floats: number): void {
    if (FLOAT * floats <= this.#memory.size) return;
    const old = this.#memory;
    this.#memory = this.#buffer("memory", FLOAT * floats);
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(old, 0, this.#memory, 0, old.size);
    this.#device.queue.submit([encoder.finish()]);
    old.destroy();
    this.#bound.clear();
  }

  scratch(floats: number): void {
    this.#scratch = this.#grown("scratch", this.#scratch, FLOAT * floats);
  }

  /** Sends what a submission needs: its words, and the floats that it copies into the memory. */
  send(words: Uint32Array<ArrayBuffer>, floats: Float32Array<ArrayBuffer>): void {
    const { queue } = this.#device;
    this.#words = this.#grown("words", this.#words, words.byteLength);
    this.#incoming = this.#grown("incoming", this.#incoming, floats.byteLength);
    queue.writeBuffer(this.#words, 0, words);
    if (floats.length > 0) queue.writeBuffer(this.#incoming, 0, floats);
  }

  /** Binds the buffers; a dispatch sees so many bytes of words behind its offset. */
  group(layout: GPUBindGroupLayout, bytes: number, { count, floats }: Windows): GPUBindGroup {
    const known = this.#bound.get(bytes);
    if (known) return known;
    const group = this.#device.createBindGroup({
      layout,
      entries: [
        ...Array.from({ length: count }, (_, window) => {
          const [offset, end] = [FLOAT * floats * window, FLOAT * floats * (window + 1)];
          const size = (count === 1 ? this.#memory.size : Math.min(this.#memory.size, end)) - offset;
          return { binding: bindingOf(window), resource: { buffer: this.#memory, offset, size } };
        }),
        { binding: 1, resource: { buffer: this.#words, size: bytes } },
        { binding: 2, resource: { buffer: this.#scratch } },
      ],
    });
    this.#bound.set(bytes, group);
    return group;
  }

  #grown(label: string, buffer: GPUBuffer, bytes: number): GPUBuffer {
    if (bytes <= buffer.size) return buffer;
    buffer.destroy();
    this.#bound.clear();
    return this.#buffer(label, Math.max(bytes, 1.5 * buffer.size));
  }

  #buffer(label: string, size: number): GPUBuffer {
    const usage = USAGE.storage | USAGE.copySource | USAGE.copyTarget;
    return this.#device.createBuffer({ label, size: 4 * Math.ceil(size / 4), usage });
  }
}
