// Whether an operand is a whole place in a backend's memory, as long as the op's contract says.
import type { Backend } from "./backend.ts";
import { none, type OptionalBuffer } from "./buffer.ts";

/** What operands must fit into. */
export type Room = Pick<Backend, "base" | "capacity" | "plan">;

/** Throws RangeError unless each of `buffers` holds `floats` floats of the memory. `names`: "out, x of copy". */
export type Need = (floats: number, names: string, ...buffers: readonly OptionalBuffer[]) => void;

/** The checks of required operands, and of those that may be left out. */
export interface Checks {
  readonly need: Need;
  readonly may: Need;
}

export function checksOf(room: Room): Checks {
  const check = (optional: boolean, floats: number, names: string, buffers: readonly OptionalBuffer[]): void => {
    const { base, capacity } = room;
    for (let i = 0; i < buffers.length; i++) {
      const at = buffers[i];
      if (optional && at === none) continue;
      if (Number.isInteger(at) && at! >= base && floats >= 0 && Number.isInteger(floats) && at! + floats <= capacity) {
        continue;
      }
      const [list, op] = names.split(" of ") as [string, string];
      throw new RangeError(
        `"${list.split(", ")[i]}" of ${op} expected ${floats} floats of the memory, got a buffer at ${at}; the first one is ` +
          `at ${base}, and the memory ends at ${capacity}`,
      );
    }
  };
  return {
    need: (floats, names, ...buffers) => check(false, floats, names, buffers),
    may: (floats, names, ...buffers) => check(true, floats, names, buffers),
  };
}
