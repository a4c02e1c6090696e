// Tells the kinds of values apart. `instanceof` knows the classes of one realm only, and a value may come from another: a
// frame of a page, or a context of node:vm, in which test environments such as jsdom run. These functions ask the value
// itself.

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const readKind = Object.getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)!.get!;

/** Returns the class of a typed array, such as "Float32Array" ("Uint8Array" for a Buffer too); undefined for other values. */
export function arrayKind(value: unknown): string | undefined {
  return readKind.call(value) as string | undefined;
}

/** Returns whether `value` is a Uint8Array. */
export function isBytes(value: unknown): value is Uint8Array {
  return arrayKind(value) === "Uint8Array";
}

/** Returns whether `value` is an Int32Array. */
export function isInt32(value: unknown): value is Int32Array {
  return arrayKind(value) === "Int32Array";
}

/** Returns whether `value` is a Float32Array or a Float64Array. */
export function isFloats(value: unknown): value is Float32Array | Float64Array {
  const kind = arrayKind(value);
  return kind === "Float32Array" || kind === "Float64Array";
}

/** Returns whether `value` is an ArrayBuffer, and not a shared one. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return Object.prototype.toString.call(value) === "[object ArrayBuffer]";
}

/** Returns whether `value` is a SharedArrayBuffer. */
export function isSharedBuffer(value: unknown): value is SharedArrayBuffer {
  return Object.prototype.toString.call(value) === "[object SharedArrayBuffer]";
}

/** Returns whether `value` has named parts: it is neither a list nor an array of numbers. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** Returns whether `value` is a plain object as `{}` makes one, without a class of its own. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Returns name, message and stack of an error; for any other thrown value the message is its text. */
export function thrown(error: unknown): { readonly name: string; readonly message: string; readonly stack?: string } {
  const { name, message, stack } = (error ?? {}) as Partial<Error>;
  if (typeof message !== "string") return { name: "", message: String(error) };
  return { name: typeof name === "string" ? name : "Error", message, ...(typeof stack === "string" && { stack }) };
}
