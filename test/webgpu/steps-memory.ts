// The memory of a run on a GPU, as tests look at it.
import { expect } from "vitest";
import { runChild } from "../child.ts";

type Sample = readonly [step: number, held: number, buffers: number, heap: number, arrays: number];

/** How many steps are taken, after how many memory is looked at, and the bytes that a later step may add to the host's. */
interface Lengths {
  readonly steps: number;
  readonly warmUp: number;
  readonly mostPerStep: number;
}

/**
 * Expects that a run of so many outer steps holds at its end what it held after its warm-up: of the device the same buffers, byte
 * for byte, and of the host about as much.
 */
export async function expectConstantMemory(webgpu: string, { steps, warmUp, mostPerStep }: Lengths): Promise<void> {
  const script = new URL("./steps-memory.mjs", import.meta.url);
  const samples = await runChild<Sample[]>(script, { webgpu, steps, samples: 10 });
  expect(samples).toHaveLength(10);
  const warm = samples.filter(([step]) => step >= warmUp);
  const [first, last] = [warm[0]!, warm.at(-1)!];
  expect(new Set(warm.map(([, held]) => held)).size, "sizes of the device's buffers").toBe(1);
  expect(new Set(warm.map(([, , buffers]) => buffers)).size, "numbers of the device's buffers").toBe(1);
  const grown = (at: 3 | 4): number => (last[at] - first[at]) / (last[0] - first[0]);
  const [heap, arrays] = [grown(3), grown(4)];
  console.log({ steps, held: last[1], buffers: last[2], heapBytesPerStep: heap, arrayBytesPerStep: arrays });
  expect(heap, "bytes of heap a step").toBeLessThan(mostPerStep);
  expect(arrays, "bytes of arrays a step").toBeLessThan(mostPerStep);
}
