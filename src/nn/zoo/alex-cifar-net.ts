// The paper's network for CIFAR-10.
import { optional } from "../../checks/checks.ts";
import { type Checks, checkOptions } from "../../checks/options.ts";
import { relu } from "../activation.ts";
import { conv2d } from "../conv2d.ts";
import { type Layer, sizeFrom } from "../layer.ts";
import { flatten, linear } from "../linear.ts";
import { localResponseNorm } from "../local-response-norm.ts";
import { type Model, sequential } from "../model.ts";
import { maxPool2d } from "../pool2d.ts";
import { block } from "./block.ts";

/** Options of {@link alexCifarNet}. */
export interface AlexCifarNetOptions {
  /** Default 10. */
  classes?: number | undefined;
}

const checks: Checks<AlexCifarNetOptions> = { classes: optional(sizeFrom(1)) };

/**
 * AlexCifarNet for colour images of 32×32 (docs/math.md §3): two 5×5 convolutions of 64 channels with max pooling and
 * local response normalisation, three fully connected layers; 1,756,426 parameters for ten classes. The first block
 * pools before it normalises, the second after. Parameters are named as in the reference code of the paper.
 *
 * @throws RangeError when `classes` is not a whole number ≥ 1.
 * @example
 * alexCifarNet({ classes: 100 }).inputShape; // [3, 32, 32]
 */
export function alexCifarNet(options: AlexCifarNetOptions = {}): Model {
  checkOptions(options, checks);
  const { classes = 10 } = options;
  const convolution = (): Layer => conv2d({ out: 64, kernel: 5, padding: 2 });
  const pool = (): Layer => maxPool2d({ kernel: 3, stride: 2, padding: 1 });
  const norm = (): Layer => localResponseNorm({ size: 4, alpha: 0.001 / 9, beta: 0.75, k: 1 });
  return sequential(
    [3, 32, 32],
    [
      ...block("features", [convolution(), relu(), pool(), norm(), convolution(), relu(), norm(), pool()]),
      flatten(),
      ...block("classifier", [linear({ out: 384 }), relu(), linear({ out: 192 }), relu(), linear({ out: classes })]),
    ],
  );
}
