// Bad files of all shapes take time in proportion to their size.
import { test } from "vitest";
import { expectLinear } from "../fuzz/linear.ts";
import { shapes } from "../fuzz/shapes.ts";

test.each(shapes)("$name: twice as many take at most 2.5 times as long", expectLinear);
