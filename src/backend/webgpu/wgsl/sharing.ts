// Sums whose terms the threads of a group share: each has a part of every sum, and puts it where the others see it.
import { GROUP } from "../tiles.ts";

/** Between the parts of two sums: more than a group has threads, so that these lie in different banks of the memory. */
const PITCH = GROUP + 1;

/** Declarations of a shader in which `parts` threads, a power of two, share `sums` sums. */
export const sharing = (sums: number, parts: number): string => `
var<workgroup> terms_of_threads: array<f32, ${sums * PITCH}>;
/** Sum i, in the order of the threads that share it. */
fn shared_sum(i: u32, lane: u32) -> f32 {
  let first = i * ${PITCH}u + lane / ${parts}u * ${parts}u;
  var sum = 0.0;
  for (var q = first; q < first + ${parts}u; q++) { sum += terms_of_threads[q]; }
  return sum;
}
`;

/** The statement that hands over a thread's part of sum i. \`workgroupBarrier()\` comes between these and the sums. */
export const handOver = (i: number, value: string): string => `terms_of_threads[${i * PITCH}u + lane] = ${value};`;
