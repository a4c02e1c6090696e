// The tangent passes of normalisation; norm.ts has the formulas.
import { addTangentProducts, sumProducts } from "./columns";
import { Buffer, OptionalBuffer } from "./fields";
import { affine, applyBackwardR, applyForwardR } from "./norm-apply";
import { average, combine, gammaOf, NormShape, NormTile, setRow, tileOf, valueOf } from "./norm-set";
import { at } from "./simd";

@unmanaged
export class NormForwardRJob extends NormShape {
  ry: Buffer;
  rStatistics: OptionalBuffer;
  rx: OptionalBuffer;
  x: Buffer;
  statistics: Buffer;
  weight: OptionalBuffer;
  rWeight: OptionalBuffer;
  rBias: OptionalBuffer;
}

/** ry; rStatistics [2·groups, lanes] = ⟨rx⟩, ⟨x̂·rx⟩. rx, rWeight and rBias stand for zeros where they are left out. */
export function normForwardR(job: NormForwardRJob, scratch: usize, begin: i32, end: i32): void {
  const ry = job.ry;
  const rx = job.rx;
  const x = job.x;
  for (let i = begin; i < end; i++) {
    const tile = tileOf(scratch, job, job.statistics, i);
    pointToTangents(tile, job, job.rStatistics);
    if (rx) {
      sumProducts(tile.rMean, tile.rProduct, rx + tile.start, x + tile.start, tile.channels * job.area, tile);
      average(tile.rMean, tile);
      average(tile.rProduct, tile);
    }
    for (let k = 0, from = tile.start; k < tile.channels; k++, from += tile.plane) {
      const c = tile.channel + k;
      const rGamma = valueOf(job.rWeight, c);
      const rBeta = valueOf(job.rBias, c);
      if (rx) applyForwardR(ry + from, rx + from, x + from, gammaOf(job.weight, c), rGamma, rBeta, tile);
      else affine(ry + from, x + from, rGamma, rBeta, tile);
    }
  }
}

/** Points the tile to its rows ⟨rx⟩ and ⟨x̂·rx⟩. */
function pointToTangents(tile: NormTile, shape: NormShape, rStatistics: usize): void {
  tile.rMean = at(rStatistics, tile.group * shape.lanes + tile.first);
  tile.rProduct = tile.rMean + <usize>shape.groups * tile.stride;
}

@unmanaged
export class NormBackwardRJob extends NormShape {
  rdx: OptionalBuffer;
  rSums: Buffer;
  rdy: Buffer;
  dy: Buffer;
  rx: OptionalBuffer;
  x: Buffer;
  statistics: Buffer;
  rStatistics: OptionalBuffer;
  sums: Buffer;
  weight: OptionalBuffer;
  rWeight: OptionalBuffer;
}

/**
 * rSums: the tangent of `sums`, Σ rdy·x̂ + dy·rx̂ and Σ rdy, then ⟨R{g·x̂}⟩ and ⟨R{g}⟩; rdx unless 0. rx and rWeight stand for
 * zeros where they are left out.
 */
export function normBackwardR(job: NormBackwardRJob, scratch: usize, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const tile = tileOf(scratch, job, job.statistics, i);
    pointToTangents(tile, job, job.rStatistics);
    sumTangents(job, tile);
    average(tile.rMeanProduct, tile);
    average(tile.rMeanGradient, tile);
    if (job.rdx) applyBackwardR(job.rdx, job.rdy, job.dy, job.rx, job.x, job.weight, job.rWeight, tile);
  }
}

/** rSums of the tile's channels, and of its set before the mean. */
function sumTangents(job: NormBackwardRJob, tile: NormTile): void {
  const rdy = job.rdy;
  const dy = job.dy;
  const rx = job.rx;
  const x = job.x;
  const sums = job.sums;
  const rSums = job.rSums;
  const ofSet = setRow(job, tile);
  const toGradient = <usize>job.groups * tile.stride;
  tile.meanProduct = sums + ofSet;
  tile.meanGradient = sums + ofSet + toGradient;
  tile.rMeanProduct = rSums + ofSet;
  tile.rMeanGradient = rSums + ofSet + toGradient;
  for (let k = 0, from = tile.start; k < tile.channels; k++, from += tile.plane) {
    const c = tile.channel + k;
    const ofProduct = at(0, c * job.lanes + tile.first);
    const ofSum = ofProduct + <usize>job.channels * tile.stride;
    sumProducts(rSums + ofSum, rSums + ofProduct, rdy + from, x + from, job.area, tile);
    if (rx) addTangentProducts(rSums + ofProduct, dy + from, rx + from, x + from, job.area, tile);
    const gamma = gammaOf(job.weight, c);
    const rGamma = valueOf(job.rWeight, c);
    combine(tile.rMeanProduct, tile.lanes, k > 0, gamma, rSums + ofProduct, rGamma, sums + ofProduct);
    combine(tile.rMeanGradient, tile.lanes, k > 0, gamma, rSums + ofSum, rGamma, sums + ofSum);
  }
}
