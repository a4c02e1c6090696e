// Methods that users write: objects of the public kind `Method`, with their options and the file that workers import them
// from.

import { type Check, text } from "../../checks/checks.ts";
import { wrongKind } from "../../checks/refusal.ts";
import { UnsupportedError } from "../../errors.ts";
import type { URL } from "../../host-types.ts";
import { isObject } from "../../kinds.ts";
import { quote } from "../../quote.ts";
import type { MethodChoice } from "../config.ts";
import type { Method } from "../method.ts";

/** A method of one's own. */
export interface OwnMethod<Options = object> extends Method<Options> {
  /** Plain data: what `MethodContext.options` holds beside the name, and what a set's recipe says of the method. */
  readonly options?: Options | undefined;
  /**
   * The URL of the module that exports this object, as `import.meta.url`. Workers, and the orchestrator of a page, import it
   * there: they need it, a run in place does not. The module may import nothing by a bare name in a page.
   */
  readonly module?: string | URL | undefined;
}

/** Whether this is a method and not the name and options of one that the library knows. */
export function isOwnMethod(value: unknown): value is OwnMethod<never> {
  return isObject(value) && typeof value.allocate === "function";
}

/** The check of a method of one's own. */
export const checkOwnMethod: Check = (name, value) => {
  const { name: called, network, options = {}, module } = value as Partial<OwnMethod<never>>;
  text(`${name}.name`, called);
  if (typeof network !== "function") throw wrongKind(`${name}.network`, "a function", network);
  if (!isObject(options)) throw wrongKind(`${name}.options`, "an object", options);
  if (module === undefined || typeof module === "string" || isUrl(module)) return;
  throw wrongKind(`${name}.module`, "the URL of a module", module);
};

function isUrl(value: unknown): value is URL {
  return Object.prototype.toString.call(value) === "[object URL]";
}

/** A method as plain data: its name and its options. */
export function choiceOf(given: MethodChoice | OwnMethod<never>): MethodChoice {
  return isOwnMethod(given) ? { ...(given.options as object | undefined), name: given.name } : given;
}

/** The module to import a method from where another thread is to run it. Throws UnsupportedError where none is named. */
export function moduleOf({ name, module }: OwnMethod<never>): string {
  if (module !== undefined) return String(module);
  throw new UnsupportedError(
    `workers cannot run the method ${quote(name)}, because it names no module: say module: import.meta.url in the file that ` +
      "exports it, or run it in place, with workers: 0 and, in a page, worker: false",
  );
}

/** Imports the method of this name. Throws TypeError where the module exports none. */
export async function importMethod({ name }: MethodChoice, module: string): Promise<Method> {
  const exported: object = await import(/* webpackIgnore: true */ /* @vite-ignore */ module);
  const method = Object.values(exported).find((value) => isOwnMethod(value) && value.name === name);
  if (method !== undefined) return method as Method;
  throw new TypeError(
    `${quote(module)} expected to export the method ${quote(name)}, exports ${Object.keys(exported)}`,
  );
}
