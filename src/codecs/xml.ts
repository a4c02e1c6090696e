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
const attribute = /\s+[A-Za-z_:][\w:.-]*\s*=\s*("[^"<]*"|'[^'<]*')/y;
/** Characters that no XML document may have. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const forbidden = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Cs}/u;

/**
 * Parses a document and returns its root element.
 *
 * @throws FormatError with file name and offset in characters.
 */
export function parseXml(document: string, name: string): XmlElement {
  const bad: Bad = (at, expected, got) =>
    new FormatError(`${name}: expected ${expected} at character ${at}, got ${got}`);
  if (document.length > maximumCharacters) {
    throw bad(maximumCharacters, `at most ${maximumCharacters} characters`, document.length);
  }
  const control = document.search(forbidden);
  if (control >= 0) throw bad(control, "characters of XML", quote(document[control]));
  const top: XmlElement = { name: "", at: 0, children: [], text: "" };
  const open = [top];
  const first = document.startsWith("\ufeff") ? 1 : 0;
  let at = first;
  // Every character is looked at once: a tag or comment without an end is refused where it begins.
  while (at < document.length) {
    const current = open.at(-1)!;
    const start = at;
    if (document[at] !== "<") {
      at = endOf("<");
      const text = document.slice(start, at);
      if (current === top && text.trim() !== "") throw bad(start, "the root element", quote(text.trim()));
      if (text.includes("]]>")) throw bad(start, "text without ]]>", quote(text));
      current.text += unescaped(text, start, bad);
    } else if (document.startsWith("<?", at)) {
      if (at > first && /^<\?xml\s/i.test(document.slice(at, at + 6)))
        throw bad(at, "the declaration first", "it here");
      at = after("?>", start);
    } else if (document.startsWith("<!--", at)) {
      at = after("--", start + 2) + 1;
      if (document[at - 1] !== ">") throw bad(at - 3, "--> after a comment", quote(document.slice(at - 3, at)));
    } else {
      const closing = document[at + 1] === "/";
      nameOfTag.lastIndex = at + (closing ? 2 : 1);
      const tag = nameOfTag.exec(document)?.[0];
      if (tag === undefined) throw bad(at, "a tag or text", quote(document.slice(at, at + 16)));
      at = endOfTag(document, nameOfTag.lastIndex, start, closing, bad);
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
}

type Bad = (at: number, expected: string, got: unknown) => FormatError;

/** Returns the place after the > that ends the tag at `start`, whose name ends at `from`: after its attributes. */
function endOfTag(document: string, from: number, start: number, closing: boolean, bad: Bad): number {
  let end = from;
  const names = new Set<string>();
  for (attribute.lastIndex = end; !closing; end = attribute.lastIndex) {
    const found = attribute.exec(document)?.[0];
    if (found === undefined) break;
    const name = found.split("=", 1)[0]!.trim();
    if (names.has(name)) throw bad(start, "each attribute once", `${quote(name)} again`);
    names.add(name);
  }
  while (/\s/.test(document[end] ?? "")) end++;
  if (!closing && document[end] === "/") end++;
  if (document[end] !== ">") throw bad(start, "a tag with its end", quote(document.slice(start, start + 16)));
  return end + 1;
}

/** Puts characters in the place of entities, in the text at `start`. */
function unescaped(text: string, start: number, bad: Bad): string {
  return text.replace(/&([^;&]{0,8});?/g, (found: string, entity: string, offset: number) => {
    const value = found.endsWith(";") && Object.hasOwn(entities, entity) ? entities[entity] : undefined;
    if (value === undefined) throw bad(start + offset, "one of XML's own entities", quote(found));
    return value;
  });
}
