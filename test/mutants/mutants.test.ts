// The mutants of scripts/mutate-kernels.mjs: which slips there are, their order, and that every kernel has tests to go through.
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
// @ts-expect-error: this is JavaScript, as the script is.
import { kernelSources } from "./kernels.mjs";
// @ts-expect-error: this is JavaScript, as the script is.
import { mutantsOf, shuffled } from "./sites.mjs";
// @ts-expect-error: this is JavaScript, as the script is.
import { testsFor } from "./suite.mjs";

interface Mutant {
  readonly id: string;
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

const mutate = (text: string): string[] =>
  mutantsOf({ path: "a.ts", text }).map(
    ({ from, to, text: other }: Mutant) => text.slice(0, from) + other + text.slice(to),
  );

test.each<readonly [source: string, mutants: readonly string[]]>([
  ["f(4)", ["f(5)", "f(3)", "f(8)"]],
  ["f(0.5)", ["f(1.0)", "f(0.5005)", "f(1.5)", "f(-0.5)"]],
  ["a + b * c", ["a - b * c", "a + b / c"]],
  ["i < n && !done", ["i < n || !done", "i <= n && !done", "i > n && !done", "i < n && done"]],
  ["i += k << j", ["i -= k << j", "i += k >> j"]],
  ["f32x4.add(x, y)", ["f32x4.sub(x, y)", "f32x4.mul(x, y)"]],
  ["madd(s, x, y)", ["f32x4.sub(s, f32x4.mul(x, y))"]],
  ["max(x, y)", ["min(x, y)"]],
  ["a ? b : c", ["a ? c : b"]],
  ["for (; ; i++) {}", ["for (; ; i--) {}"]],
  ["let x: StaticArray<2>;", []],
])("%s", (source, mutants) => {
  expect(mutate(source)).toEqual(mutants);
});

const sources: readonly { readonly path: string; readonly text: string }[] = kernelSources();
const all: readonly Mutant[] = sources.flatMap(mutantsOf);

test("the kernels have thousands", () => {
  expect(new Set(all.map(({ id }) => id)).size).toBeGreaterThan(5000);
});

test("a seed decides their order", () => {
  const order = (seed: number): string[] => shuffled(all, seed).map(({ id }: Mutant) => id);
  expect(order(1)).toEqual(order(1));
  expect(order(1).slice(0, 9)).not.toEqual(order(2).slice(0, 9));
  expect(order(3).sort()).toEqual(all.map(({ id }) => id).sort());
});

test("each has tests that exist to go through", () => {
  for (const path of new Set(all.map((mutant) => mutant.path))) {
    const { own, rest }: { own: string[]; rest: string[] } = testsFor(path);
    for (const name of [...own, ...rest]) {
      expect(existsSync(new URL(`../${name}.test.ts`, import.meta.url)), `${path}: ${name}`).toBe(true);
    }
  }
});
