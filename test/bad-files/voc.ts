// Bad XML, as annotations of PASCAL VOC: documents that are not well formed, and annotations that make no sense.
import { loadVoc } from "../../src/data/layouts/voc.ts";
import { file, flatPng } from "../data/samples.ts";
import { ascii, concat, fileName } from "../formats/hostile.ts";
import { type BadFile, table } from "./bad-files.ts";

type Bad = BadFile<Uint8Array>;

const box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>4</xmax><ymax>3</ymax></bndbox>";
const object = `<object><name>cat</name>${box}</object>`;
const good = `<?xml version="1.0"?>\n<!-- made by hand -->\n<annotation verified='yes'><filename>a.jpg</filename>${object}</annotation>\n`;
const encode = (text: string) => new TextEncoder().encode(text);

const xml = (what: string, says: string, text: string): Bad => [what, says, encode(text)];
/** The good document with one part in the place of another. */
const change = (what: string, says: string, part: string, instead: string): Bad =>
  xml(what, says, good.replace(part, instead));
const limits = (side: string, value: string): Bad =>
  change(
    `${side} ${JSON.stringify(value.slice(0, 20))}`,
    "expected a pixel from 1 on at character",
    `<${side}>${side === "xmax" ? 4 : 1}</${side}>`,
    `<${side}>${value}</${side}>`,
  );
const end = "expected a tag with its end";
const ofXml = "expected characters of XML at character";
const entity = "expected one of XML's own entities";
const tag = "expected a tag or text at character";

