// The elementwise halves of normalisation (norm.ts has the formulas): one channel [positions, lanes], for the tile's lanes of
// each position. What belongs to a lane's set is a row of lanes; γ, β and their tangents are one number a channel.
// Each formula is a sum of values times factors that only the lane decides, and those are made once in NORM_ROWS positions.
import { gammaOf, NormTile, valueOf } from "./norm-set";
import { madd } from "./simd";
import { NORM_ROWS } from "./tiles";

/** y = γ·s·(x − m) + β */
export function affine(y: usize, x: usize, gamma: f32, beta: f32, tile: NormTile): void {
  const mean = tile.mean;
  const scale = tile.scale;
  const size = tile.plane;
  const stride = tile.stride;
  const bytes = tile.bytes;
  const rows = <usize>NORM_ROWS * stride;
  const shift = f32x4.splat(beta);
  for (let row: usize = 0; row < size; row += rows) {
    const last = min(size, row + rows);
    for (let lane: usize = 0; lane < bytes; lane += 16) {
      const m = v128.load(mean + lane);
      const factor = f32x4.mul(f32x4.splat(gamma), v128.load(scale + lane));
      for (let p = row + lane; p < last; p += stride) {
        v128.store(y + p, madd(shift, factor, f32x4.sub(v128.load(x + p), m)));
      }
    }
  }
}

/** dx = s·(γ·dy − ⟨g⟩ − x̂·⟨g·x̂⟩) */
export function applyBackward(dx: usize, dy: usize, x: usize, gamma: f32, tile: NormTile): void {
  const mean = tile.mean;
  const scale = tile.scale;
  const meanProduct = tile.meanProduct;
  const meanGradient = tile.meanGradient;
  const size = tile.plane;
  const stride = tile.stride;
  const bytes = tile.bytes;
  const rows = <usize>NORM_ROWS * stride;
  for (let row: usize = 0; row < size; row += rows) {
    const last = min(size, row + rows);
    for (let lane: usize = 0; lane < bytes; lane += 16) {
      const m = v128.load(mean + lane);
      const s = v128.load(scale + lane);
      const ofDy = f32x4.mul(s, f32x4.splat(gamma));
      const ofX = f32x4.mul(f32x4.mul(s, s), v128.load(meanProduct + lane));
      const constant = f32x4.mul(s, v128.load(meanGradient + lane));
      for (let p = row + lane; p < last; p += stride) {
        const deviation = f32x4.mul(ofX, f32x4.sub(v128.load(x + p), m));
        const gradient = f32x4.sub(f32x4.mul(ofDy, v128.load(dy + p)), constant);
        v128.store(dx + p, f32x4.sub(gradient, deviation));
      }
    }
  }
}

/** ry = γ·rx̂ + rγ·x̂ + rβ, rx̂ = s·((rx − ⟨rx⟩) − x̂·⟨x̂·rx⟩) */
export function applyForwardR(
  ry: usize,
  rx: usize,
  x: usize,
  gamma: f32,
  rGamma: f32,
  rBeta: f32,
  tile: NormTile,
): void {
  const mean = tile.mean;
  const scale = tile.scale;
  const rMean = tile.rMean;
  const rProduct = tile.rProduct;
  const size = tile.plane;
  const stride = tile.stride;
  const bytes = tile.bytes;
  const rows = <usize>NORM_ROWS * stride;
  const shift = f32x4.splat(rBeta);
  for (let row: usize = 0; row < size; row += rows) {
    const last = min(size, row + rows);
    for (let lane: usize = 0; lane < bytes; lane += 16) {
      const m = v128.load(mean + lane);
      const rm = v128.load(rMean + lane);
      const s = v128.load(scale + lane);
      const ofRx = f32x4.mul(f32x4.splat(gamma), s);
      const ofX = f32x4.mul(s, f32x4.sub(f32x4.splat(rGamma), f32x4.mul(ofRx, v128.load(rProduct + lane))));
      for (let p = row + lane; p < last; p += stride) {
        const tangent = madd(shift, ofRx, f32x4.sub(v128.load(rx + p), rm));
        v128.store(ry + p, madd(tangent, ofX, f32x4.sub(v128.load(x + p), m)));
      }
    }
  }
}

/**
 * rdx = s·((R{g} + σ·g) − (⟨R{g}⟩ + σ·⟨g⟩) − rx̂·⟨g·x̂⟩ − x̂·(⟨R{g·x̂}⟩ + σ·⟨g·x̂⟩)), σ = R{s}/s = −s·⟨x̂·rx⟩,
 * R{g} = γ·rdy + rγ·dy; where rx is 0, σ and rx̂ are 0 too. For all channels of the tile: the loop over them stands here because V8
 * unrolls an inner loop the more the deeper it lies.
 */
export function applyBackwardR(
  rdx: usize,
  rdy: usize,
  dy: usize,
  rx: usize,
  x: usize,
  weight: usize,
  rWeight: usize,
  tile: NormTile,
): void {
  const mean = tile.mean;
  const scale = tile.scale;
  const rMean = tile.rMean;
  const rProduct = tile.rProduct;
  const meanProduct = tile.meanProduct;
  const meanGradient = tile.meanGradient;
  const rMeanProduct = tile.rMeanProduct;
  const rMeanGradient = tile.rMeanGradient;
  const plane = tile.plane;
  const stride = tile.stride;
  const bytes = tile.bytes;
  const rows = <usize>NORM_ROWS * stride;
  const zero = f32x4.splat(0);
  // A tangent of zero: x in its place, times 0.
  const source = rx ? rx : x;
  for (let k = 0, from = tile.start; k < tile.channels; k++, from += plane) {
    const g = f32x4.splat(gammaOf(weight, tile.channel + k));
    const rg = f32x4.splat(valueOf(rWeight, tile.channel + k));
    const size = from + plane;
    for (let row = from; row < size; row += rows) {
      const last = min(size, row + rows);
      for (let lane: usize = 0; lane < bytes; lane += 16) {
        const m = v128.load(mean + lane);
        const s = v128.load(scale + lane);
        const rm = rx ? v128.load(rMean + lane) : m;
        const turn = rx ? f32x4.mul(s, v128.load(rProduct + lane)) : zero;
        const product = v128.load(meanProduct + lane);
        const ofRdy = f32x4.mul(s, g);
        const ofDy = f32x4.mul(s, f32x4.sub(rg, f32x4.mul(turn, g)));
        const ofRx = rx ? f32x4.mul(f32x4.mul(s, s), product) : zero;
        const rProductMean = f32x4.sub(v128.load(rMeanProduct + lane), f32x4.mul(turn, product));
        const ofX = f32x4.sub(f32x4.mul(f32x4.mul(s, s), rProductMean), f32x4.mul(ofRx, turn));
        const rGradientMean = f32x4.mul(turn, v128.load(meanGradient + lane));
        const constant = f32x4.mul(s, f32x4.sub(v128.load(rMeanGradient + lane), rGradientMean));
        for (let p = row + lane; p < last; p += stride) {
          const gradient = madd(f32x4.mul(ofRdy, v128.load(rdy + p)), ofDy, v128.load(dy + p));
          const deviation = f32x4.mul(ofX, f32x4.sub(v128.load(x + p), m));
          const tangent = f32x4.mul(ofRx, f32x4.sub(v128.load(source + p), rm));
          v128.store(rdx + p, f32x4.sub(f32x4.sub(f32x4.sub(gradient, constant), deviation), tangent));
        }
      }
    }
  }
}
