// What the four passes of normalisation (norm.ts) have in common: their shape, their tiles, and rows [lanes] that hold a number
// of each lane's set.
import { Flag } from "./fields";
import { at, madd } from "./simd";
import { NORM_LANES } from "./tiles";

/** What every job of normalisation says of x [channels, area, lanes]. */
@unmanaged
export class NormShape {
  channels: i32;
  groups: i32;
  area: i32;
  images: i32;
  lanes: i32;
  acrossImages: Flag;
}

/** A tile of a job: a set's channels for up to NORM_LANES lanes, or for all lanes where sets go across images. */
@unmanaged
export class NormTile {
  /** The first lane, how many there are, and how many of these are real images. */
  first: i32;
  lanes: i32;
  real: i32;
  group: i32;
  /** The first channel, and how many there are. */
  channel: i32;
  channels: i32;
  /** Bytes from one position to the next, of a position's lanes in this tile, and of a channel. */
  stride: usize;
  bytes: usize;
  plane: usize;
  /** Byte offset in x of the first channel's first lane. */
  start: usize;
  acrossImages: Flag;
  /** Where sums are made (columns.ts). */
  totals: usize;
  /** Rows: m and s of the forward pass. */
  mean: usize;
  scale: usize;
  /** Rows of the tangent forward pass: ⟨rx⟩ and ⟨x̂·rx⟩. */
  rMean: usize;
  rProduct: usize;
  /** Rows of the backward pass, ⟨g·x̂⟩ and ⟨g⟩, and their tangents. */
  meanProduct: usize;
  meanGradient: usize;
  rMeanProduct: usize;
  rMeanGradient: usize;
  /** How many numbers a set has. */
  count: f64;
}

/** Bytes of scratch before the tile: the totals of two sums. */
const TOTALS: usize = 1024;

/** Tile `index` of a job, in the scratch of the calling thread, with the rows of `statistics`. */
export function tileOf(scratch: usize, shape: NormShape, statistics: usize, index: i32): NormTile {
  const tile = changetype<NormTile>(scratch + TOTALS);
  const across = shape.acrossImages;
  const lanes = shape.lanes;
  const tiles = across ? 1 : (lanes + NORM_LANES - 1) / NORM_LANES;
  const group = index / tiles;
  const first = (index - group * tiles) * NORM_LANES;
  const width = across ? lanes : min(NORM_LANES, lanes - first);
  const channels = shape.channels / shape.groups;
  const stride = (<usize>lanes) << 2;
  const plane = <usize>shape.area * stride;
  tile.first = first;
  tile.lanes = width;
  tile.real = shape.images - first;
  tile.group = group;
  tile.channel = group * channels;
  tile.channels = channels;
  tile.stride = stride;
  tile.bytes = (<usize>width) << 2;
  tile.plane = plane;
  tile.start = at(<usize>(group * channels) * plane, first);
  tile.acrossImages = across;
  tile.totals = scratch;
  tile.mean = at(statistics, group * lanes + first);
  tile.scale = tile.mean + <usize>shape.groups * stride;
  tile.count = <f64>(channels * shape.area) * (across ? <f64>shape.images : 1);
  return tile;
}

/** Byte offset in sums [2·channels + 2·groups, lanes] of the row ⟨g·x̂⟩ of the tile's set. */
export function setRow(shape: NormShape, tile: NormTile): usize {
  return (<usize>((2 * shape.channels + tile.group) * shape.lanes + tile.first)) << 2;
}

/** γ of channel c, 1 where there is none. */
export function gammaOf(weight: usize, c: i32): f32 {
  return weight ? load<f32>(at(weight, c)) : 1;
}

/** The c-th of `values`, 0 where there are none. */
export function valueOf(values: usize, c: i32): f32 {
  return values ? load<f32>(at(values, c)) : 0;
}

/**
 * Makes means of sums: row[lane] /= n, or where sets go across images, Σ row / n of the real lanes in every lane, with n
 * the count of a set.
 */
export function average(row: usize, tile: NormTile): void {
  const lanes = tile.lanes;
  const n = tile.count;
  if (!tile.acrossImages) {
    const count = f32x4.splat(<f32>n);
    for (let i = 0; i < lanes; i += 4) v128.store(at(row, i), f32x4.div(v128.load(at(row, i)), count));
    return;
  }
  let total: f64 = 0;
  for (let i = 0; i < tile.real; i++) total += <f64>load<f32>(at(row, i));
  const mean = f32x4.splat(<f32>(total / n));
  for (let i = 0; i < lanes; i += 4) v128.store(at(row, i), mean);
}

/** row = 1 / √(row + eps) in real lanes, 0 in the others */
export function invertRoot(row: usize, eps: f32, tile: NormTile): void {
  const lanes = tile.lanes;
  const real = tile.real;
  const one = f32x4.splat(1);
  for (let i = 0; i < lanes; i += 4) {
    const s = f32x4.div(one, f32x4.sqrt(f32x4.add(v128.load(at(row, i)), f32x4.splat(eps))));
    const isReal = i32x4.lt_s(i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3)), i32x4.splat(real));
    v128.store(at(row, i), v128.and(s, isReal));
  }
}

/** row[lane] (+)= a·x[lane] + b·y[lane] */
export function combine(row: usize, lanes: i32, add: bool, a: f32, x: usize, b: f32, y: usize): void {
  for (let i = 0; i < lanes; i += 4) {
    const sum = madd(f32x4.mul(f32x4.splat(a), v128.load(at(x, i))), f32x4.splat(b), v128.load(at(y, i)));
    v128.store(at(row, i), add ? f32x4.add(v128.load(at(row, i)), sum) : sum);
  }
}
