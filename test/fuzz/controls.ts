// Readers with the faults that are looked for: with them the tests show that faults are found.
import type { Reader } from "./readers/reader.ts";

const controlSeeds = [{ bytes: Uint8Array.of(1, 2, 3) }];

/** Makes a reader that has the fault for every file but its good one. */
function control(fault: string, act: () => unknown): Reader {
  return {
    name: `control: ${fault}`,
    covers: [],
    seeds: () => controlSeeds,
    read: (bytes) => (`${bytes}` === "1,2,3" ? undefined : act()),
    cases: 10,
  };
}

export const controls: readonly Reader[] = [
  control("error", () => {
    throw new TypeError("oops");
  }),
  control("memory", () => new Uint8Array(2 ** 27).fill(1).length),
  control("death", () => process.abort()),
  control("hang", () => {
    for (;;);
  }),
  control("time", () => {
    const { user, system } = process.cpuUsage();
    for (const end = user + system + 1.3e6; process.cpuUsage().user + process.cpuUsage().system < end; );
  }),
];
