// Which states of an inner loop are held: places that never collide, and the least arithmetic that fits the memory.
import { describe, expect, test } from "vitest";
import { Segments, segmentSize, type TrajectoryMemory } from "../../src/inner/segments.ts";

const lengths = [1, 2, 3, 7, 10, 30, 31];
const everySize = (length: number) => Array.from({ length }, (_, i) => i + 1);

describe.each(lengths)("an inner loop of %i steps, in segments of any size,", (length) => {
  test("has its steps in order in whole segments, the first of which may be shorter", () => {
    for (const size of everySize(length)) {
      const segments = new Segments(length, size);
      const sizes = everySize(segments.count).map((s) => segments.start(s) - segments.start(s - 1));
      expect(segments.start(0), `size ${size}`).toBe(0);
      expect(
        sizes.reduce((sum, steps) => sum + steps, 0),
        `size ${size}`,
      ).toBe(length);
      expect(sizes.slice(1).every((steps) => steps === size) && sizes[0]! >= 1 && sizes[0]! <= size).toBe(true);
      for (let t = 0; t < length; t++) {
        const segment = segments.of(t);
        expect(segments.start(segment) <= t && t < segments.start(segment + 1), `t ${t}, size ${size}`).toBe(true);
      }
    }
  });

  test("holds one segment, the first state of every other and the last of all in places of their own", () => {
    for (const size of everySize(length)) {
      const segments = new Segments(length, size);
      for (let held = 0; held < segments.count; held++) {
        const [start, end] = [segments.start(held), segments.start(held + 1)];
        const starts = everySize(segments.count).map((s) => segments.start(s - 1));
        const times = new Set([...starts, ...everySize(end - start).map((i) => start + i - 1), length]);
        const slots = new Set([...times].map((t) => segments.slot(t)));
        expect(slots.size, `size ${size}, segment ${held}`).toBe(times.size);
        expect(Math.min(...slots) >= 0 && Math.max(...slots) < segments.states).toBe(true);
        const tapes = everySize(end - start).map((i) => segments.tape(start + i - 1));
        expect(tapes).toEqual(everySize(end - start).map((i) => i - 1));
      }
    }
  });
});

test("training in place holds one state and one tape", () => {
  const segments = new Segments(5, 0);
  expect(segments.states).toBe(1);
  expect([0, 1, 5].map((t) => segments.slot(t) + segments.tape(t))).toEqual([0, 0, 0]);
});

describe("the size of a segment", () => {
  /** What segments take where a state and the activations of a step have so many floats. */
  const costs = (state: number, step: number) => (segments: Segments) => segments.states * state + segments.size * step;
  const floats = costs(16, 48);
  const bytes = (length: number, size: number) => 4 * floats(new Segments(length, size));

  test.each<readonly [TrajectoryMemory, number, number]>([
    ["store", 30, 30],
    ["store", 1, 1],
    // 15 · 16 + 2 · 64 floats and 10 · 16 + 3 · 64 and 8 · 16 + 4 · 64: 3 takes the least.
    ["recompute", 30, 3],
    ["recompute", 1, 1],
    [Number.POSITIVE_INFINITY, 30, 30],
  ])("for memory %s and T = %i is %i", (memory, length, size) => {
    expect(segmentSize(memory, length, floats)).toBe(size);
  });

  test("is about √T where a state takes more than activations, 1 where it takes far less", () => {
    expect(segmentSize("recompute", 100, costs(1e6, 16))).toBe(10);
    expect(segmentSize("recompute", 100, costs(16, 1e6))).toBe(1);
  });

  test("is the largest that fits into so many bytes", () => {
    for (const length of lengths) {
      const least = Math.min(...everySize(length).map((size) => bytes(length, size)));
      for (let memory = least; memory <= bytes(length, length) + 64; memory += 20) {
        const size = segmentSize(memory, length, floats);
        expect(bytes(length, size), `T = ${length}, ${memory} bytes`).toBeLessThanOrEqual(memory);
        for (let larger = size + 1; larger <= length; larger++) expect(bytes(length, larger)).toBeGreaterThan(memory);
      }
      expect(() => segmentSize(least - 1, length, floats)).toThrow(
        new RangeError(`"memory" expected at least ${least} bytes for ${length} inner steps, got ${least - 1}`),
      );
    }
  });
});
