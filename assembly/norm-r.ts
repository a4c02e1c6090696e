// The tangent passes of normalisation; norm.ts has the formulas.
import { addTangentProducts, sumProducts } from "./columns";
import { affine, applyBackwardR, applyForwardR } from "./norm-apply";
import { average, combine, gammaOf, LANES, tilesOf, valueOf } from "./norm-set";
import { at } from "./simd";

/** ry; rStatistics [2·groups, batch] = ⟨rx⟩, ⟨x̂·rx⟩. rx 0 stands for zeros, and so do rWeight and rBias */
export function normForwardR(
  ry: usize,
  rStatistics: usize,
  rx: usize,
  x: usize,
  statistics: usize,
  weight: usize,
  rWeight: usize,
  rBias: usize,
  channels: i32,
  groups: i32,
  area: i32,
  images: i32,
  batch: i32,
  across: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const stride = (<usize>batch) << 2;
  const plane = <usize>area * stride;
  const members = channels / groups;
  const n = <f64>(members * area) * (across ? <f64>images : 1);
  const tiles = tilesOf(batch, across);
  for (let tile = begin; tile < end; tile++) {
    const group = tile / tiles;
    const first = (tile - group * tiles) * LANES;
    const lanes = across ? batch : min(LANES, batch - first);
    const bytes = (<usize>lanes) << 2;
    const mean = at(statistics, group * batch + first);
    const scale = mean + <usize>groups * stride;
    const rMean = at(rStatistics, group * batch + first);
    const rProduct = rMean + <usize>groups * stride;
    const start = at(<usize>(group * members) * plane, first);
    if (rx) {
      sumProducts(rMean, rProduct, rx + start, x + start, mean, scale, members * area, stride, bytes, scratch);
      average(rMean, lanes, images - first, n, across);
      average(rProduct, lanes, images - first, n, across);
    }
    for (let c = group * members, from = start; c < (group + 1) * members; c++, from += plane) {
      const rGamma = valueOf(rWeight, c);
      const rBeta = valueOf(rBias, c);
      if (rx) {
        const gamma = gammaOf(weight, c);
        applyForwardR(
          ry + from,
          rx + from,
          x + from,
          mean,
          scale,
          rMean,
          rProduct,
          gamma,
          rGamma,
          rBeta,
          area,
          stride,
          bytes,
        );
      } else {
        affine(ry + from, x + from, mean, scale, rGamma, rBeta, area, stride, bytes);
      }
    }
  }
}

/**
 * rSums: the tangent of `sums`, Σ rdy·x̂ + dy·rx̂ and Σ rdy, then ⟨R{g·x̂}⟩ and ⟨R{g}⟩; rdx unless 0. rx 0 stands for zeros,
 * and so does rWeight
 */
export function normBackwardR(
  rdx: usize,
  rSums: usize,
  rdy: usize,
  dy: usize,
  rx: usize,
  x: usize,
  statistics: usize,
  rStatistics: usize,
  sums: usize,
  weight: usize,
  rWeight: usize,
  channels: i32,
  groups: i32,
  area: i32,
  images: i32,
  batch: i32,
  across: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const stride = (<usize>batch) << 2;
  const plane = <usize>area * stride;
  const members = channels / groups;
  const n = <f64>(members * area) * (across ? <f64>images : 1);
  const tiles = tilesOf(batch, across);
  for (let tile = begin; tile < end; tile++) {
    const group = tile / tiles;
    const first = (tile - group * tiles) * LANES;
    const lanes = across ? batch : min(LANES, batch - first);
    const bytes = (<usize>lanes) << 2;
    const mean = at(statistics, group * batch + first);
    const scale = mean + <usize>groups * stride;
    const rMean = at(rStatistics, group * batch + first);
    const rProduct = rMean + <usize>groups * stride;
    const ofSet = (<usize>((2 * channels + group) * batch + first)) << 2;
    const gradientRow = ofSet + <usize>groups * stride;
    const start = at(<usize>(group * members) * plane, first);
    for (let k = 0, from = start; k < members; k++, from += plane) {
      const c = group * members + k;
      const ofProduct = (<usize>(c * batch + first)) << 2;
      const ofSum = ofProduct + <usize>channels * stride;
      const rProducts = rSums + ofProduct;
      sumProducts(rSums + ofSum, rProducts, rdy + from, x + from, mean, scale, area, stride, bytes, scratch);
      if (rx) {
        addTangentProducts(
          rProducts,
          dy + from,
          rx + from,
          x + from,
          mean,
          scale,
          rMean,
          rProduct,
          area,
          stride,
          bytes,
          scratch,
        );
      }
      const gamma = gammaOf(weight, c);
      const rGamma = valueOf(rWeight, c);
      combine(rSums + ofSet, lanes, k > 0, gamma, rProducts, rGamma, sums + ofProduct);
      combine(rSums + gradientRow, lanes, k > 0, gamma, rSums + ofSum, rGamma, sums + ofSum);
    }
    average(rSums + ofSet, lanes, images - first, n, across);
    average(rSums + gradientRow, lanes, images - first, n, across);
    if (!rdx) continue;
    for (let c = group * members, from = start; c < (group + 1) * members; c++, from += plane) {
      applyBackwardR(
        rdx + from,
        rdy + from,
        dy + from,
        rx ? rx + from : 0,
        x + from,
        mean,
        scale,
        rMean,
        rProduct,
        sums + ofSet,
        sums + gradientRow,
        rSums + ofSet,
        rSums + gradientRow,
        gammaOf(weight, c),
        valueOf(rWeight, c),
        area,
        stride,
        bytes,
      );
    }
  }
}