const bad: readonly Bad[] = [
  xml("nothing", "expected a root element at character 0, got the end of the file", ""),
  xml("blanks", "expected a root element", " \n "),
  xml("a text", "expected the root element at character 0", "cat"),
  xml("a declaration alone", "expected a root element", '<?xml version="1.0"?>'),
  xml("JSON", "expected the root element", '{"annotation":1}'),
  ["a picture", "expected XML in UTF-8, got other bytes", flatPng(2, 2, [1, 2, 3])],
  ["a byte that is no UTF-8", "expected XML in UTF-8", concat(encode("<annotation>"), [0xff], encode("</annotation>"))],
  ["16-bit text", "expected XML in UTF-8", concat([0xff, 0xfe], ...Array.from(encode(good), (byte) => [byte, 0]))],
  xml("a megabyte and more", "expected at most 1048576 characters", `${good}${" ".repeat(2 ** 20)}`),
  change("text after the root", "expected the root element", "</annotation>\n", "</annotation>cat"),
  change("text before the root", "expected the root element", "<annotation", "cat<annotation"),
  change("two roots", "expected one root element", "</annotation>\n", `</annotation><annotation/>`),
  change("a root that is not closed", "expected </annotation> at character", "</annotation>", ""),
  change("an element that is not closed", "expected </name> at character", "</name>", ""),
  change("elements closed in the other order", "expected </name>", "cat</name>", "cat</object>"),
  change("an end without a start", "expected </annotation>", "</object>", "</object></object>"),
  change("an end in capitals", "expected </name>", "</name>", "</NAME>"),
  change("a second end of the root", "expected </>", "</annotation>\n", "</annotation></annotation>"),
  change("a tag that is cut", end, "</annotation>\n", "</annotation"),
  change("a tag in a tag", end, "<name>", "<name<"),
  change("an attribute without a value", end, "<object>", "<object a>"),
  change("an attribute without quotes", end, "<object>", "<object a=1>"),
  change("an attribute without its end", end, "<object>", '<object a="1>'),
  change("an attribute with a tag in it", end, "<object>", '<object a="<b>">'),
  change("an attribute twice", "expected each attribute once", "<object>", '<object a="1" a="2">'),
  change("two attributes without a space", end, "<object>", '<object a="1"b="2">'),
  change("an attribute in an end", end, "</object>", '</object a="1">'),
  change("a name with a sign", end, "<object>", "<ob$ject>"),
  change("a name that begins with a digit", tag, "<object>", "<1object>"),
  change("a blank before a name", tag, "<object>", "< object>"),
  change("a tag without a name", tag, "<object>", "<>"),
  change("a document type", tag, "<annotation", '<!DOCTYPE a [<!ENTITY x "y">]><annotation'),
  change("an external entity", tag, "<annotation", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation'),
  change(
    "a billion laughs",
    tag,
    "<annotation",
    `<!DOCTYPE a [${Array.from({ length: 9 }, (_, i) => `<!ENTITY a${i + 1} "${`&a${i};`.repeat(10)}">`).join("")}]><annotation`,
  ),
  change("CDATA", tag, "cat", "<![CDATA[cat]]>"),
  change("an unknown entity", entity, "cat", "&cat;"),
  change("an entity of objects", entity, "cat", "&toString;"),
  change("an entity without its end", entity, "cat", "&amp cat"),
  change("an ampersand alone", entity, "cat", "cat & dog"),
  change("a numbered entity", entity, "cat", "&#x1b;"),
  change("a comment without its end", "expected -- after what begins here", "made by hand -->", ""),
  change("a comment with two hyphens", "expected --> after a comment", "made by hand", "made -- by hand"),
  change("a comment with three hyphens at its end", "expected --> after a comment", "hand -->", "hand --->"),
  change("an instruction without its end", "expected ?> after what begins here", '<?xml version="1.0"?>', "<?xml "),
  change(
    "a declaration after the start",
    "expected the declaration first",
    "<annotation",
    '<?xml version="1.0"?><annotation',
  ),
  change("]]> in text", "expected text without ]]>", "cat", "cat]]>"),
  change("NUL", ofXml, "cat", "c\0at"),
  change("an escape", ofXml, "cat", "\u001b[2Jcat"),
  change("U+FFFF", ofXml, "cat", "cat\uffff"),
  change("17 levels", "expected at most 16 levels", object, `${"<a>".repeat(17)}${"</a>".repeat(17)}`),
  change("100,000 levels", "expected at most 16 levels", object, "<a>".repeat(100_000)),
  change("no object", "expected images with objects, got none", object, ""),
  change("no class", "expected one <name> in <object>", "<name>cat</name>", ""),
  change("two classes", "expected one <name> in <object>", "<name>cat</name>", "<name>cat</name><name>dog</name>"),
  change("an unknown class", "expected one of VOC's classes at character", "cat", "unicorn"),
  change("a class in capitals", "expected one of VOC's classes", "cat", "CAT"),
  change("a class of objects", "expected one of VOC's classes", "cat", "__proto__"),
  change("a class that turns text round", 'got "\\u202ecat\\u200b"', "cat", "\u202ecat\u200b"),
  change("a class of 100,000 letters", "expected one of VOC's classes", "cat", "c".repeat(100_000)),
  change("no box", "expected one <bndbox> in <object>", box, ""),
  change("two boxes", "expected one <bndbox> in <object>", box, box + box),
  change("no side", "expected one <xmin> in <bndbox>", "<xmin>1</xmin>", ""),
  change("a side twice", "expected one <xmin> in <bndbox>", "<xmin>1</xmin>", "<xmin>1</xmin><xmin>1</xmin>"),
  ...[
    "0",
    "-1",
    "+1",
    "",
    " ",
    "a",
    "NaN",
    "Infinity",
    "1e1",
    "0x1",
    "0.4",
    "1,5",
    "1.",
    ".5",
    "123456",
    "1.0000001",
    "1 2",
    "９",
  ].map((value) => limits("xmin", value)),
  change("a box from right to left", "expected a box with a width and height", "<xmin>1</xmin>", "<xmin>5</xmin>"),
  change("a box from bottom to top", "expected a box with a width and height", "<ymin>1</ymin>", "<ymin>4</ymin>"),
  change(
    "a box beyond the picture",
    "expected an image that holds the box to 99999, 3",
    "<xmax>4</xmax>",
    "<xmax>99999</xmax>",
  ),
];

const picture = flatPng(4, 3, [1, 2, 3]);

export const voc = table<Uint8Array>({
  format: "XML (VOC)",
  read: (bytes) =>
    loadVoc(
      [
        { path: "Annotations/a.xml", name: fileName, bytes },
        file("Annotations/b.xml", encode(good)),
        { path: "ImageSets/Main/trainval.txt", name: fileName, bytes: ascii("a\n") },
        file("ImageSets/Main/test.txt", ascii("b\n")),
        ...["a", "b"].map((id) => ({ path: `JPEGImages/${id}.jpg`, name: fileName, bytes: picture })),
      ],
      { size: 2, source: fileName },
    ),
  good: [
    encode(good),
    encode(`\ufeff${good}`),
    encode(good.replace("cat", " cat\n")),
    encode(good.replace("<object>", "<object a='>' b = \"1\" ><x/><y z='1' />")),
  ],
  bad,
});
