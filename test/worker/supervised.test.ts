// How a worker is stopped. It is played in this thread.
import { expect, test } from "vitest";
import { SupervisedWorker } from "../../src/workers/supervised.ts";

test("a worker that says it has ended while it is being stopped, as in Deno, ends calls with the reason all the same", async () => {
  let terminations = 0;
  const worker = new SupervisedWorker<{ answer(): number }>("the worker", (port, died) => ({
    async terminate() {
      terminations++;
      port.close();
      died("exited with code 1");
    },
    keepAlive() {},
  }));
  const call = worker.call((api) => api.answer());
  const reason = new Error("enough");
  await Promise.all([expect(call).rejects.toBe(reason), worker.stop(reason)]);
  await expect(worker.call((api) => api.answer())).rejects.toBe(reason);
  expect(terminations).toBe(1);
});
