// Bad JPEGs, after ITU-T T.81: markers and lengths that lie, tables that are missing, coded data that end too early.
import { decodeImage } from "../../src/codecs/decode-image.ts";
import { encodeJpeg } from "../data/jpeg-encoder.ts";
import { texture } from "../data/jpegs.ts";
import { jpegFile } from "../data/samples.ts";
import { ascii, concat, fileName, patched } from "../formats/hostile.ts";
import { type BadFile, spliced, table } from "./bad-files.ts";

type Bad = BadFile<Uint8Array>;

const good = jpegFile(20, 12);
const progressive = encodeJpeg(texture(19, 40, 1), { progressive: true });
const marker = (code: number, from = 0) =>
  good.findIndex((byte, i) => i >= from && byte === 0xff && good[i + 1] === code);
const [frame, scan, huffman, quantised] = [marker(0xc0), marker(0xda), marker(0xc4), marker(0xdb)];
/** The length of the segment at `at`, with its marker. */
const lengthAt = (at: number) => 2 + good[at + 2]! * 256 + good[at + 3]!;
const coded = scan + lengthAt(scan);
const segment = good.subarray(scan, -2);
const eoi = [0xff, 0xd9];
const scans = (n: number) => concat(good.subarray(0, scan), ...Array.from({ length: n }, () => segment), eoi);

const change = (what: string, says: string, at: number, ...values: number[]): Bad => [
  what,
  says,
  patched(good, at, ...values),
];
const without = (what: string, says: string, at: number): Bad => [what, says, spliced(good, at, lengthAt(at))];
const kind = (what: string, code: number): Bad =>
  change(
    what,
    `expected a baseline or progressive JPEG at byte ${frame}, got 0x${(0xff00 + code).toString(16)}`,
    frame + 1,
    code,
  );
const pixels = `expected 1 to 16777216 pixels at byte ${frame + 5}`;
const decodes = "expected a JPEG, but it does not decode";
const goesOn = "expected a JPEG that goes on at byte";
const sampling = `expected sampling factors of 1 to 4 at byte ${frame + 11}`;
const cut = (n: number): Bad => [
  `cut to ${n} of ${good.length} bytes`,
  n === 10 || n === frame + 4 ? "expected a length within the file" : `${goesOn} ${n}, got the end of the file`,
  good.slice(0, n),
];

