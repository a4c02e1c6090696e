// Bad tables of pixels, read as .csv.
import { gzipSync } from "node:zlib";
import { loadCsv } from "../../src/data/layouts/csv.ts";
import { ascii, concat, fileName } from "../formats/hostile.ts";
import { type BadFile, table } from "./bad-files.ts";

type Bad = BadFile<Uint8Array>;

const names = Array.from({ length: 9 }, (_, i) => `p${i}`);
const row = (label: number | string, value: number | string = 200) => [
  label,
  value,
  ...names.slice(1).map((_, i) => 9 * i),
];
const text = (rows: readonly (readonly unknown[])[]) =>
  new TextEncoder().encode(rows.map((cells) => cells.join()).join("\n"));
const header = ["label", ...names];
const rows = [row(0), row(1), row(0), row(1)];
const good = text([header, ...rows]);

const lines = (what: string, says: string, ...all: readonly (readonly unknown[])[]): Bad => [what, says, text(all)];
/** A field in the place of a pixel of the third line. */
const pixel = (value: string, says = "expected a number as field 2 in line 3"): Bad =>
  lines(`a pixel ${JSON.stringify(value.slice(0, 20))}`, says, header, row(0), row(1, value), row(0));
const label = (value: string, says = "expected a number as field 1 in line 3"): Bad =>
  lines(`a label ${JSON.stringify(value.slice(0, 20))}`, says, header, row(0), row(value), row(0));
const outside = "expected 0 to 255 as field 2 in line 3";
const width = "expected 10 fields, as in the first line, in line";
const square = "expected a label and the pixels of a square grey image";
const packed = new Uint8Array(gzipSync(good));

const bad: readonly Bad[] = [
  ["nothing", "expected a line for each image, got an empty file", new Uint8Array(0)],
  ["blank lines", "got an empty file", ascii("\n\n \r\n")],
  ["a byte order mark alone", "got an empty file", Uint8Array.of(0xef, 0xbb, 0xbf)],
  ["zeros", "got an empty file", new Uint8Array(1e5)],
  lines("a header alone", "expected a line for each image, got none", header),
  ["16-bit text", "expected", concat([0xff, 0xfe], ...Array.from(good, (byte) => [byte, 0]))],
  ["one column", "found 1 columns", ascii("1\n2\n3")],
  ["two million columns", "expected at most 1048577 fields in line 1", ascii(",".repeat(2_000_000))],
  lines(
    "pixels that are not square",
    `found 9 columns; ${square}`.replace("found 9 columns", "found 11 columns"),
    [...header, "x"],
    [...row(0), 1],
  ),
  lines("pixels without labels", "found pixels without a label", ...rows.map(([, ...pixels]) => pixels)),
  lines(
    "row numbers before the labels",
    "found a first column without a name in line 1",
    ["", "label", ...names.slice(1)],
    row(0),
    row(1),
  ),
  lines(
    "the label in the middle",
    "found the label in column 5 of 10",
    [...names.slice(0, 4), "label", ...names.slice(4)],
    ...rows,
  ),
  lines("two labels", "found the label in column 1 and 10 of 10", ["label", ...names.slice(1), "class"], ...rows),
  lines("a first line that is no header", "in line 1", ["?", ...row(0).slice(1)], ...rows),
  lines("a line that is too short", `${width} 3, got 9`, header, row(0), row(1).slice(0, 9), row(0)),
  lines("a line that is too long", `${width} 3, got more`, header, row(0), [...row(1), 3], row(0)),
  lines("a comma at the end of a line", `${width} 3, got more`, header, row(0), [...row(1), ""], row(0)),
  lines("a line of one field", `${width} 3, got 1`, header, row(0), [7], row(0)),
  lines("a last line that is cut", `${width} 3, got 4`, header, row(0), row(1).slice(0, 4)),
  lines("a comment", "expected a number as field 1 in line 3", header, row(0), ["# comment"], row(0)),
  lines("a second header", "expected a number as field 1 in line 3", header, row(0), header, row(0)),
  [
    "another separator after the first line",
    "expected",
    ascii(
      new TextDecoder()
        .decode(good)
        .replace(/\n0,[^\n]*$/, "")
        .replace(/(?<=\n1),/, ";"),
    ),
  ],
  ...[
    "",
    " ",
    "-",
    "+",
    ".",
    "e",
    "1e",
    "1e999",
    "0x1",
    "1_0",
    "NaN",
    "inf",
    "Infinity",
    "null",
    "1 1",
    "''",
    '"',
    '"1',
    "1'",
    "e5",
    "1e2.5",
    "1.2.3",
    "--1",
    "\u0007",
    "\0",
    "é",
    "１",
    "9".repeat(400),
    "\u001b[2J",
    "\u202e1",
  ].map((value) => pixel(value)),
  pixel("-1", `${outside}, got -1`),
  pixel("-0.001", outside),
  pixel("256", `${outside}, got 256`),
  pixel("255.0001", outside),
  pixel("1e9", outside),
  pixel("100000000000000000000", outside),
  pixel("9007199254740993", outside),
  label("0.5", "expected whole numbers from 0 to 255, got 0.5 in line 3"),
  label("-1", "expected 0 to 255 as field 1 in line 3, got -1"),
  label("256", "expected 0 to 255 as field 1 in line 3"),
  label("cat"),
  label("\u001b[31mcat"),
  label("__proto__"),
  ["a gzip cut short", "gzip", packed.slice(0, -9)],
  ["a gzip with a wrong CRC", "does not decompress", packed.with(packed.length - 8, packed[packed.length - 8]! ^ 1)],
  ["a gzip with junk after it", "expected", concat(packed, [1, 2, 3])],
];

export const csv = table<Uint8Array>({
  format: "CSV",
  read: (bytes) => loadCsv([{ path: "a.csv", name: fileName, bytes }], { testShare: 0.5 }),
  good: [
    good,
    packed,
    text(rows),
    concat([0xef, 0xbb, 0xbf], good),
    ascii(new TextDecoder().decode(good).replaceAll("\n", "\r\n")),
  ],
  bad,
});
