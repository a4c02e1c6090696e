// Bad files for all readers, for a few seconds; test/slow/fuzz.test.ts makes many more, and has readers with other faults.
// FUZZ_SEED makes the same files again; with FUZZ_READER and FUZZ_CASE only one of them is read.
import { expect, test } from "vitest";
import { readers } from "./readers.ts";
import { fuzz } from "./run.ts";

/** Which part of the mutants of the slow test are made here. */
const share = 400;
const { FUZZ_SEED, FUZZ_READER, FUZZ_CASE } = process.env;
const seed = Number(FUZZ_SEED ?? Date.now() % 2 ** 32);
const only = FUZZ_CASE === undefined ? undefined : { reader: FUZZ_READER!, number: Number(FUZZ_CASE) };

test.runIf(only)("the mutant that FUZZ_READER and FUZZ_CASE name is read as it should be", async () => {
  const { reader, number } = only!;
  expect((await fuzz(seed, [{ reader, from: number, to: number + 1 }])).findings).toEqual([]);
});

test.skipIf(only)(
  "mutants of good files are read or refused by every reader, in time, in little memory, with a FormatError",
  async () => {
    console.log(`FUZZ_SEED=${seed}`);
    const jobs = readers.map(({ name, cases }) => ({ reader: name, from: 0, to: Math.ceil(cases / share) }));
    const { findings, done } = await fuzz(seed, jobs);
    expect(findings).toEqual([]);
    expect(done.map(({ reader }) => reader)).toEqual(readers.map(({ name }) => name));
    // A mutator that changes nothing would prove nothing.
    const sum = (of: "mutants" | "refused"): number => done.reduce((total, each) => total + each[of], 0);
    expect(sum("refused")).toBeGreaterThan(sum("mutants") / 4);
  },
);

test.skipIf(only)("another class of error is found out, with a command that reads the mutant again", async () => {
  const { findings } = await fuzz(7, [{ reader: "control: error", from: 0, to: 1 }]);
  expect(findings.map(({ text }) => text)).toEqual([expect.stringMatching(/^error: TypeError: oops/)]);
  expect(findings[0]!.replay).toBe(
    'FUZZ_SEED=7 FUZZ_READER="control: error" FUZZ_CASE=0 npx vitest run --project unit test/fuzz/fuzz.test.ts',
  );
});
