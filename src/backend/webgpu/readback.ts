// The way out of a device: floats are copied into a buffer that the host can read, one for all reads of a submission, and
// mapped when the device is done. Such buffers are used again.
import { isFirefox } from "../../platform/firefox.ts";
import { nextTask } from "../../platform/platform.ts";
import { MAP_READ, USAGE } from "./flags.ts";

/** Milliseconds for which a browser that is slow to answer is asked again and again, with pauses after the first ones. */
const BUSY = 20;
const PATIENCE = 1000;
const PAUSE = 5;

export class Readback {
  readonly #device: GPUDevice;
  readonly #nudges: boolean;
  readonly #spare: GPUBuffer[] = [];

  /**
   * `nudges`: whether the device is given empty work while an answer is waited for. Firefox looks for answers only when it is
   * given work, or every 100 ms.
   */
  constructor(device: GPUDevice, nudges: boolean = isFirefox()) {
    this.#device = device;
    this.#nudges = nudges;
  }

  /** Returns a buffer of at least `bytes` bytes to copy into. */
  take(bytes: number): GPUBuffer {
    const at = this.#spare.findIndex(({ size }) => size >= bytes);
    if (at >= 0) return this.#spare.splice(at, 1)[0]!;
    // What is too small for this submission is likely to be for the next.
    this.#spare.pop()?.destroy();
    return this.#device.createBuffer({ label: "read", size: bytes, usage: USAGE.mapRead | USAGE.copyTarget });
  }

  /** Returns a copy of the first `n` floats of such a buffer, and takes it back. */
  async floats(buffer: GPUBuffer, n: number): Promise<Float32Array> {
    const mapped = buffer.mapAsync(MAP_READ, 0, 4 * n);
    if (this.#nudges) await this.#nudgeUntil(mapped);
    await mapped;
    const floats = new Float32Array(buffer.getMappedRange(0, 4 * n)).slice();
    buffer.unmap();
    this.#spare.push(buffer);
    return floats;
  }

  async #nudgeUntil(mapped: Promise<unknown>): Promise<void> {
    let done = false;
    const end = (): void => {
      done = true;
    };
    mapped.then(end, end);
    const start = performance.now();
    for (let passed = 0; !done && passed < PATIENCE; passed = performance.now() - start) {
      this.#device.queue.submit([this.#device.createCommandEncoder().finish()]);
      if (passed < BUSY) await nextTask();
      else await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}
