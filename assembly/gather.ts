// Some images of many, and back. Images are columns: x [features, sourceLanes], some of them [features, lanes]. `columns`
// [images] are whole numbers stored as floats. A tile is PACK_FEATURES features.
import { Buffer } from "./fields";
import { at } from "./simd";
import { PACK_FEATURES } from "./tiles";

/** The column that a float names, or −1 if it names none of `count`. */
function columnOf(value: f32, count: i32): i32 {
  return value >= 0 && value < <f32>count ? <i32>value : -1;
}

/** `images` of the `sourceLanes` columns, in `lanes` lanes. */
@unmanaged
export class GatherShape {
  features: i32;
  images: i32;
  lanes: i32;
  sourceLanes: i32;
}

@unmanaged
export class GatherImagesJob extends GatherShape {
  out: Buffer;
  x: Buffer;
  columns: Buffer;
}

/** out[k, i] = x[k, columns[i]], and 0 where x has no such column, and in the lanes after the images. */
export function gatherImages(job: GatherImagesJob, begin: i32, end: i32): void {
  const columns = job.columns;
  const images = job.images;
  const lanes = job.lanes;
  const sourceLanes = job.sourceLanes;
  const last = min(job.features, end * PACK_FEATURES);
  for (let k = begin * PACK_FEATURES; k < last; k++) {
    const out = at(job.out, k * lanes);
    const x = at(job.x, k * sourceLanes);
    for (let i = 0; i < images; i++) {
      const column = columnOf(load<f32>(at(columns, i)), sourceLanes);
      store<f32>(at(out, i), column < 0 ? 0 : load<f32>(at(x, column)));
    }
    for (let i = images; i < lanes; i++) store<f32>(at(out, i), 0);
  }
}

@unmanaged
export class ScatterImagesJob extends GatherShape {
  out: Buffer;
  x: Buffer;
  columns: Buffer;
}

/** out[k, columns[i]] += x[k, i] for each image i, where out has such a column. */
export function scatterImages(job: ScatterImagesJob, begin: i32, end: i32): void {
  const columns = job.columns;
  const images = job.images;
  const lanes = job.lanes;
  const sourceLanes = job.sourceLanes;
  const last = min(job.features, end * PACK_FEATURES);
  for (let k = begin * PACK_FEATURES; k < last; k++) {
    const out = at(job.out, k * sourceLanes);
    const x = at(job.x, k * lanes);
    for (let i = 0; i < images; i++) {
      const column = columnOf(load<f32>(at(columns, i)), sourceLanes);
      if (column >= 0) store<f32>(at(out, column), load<f32>(at(out, column)) + load<f32>(at(x, i)));
    }
  }
}
