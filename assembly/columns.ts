// Sums down the columns of [positions, lanes]: a lane is an image, positions lie a stride apart, and a call takes the tile's
// lanes of each. NORM_ROWS positions are added in float32, those sums in float64, always in the same order: a lane's result
// depends on that lane alone, and its error does not grow with the number of positions. The totals lie in the scratch of the
// calling thread.
import { NormTile } from "./norm-set";
import { madd } from "./simd";
import { NORM_ROWS, NORM_SPAN } from "./tiles";

/** Bytes of lanes walked down together. */
const SPAN: usize = (<usize>NORM_SPAN) << 2;
/** Bytes between the totals of two sums taken at once. */
const SECOND: usize = 2 * SPAN;

function clear(totals: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes << 1; i += 16) v128.store(totals + i, f64x2.splat(0));
}

/** totals[lane] += v, four lanes in float64 */
function add(totals: usize, v: v128): void {
  const high = i64x2.shuffle(v, v, 1, 1);
  v128.store(totals, f64x2.add(v128.load(totals), f64x2.promote_low_f32x4(v)));
  v128.store(totals, f64x2.add(v128.load(totals, 16), f64x2.promote_low_f32x4(high)), 16);
}

/** Four totals as floats. */
function rounded(totals: usize): v128 {
  const low = f32x4.demote_f64x2_zero(v128.load(totals));
  const high = f32x4.demote_f64x2_zero(v128.load(totals, 16));
  return i64x2.shuffle(low, high, 0, 2);
}

/** out[lane] = Σ_p x[p, lane] */
export function sumColumns(out: usize, x: usize, positions: i32, tile: NormTile): void {
  const stride = tile.stride;
  const bytes = tile.bytes;
  const totals = tile.totals;
  const rows = <usize>NORM_ROWS * stride;
  const size = <usize>positions * stride;
  for (let lane: usize = 0; lane < bytes; lane += SPAN) {
    const width = min(SPAN, bytes - lane);
    clear(totals, width);
    for (let row: usize = 0; row < size; row += rows) {
      const last = x + min(size, row + rows);
      for (let k: usize = 0; k < width; k += 16) {
        let sum = f32x4.splat(0);
        for (let p = x + row + lane + k; p < last; p += stride) sum = f32x4.add(sum, v128.load(p));
        add(totals + (k << 1), sum);
      }
    }
    for (let k: usize = 0; k < width; k += 16) v128.store(out + lane + k, rounded(totals + (k << 1)));
  }
}

/** out[lane] = Σ_p (x[p, lane] − mean[lane])² */
export function sumSquares(out: usize, x: usize, positions: i32, tile: NormTile): void {
  const mean = tile.mean;
  const stride = tile.stride;
  const bytes = tile.bytes;
  const totals = tile.totals;
  const rows = <usize>NORM_ROWS * stride;
  const size = <usize>positions * stride;
  for (let lane: usize = 0; lane < bytes; lane += SPAN) {
    const width = min(SPAN, bytes - lane);
    clear(totals, width);
    for (let row: usize = 0; row < size; row += rows) {
      const last = x + min(size, row + rows);
      for (let k: usize = 0; k < width; k += 16) {
        const m = v128.load(mean + lane + k);
        let sum = f32x4.splat(0);
        for (let p = x + row + lane + k; p < last; p += stride) {
          const deviation = f32x4.sub(v128.load(p), m);
          sum = madd(sum, deviation, deviation);
        }
        add(totals + (k << 1), sum);
      }
    }
    for (let k: usize = 0; k < width; k += 16) v128.store(out + lane + k, rounded(totals + (k << 1)));
  }
}

/** sums[lane] = Σ_p a[p, lane] and products[lane] = Σ_p a·x̂, x̂ = scale·(x − mean) */
export function sumProducts(sums: usize, products: usize, a: usize, x: usize, positions: i32, tile: NormTile): void {
  const mean = tile.mean;
  const scale = tile.scale;
  const stride = tile.stride;
  const bytes = tile.bytes;
  const totals = tile.totals;
  const rows = <usize>NORM_ROWS * stride;
  const size = <usize>positions * stride;
  for (let lane: usize = 0; lane < bytes; lane += SPAN) {
    const width = min(SPAN, bytes - lane);
    clear(totals, width);
    clear(totals + SECOND, width);
    for (let row: usize = 0; row < size; row += rows) {
      const last = min(size, row + rows);
      for (let k: usize = 0; k < width; k += 16) {
        const m = v128.load(mean + lane + k);
        let sum = f32x4.splat(0);
        let product = sum;
        for (let p = row + lane + k; p < last; p += stride) {
          const v = v128.load(a + p);
          sum = f32x4.add(sum, v);
          product = madd(product, v, f32x4.sub(v128.load(x + p), m));
        }
        add(totals + (k << 1), sum);
        add(totals + SECOND + (k << 1), product);
      }
    }
    for (let k: usize = 0; k < width; k += 16) {
      const product = rounded(totals + SECOND + (k << 1));
      v128.store(sums + lane + k, rounded(totals + (k << 1)));
      v128.store(products + lane + k, f32x4.mul(v128.load(scale + lane + k), product));
    }
  }
}

/** out[lane] += Σ_p dy·R{x̂}, R{x̂} = scale·((rx − rMean) − scale·rProduct·(x − mean)) */
export function addTangentProducts(out: usize, dy: usize, rx: usize, x: usize, positions: i32, tile: NormTile): void {
  const mean = tile.mean;
  const scale = tile.scale;
  const rMean = tile.rMean;
  const rProduct = tile.rProduct;
  const stride = tile.stride;
  const bytes = tile.bytes;
  const totals = tile.totals;
  const rows = <usize>NORM_ROWS * stride;
  const size = <usize>positions * stride;
  for (let lane: usize = 0; lane < bytes; lane += SPAN) {
    const width = min(SPAN, bytes - lane);
    clear(totals, width);
    for (let row: usize = 0; row < size; row += rows) {
      const last = min(size, row + rows);
      for (let k: usize = 0; k < width; k += 16) {
        const m = v128.load(mean + lane + k);
        const rm = v128.load(rMean + lane + k);
        const turn = f32x4.mul(v128.load(scale + lane + k), v128.load(rProduct + lane + k));
        let sum = f32x4.splat(0);
        for (let p = row + lane + k; p < last; p += stride) {
          const deviation = f32x4.mul(turn, f32x4.sub(v128.load(x + p), m));
          const tangent = f32x4.sub(f32x4.sub(v128.load(rx + p), rm), deviation);
          sum = madd(sum, v128.load(dy + p), tangent);
        }
        add(totals + (k << 1), sum);
      }
    }
    for (let k: usize = 0; k < width; k += 16) {
      const s = v128.load(scale + lane + k);
      v128.store(out + lane + k, madd(v128.load(out + lane + k), s, rounded(totals + (k << 1))));
    }
  }
}
