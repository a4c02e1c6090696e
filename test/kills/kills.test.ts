// Processes are killed while they save. test/slow/kills.test.ts does the same ten times as often.
import { describe, expect, test } from "vitest";
import { killed, undisturbed } from "./kill.ts";

const seed = Number(process.env.KILL_SEED ?? Date.now() % 2 ** 32);

describe("no kill -9 leaves a torn file or another result", () => {
  test.each([
    { kind: "set", workers: 0, kills: 40 },
    { kind: "set", workers: 2, kills: 30 },
    { kind: "pool", workers: 0, kills: 30 },
  ] as const)("of a $kind on $workers workers, $kills times", async (options) => {
    console.log(`KILL_SEED=${seed}`);
    const expected = await undisturbed(options);
    const { kills, torn, digests } = await killed({ ...options, seed });
    expect({ kills, torn, digests: [...digests] }).toEqual({ kills: options.kills, torn: 0, digests: [expected] });
  });
});

test("a program that writes in place leaves torn files: the test can tell", async () => {
  console.log(`KILL_SEED=${seed}`);
  const { torn } = await killed({ kind: "control", kills: 20, seed });
  expect(torn).toBeGreaterThan(0);
});
