// A thousand outer steps on a GPU add nothing to its memory or the host's. V8's own memory grows for about two thousand steps, in
// which it compiles what they call.
import { inject, test } from "vitest";
import { testedWebGpu } from "../webgpu/device.ts";
import { expectConstantMemory } from "../webgpu/steps-memory.ts";

test("1,000 outer steps on a GPU hold the memory of those before them", async ({ skip }) => {
  const found = await testedWebGpu();
  if (typeof found === "string") skip(found);
  await expectConstantMemory(inject("tools").webgpu.path!, { steps: 3000, warmUp: 2000, mostPerStep: 512 });
});
