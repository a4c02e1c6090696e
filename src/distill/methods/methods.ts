// The methods of distillation, by their names.
import type { MethodChoice } from "../config.ts";
import type { Method } from "../method-run.ts";
import { backGradientMethod } from "./back-gradient/method.ts";

const methods: readonly Method[] = [backGradientMethod];

/** The method that a run names. Throws RangeError for an unknown one. */
export function methodOf({ name }: MethodChoice): Method {
  const method = methods.find((known) => known.name === name);
  if (method) return method;
  const names = methods.map((known) => `"${known.name}"`).join(", ");
  throw new RangeError(`"method.name" expected one of ${names}, got "${name}"`);
}
