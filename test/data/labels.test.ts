// Labels as classes, and what messages say of those that are none.
import { expect, test } from "vitest";
import { classesOf, classOf, labelFault, labelRange, shiftAdvice, startAdvice } from "../../src/data/labels.ts";

test.each([
  [0, 0, 0],
  [255, 0, 255],
  [256, 0, undefined],
  [-1, 0, undefined],
  [0.5, 0, undefined],
  [Number.NaN, 0, undefined],
  [1, 1, 0],
  [0, 1, undefined],
  [256, 1, 255],
  [257, 1, undefined],
  [-3, -5, 2],
  [-6, -5, undefined],
])("label %s is, from %s on, class %s", (label, from, found) => {
  expect(classOf(label, from)).toBe(found);
});

test("a label that is no class is told with its place; a whole one with what to do", () => {
  expect(labelFault(300, 1, "in line 3")).toBe(
    "whole numbers from 1 to 256, got 300 in line 3; labelsFrom (--labels-from) says where labels start",
  );
  expect(labelFault(0.5, 0, "at 7")).toBe("whole numbers from 0 to 255, got 0.5 at 7");
});

test("the range of labels is said by its end, or by both ends", () => {
  expect(labelRange(0, 10)).toBe("below 10");
  expect(labelRange(1, 10)).toBe("from 1 to 10");
  expect(labelRange(-2, 3)).toBe("from -2 to 0");
});

test("where labels start is advised when they are all classes from there on, and start elsewhere than at 0", () => {
  const advice = ": the labels start at 1; read them with labelsFrom: 1 (--labels-from 1 on the command line)";
  expect(startAdvice(1)).toBe(advice);
  expect([startAdvice(0), startAdvice(0.5)]).toEqual(["", ""]);
  expect(startAdvice(-4)).toContain("labelsFrom: -4 ");
  expect(shiftAdvice([3, 1, 2], 3)).toBe(advice);
  expect(shiftAdvice([1, 4], 3)).toBe("");
  expect(shiftAdvice([0, 2], 3)).toBe("");
  expect(shiftAdvice([], 3)).toBe("");
});

test("byte labels become classes; from 0 they are the same array", () => {
  const labels = Uint8Array.of(1, 3, 2);
  expect(classesOf(labels, 1)).toEqual(Uint8Array.of(0, 2, 1));
  expect(classesOf(labels, 0)).toBe(labels);
  expect(labels).toEqual(Uint8Array.of(1, 3, 2));
});
