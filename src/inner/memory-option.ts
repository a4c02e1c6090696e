// The option of methods that keep a training for its gradient: how much of it (segments.ts).

import { type Filled, filled, type Kind, number } from "../checks/declare.ts";
import { checkTrajectoryMemory, type TrajectoryMemory } from "./segments.ts";

const memory: Kind<TrajectoryMemory> = {
  type: "either",
  expected: '"store", "recompute" or a number of bytes > 0',
  check(name, value) {
    checkTrajectoryMemory(name, value);
  },
  words: ["store", "recompute"],
  of: number({ above: 0 }, "number of bytes"),
};

/** How much is held for the reverse sweep; never changes a result. Default "store", the fastest. */
export const trajectoryMemory: Filled<TrajectoryMemory> = filled(memory, "store", {
  help: "how much of a training is kept for its gradient: store keeps all, recompute the least, a number says the bytes",
  flag: "--memory <how>",
});
