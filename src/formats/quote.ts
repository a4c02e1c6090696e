// Values out of files, for error messages: short whatever the file holds, and without walking into it.

/** At most some hundred characters that tell what `value` is. */
export function quote(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value)) {
    const first = value.slice(0, 8).map((item) => (typeof item === "object" ? "…" : quote(item)));
    return `[${first.join(", ")}${value.length > 8 ? ", …" : ""}]`;
  }
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
