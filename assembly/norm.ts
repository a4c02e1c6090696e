// Normalisation. x [channels, area, batch]; a set is `channels / groups` neighbouring channels over all positions, of one
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
import { sumColumns, sumProducts, sumSquares } from "./columns";
import { affine, applyBackward } from "./norm-apply";
import { average, combine, gammaOf, invertRoot, LANES, tilesOf, valueOf } from "./norm-set";
import { at } from "./simd";

/** y; statistics [2·groups, batch] = m, s. weight and bias [channels], or 0 */
export function normForward(
  y: usize,
  statistics: usize,
  x: usize,
  weight: usize,
  bias: usize,
  eps: f32,
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
    const start = at(<usize>(group * members) * plane, first);
    sumColumns(mean, x + start, members * area, stride, bytes, scratch);
    average(mean, lanes, images - first, n, across);
    sumSquares(scale, x + start, mean, members * area, stride, bytes, scratch);
    average(scale, lanes, images - first, n, across);
    invertRoot(scale, lanes, images - first, eps);
    for (let c = group * members, from = start; c < (group + 1) * members; c++, from += plane) {
      affine(y + from, x + from, mean, scale, gammaOf(weight, c), valueOf(bias, c), area, stride, bytes);
    }
  }
}

/**
 * sums [2·channels + 2·groups, batch] = Σ dy·x̂ and Σ dy of each channel and lane, then ⟨g·x̂⟩ and ⟨g⟩ of each lane's set;
 * dx unless 0
 */
export function normBackward(
  dx: usize,
  sums: usize,
  dy: usize,
  x: usize,
  statistics: usize,
  weight: usize,
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
    const meanProduct = at(sums, (2 * channels + group) * batch + first);
    const meanGradient = meanProduct + <usize>groups * stride;
    const start = at(<usize>(group * members) * plane, first);
    for (let k = 0, from = start; k < members; k++, from += plane) {
      const c = group * members + k;
      const product = at(sums, c * batch + first);
      const sum = product + <usize>channels * stride;
      sumProducts(sum, product, dy + from, x + from, mean, scale, area, stride, bytes, scratch);
      const gamma = gammaOf(weight, c);
      combine(meanProduct, lanes, k > 0, gamma, product, 0, product);
      combine(meanGradient, lanes, k > 0, gamma, sum, 0, sum);
    }
    average(meanProduct, lanes, images - first, n, across);
    average(meanGradient, lanes, images - first, n, across);
    if (!dx) continue;
    for (let c = group * members, from = start; c < (group + 1) * members; c++, from += plane) {
      const gamma = gammaOf(weight, c);
      applyBackward(dx + from, dy + from, x + from, mean, scale, meanProduct, meanGradient, gamma, area, stride, bytes);
    }
  }
}
