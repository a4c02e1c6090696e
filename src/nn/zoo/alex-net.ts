// AlexNet (Krizhevsky 2014) in torchvision's layout.
import { flag, optional } from "../../checks/checks.ts";
import { type Checks, checkOptions } from "../../checks/options.ts";
import { relu } from "../activation.ts";
import { conv2d } from "../conv2d.ts";
import { dropout } from "../dropout.ts";
import { sizeFrom } from "../layer.ts";
import { flatten, linear } from "../linear.ts";
import { type Model, named, sequential } from "../model.ts";
import { maxPool2d } from "../pool2d.ts";
import { block } from "./block.ts";

/** Options of {@link alexNet}. */
export interface AlexNetOptions {
  classes: number;
  /** Default false. */
  dropout?: boolean | undefined;
}

const checks: Checks<AlexNetOptions> = { classes: sizeFrom(1), dropout: optional(flag) };

/**
 * AlexNet for colour images of 224×224 (docs/math.md §3): five convolutions, three fully connected layers; 57,085,780
 * parameters for 20 classes, 57,823,240 for 200. `dropout` puts a dropout of p = 0.5 before each of the first two fully
 * connected layers. Parameters are named as in torchvision, whose last pooling, to 6×6, is the identity at this size.
 *
 * @throws RangeError when `classes` is not a whole number ≥ 1.
 * @example
 * alexNet({ classes: 20 }).inputShape; // [3, 224, 224]
 */
export function alexNet(options: AlexNetOptions): Model {
  checkOptions(options, checks);
  const { classes, dropout: drops = false } = options;
  const dropouts = drops ? [dropout({ p: 0.5 })] : [];
  return sequential(
    [3, 224, 224],
    [
      ...block("features", [
        conv2d({ out: 64, kernel: 11, stride: 4, padding: 2 }),
        relu(),
        maxPool2d({ kernel: 3, stride: 2 }),
        conv2d({ out: 192, kernel: 5, padding: 2 }),
        relu(),
        maxPool2d({ kernel: 3, stride: 2 }),
        conv2d({ out: 384, kernel: 3, padding: 1 }),
        relu(),
        conv2d({ out: 256, kernel: 3, padding: 1 }),
        relu(),
        conv2d({ out: 256, kernel: 3, padding: 1 }),
        relu(),
        maxPool2d({ kernel: 3, stride: 2 }),
      ]),
      flatten(),
      ...dropouts,
      named("classifier.1", linear({ out: 4096 })),
      relu(),
      ...dropouts,
      named("classifier.4", linear({ out: 4096 })),
      relu(),
      named("classifier.6", linear({ out: classes })),
    ],
  );
}
