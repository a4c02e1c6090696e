// How the rows of two gradients differ in direction on a GPU, by the formulas of reference/cosine-distance.ts: one row a group. The
// distance is ½ ‖a/‖a‖ − b/‖b‖‖² where neither row is nearly 0: 1 − a·b/q would lose the digits of rows that point the same way.
import type { Ops } from "../../ops.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";
import { GROUP } from "../tiles.ts";
import { handOver, sharing } from "../wgsl/sharing.ts";

const cosineDistance = {
  name: "cosineDistance",
  numbers: { length_: "u", least: "f" },
  operands: ["losses", "dx", "x", "y"],
  // Each sum has a place of its own: Mesa may read a place that is used again after it was overwritten.
  shared: sharing(4, GROUP),
  body: `
  let first_x = x + group * length_;
  let first_y = y + group * length_;
  var ab = 0.0;
  var aa = 0.0;
  var bb = 0.0;
  for (var i = lane; i < length_; i += ${GROUP}u) {
    let a = m[first_x + i];
    let b = m[first_y + i];
    ab += a * b;
    aa += a * a;
    bb += b * b;
  }
  ${handOver(0, "ab")}
  ${handOver(1, "aa")}
  ${handOver(2, "bb")}
  workgroupBarrier();
  let product = shared_sum(0u, lane);
  let of_x = sqrt(shared_sum(1u, lane));
  let of_y = sqrt(shared_sum(2u, lane));
  let q = of_x * of_y + least;
  let along = select(product * of_y / (q * q * max(of_x, 1e-30)), 0.0, of_x == 0.0);
  let scale_x = 1.0 / max(of_x, 1e-30);
  let scale_y = 1.0 / max(of_y, 1e-30);
  var apart = 0.0;
  for (var i = lane; i < length_; i += ${GROUP}u) {
    let a = m[first_x + i];
    let b = m[first_y + i];
    let difference = a * scale_x - b * scale_y;
    apart += difference * difference;
    m[dx + group * length_ + i] = along * a - b / q;
  }
  // 1 − a·b/q = (q − a·b)/q, and q − a·b = ‖a‖·‖b‖·apart/2 + least.
  ${handOver(3, "apart")}
  workgroupBarrier();
  let distance = (of_x * of_y * 0.5 * shared_sum(3u, lane) + least) / q;
  if (lane == 0u) { m[losses + group] = select(distance, 1.0, of_x == 0.0 || of_y == 0.0); }`,
} as const satisfies Shader;

export function cosineDistanceOps({ record }: Recorder): Pick<Ops, "cosineDistance"> {
  return {
    cosineDistance: (losses, dx, x, y, rows, length) =>
      record(cosineDistance, rows, { length_: length, least: 1e-6 }, { losses, dx, x, y }),
  };
}
