// Places and lengths of what the augmentations of images are given (checked.ts).
import type { Ops } from "./ops.ts";
import type { Checks } from "./room.ts";
import type { ImagesShape } from "./shapes.ts";

type AugmentationOps = "warp2dForward" | "warp2dBackward" | "recolor" | "cutout";

const floats = (s: ImagesShape): number => s.channels * s.height * s.width * s.lanes;

export function checkedAugmentations(ops: Ops, { need }: Checks): Pick<Ops, AugmentationOps> {
  return {
    warp2dForward(y, x, matrices, s) {
      need(floats(s), "y, x of warp2dForward", y, x);
      need(6 * s.lanes, "matrices of warp2dForward", matrices);
      ops.warp2dForward(y, x, matrices, s);
    },
    warp2dBackward(dx, dy, matrices, s) {
      need(floats(s), "dx, dy of warp2dBackward", dx, dy);
      need(6 * s.lanes, "matrices of warp2dBackward", matrices);
      ops.warp2dBackward(dx, dy, matrices, s);
    },
    recolor(y, x, factors, s, shifts) {
      need(floats(s), "y, x of recolor", y, x);
      need(4 * s.lanes, "factors of recolor", factors);
      ops.recolor(y, x, factors, s, shifts);
    },
    cutout(y, x, boxes, s) {
      need(floats(s), "y, x of cutout", y, x);
      need(4 * s.lanes, "boxes of cutout", boxes);
      ops.cutout(y, x, boxes, s);
    },
  };
}
