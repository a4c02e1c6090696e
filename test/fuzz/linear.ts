// Time in proportion to size: a bad file twice as large takes at most two and a half times as long. A quadratic reader takes four
// times as long, however busy the machine is; a linear one can seem to, so its least ratio of a few counts.
import { expect } from "vitest";
import type { Shape } from "./shapes.ts";

const mostRatio = 2.5;
/** Shorter times are not told from noise; a file that is not so slow up to its limit is quick. */
const measurableMilliseconds = 5;
const runs = 3;
const rounds = 8;

async function timeOf({ read }: Shape, made: unknown): Promise<number> {
  const start = performance.now();
  try {
    await read(made as never);
  } catch (error) {
    if ((error as Error).name !== "FormatError" && !(error as Error).message.startsWith('"')) throw error;
  }
  return performance.now() - start;
}

async function leastTimeOf(shape: Shape, made: unknown): Promise<number> {
  return Math.min(await timeOf(shape, made), await timeOf(shape, made), await timeOf(shape, made));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Measures the shape at a size that takes long enough, and at twice that size. */
export async function expectLinear(shape: Shape): Promise<void> {
  let n = shape.from;
  let small = await shape.make(n);
  // The first reading compiles the reader.
  await timeOf(shape, small);
  while (2 * n < shape.most && (await leastTimeOf(shape, small)) < measurableMilliseconds) {
    n *= 2;
    small = await shape.make(n);
  }
  const large = await shape.make(2 * n);
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [times, twice]: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run++) {
      times.push(await timeOf(shape, small));
      twice.push(await timeOf(shape, large));
    }
    ratios.push(median(twice) / Math.max(median(times), measurableMilliseconds));
    if (ratios.at(-1)! <= mostRatio) break;
  }
  expect(
    Math.min(...ratios),
    `from ${n} to ${2 * n}: ratios ${ratios.map((ratio) => ratio.toFixed(2))}`,
  ).toBeLessThanOrEqual(mostRatio);
}
