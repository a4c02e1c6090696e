// The weights of Winograd's transforms (winograd.ts): there before the sums, and back after those of a gradient.
//
// w, dw [oc, c, r, r]   u [36, oc / 4, c, 4]   du [groups, 36, oc, c]   channels are multiples of 4
import { Buffer, Flag } from "./fields";
import { gather, scatter } from "./simd";
import { ROWS } from "./tiles";
import { transformWeights, untransformWeights } from "./winograd-matrices";

@unmanaged
export class WinogradWeightsJob {
  u: Buffer;
  w: Buffer;
  inChannels: i32;
  outChannels: i32;
  kernel: i32;
  turned: Flag;
}

/**
 * u[p, block, c, row of the block] = (G w Gᵀ)[p], where gemm.ts reads it. A tile is a block of ROWS output channels. `turned`
 * exchanges the channels of w and turns its kernels round.
 */
export function winogradWeights(job: WinogradWeightsJob, scratch: usize, begin: i32, end: i32): void {
  const u = job.u;
  const w = job.w;
  const inChannels = job.inChannels;
  const outChannels = job.outChannels;
  const kernel = job.kernel;
  const turned = job.turned;
  const area = kernel * kernel;
  const position = (<usize>(outChannels * inChannels)) << 2;
  // From one output channel to the next, from one input channel to the next, from one tap to the next.
  const ldo = (<usize>(turned ? area : inChannels * area)) << 2;
  const ldc = (<usize>(turned ? outChannels * area : area)) << 2;
  for (let block = begin; block < end; block++) {
    for (let c = 0; c < inChannels; c++) {
      const source = w + <usize>(block * ROWS) * ldo + <usize>c * ldc;
      const target = u + ((<usize>((block * inChannels + c) * ROWS)) << 2);
      // Four output channels side by side: lanes.
      for (let t = 0; t < area; t++) {
        const tap = source + ((<usize>(turned ? area - 1 - t : t)) << 2);
        v128.store(scratch + ((<usize>t) << 4), gather(tap, ldo));
      }
      transformWeights(target, position, scratch, kernel, scratch + 1024);
    }
  }
}

@unmanaged
export class WinogradWeightsBackJob {
  dw: Buffer;
  du: Buffer;
  inChannels: i32;
  outChannels: i32;
  kernel: i32;
  groups: i32;
  accumulate: Flag;
}

/** dw (+)= Gᵀ (Σ_group du) G, the groups in order. A tile is one output channel. */
export function winogradWeightsBack(job: WinogradWeightsBackJob, scratch: usize, begin: i32, end: i32): void {
  const dw = job.dw;
  const du = job.du;
  const inChannels = job.inChannels;
  const kernel = job.kernel;
  const groups = job.groups;
  const accumulate = job.accumulate;
  const area = kernel * kernel;
  const ldc = (<usize>inChannels) << 2;
  const size = <usize>job.outChannels * ldc;
  const step = (<usize>area) << 2;
  for (let o = begin; o < end; o++) {
    for (let c = 0; c < inChannels; c += 4) {
      for (let p: usize = 0; p < 36; p++) {
        let source = du + p * size + <usize>o * ldc + ((<usize>c) << 2);
        let sum = v128.load(source);
        for (let g = 1; g < groups; g++) {
          source += 36 * size;
          sum = f32x4.add(sum, v128.load(source));
        }
        v128.store(scratch + (p << 4), sum);
      }
      untransformWeights(scratch + 1024, scratch, kernel, scratch + 2048);
      for (let t: usize = 0; t < <usize>area; t++) {
        const v = v128.load(scratch + 1024 + (t << 4));
        const target = dw + ((<usize>((o * inChannels + c) * area) + t) << 2);
        scatter(target, step, accumulate ? f32x4.add(gather(target, step), v) : v);
      }
    }
  }
}
