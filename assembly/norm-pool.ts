// Normalisation (norm.ts), ReLU and the mean of windows of 2×2 in one: the end of a block of ConvNet. x [channels, area, lanes],
// z and what else lies between the three layers likewise, y [channels, area / 4, lanes]:
//
//   forward     z = γ·x̂ + β                      y  = ¼·Σ max(z, 0) over each window
//   backward    dz = ¼·dy where z > 0, else 0    dx = the gradient of normalisation from dz
//
// and the tangents of ReLU and pooling are those of a linear map that z decides. What lies between the layers is nowhere written,
// but made again from x, by the operations of norm-apply.ts, activation.ts and avg-pool2d.ts in their order: the bits are theirs.
// A tile is that of norm.ts. From its first sum to what it hands on it stays in cache, which three kernels one after the other,
// each over the whole activation, would leave twice.
import { Buffer, OptionalBuffer } from "./fields";
import { backwardTile, measure } from "./norm";
import { gammaOf, NormShape, NormTile, tileOf, valueOf } from "./norm-set";
import { at, madd } from "./simd";

/** z = γ·s·(x − m) + β of four lanes at one position, with factor = γ·s and shift = β */
function normed(x: usize, mean: v128, factor: v128, shift: v128): v128 {
  return madd(shift, factor, f32x4.sub(v128.load(x), mean));
}

/** v where z > 0, else 0 */
function passed(v: v128, x: usize, mean: v128, factor: v128, shift: v128): v128 {
  return v128.and(v, f32x4.gt(normed(x, mean, factor, shift), f32x4.splat(0)));
}

/** Where the pooled values of the tile's first channel begin. */
function pooledStart(tile: NormTile): usize {
  return <usize>tile.channel * (tile.plane >> 2) + at(0, tile.first);
}

@unmanaged
export class NormPoolForwardJob extends NormShape {
  y: Buffer;
  statistics: Buffer;
  x: Buffer;
  weight: OptionalBuffer;
  bias: OptionalBuffer;
  eps: f32;
  width: i32;
}

/** y; statistics as those of normForward */
export function normPoolForward(job: NormPoolForwardJob, scratch: usize, begin: i32, end: i32): void {
  const row = <usize>job.width;
  for (let i = begin; i < end; i++) {
    const tile = tileOf(scratch, job, job.statistics, i);
    measure(tile, job.x, job.area, job.eps);
    let y = job.y + pooledStart(tile);
    for (let k = 0, from = tile.start; k < tile.channels; k++, from += tile.plane, y += tile.plane >> 2) {
      const c = tile.channel + k;
      averagePositive(y, job.x + from, gammaOf(job.weight, c), valueOf(job.bias, c), row * tile.stride, tile);
    }
  }
}

/** y = ¼·Σ max(z, 0) of one channel, whose rows are `row` bytes long */
function averagePositive(y: usize, x: usize, gamma: f32, beta: f32, row: usize, tile: NormTile): void {
  const mean = tile.mean;
  const scale = tile.scale;
  const stride = tile.stride;
  const bytes = tile.bytes;
  const zero = f32x4.splat(0);
  const quarter = f32x4.splat(0.25);
  const shift = f32x4.splat(beta);
  for (const end = x + tile.plane; x < end; x += 2 * row, y += row >> 1) {
    for (let lane: usize = 0; lane < bytes; lane += 16) {
      const m = v128.load(mean + lane);
      const factor = f32x4.mul(f32x4.splat(gamma), v128.load(scale + lane));
      let to = y + lane;
      for (let p = x + lane; p < x + row; p += 2 * stride, to += stride) {
        const left = f32x4.pmax(normed(p, m, factor, shift), zero);
        const top = f32x4.add(left, f32x4.pmax(normed(p + stride, m, factor, shift), zero));
        const three = f32x4.add(top, f32x4.pmax(normed(p + row, m, factor, shift), zero));
        const sum = f32x4.add(three, f32x4.pmax(normed(p + row + stride, m, factor, shift), zero));
        v128.store(to, f32x4.mul(quarter, sum));
      }
    }
  }
}

@unmanaged
export class NormPoolBackwardJob extends NormShape {
  dx: Buffer;
  sums: Buffer;
  dy: Buffer;
  x: Buffer;
  statistics: Buffer;
  weight: OptionalBuffer;
  bias: OptionalBuffer;
  width: i32;
}

/** dx and sums, as those of normBackward from dz, which lies where dx will. */
export function normPoolBackward(job: NormPoolBackwardJob, scratch: usize, begin: i32, end: i32): void {
  const row = <usize>job.width;
  for (let i = begin; i < end; i++) {
    const tile = tileOf(scratch, job, job.statistics, i);
    spreadTile(job.dx, job.dy, job.x, job.weight, job.bias, row, tile);
    backwardTile(tile, job, job.dx, job.sums, job.dx, job.x, job.weight);
  }
}

