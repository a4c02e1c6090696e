// What the values of arguments are, for checks at the edge and what they say.

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
