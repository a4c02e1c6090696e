// As much XML as annotations of images need: elements and their text. Attributes, comments and the declaration are skipped;
// document types, CDATA and entities beyond the five of XML are refused, and nothing is ever fetched or expanded.
import { FormatError } from "../errors.ts";
import { quote, shortName } from "../quote.ts";

/** An element: its children, and its text if it has any. */
export interface XmlElement {
  readonly name: string;
  /** The offset of its tag, in characters. */
  readonly at: number;
  readonly children: XmlElement[];
  text: string;
}

const maximumCharacters = 2 ** 20;
const maximumDepth = 16;
const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const nameOfTag = /[A-Za-z_][\w.-]*/y;

/**
 * Parses a document and returns its root element.
 *
 * @throws FormatError with file name and offset in characters.
 */
export function parseXml(document: string, name: string): XmlElement {
  const bad = (at: number, expected: string, got: unknown): FormatError =>
    new FormatError(`${name}: expected ${expected} at character ${at}, got ${got}`);
  if (document.length > maximumCharacters) {
    throw bad(maximumCharacters, `at most ${maximumCharacters} characters`, document.length);
  }
  const top: XmlElement = { name: "", at: 0, children: [], text: "" };
  const open = [top];
  let at = document.startsWith("\ufeff") ? 1 : 0;
  // Every character is looked at once: a tag or comment without an end is refused where it begins.
  while (at < document.length) {
    const current = open.at(-1)!;
    const start = at;
    if (document[at] !== "<") {
      at = endOf("<");
      const text = document.slice(start, at);
      if (current === top && text.trim() !== "") throw bad(start, "the root element", quote(text.trim()));
      current.text += unescaped(text, start);
    } else if (document.startsWith("<?", at)) at = after("?>", start);
    else if (document.startsWith("<!--", at)) at = after("-->", start + 2);
    else {
      const closing = document[at + 1] === "/";
      nameOfTag.lastIndex = at + (closing ? 2 : 1);
      const tag = nameOfTag.exec(document)?.[0];
      if (tag === undefined) throw bad(at, "a tag or text", quote(document.slice(at, at + 16)));
      at = endOfTag(nameOfTag.lastIndex, start);
      if (closing) {
        if (current === top || current.name !== tag) throw bad(start, `</${shortName(current.name, 60)}>`, quote(tag));
        open.pop();
        continue;
      }
      if (open.length > maximumDepth) throw bad(start, `at most ${maximumDepth} levels`, "more");
      if (current === top && top.children.length > 0) throw bad(start, "one root element", quote(tag));
      const element = { name: tag, at: start, children: [], text: "" };
      current.children.push(element);
      if (document[at - 2] !== "/") open.push(element);
    }
  }
  if (open.length > 1) throw bad(at, `</${shortName(open.at(-1)!.name, 60)}>`, "the end of the file");
  const [root] = top.children;
  if (!root) throw bad(at, "a root element", "the end of the file");
  return root;

  /** Returns where `mark` comes next, or the end. */
  function endOf(mark: string): number {
    const found = document.indexOf(mark, at);
    return found < 0 ? document.length : found;
  }

  /** Returns the place after the next `mark` from `from` on; throws if what begins at `at` has no such end. */
  function after(mark: string, from: number): number {
    const found = document.indexOf(mark, from + 2);
    if (found < 0) throw bad(at, `${mark} after what begins here`, "the end of the file");
    return found + mark.length;
  }

  /** Returns the place after the > that ends the tag at `start`; a > in quotes does not end it. */
  function endOfTag(from: number, start: number): number {
    let mark = "";
    for (let k = from; k < document.length; k++) {
      const char = document[k]!;
      if (mark !== "") {
        if (char === mark) mark = "";
      } else if (char === '"' || char === "'") mark = char;
      else if (char === ">") return k + 1;
      if (char === "<") throw bad(k, "> before the next tag", quote(document.slice(start, start + 16)));
    }
    throw bad(start, "a tag with its end", quote(document.slice(start, start + 16)));
  }

  function unescaped(text: string, start: number): string {
    return text.replace(/&([^;&]{0,8});?/g, (found: string, entity: string, offset: number) => {
      const value = found.endsWith(";") && Object.hasOwn(entities, entity) ? entities[entity] : undefined;
      if (value === undefined) throw bad(start + offset, "one of XML's own entities", quote(found));
      return value;
    });
  }
}
