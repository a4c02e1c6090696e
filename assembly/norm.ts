// Normalisation. x [channels, area, lanes]; a set is `channels / groups` neighbouring channels over all positions, of one
// image (instance and group norm) or of all real ones (`across`: batch norm). With ⟨·⟩ the mean over a float's set:
//
//   m = ⟨x⟩    s = 1 / √(⟨(x − m)²⟩ + ε)    x̂ = s·(x − m)    y = γ·x̂ + β
//
// The derivative of x̂ is s·P, with the symmetric P(a) = a − ⟨a⟩ − x̂·⟨x̂·a⟩, so with g = γ·dy
//
//   dx = s·P(g)                     dγ = Σ dy·x̂                   dβ = Σ dy
//
// and along a direction, R{x} = rx, R{γ} = rγ, R{β} = rβ:
//
//   R{s} = −s²·⟨x̂·rx⟩               rx̂ = s·P(rx)                  ry = γ·rx̂ + rγ·x̂ + rβ
//   R{g} = γ·rdy + rγ·dy            rdγ = Σ rdy·x̂ + dy·rx̂         rdβ = Σ rdy
//   rdx = R{s}·P(g) + s·(R{g} − ⟨R{g}⟩ − rx̂·⟨x̂·g⟩ − x̂·⟨x̂·R{g} + rx̂·g⟩)
//
// Sums are taken lane by lane, over lanes last. s is 0 in padding lanes: x̂, rx̂, dx and rdx vanish there by themselves.
// A tile is a set's channels for up to 32 lanes, little enough to stay in cache from pass to pass, or for all of them where
// sets go across images.
// docs/math.md §2 has the passes of all layers.
import { sumColumns, sumProducts, sumSquares } from "./columns";
import { Buffer, OptionalBuffer } from "./fields";
import { affine, applyBackward } from "./norm-apply";
import { average, combine, gammaOf, invertRoot, NormShape, NormTile, setRow, tileOf, valueOf } from "./norm-set";
import { at } from "./simd";

@unmanaged
export class NormForwardJob extends NormShape {
  y: Buffer;
  statistics: Buffer;
  x: Buffer;
  weight: OptionalBuffer;
  bias: OptionalBuffer;
  eps: f32;
}

/** y; statistics [2·groups, lanes] = m, s. weight and bias [channels] */
export function normForward(job: NormForwardJob, scratch: usize, begin: i32, end: i32): void {
  const y = job.y;
  const x = job.x;
  for (let i = begin; i < end; i++) {
    const tile = tileOf(scratch, job, job.statistics, i);
    measure(tile, x, job.area, job.eps);
    for (let k = 0, from = tile.start; k < tile.channels; k++, from += tile.plane) {
      const c = tile.channel + k;
      affine(y + from, x + from, gammaOf(job.weight, c), valueOf(job.bias, c), tile);
    }
  }
}

/** m and s of the tile's set */
export function measure(tile: NormTile, x: usize, area: i32, eps: f32): void {
  const positions = tile.channels * area;
  sumColumns(tile.mean, x + tile.start, positions, tile);
  average(tile.mean, tile);
  sumSquares(tile.scale, x + tile.start, positions, tile);
  average(tile.scale, tile);
  invertRoot(tile.scale, eps, tile);
}

@unmanaged
export class NormBackwardJob extends NormShape {
  dx: OptionalBuffer;
  sums: Buffer;
  dy: Buffer;
  x: Buffer;
  statistics: Buffer;
  weight: OptionalBuffer;
}

/**
 * sums [2·channels + 2·groups, lanes] = Σ dy·x̂ and Σ dy of each channel and lane, then ⟨g·x̂⟩ and ⟨g⟩ of each lane's set;
 * dx unless 0
 */
export function normBackward(job: NormBackwardJob, scratch: usize, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const tile = tileOf(scratch, job, job.statistics, i);
    backwardTile(tile, job, job.dx, job.sums, job.dy, job.x, job.weight);
  }
}

/** sums and dx of a tile; dx may be dy. */
export function backwardTile(
  tile: NormTile,
  shape: NormShape,
  dx: usize,
  sums: usize,
  dy: usize,
  x: usize,
  weight: usize,
): void {
  tile.meanProduct = sums + setRow(shape, tile);
  tile.meanGradient = tile.meanProduct + <usize>shape.groups * tile.stride;
  for (let k = 0, from = tile.start; k < tile.channels; k++, from += tile.plane) {
    const c = tile.channel + k;
    const product = at(sums, c * shape.lanes + tile.first);
    const sum = product + <usize>shape.channels * tile.stride;
    sumProducts(sum, product, dy + from, x + from, shape.area, tile);
    const gamma = gammaOf(weight, c);
    combine(tile.meanProduct, tile.lanes, k > 0, gamma, product, 0, product);
    combine(tile.meanGradient, tile.lanes, k > 0, gamma, sum, 0, sum);
  }
  average(tile.meanProduct, tile);
  average(tile.meanGradient, tile);
  if (!dx) return;
  for (let k = 0, from = tile.start; k < tile.channels; k++, from += tile.plane) {
    applyBackward(dx + from, dy + from, x + from, gammaOf(weight, tile.channel + k), tile);
  }
}
