// Bad files that were slow once take time in proportion to their size; test/slow/linear.test.ts has their kin too.
import { expect, test } from "vitest";
import { expectLinear } from "./linear.ts";
import { shapes } from "./shapes.ts";

test.each(shapes.filter(({ found }) => found))("$name: twice as many take at most 2.5 times as long", expectLinear);

// Where the machine pauses in most readings of the small one, the large one seems quick: so it is asked again.
test("a reader that compares each with each is found out", { retry: 2 }, async () => {
  const make = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
  const read = (list: readonly number[]): unknown => list.filter((item, i) => list.indexOf(item) < i);
  const quadratic = { name: "quadratic", make, read, from: 2 ** 13, most: 2 ** 20 };
  await expect(expectLinear(quadratic)).rejects.toThrow(/ratios/);
});
