// Methods that users write: objects with the public interface `Method`, their options and the module from which workers import
// them.

import { type Check, text } from "../../checks/checks.ts";
import { wrongKind } from "../../checks/refusal.ts";
import { UnsupportedError } from "../../errors.ts";
import type { URL } from "../../host-types.ts";
import { isObject, thrown } from "../../kinds.ts";
import type { Model } from "../../nn/model.ts";
import { quote } from "../../quote.ts";
import type { MethodChoice } from "../config.ts";
import type { Method, MethodRun } from "../method.ts";
import type { GivenOuterOptions } from "../outer-options.ts";

/**
 * A method of a user's own (docs/own-method.md). Its file should export it, import nothing by a bare name, and call
 * nothing when it is imported, because workers import it too: what a method needs is in the `tools` of its context.
 */
export interface OwnMethod<Options = object, Run extends MethodRun = MethodRun> extends Method<Options, Run> {
  /** The outer settings that a run has unless it says otherwise. */
  readonly outer?: GivenOuterOptions | undefined;
  /** Throws RangeError if the options do not fit the model. */
  check?: ((options: Options, model: Model) => void) | undefined;
  /** The classes that the real images must include. Absent: all. */
  classes?: ((options: Options, model: Model) => ReadonlySet<number>) | undefined;
  /** Plain data that becomes `MethodContext.options`, together with the name, and stands in the recipe of a set. */
  readonly options?: ([Options] extends [never] ? object : Options) | undefined;
  /**
   * The URL of the module that exports this object, `import.meta.url` there. Workers, and the orchestrator of a page, import
   * the method from it; a run in place does not need it. A bundler moves the code to another file, so a bundled page says
   * where it uses the method: `{ ...mine, module: new URL("./mine.js", import.meta.url) }` (docs/own-method.md).
   */
  readonly module?: string | URL | undefined;
}

/** Returns whether this is a method and not the name and options of one that the library knows. */
export function isOwnMethod(value: unknown): value is OwnMethod<never> {
  return isObject(value) && typeof value.allocate === "function";
}

/** Checks a method of a user's own. */
export const checkOwnMethod: Check = (name, value) => {
  if (!isOwnMethod(value)) throw wrongKind(name, "a method of your own, with allocate and network", value);
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

/** Returns a method as plain data: its name and its options. */
export function choiceOf(given: MethodChoice | OwnMethod<never>): MethodChoice {
  return isOwnMethod(given) ? { ...(given.options as object | undefined), name: given.name } : given;
}

/** Returns the module from which another thread imports the method. Throws UnsupportedError if the method names none. */
export function moduleOf({ name, module }: OwnMethod<never>): string {
  if (module !== undefined) return String(module);
  throw new UnsupportedError(
    `workers cannot run the method ${quote(name)}, because it names no module: say module: import.meta.url in the file that ` +
      "exports it, or run it in place, with workers: 0 and, in a page, worker: false",
  );
}

/** Imports the method of this name. Throws TypeError if the module cannot be imported or does not export the method. */
export async function importMethod({ name }: MethodChoice, module: string): Promise<Method> {
  let found: string;
  try {
    const exported: object = await import(/* webpackIgnore: true */ /* @vite-ignore */ module);
    const method = Object.values(exported).find((value) => isOwnMethod(value) && value.name === name);
    if (method !== undefined) return method as Method;
    found = `it exports ${Object.keys(exported).join(", ") || "nothing"}`;
  } catch (error) {
    found = thrown(error).message;
  }
  throw new TypeError(
    `workers cannot import the method ${quote(name)} from ${quote(module)} (${found}): export it from a file that calls ` +
      "nothing and, in pages, imports nothing by a bare name; in a bundled page name it: " +
      'module: new URL("./FILE.js", import.meta.url)',
  );
}
