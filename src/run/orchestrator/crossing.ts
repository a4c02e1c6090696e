// Sends values between threads: typed arrays are moved if nobody needs them any more, and never bring along the rest of a
// buffer that they are a view of.
import { transfer } from "comlink";
import { wrongKind } from "../../checks/refusal.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { MethodChoice } from "../../distill/config.ts";
import type { GivenMethod, KnownMethod } from "../../distill/methods/known.ts";
import { choiceOf, importMethod, isOwnMethod, moduleOf } from "../../distill/methods/own.ts";
import { isArrayBuffer, isBytes, isFloats, isPlainObject } from "../../kinds.ts";
import { describeModel } from "../../nn/describe.ts";
import type { Model } from "../../nn/model.ts";
import { shareable } from "../../workers/shared-memory.ts";
import type { Crossing } from "./api.ts";

/** Prepares a result to be sent: its arrays are moved, not copied, and so are gone here. */
export function moved<T>(result: T): T {
  const buffers = new Set<ArrayBuffer>();
  const collect = (value: unknown): void => {
    if (ArrayBuffer.isView(value)) {
      if (isArrayBuffer(value.buffer)) buffers.add(value.buffer);
    } else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  collect(result);
  return transfer(result, [...buffers]);
}

/**
 * Prepares arguments to be sent. They are copied, because the caller keeps them; of a view only its own part is copied.
 *
 * @param name The value's name in errors. Throws TypeError for what cannot be sent.
 */
export function copied<T>(value: T, name: string = ""): T {
  if (typeof value === "function" || typeof value === "symbol") throw wrongKind(name, "plain data", value);
  if (isFloats(value)) {
    return (value.byteLength < value.buffer.byteLength ? value.slice() : value) as T;
  }
  if (Array.isArray(value)) return value.map((part, i) => copied(part, `${name}[${i}]`)) as T;
  if (isPlainObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [key, copied(part, name === "" ? key : `${name}.${key}`)]),
    ) as T;
  }
  return value;
}

/** The options that are not sent. */
const local = new Set(["engine", "backend", "worker", "signal", "onProgress", "onNetwork", "onNotice"]);

/** Prepares the options of a call to be sent. */
export function crossing(all: object): Crossing {
  const { model, architectures, ...options } = all as {
    readonly model?: Model;
    readonly architectures?: Readonly<Record<string, Model>>;
  };
  const others = Object.entries(architectures ?? {}).map(([name, other]) => [name, describeModel(other)]);
  const entries = Object.entries(options)
    .filter(([key]) => !local.has(key))
    .map(([key, value]) => [key, crossed(key, value)]);
  return {
    ...Object.fromEntries(entries),
    ...(model && { model: describeModel(model) }),
    ...(architectures && { architectures: Object.fromEntries(others) }),
  };
}

function crossed(key: string, value: unknown): unknown {
  if (isDataset(value)) return shareable(value);
  if (isOwnMethod(value))
    return { method: copied(choiceOf(value), key), module: moduleOf(value) } satisfies CrossedMethod;
  return copied(value, key);
}

/** A method as it crosses: what names it, or for one of the user's own the module that exports it as well. */
export type CrossedMethod = KnownMethod | { readonly method: MethodChoice; readonly module: string };

/** A method that has crossed. */
export async function arrivedMethod(crossed: CrossedMethod): Promise<GivenMethod> {
  if (!("module" in crossed)) return crossed;
  const { method, module } = crossed;
  const { name: _, ...options } = method;
  return { ...(await importMethod(method, module)), options: options as never, module };
}

function isDataset(value: unknown): value is Dataset {
  const { pixels, labels } = (value ?? {}) as Partial<Dataset>;
  return isBytes(pixels) && isBytes(labels);
}
