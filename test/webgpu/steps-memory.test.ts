// test/slow/webgpu-memory.test.ts has more steps.
import { inject, test } from "vitest";
import { testedWebGpu } from "./device.ts";
import { expectConstantMemory } from "./steps-memory.ts";

test("100 outer steps on a GPU hold the memory of the first", async ({ skip }) => {
  const found = await testedWebGpu();
  if (typeof found === "string") skip(found);
  // V8 still compiles what the steps call. One object kept for each dispatch would be as much.
  await expectConstantMemory(inject("tools").webgpu.path!, { steps: 100, warmUp: 20, mostPerStep: 4096 });
});
