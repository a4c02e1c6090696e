// An engine, a run or a call that has ended leaves nothing behind, however it ended.
import { expect, test } from "vitest";
import { runChild } from "../child.ts";

test("nothing that an engine, a run or a call had is alive when it has ended, in any way", async () => {
  const options = { rounds: 2, patience: 5000 };
  const left = await runChild<Record<string, object>>(new URL("./left-behind.mjs", import.meta.url), options);
  expect(Object.keys(left).length).toBeGreaterThan(10);
  for (const [way, things] of Object.entries(left)) expect(things, way).toEqual({});
});
