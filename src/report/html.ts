// Escapes text for HTML. Everything that comes from a file goes through here.
import { visibleLines } from "../quote.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Makes text safe as content and in a quoted attribute, and shows characters that could change the order of others. */
function escaped(text: string): string {
  return visibleLines(text).replace(/[&<>"']/g, (character) => entities[character]!);
}

/** Markup that is already safe. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Markup | readonly Part[];

/** Fills a template; its values are escaped, unless they are markup, or lists of either. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Markup {
  return new Markup(strings.reduce((text, string, i) => text + safe(values[i - 1]!) + string));
}

function safe(part: Part): string {
  if (part instanceof Markup) return part.text;
  return Array.isArray(part) ? part.map(safe).join("") : escaped(String(part));
}
