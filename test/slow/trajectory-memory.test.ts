// Long inner loops have the same bits with segments of every size, from one step to all.
import { describe } from "vitest";
import { everySize, testSegments } from "../distill/trajectory-loops.ts";

describe.each([
  { steps: 10, epochs: 3 },
  { steps: 31, epochs: 1 },
])("a meta-gradient through $steps × $epochs steps is the same with every segment", (loop) => {
  testSegments(loop, everySize(loop.steps * loop.epochs));
});
