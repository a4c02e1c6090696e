// Bad files of USPS digits: lines of text, each a label and 256 values from -1 to 1.
import { gzipSync } from "node:zlib";
import { loadUsps } from "../../src/data/layouts/usps.ts";
import { ascii, concat, fileName } from "../formats/hostile.ts";
import { type BadFile, table } from "./bad-files.ts";

type Bad = BadFile<Uint8Array>;

const line = (label: string, first = "0.5") => [label, first, ...new Array(255).fill("-1.000")].join(" ");
const encode = (...lines: string[]) => new TextEncoder().encode(`${lines.join("\n")}\n`);
const good = encode(line("6"), line("0.0000"));
const second = line("6").length + 1;
const packed = new Uint8Array(gzipSync(good));

const lines = (what: string, says: string, ...all: string[]): Bad => [what, says, encode(...all)];
const label = (text: string, says = `expected a label from 0 to 9 in line 2 at byte ${second}`): Bad =>
  lines(`a label ${JSON.stringify(text.slice(0, 20))}`, says, line("6"), line(text));
const value = (text: string, says = `expected a value from -1 to 1 as field 2 in line 2 at byte ${second}`): Bad =>
  lines(`a value ${JSON.stringify(text.slice(0, 20))}`, says, line("6"), line("1", text));
const fields = "expected a label and 256 values in line";

const bad: readonly Bad[] = [
  ["nothing", "expected lines of digits at byte 0, got an empty file", new Uint8Array(0)],
  ["a line feed", `${fields} 1 at byte 0, got 1 fields`, ascii("\n")],
  ["a byte order mark", "expected a label from 0 to 9 in line 1", concat([0xef, 0xbb, 0xbf], good)],
  [
    "16-bit text",
    "expected a label from 0 to 9 in line 1",
    concat([0xff, 0xfe], ...Array.from(good, (byte) => [byte, 0])),
  ],
  ["zeros", `${fields} 1`, new Uint8Array(1000)],
  lines("an empty line", `${fields} 2`, line("6"), "", line("1")),
  lines("a value too few", `${fields} 1 at byte 0, got 256 fields`, line("6").replace(/ \S+$/, "")),
  lines("a value too many", `${fields} 1 at byte 0, got 258 fields`, `${line("6")} 0`),
  lines("a line of 1 MB", `${fields} 1`, "1 ".repeat(500_000)),
  lines("commas", `${fields} 1 at byte 0, got 1 fields`, line("1").replaceAll(" ", ",")),
  lines("semicolons", `${fields} 1`, line("1").replaceAll(" ", ";")),
  lines("a comment", `${fields} 1 at byte 0, got 2 fields`, "# USPS", line("1")),
  ["cut inside a line", `${fields} 2`, good.slice(0, second + 100)],
  ["cut inside a number", "expected a value from -1 to 1", good.slice(0, -6)],
  ...[
    "10",
    "-1",
    "1.5",
    "+1",
    "1e0",
    "0x1",
    "NaN",
    "Infinity",
    "",
    "a",
    "١",
    "1_",
    "9007199254740993",
    "6.00000000001",
    "__proto__",
    "\u001b[2J",
    "\u202e6",
  ].map((text) => label(text, text === "" ? "expected a label and 256 values" : undefined)),
  ...[
    "1.0001",
    "-1.0001",
    "2",
    "-2",
    "NaN",
    "nan",
    "inf",
    "Infinity",
    "1e-1",
    "+1",
    ".5",
    "1.",
    "0x0",
    "0,5",
    "1_0",
    "--1",
    "- 1",
    "1.0000000001",
    "9".repeat(300),
    "null",
    "\0",
    "é",
    "\u001b[31m0",
    "\u009b0",
  ].map((text) => value(text, text === "- 1" ? `${fields} 2` : undefined)),
  ["a gzip cut short", "gzip", packed.slice(0, -9)],
  ["a gzip with a wrong CRC", "does not decompress", packed.with(packed.length - 8, packed[packed.length - 8]! ^ 1)],
  ["a gzip with junk after it", "expected", concat(packed, [1, 2, 3])],
];

export const usps = table<Uint8Array>({
  format: "USPS text",
  read: (bytes) => loadUsps({ bytes, fileName }),
  good: [good, packed, ascii(new TextDecoder().decode(good).replaceAll("\n", " \r\n").replaceAll(" ", "\t"))],
  bad,
});
