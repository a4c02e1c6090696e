// Zeroes a box of each image. A tile is one row of one channel.
import { Buffer } from "../fields";
import { at, storeLanes } from "../simd";
import { ImagesShape } from "./warp2d";

@unmanaged
export class CutoutJob extends ImagesShape {
  y: Buffer;
  x: Buffer;
  /** First row, row behind the last, first column, column behind the last. */
  boxes: Buffer;
}

/** y = 0 in the box, x elsewhere. x and y [channels, height, width, lanes], boxes [4, lanes]; y may be x. */
export function cutout(job: CutoutJob, begin: i32, end: i32): void {
  const width = job.width;
  const lanes = job.lanes;
  const stride = (<usize>lanes) << 2;
  for (let row = begin; row < end; row++) {
    const i = f32x4.splat(<f32>(row % job.height));
    const line = <usize>(row * width) * stride;
    for (let b = 0; b < lanes; b += 4) {
      const box = at(job.boxes, b);
      const rows = v128.and(f32x4.ge(i, v128.load(box)), f32x4.lt(i, v128.load(box + stride)));
      const left = v128.load(box + 2 * stride);
      const right = v128.load(box + 3 * stride);
      const half = b + 4 > lanes;
      for (let column = 0; column < width; column++) {
        const j = f32x4.splat(<f32>column);
        const inside = v128.and(rows, v128.and(f32x4.ge(j, left), f32x4.lt(j, right)));
        const here = at(line, b) + <usize>column * stride;
        storeLanes(job.y + here, v128.andnot(v128.load(job.x + here), inside), half);
      }
    }
  }
}