const bad: readonly Bad[] = [
  ["nothing", "expected a PNG (89 50 4e 47) or JPEG (ff d8) at byte 0", new Uint8Array(0)],
  ["one byte", "expected a PNG (89 50 4e 47) or JPEG (ff d8) at byte 0", good.slice(0, 1)],
  ["a byte before the file", "expected a PNG (89 50 4e 47) or JPEG (ff d8)", concat([0], good)],
  ...[2, 3, 4, 5, 10, 20, frame, frame + 1, frame + 4, scan, scan + 3, coded].map(cut),
  ["cut inside the coded data", goesOn, good.slice(0, coded + 10)],
  ["no end", goesOn, good.slice(0, -2)],
  ["half of the end", goesOn, good.slice(0, -1)],
  [
    "half of the coded data, and an end",
    decodes,
    concat(good.slice(0, coded + Math.floor((good.length - coded) / 2)), eoi),
  ],
  [
    "two bytes of coded data, and an end",
    "bytes of coded data for 20×12 pixels",
    concat(good.slice(0, coded + 2), eoi),
  ],
  change("65,535 × 65,535", `${pixels}, got 65535×65535`, frame + 5, 255, 255, 255, 255),
  change("a height of 0", `${pixels}, got 20×0`, frame + 5, 0, 0),
  change("a width of 0", `${pixels}, got 0×12`, frame + 7, 0, 0),
  change("4,096 × 4,097", `${pixels}, got 4097×4096`, frame + 5, 0x10, 0, 0x10, 1),
  change(
    "4,096 × 4,096 pixels of coded data for 240",
    "bytes of coded data for 4096×4096 pixels",
    frame + 5,
    0x10,
    0,
    0x10,
    0,
  ),
  change("twice the height", decodes, frame + 5, 0, 24),
  change("twice the width", decodes, frame + 7, 0, 40),
  change("12 bits", `expected 8 bits a sample at byte ${frame + 4}, got 12`, frame + 4, 12),
  change("0 bits", "expected 8 bits a sample", frame + 4, 0),
  change("16 bits", "expected 8 bits a sample", frame + 4, 16),
  kind("lossless", 0xc3),
  kind("hierarchical", 0xc5),
  kind("lossless and hierarchical", 0xc7),
  kind("arithmetic coding", 0xc9),
  kind("progressive arithmetic coding", 0xca),
  kind("arithmetic coding, lossless", 0xcb),
  change("no components", `bytes of frame`, frame + 9, 0),
  change("2 components", "expected 14 bytes of frame", frame + 9, 2),
  change("255 components", "bytes of frame", frame + 9, 255),
  [
    "2 components in a frame of their length",
    `expected 1 or 3 components at byte ${frame + 9}, got 2`,
    patched(spliced(good, frame + 16, 3), frame + 3, 14, 8, 0, 12, 0, 20, 2),
  ],
  [
    "CMYK",
    "as print has them (CMYK): save the picture as RGB",
    patched(spliced(good, frame + 19, 0, [4, 0x11, 0]), frame + 3, 20, 8, 0, 12, 0, 20, 4),
  ],
  change("a frame that is a byte longer", "expected 17 bytes of frame", frame + 3, 18),
  change("sampling 15 × 15", `${sampling}, got 15×15`, frame + 11, 255),
  change("sampling 0 × 1", `${sampling}, got 0×1`, frame + 11, 1),
  change("sampling 1 × 0", `${sampling}, got 1×0`, frame + 11, 0x10),
  change("sampling 5 × 1", `${sampling}, got 5×1`, frame + 11, 0x51),
  change("two components of one number", "expected components of different numbers", frame + 13, good[frame + 10]!),
  change("a quantisation table that does not exist", decodes, frame + 12, 3),
  change("a Huffman table that does not exist", decodes, scan + 6, 0x33),
  change("a component in the scan that is not in the frame", decodes, scan + 5, 99),
  change("a scan of no components", decodes, scan + 4, 0),
  change("a scan of 4 components", decodes, scan + 4, 4),
  [
    "two frames",
    "expected one frame at byte",
    concat(good.subarray(0, scan), good.subarray(frame, scan), good.subarray(scan)),
  ],
  without("no frame", "expected a frame before its scan", frame),
  ["no scan", "expected a frame and a scan before the end of the image", concat(good.subarray(0, scan), eoi)],
  ["a start and an end", "expected a frame and a scan", Uint8Array.of(0xff, 0xd8, 0xff, 0xd9)],
  without("no Huffman table", decodes, huffman),
  without("no quantisation table", decodes, quantised),
  ["65 scans", "expected at most 64 scans", scans(65)],
  ["17 scans of 16 megapixels", "expected at most 16 scans", patched(scans(17), frame + 5, 0x10, 0, 0x10, 0)],
  change("a segment beyond the file", "expected a length within the file", 4, 255, 255),
  change("a segment of length 0", "expected a length within the file at byte 4, got 0", 4, 0, 0),
  change("a segment of length 1", "expected a length within the file at byte 4, got 1", 4, 0, 1),
  [
    "a crowd of empty segments",
    "expected at most 4096 segments",
    concat(good.subarray(0, frame), Array(4096).fill([0xff, 0xfe, 0, 2]).flat(), good.subarray(frame)),
  ],
  ["junk between segments", "expected a marker", spliced(good, frame, 0, [1, 2, 3])],
  change("a marker that begins no segment", "expected a marker that begins a segment", huffman + 1, 0x01),
  change("a second start of the image", "expected a marker that begins a segment", huffman + 1, 0xd8),
  change("a restart marker before the scan", "expected a marker that begins a segment", huffman + 1, 0xd0),
  change("a Huffman table of class 2", decodes, huffman + 4, 0x20),
  change("a Huffman table of too many codes", decodes, huffman + 5, ...Array(16).fill(255)),
  change("a Huffman table that its codes do not fit", decodes, huffman + 5, 3),
  change("a quantisation table of another width", decodes, quantised + 4, 0x20),
  ["a GIF", "expected a PNG (89 50 4e 47) or JPEG (ff d8)", ascii("GIF89a")],
  ["a progressive file without its last scan", goesOn, progressive.slice(0, -40)],
  ["a progressive file with a wrong scan", decodes, progressiveWith(64)],
];

/** The progressive file, in which the first scan's last coefficient is this one. */
function progressiveWith(last: number): Uint8Array {
  const at = progressive.findIndex((byte, i) => byte === 0xff && progressive[i + 1] === 0xda);
  return patched(progressive, at + 4 + 1 + 2 * progressive[at + 4]! + 1, last);
}

export const jpeg = table<Uint8Array>({
  format: "JPEG",
  read: (content) => decodeImage(content, { name: fileName }),
  good: [good, progressive, encodeJpeg(texture(33, 17, 3), { subsampling: 2 })],
  bad,
});
