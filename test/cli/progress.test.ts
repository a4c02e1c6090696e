import type { WriteStream } from "node:tty";
import { afterEach, expect, test, vi } from "vitest";
import { watchInterrupts } from "../../src/cli/input/interrupt.ts";
import { clock, ProgressLine, progressText, Rate, Smoothed } from "../../src/cli/output/progress.ts";
import { count, duration, mebibytes } from "../../src/cli/output/text.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const terminal = (columns: number, isTTY = true) => {
  const written: string[] = [];
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  return { written, stream: stream as unknown as WriteStream };
};

test("the line is drawn in place, in one write, with no more than the terminal has room for", () => {
  const { written, stream } = terminal(40);
  const line = new ProgressLine(stream);
  line.draw((columns) => "x".repeat(columns + 5), 0);
  line.draw(() => "too soon", 99);
  line.draw(() => "short", 100);
  expect(written).toEqual([`\r${"x".repeat(37)}`, `\r${"short".padEnd(37)}`]);
  line.clear();
  line.clear();
  expect(written.slice(2)).toEqual([`\r${" ".repeat(7)}\r`]);
});

test("nothing is drawn where there is no terminal", () => {
  const { written, stream } = terminal(80, false);
  const line = new ProgressLine(stream);
  line.draw(() => "text");
  line.clear();
  expect(written).toEqual([]);
});

test("the bar takes the room that is left, or none", () => {
  const parts = { label: "distilling", done: 150, total: 600, rest: "loss 1.234" };
  expect(progressText(parts, 80)).toBe("distilling 150/600 [######------------------] loss 1.234");
  expect(progressText(parts, 41)).toBe("distilling 150/600 [##-------] loss 1.234");
  expect(progressText(parts, 30)).toBe("distilling 150/600 loss 1.234");
});

test("times and counts read the same everywhere", () => {
  expect([0, 59.6, 95, 43_207, Number.POSITIVE_INFINITY].map(clock)).toEqual([
    "0:00",
    "1:00",
    "1:35",
    "12:00:07",
    "-:--",
  ]);
  expect([0, 89, 90, 3000, 5400, 86_400, 1e6, 1e9].map(duration)).toEqual([
    ...["1 s", "89 s", "1.5 min", "50 min", "1.5 h", "24 h", "12 days", "11,574 days"],
  ]);
  expect([1, 2 ** 27, 3 * 2 ** 30].map(mebibytes)).toEqual(["1 MiB", "128 MiB", "3.0 GiB"]);
  expect([0, 999, 1000, 1_234_567].map(count)).toEqual(["0", "999", "1,000", "1,234,567"]);
});

test("the loss is smoothed from the first step on, the rate is that of the last ten seconds", () => {
  const losses = new Smoothed();
  expect(losses.add(2)).toBeCloseTo(2, 12);
  expect(losses.add(1)).toBeCloseTo((0.95 * 2 + 1) / 1.95, 12);
  const rate = new Rate(100);
  expect(rate.add(1, 102)).toBe(0.5);
  for (let step = 2; step < 40; step++) rate.add(step, 100 + 2 * step);
  expect(rate.add(60, 180)).toBeCloseTo((60 - 34) / 12, 12);
});

test("the first Ctrl-C stops, its echo within half a second is ignored, the second exits", () => {
  const exit = vi.spyOn(process, "exit").mockImplementation((() => {}) as never);
  const now = vi.spyOn(performance, "now").mockReturnValue(1000);
  const listeners = process.listenerCount("SIGINT");
  const interrupt = watchInterrupts();
  expect(interrupt).toMatchObject({ exitCode: 0, signal: { aborted: false } });
  process.emit("SIGINT", "SIGINT");
  expect(interrupt).toMatchObject({ exitCode: 130, signal: { aborted: true } });
  now.mockReturnValue(1400);
  process.emit("SIGINT", "SIGINT");
  expect(exit).not.toHaveBeenCalled();
  now.mockReturnValue(1600);
  process.emit("SIGINT", "SIGINT");
  expect(exit).toHaveBeenCalledWith(130);
  interrupt.release();
  expect(process.listenerCount("SIGINT")).toBe(listeners);
});
