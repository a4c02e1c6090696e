// JSON out of files. JSON.parse alone accepts nesting that overflows the stack of code that walks the value, turns 1e999
// into Infinity, and makes an object for each comma; so the text is scanned once before it is parsed.
import { FormatError } from "../errors.ts";
import { shortName } from "../quote.ts";

/** Limits on a file's content. */
export interface JsonLimits {
  /** How deep lists and objects may nest. Default 32, which is safe to walk and to print with indents. */
  readonly maximumDepth?: number;
  /** How many values there may be, including those in lists and objects. Default 2²⁰. */
  readonly maximumValues?: number;
}

const defaultDepth = 32;
const defaultValues = 2 ** 20;

/**
 * Parses a JSON text in which all numbers are finite, and no object has a name twice.
 *
 * @param what The text's name in errors.
 * @throws FormatError that says where in the text the fault is, when it is not JSON, exceeds the limits, has a number beyond
 * the range of float64, or a name twice.
 */
export function parseJson(text: string, what: string, limits: JsonLimits = {}): unknown {
  const names = checkJson(text, what, limits);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const written = /(?:^|[\s:,[])(-?(?:NaN|Infinity))/.exec(text.slice(0, 2 ** 20))?.[1];
    const because = written === undefined ? "" : `, which has no ${written}; write null for a missing number`;
    throw new FormatError(`${what}: expected JSON${because}`, { cause });
  }
  // Of two equal names JSON.parse silently keeps the last one, where other readers keep the first.
  if (namesIn(value) < names) throw new FormatError(`${what}: expected each name once in an object, got one twice`);
  return value;
}

/** Counts the names in all objects of a value. */
function namesIn(value: unknown): number {
  let names = 0;
  for (const inner of typeof value === "object" ? Object.values(value ?? {}) : []) {
    names += (Array.isArray(value) ? 0 : 1) + namesIn(inner);
  }
  return names;
}

/** Does what `parseJson` does for the bytes of a file in UTF-8. */
export function jsonFromBytes(bytes: Uint8Array, what: string, limits: JsonLimits = {}): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(`${what}: expected JSON in UTF-8, got other bytes`, { cause });
  }
  return parseJson(text, what, limits);
}

/** Scans what is outside of strings, and counts the colons. Text that is not JSON passes, for JSON.parse to refuse. */
function checkJson(
  text: string,
  what: string,
  { maximumDepth = defaultDepth, maximumValues = defaultValues }: JsonLimits,
): number {
  const bad = (at: number, expected: string, got: string): FormatError =>
    new FormatError(`${what}: expected ${expected} at character ${at}, got ${got}`);
  let depth = 0;
  let values = 1;
  let colons = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') {
      while (++at < text.length && text[at] !== '"') if (text[at] === "\\") at++;
    } else if (char === "[" || char === "{") {
      values++;
      if (++depth > maximumDepth) throw bad(at, `JSON of at most ${maximumDepth} levels`, "more");
    } else if (char === "]" || char === "}") depth--;
    else if (char === ":") colons++;
    else if (char === ",") {
      if (++values > maximumValues) throw bad(at, `JSON of at most ${maximumValues} values`, "more");
    } else if (char >= "0" && char <= "9") {
      const from = at;
      while (/[0-9.eE+-]/.test(text[at + 1] ?? "")) at++;
      const number = text.slice(from, at + 1);
      if (Number(number) === Number.POSITIVE_INFINITY) {
        throw bad(from, "a number that float64 can hold", shortName(number, 40));
      }
    }
  }
  return colons;
}
