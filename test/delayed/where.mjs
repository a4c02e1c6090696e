// A method that stops where its networks run, and says on which backend and on which side that is. Workers import it from here.
import { threadId } from "node:worker_threads";

/** Throws "DelayedBackend here" in the thread that makes the call, "DelayedBackend elsewhere" in any other. */
export const wherever = {
  name: "wherever",
  module: import.meta.url,
  // Where workers import this they are given the options of the call, so its thread and not their own.
  options: { caller: threadId },

  allocate({ problem, tools }) {
    const { images } = tools.synthetic({ steps: 1, imagesPerStep: problem.model.classes });
    return { learned: [images], carried: [], start() {}, set() {} };
  },

  network({ options, backend, memory }) {
    const loss = memory.gradients.allocate(1);
    return {
      share: { loss, gradients: [loss] },
      record() {
        throw new Error(`${backend.constructor.name} ${threadId === options.caller ? "here" : "elsewhere"}`);
      },
    };
  },
};
