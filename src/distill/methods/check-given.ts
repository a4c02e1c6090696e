// Checks what a method gives, for those that users write: before a run a plan calls the method, with this check around it.

import { callback, kind, listOf, number, text, whole } from "../../checks/checks.ts";
import { thing } from "../../checks/options.ts";
import type { Method } from "../method.ts";

const buffer = number("a buffer", Number.isInteger);
const tensors = listOf("a list of tensors", thing("a tensor", { name: text, value: buffer, floats: whole(1) }));
const checkRun = thing("a MethodRun", { learned: tensors, carried: tensors, start: callback, set: callback });

/** Returns the method with a check of what it gives. It throws TypeError or RangeError that names the call and the property. */
export function withChecks(method: Method): Method {
  const { name } = method;
  return {
    name,
    allocate(context) {
      const run = method.allocate(context);
      checkRun(`${name}.allocate()`, run);
      return run;
    },
    network(context, run) {
      const network = method.network(context, run);
      const count = run.learned.length;
      const gradients = kind(
        `${count} buffers, one for each learned tensor`,
        (value) => Array.isArray(value) && value.length === count && value.every(Number.isInteger),
      );
      const share = thing("a Share", { loss: buffer, gradients });
      thing("a NetworkRun", { share, record: callback })(`${name}.network()`, network);
      return network;
    },
  };
}
