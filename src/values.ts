// What the values of arguments are, for checks at the edge and what they say.

/** Whether `value` is a typed array of this kind, whichever realm (window, worker, vm context) made it. */
export function isTypedArray(value: unknown, kind: "Uint8Array"): value is Uint8Array;
export function isTypedArray(value: unknown, kind: "Uint8ClampedArray"): value is Uint8ClampedArray;
export function isTypedArray(value: unknown, kind: "Float32Array"): value is Float32Array;
export function isTypedArray(value: unknown, kind: "Float64Array"): value is Float64Array;
export function isTypedArray(value: unknown, kind: string): boolean {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === `[object ${kind}]`;
}

/** Whether `value` has properties to look at, and is no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** What came instead of an array or object: "null", "Array of length 3", "string". */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `Array of length ${value.length}`;
  if (typeof value === "object") {
    const { length } = value as { length?: unknown };
    const name = (value as object).constructor?.name ?? "object";
    return typeof length === "number" ? `${name} of length ${length}` : name;
  }
  return typeof value;
}
