// Bad files of CIFAR's binary layout: it has no header, so a file can be wrong in its length and in its labels only.
import { gzipSync } from "node:zlib";
import { loadCifar } from "../../src/data/layouts/cifar.ts";
import type { CifarLabels } from "../../src/data/load-options.ts";
import { bytes } from "../data/samples.ts";
import { ascii, concat, fileName, patched } from "../formats/hostile.ts";
import { type BadFile, table } from "./bad-files.ts";

type Records = { readonly content: Uint8Array; readonly labels: CifarLabels };
type Bad = BadFile<Records>;

const images = [bytes(3072, 1), bytes(3072, 2)] as const;
const ten = concat([3], images[0], [9], images[1]);
const hundred = concat([19, 99], images[0], [0, 7], images[1]);
const packed = new Uint8Array(gzipSync(ten));

const records = (what: string, says: string, content: Uint8Array): Bad => [what, says, { content, labels: "cifar10" }];
const length = (n: number): Bad =>
  records(`cut to ${n}`, `expected 1 to 50000 records of 3073 bytes, got ${n} bytes`, ten.slice(0, n));
const label = (value: number): Bad =>
  records(`label ${value}`, `expected a label below 10 at byte 0, got ${value}`, patched(ten, 0, value));
const ofHundred = (labels: CifarLabels, what: string, says: string, content: Uint8Array): Bad => [
  `${labels}: ${what}`,
  says,
  { content, labels },
];
const of3074 = "expected 1 to 50000 records of 3074 bytes";

const bad: readonly Bad[] = [
  ...[0, 1, 2, 1024, 3071, 3072, 3074, 4096, 6144, 6145].map(length),
  records("a byte too many", "got 6147 bytes: the last record begins at byte 6146", concat(ten, [0])),
  records("a byte before the file", "got 6147 bytes", concat([0], ten)),
  records("a byte order mark before the file", "got 6149 bytes", concat([0xef, 0xbb, 0xbf], ten)),
  ...[10, 11, 19, 64, 127, 128, 254, 255].map(label),
  records(
    "a wrong label in the second record",
    "expected a label below 10 at byte 3073, got 200",
    patched(ten, 3073, 200),
  ),
  records("a wrong label in the last record", "at byte 3073, got 10", patched(ten, 3073, 10)),
  records(
    "the last byte of an image before its record",
    "expected a label below 10",
    concat(ten.slice(-1), ten.slice(0, -1)),
  ),
  records("CIFAR-100 as CIFAR-10", "got 6148 bytes", hundred),
  records("a text", "got 11 bytes", ascii("label,pixel")),
  records(
    "a text as long as a record",
    "expected a label below 10 at byte 0, got 108",
    ascii("label,".repeat(513)).slice(0, 3073),
  ),
  records("a pickle", "got 5 bytes", concat([0x80, 2], ascii("}q."))),
  records("a gzip cut to 100 bytes", "the file is damaged, cut short", packed.slice(0, 100)),
  records("a gzip without its last byte", "does not decompress", packed.slice(0, -1)),
  records(
    "a gzip with a wrong CRC",
    "does not decompress",
    patched(packed, packed.length - 8, packed[packed.length - 8]! ^ 1),
  ),
  records("a gzip with junk after it", "expected", concat(packed, [1, 2, 3])),
  records("a gzip of nothing", "got 0 bytes", new Uint8Array(gzipSync(new Uint8Array()))),
  records("a gzip of one byte less", "got 6145 bytes", new Uint8Array(gzipSync(ten.slice(0, -1)))),
  records("a gzip of one byte more", "got 6147 bytes", new Uint8Array(gzipSync(concat(ten, [0])))),
  records(
    "a gzip of a wrong label",
    "expected a label below 10 at byte 0, got 77",
    new Uint8Array(gzipSync(patched(ten, 0, 77))),
  ),
  records("gzipped twice", "expected 1 to 50000 records", new Uint8Array(gzipSync(packed))),
  records(
    "a gzip that data do not reach",
    "expected at most 16777216 bytes",
    new Uint8Array(gzipSync(new Uint8Array(3073 * 6000))),
  ),
  ofHundred("fine", "cut by a byte", `${of3074}, got 6147 bytes`, hundred.slice(0, -1)),
  ofHundred("fine", "a byte more", of3074, concat(hundred, [0])),
  ofHundred("fine", "nothing", of3074, new Uint8Array(0)),
  ofHundred("fine", "CIFAR-10", of3074, ten),
  ofHundred("fine", "label 100", "expected a label below 100 at byte 1, got 100", patched(hundred, 1, 100)),
  ofHundred(
    "fine",
    "label 255 in the second record",
    "expected a label below 100 at byte 3075",
    patched(hundred, 3075, 255),
  ),
  ofHundred("coarse", "label 20", "expected a label below 20 at byte 0, got 20", patched(hundred, 0, 20)),
  ofHundred(
    "coarse",
    "label 99 in the second record",
    "expected a label below 20 at byte 3074",
    patched(hundred, 3074, 99),
  ),
];

export const cifar = table<Records>({
  format: "CIFAR binary",
  read: ({ content, labels }) => loadCifar({ files: [{ bytes: content, name: fileName }], labels }),
  good: [
    { content: ten, labels: "cifar10" },
    { content: packed, labels: "cifar10" },
    { content: hundred, labels: "fine" },
    { content: hundred, labels: "coarse" },
  ],
  bad,
});
