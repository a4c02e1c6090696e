// A run in an orchestrator, looked at while it goes on and when it has ended.
import { expect, test } from "vitest";
import { backGradient, distill, mlp } from "../../src/index.ts";
import { brightHalves } from "../distill/halves.ts";

test("a snapshot may be taken at the last report, when the run has ended in its worker, and leaves the result alone", async () => {
  const data = brightHalves({ count: 24 });
  const { channels, height, width, classes } = data;
  const model = mlp({ input: [channels, height, width], hidden: [], classes });
  const method = backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 });
  await using run = distill({ data, model, method, outer: { steps: 5, batch: 8 }, worker: true, threads: 1 });
  for await (const { step, steps } of run) {
    if (step < steps) continue;
    await new Promise((resolve) => setTimeout(resolve, 200));
    const snapshots = [await run.snapshot(), await run.snapshot()];
    expect(snapshots[0]!.images.length).toBeGreaterThan(0);
    expect(snapshots[0]).toEqual(snapshots[1]);
  }
  expect(await run.result()).toEqual(await run.snapshot());
});
