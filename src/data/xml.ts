// As much XML as annotations of images need: elements and their text. Attributes, comments and the declaration are passed
// over; document types, CDATA and entities beyond the five of XML are refused, and nothing is ever fetched or expanded.

import { FormatError } from "../errors.ts";
import { quote } from "../formats/quote.ts";

/** An element: its children, and its text where it has any. */
export interface XmlElement {
  readonly name: string;
  /** Where its tag begins. */
  readonly at: number;
  readonly children: XmlElement[];
  text: string;
}

const maximumCharacters = 2 ** 20;
const maximumDepth = 16;
const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
/** Each part is bounded by a character it cannot hold, so matching takes linear time. */
const token = /<\?[^?]*\?>|<!--(?:[^-]|-[^-])*-->|<(\/?)([A-Za-z_][\w.-]*)([^<>]*)>|[^<]+/y;

/**
 * The root element of a document.
 *
 * @throws FormatError with file name and offset, in characters.
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
  while (at < document.length) {
    token.lastIndex = at;
    const match = token.exec(document);
    if (!match) throw bad(at, "a tag or text", quote(document.slice(at, at + 16)));
    const [all, closing, tag, rest] = match;
    const current = open.at(-1)!;
    if (tag === undefined) {
      if (!all.startsWith("<")) {
        if (current === top && all.trim() !== "") throw bad(at, "the root element", quote(all.trim()));
        current.text += unescaped(all, at);
      }
    } else if (closing) {
      if (current === top || current.name !== tag) throw bad(at, `</${current.name}>`, quote(all));
      open.pop();
    } else {
      if (open.length > maximumDepth) throw bad(at, `at most ${maximumDepth} levels`, "more");
      if (current === top && top.children.length > 0) throw bad(at, "one root element", quote(all));
      const element = { name: tag, at, children: [], text: "" };
      current.children.push(element);
      if (!rest!.endsWith("/")) open.push(element);
    }
    at += all.length;
  }
  if (open.length > 1) throw bad(at, `</${open.at(-1)!.name}>`, "the end of the file");
  const [root] = top.children;
  if (!root) throw bad(at, "a root element", "the end of the file");
  return root;

  function unescaped(text: string, start: number): string {
    return text.replace(/&([^;&]{0,8});?/g, (found: string, entity: string, offset: number) => {
      const value = found.endsWith(";") && Object.hasOwn(entities, entity) ? entities[entity] : undefined;
      if (value === undefined) throw bad(start + offset, "one of XML's own entities", quote(found));
      return value;
    });
  }
}
