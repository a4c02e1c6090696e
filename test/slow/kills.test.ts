// A thousand processes are killed while they save.
import { expect, test } from "vitest";
import { killed, undisturbed } from "../kills/kill.ts";

const seed = Number(process.env.KILL_SEED ?? Date.now() % 2 ** 32);

test.each([
  { kind: "set", workers: 0, kills: 400 },
  { kind: "set", workers: 2, kills: 300 },
  { kind: "pool", workers: 0, kills: 200 },
  { kind: "pool", workers: 2, kills: 100 },
] as const)("$kills kills of a $kind on $workers workers: no torn file, and the same result", async (options) => {
  const expected = await undisturbed(options);
  const { kills, torn, digests } = await killed({ ...options, seed });
  console.log({ ...options, KILL_SEED: seed, torn });
  expect({ kills, torn, digests: [...digests] }).toEqual({ kills: options.kills, torn: 0, digests: [expected] });
});

test("a program that writes in place leaves torn files", async () => {
  const { kills, torn } = await killed({ kind: "control", kills: 100, seed });
  console.log({ kind: "control", KILL_SEED: seed, kills, torn });
  expect(torn).toBeGreaterThan(0);
});
