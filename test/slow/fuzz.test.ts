// More than a million bad files for all readers (test/fuzz/readers.ts has the numbers), each reader in a process of its own.
import { expect, test } from "vitest";
import { readers } from "../fuzz/readers.ts";
import { fuzz } from "../fuzz/run.ts";

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32);

test.each(readers)(
  "$cases mutants for $name: each is read or refused in time, in little memory, with a FormatError",
  async ({ name, cases }) => {
    const { findings, done } = await fuzz(seed, [{ reader: name, from: 0, to: cases }]);
    console.log({ reader: name, FUZZ_SEED: seed, ...done.at(-1) });
    expect(findings).toEqual([]);
    const { mutants, refused } = done.at(-1)!;
    expect(refused).toBeGreaterThan(mutants / 4);
  },
);

test("they are a million", () => {
  expect(readers.reduce((sum, { cases }) => sum + cases, 0)).toBeGreaterThan(1_000_000);
});

test.each(["error", "memory", "death", "hang", "time"])("a reader with a fault, %s, is found out", async (fault) => {
  const { findings } = await fuzz(7, [{ reader: `control: ${fault}`, from: 0, to: 3 }]);
  expect(findings.length).toBeGreaterThan(0);
  const kind = fault === "hang" ? "time" : fault;
  for (const { text } of findings) expect(text).toMatch(new RegExp(`^${kind}: `));
});
