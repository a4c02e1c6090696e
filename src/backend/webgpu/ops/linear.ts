// Fully connected layers and the sums of rows on a GPU.
import { none } from "../../buffer.ts";
import type { Ops } from "../../ops.ts";
import type { Recorder } from "../recorder.ts";
import { multiplierOf } from "./product.ts";
import { rowSums } from "./row-sums.ts";

type LinearOps = Pick<Ops, "linearForward" | "linearBackwardData" | "linearBackwardWeights" | "sumRows">;

export function linearOps(recorder: Recorder): LinearOps {
  const multiply = multiplierOf(recorder);
  return {
    linearForward: (y, x, w, bias, { inFeatures, outFeatures, lanes }, accumulate) =>
      multiply([y, outFeatures, lanes], [w, inFeatures, 1], [x, lanes, 1], inFeatures, bias, accumulate),
    linearBackwardData: (dx, dy, w, { inFeatures, outFeatures, lanes }, accumulate) =>
      multiply([dx, inFeatures, lanes], [w, 1, inFeatures], [dy, lanes, 1], outFeatures, none, accumulate),
    linearBackwardWeights: (dw, dy, x, { inFeatures, outFeatures, lanes }, accumulate) =>
      multiply([dw, outFeatures, inFeatures], [dy, lanes, 1], [x, 1, lanes], lanes, none, accumulate),
    sumRows: (out, x, rows, length, accumulate) =>
      recorder.record(rowSums, rows, { length_: length, add: Number(accumulate) }, { out, x }),
  };
}
