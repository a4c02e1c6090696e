// Shows values out of files in error messages: short whatever the file holds, without walking into the value, and without
// invisible characters.

/** The longest name in a message. */
const longest = 200;
/**
 * Control and format characters (those that change the direction of text among them), line and paragraph separators,
 * private characters and halves of pairs: on a terminal they move the cursor, hide text or show it in another order.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Returns the text with every invisible character as its escape, as JSON writes it: "a\u202eb". */
export function visible(text: string): string {
  return text.replace(unseen, escaped);
}

/** Does what `visible` does, and leaves the ends of lines. */
export function visibleLines(text: string): string {
  return text.replace(unseen, (found) => (found === "\n" ? found : escaped(found)));
}

/** Writes JSON for a terminal: it means the same, and cannot control the terminal. */
export function visibleJson(value: unknown, indent?: number): string {
  // The only such character outside of strings is the newline.
  return visibleLines(JSON.stringify(value, null, indent));
}

/** Escapes each half of a character that has two. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i).toString(16));
  return units.map((unit) => `\\u${unit.padStart(4, "0")}`).join("");
}

/** Shows a name or path out of a file or folder: visible, and with its middle left out when it is long. */
export function shortName(name: string, most: number = longest): string {
  const half = Math.floor(most / 2);
  return visible(name.length > most ? `${name.slice(0, half)}…${name.slice(-half)}` : name);
}

/** Describes `value` in at most a few hundred characters. */
export function quote(value: unknown): string {
  if (typeof value === "string") {
    // JSON.stringify escapes some invisible characters; `visible` escapes the others.
    return visible(JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value));
  }
  if (Array.isArray(value)) {
    const first = value.slice(0, 8).map((item) => (typeof item === "object" ? "…" : quote(item)));
    return `[${first.join(", ")}${value.length > 8 ? ", …" : ""}]`;
  }
  return typeof value === "object" && value !== null ? "an object" : shortName(String(value), 60);
}
