// Values out of files, for error messages: short whatever the file holds, without walking into it, and without characters
// that nobody sees.

/** Longest name in a message. */
const longest = 200;
/**
 * Control and format characters, among them those that turn the direction of text, line and paragraph separators, private
 * ones and halves of pairs: on a terminal they move the cursor, hide text or show it in another order.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The text with every character that is not seen as its escape, as JSON writes it: "a\u202eb". */
export function visible(text: string): string {
  return text.replace(unseen, escaped);
}

/** JSON for a terminal: it says the same, and steers nothing. */
export function visibleJson(value: unknown, indent?: number): string {
  // The only such character outside of strings ends a line.
  return JSON.stringify(value, null, indent).replace(unseen, (found) => (found === "\n" ? found : escaped(found)));
}

/** Of each half, where a character has two. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i).toString(16));
  return units.map((unit) => `\\u${unit.padStart(4, "0")}`).join("");
}

/** A name or path out of a file or folder as messages say it: visible, and with its middle left out where it is long. */
export function shortName(name: string, most: number = longest): string {
  const half = Math.floor(most / 2);
  return visible(name.length > most ? `${name.slice(0, half)}…${name.slice(-half)}` : name);
}

/** At most some hundred characters that tell what `value` is. */
export function quote(value: unknown): string {
  if (typeof value === "string") {
    // What JSON escapes is visible then; what it leaves is made so.
    return visible(JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value));
  }
  if (Array.isArray(value)) {
    const first = value.slice(0, 8).map((item) => (typeof item === "object" ? "…" : quote(item)));
    return `[${first.join(", ")}${value.length > 8 ? ", …" : ""}]`;
  }
  return typeof value === "object" && value !== null ? "an object" : shortName(String(value), 60);
}