@unmanaged
export class NormPoolSpreadJob extends NormShape {
  dz: Buffer;
  dy: Buffer;
  x: Buffer;
  statistics: Buffer;
  weight: OptionalBuffer;
  bias: OptionalBuffer;
  width: i32;
}

/** dz = ¼·dy where z > 0, else 0 */
export function normPoolSpread(job: NormPoolSpreadJob, scratch: usize, begin: i32, end: i32): void {
  const row = <usize>job.width;
  for (let i = begin; i < end; i++) {
    spreadTile(job.dz, job.dy, job.x, job.weight, job.bias, row, tileOf(scratch, job, job.statistics, i));
  }
}

function spreadTile(dz: usize, dy: usize, x: usize, weight: usize, bias: usize, width: usize, tile: NormTile): void {
  let from = dy + pooledStart(tile);
  for (let k = 0, to = tile.start; k < tile.channels; k++, to += tile.plane, from += tile.plane >> 2) {
    const c = tile.channel + k;
    spreadPositive(dz + to, from, x + to, gammaOf(weight, c), valueOf(bias, c), width * tile.stride, tile);
  }
}

/** dz of one channel */
function spreadPositive(dz: usize, dy: usize, x: usize, gamma: f32, beta: f32, row: usize, tile: NormTile): void {
  const mean = tile.mean;
  const scale = tile.scale;
  const stride = tile.stride;
  const bytes = tile.bytes;
  const quarter = f32x4.splat(0.25);
  const shift = f32x4.splat(beta);
  const toDz = dz - x;
  for (const end = x + tile.plane; x < end; x += 2 * row, dy += row >> 1) {
    for (let lane: usize = 0; lane < bytes; lane += 16) {
      const m = v128.load(mean + lane);
      const factor = f32x4.mul(f32x4.splat(gamma), v128.load(scale + lane));
      let from = dy + lane;
      for (let p = x + lane; p < x + row; p += 2 * stride, from += stride) {
        const d = f32x4.mul(quarter, v128.load(from));
        v128.store(p + toDz, passed(d, p, m, factor, shift));
        v128.store(p + toDz + stride, passed(d, p + stride, m, factor, shift));
        v128.store(p + toDz + row, passed(d, p + row, m, factor, shift));
        v128.store(p + toDz + row + stride, passed(d, p + row + stride, m, factor, shift));
      }
    }
  }
}

@unmanaged
export class NormPoolGatherJob extends NormShape {
  ry: Buffer;
  rz: Buffer;
  x: Buffer;
  statistics: Buffer;
  weight: OptionalBuffer;
  bias: OptionalBuffer;
  width: i32;
}

/** ry = ¼·Σ rz over the values of each window where z > 0 */
export function normPoolGather(job: NormPoolGatherJob, scratch: usize, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const tile = tileOf(scratch, job, job.statistics, i);
    const row = <usize>job.width * tile.stride;
    let to = job.ry + pooledStart(tile);
    for (let k = 0, from = tile.start; k < tile.channels; k++, from += tile.plane, to += tile.plane >> 2) {
      const c = tile.channel + k;
      averagePassed(to, job.rz + from, job.x + from, gammaOf(job.weight, c), valueOf(job.bias, c), row, tile);
    }
  }
}

/** ry of one channel */
function averagePassed(ry: usize, rz: usize, x: usize, gamma: f32, beta: f32, row: usize, tile: NormTile): void {
  const mean = tile.mean;
  const scale = tile.scale;
  const stride = tile.stride;
  const bytes = tile.bytes;
  const quarter = f32x4.splat(0.25);
  const shift = f32x4.splat(beta);
  const toRz = rz - x;
  for (const end = x + tile.plane; x < end; x += 2 * row, ry += row >> 1) {
    for (let lane: usize = 0; lane < bytes; lane += 16) {
      const m = v128.load(mean + lane);
      const factor = f32x4.mul(f32x4.splat(gamma), v128.load(scale + lane));
      let to = ry + lane;
      for (let p = x + lane; p < x + row; p += 2 * stride, to += stride) {
        const q = p + row;
        const left = passed(v128.load(p + toRz), p, m, factor, shift);
        const top = f32x4.add(left, passed(v128.load(p + stride + toRz), p + stride, m, factor, shift));
        const three = f32x4.add(top, passed(v128.load(q + toRz), q, m, factor, shift));
        const sum = f32x4.add(three, passed(v128.load(q + stride + toRz), q + stride, m, factor, shift));
        v128.store(to, f32x4.mul(quarter, sum));
      }
    }
  }
}
