import { describe, expect, test } from "vitest";
import { parseXml } from "../../src/codecs/xml.ts";
import { ascii, expectOnlyFormatErrors, fileName } from "../formats/hostile.ts";

const parse = (text: string) => () => parseXml(text, fileName);
const mebi = 2 ** 20;

describe("XML of annotations", () => {
  test("is elements with their text; attributes, comments and declarations are passed over", () => {
    const text = `\ufeff<?xml version="1.0"?>\n<!-- a - b -> c --><a x="1 > 0" y='"'>t<b/>&lt;&amp;<c z="/">2</c ><!----></a>\n`;
    const { name, text: own, children } = parse(text)();
    expect([name, own, children.map((child) => [child.name, child.text])]).toEqual([
      "a",
      "t<&",
      [
        ["b", ""],
        ["c", "2"],
      ],
    ]);
  });

  // By the square of its length, each of these would take minutes.
  test.each([
    ["a name", "<annotation><", "a", "expected a tag with its end at character 12"],
    ["a closing name", "<annotation></", "a", "expected a tag with its end at character 12"],
    ["attributes", "<a", " b='c'", "expected each attribute once at character 0"],
    ["a tag of blanks", "<a", " ", "expected a tag with its end at character 0"],
    ["the name of an attribute", "<a ", "b", "expected a tag with its end at character 0"],
    ["the blanks after one", "<a b", " ", "expected a tag with its end at character 0"],
    ["a quote", '<a b="', ">", "expected a tag with its end at character 0"],
    ["a comment", "<a><!--", "x", "expected -- after what begins here at character 3"],
    ["a comment of hyphens", "<a><!--", "-", "expected --> after a comment at character 7"],
    ["a comment of comments", "<a><!-- ", "<!-- ", "expected --> after a comment at character 10"],
    ["a declaration", "<?xml", "?", "expected ?> after what begins here at character 0"],
    ["a CDATA section", "<a><![CDATA[", "]", "expected a tag or text at character 3"],
    ["a document type", "<!DOCTYPE a [", "<", "expected a tag or text at character 0"],
    ["an entity", "<a>&", "l", "expected one of XML's own entities at character 3"],
    ["entities", "<a>", "&lt", "expected one of XML's own entities at character 3"],
    ["text", "<a>", "t", "expected </a> at character 1048570, got the end of the file"],
    ["tags within tags", "<", "<a", "expected a tag or text at character 0"],
    ["levels", "", "<a>", "expected at most 16 levels at character 48"],
    ["brothers", "<a>", "<b/>", "expected </a> at character"],
    ["a name that is not closed", `<${"n".repeat(1000)}>`, " ", "expected </nnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…nnnnn"],
  ])(
    "%s without an end, a megabyte of it, is refused where it begins, after one look at each character",
    (_, start, more, expected) => {
      const text = start + more.repeat(Math.floor((mebi - 6 - start.length) / more.length));
      expect(parse(text)).toThrow(expected);
      expect(parse(text)).toThrow(/^[^\n]{1,300}$/);
    },
  );

  test("more than 2^20 characters are refused, and mutants give FormatErrors only", async () => {
    expect(parse(" ".repeat(mebi + 1))).toThrow("expected at most 1048576 characters at character 1048576");
    const good = ascii('<?xml?><!-- c --><a b="c"><d>1&amp;2</d><e/></a>');
    const read = (bytes: Uint8Array) => parseXml(Buffer.from(bytes).toString("latin1"), fileName);
    await expectOnlyFormatErrors("xml", [good], read, 3000);
  });
});
