// Bad PNGs, after the second edition of the specification.
import { deflateSync } from "node:zlib";
import { decodeImage } from "../../src/codecs/decode-image.ts";
import { crc32 } from "../../src/codecs/zip.ts";
import { bytes, png as encode } from "../data/samples.ts";
import { ascii, concat, fileName, patched } from "../formats/hostile.ts";
import { type BadFile, big, table } from "./bad-files.ts";

type Bad = BadFile<Uint8Array>;

export const chunk = (type: string | readonly number[], body: ArrayLike<number>) => {
  const named = concat(typeof type === "string" ? ascii(type) : type, body);
  return concat(big(body.length), named, big(crc32(named)));
};
const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const header = (width: number, height: number, depth: number, colour: number, interlace = 0) =>
  chunk("IHDR", [...big(width), ...big(height), depth, colour, 0, 0, interlace]);
const pixels = (raw: ArrayLike<number>) => chunk("IDAT", deflateSync(Uint8Array.from(raw)));
const end = chunk("IEND", []);
const made = (...chunks: Uint8Array[]) => concat(signature, ...chunks, end);
const grey = header(1, 1, 8, 0);
const seven = pixels([0, 7]);
const palette = (colours: number) => chunk("PLTE", new Uint8Array(3 * colours));

const good = encode({ width: 5, height: 4, channels: 3, data: bytes(60) });
const idat = Buffer.from(good).indexOf("IDAT") - 4;

const file = (what: string, says: string, ...chunks: Uint8Array[]): Bad => [what, says, made(...chunks)];
const sized = (what: string, width: number, height: number): Bad =>
  file(what, "expected 1 to 16777216 pixels at byte 16", header(width, height, 8, 0), seven);
const kind = (depth: number, colour: number): Bad =>
  file(
    `depth ${depth} of colour type ${colour}`,
    `expected a bit depth and colour type of PNG at byte 24, got ${depth} and ${colour}`,
    header(1, 1, depth, colour),
    seven,
  );
const raw = (what: string, says: string, head: Uint8Array, content: ArrayLike<number>): Bad =>
  file(what, says, head, pixels(content));
const isNoPng = "expected a PNG (89 50 4e 47) or JPEG (ff d8) at byte 0";
const oneHeader = "expected one IHDR, first at byte";
const critical = "expected IHDR, PLTE, IDAT or IEND at byte";
const decodes = "but it does not decompress";
const onePalette = "expected one palette before the pixels";
const noEnd = "expected a chunk IEND before the end";
const within = "expected a chunk within the";

const bad: readonly Bad[] = [
  ["nothing", isNoPng, new Uint8Array(0)],
  ...[1, 4, 7].map((n): Bad => [`cut to ${n}`, isNoPng, good.slice(0, n)]),
  ...[8, 12, 19].map((n): Bad => [`cut to ${n}`, `${noEnd} at byte ${n}`, good.slice(0, n)]),
  ...[20, 30].map((n): Bad => [`cut to ${n}`, within, good.slice(0, n)]),
  ["cut before the pixels", noEnd, good.slice(0, idat)],
  ["cut inside the pixels", within, good.slice(0, idat + 30)],
  ["cut before the end", noEnd, good.slice(0, -12)],
  ["cut inside the end", noEnd, good.slice(0, -1)],
  ["the first byte of the signature", isNoPng, patched(good, 0, 0x88)],
  ["a signature whose line ends were changed", isNoPng, concat(good.slice(0, 4), [0x0a, 0x1a, 0x0a], good.slice(8))],
  ["a signature without its high bit", isNoPng, patched(good, 0, 0x09)],
  ["a byte before the file", isNoPng, concat([0], good)],
  ["a GIF", isNoPng, ascii("GIF89a")],
  ["an SVG", isNoPng, ascii("<svg xmlns='http://www.w3.org/2000/svg'/>")],
  sized("0 × 5", 0, 5),
  sized("5 × 0", 5, 0),
  sized("65,536 × 65,536", 65_536, 65_536),
  sized("2^31 × 1", 2 ** 31, 1),
  sized("2^32 − 1 pixels a side", 0xffffffff, 0xffffffff),
  sized("4,097 × 4,096", 4097, 4096),
  ...[0, 3, 5, 7, 9, 32, 255].map((depth) => kind(depth, 0)),
  ...[
    [1, 2],
    [4, 2],
    [16, 3],
    [4, 4],
    [2, 6],
    [8, 1],
    [8, 5],
    [8, 7],
    [8, 255],
  ].map(([depth, colour]) => kind(depth!, colour!)),
  file(
    "compression 1",
    "expected compression 0 and filter 0",
    chunk("IHDR", [...big(1), ...big(1), 8, 0, 1, 0, 0]),
    seven,
  ),
  file(
    "filter method 1",
    "expected compression 0 and filter 0",
    chunk("IHDR", [...big(1), ...big(1), 8, 0, 0, 1, 0]),
    seven,
  ),
  file("interlace 2", "expected interlace 0 or 1", header(1, 1, 8, 0, 2), seven),
  file("interlaced 1 bit", "expected no interlacing with fewer than 8 bits", header(8, 1, 1, 0, 1), seven),
  file(
    "a header of 12 bytes",
    "expected an IHDR of 13 bytes at byte 8, got 12",
    chunk("IHDR", [...big(1), ...big(1), 8, 0, 0, 0]),
    seven,
  ),
  file(
    "a header of 14 bytes",
    "expected an IHDR of 13 bytes at byte 8, got 14",
    chunk("IHDR", [...big(1), ...big(1), 8, 0, 0, 0, 0, 0]),
    seven,
  ),
  file("two headers", oneHeader, grey, grey, seven),
  file("no header", oneHeader, seven),
  file("a chunk before the header", oneHeader, chunk("tEXt", ascii("a\0b")), grey, seven),
  file("nothing but an end", oneHeader),
  file("no pixels", "expected 2 bytes after decompression", grey),
  file("empty pixels", "expected 2 bytes after decompression", grey, chunk("IDAT", [])),
  raw("a pixel too few", "expected 6 bytes after decompression, got 5", header(2, 2, 8, 0), [0, 1, 2, 0, 1]),
  raw("a pixel too many", "expected 6 bytes after decompression, got more", header(2, 2, 8, 0), [0, 1, 2, 0, 1, 2, 3]),
  raw("a row too few", "expected 6 bytes after decompression, got 3", header(2, 2, 8, 0), [0, 1, 2]),
  raw("a bomb of pixels", "got more", header(2, 2, 8, 0), new Uint8Array(2 ** 22)),
  raw("interlaced, and too short", "expected 15 bytes after decompression", header(3, 3, 8, 0, 1), new Uint8Array(12)),
  raw("a size that the pixels cannot give", "got 9 bytes that cannot become as many", header(4096, 4096, 16, 6), [0]),
  ...[5, 9, 255].map((filter) => raw(`filter ${filter}`, "it does not decode", grey, [filter, 1])),
  raw("a wrong filter in the second row", "it does not decode", header(1, 2, 8, 0), [0, 1, 7, 1]),
  raw(
    "a wrong filter in an interlaced file",
    "it does not decode",
    header(3, 3, 8, 0, 1),
    [0, 1, 0, 3, 9, 7, 9, 0, 2, 0, 8, 0, 4, 5, 6],
  ),
  ["a wrong CRC of the header", "expected CRC", patched(good, 29, good[29]! ^ 1)],
  ["a wrong CRC of the pixels", "expected CRC", patched(good, good.length - 13, good[good.length - 13]! ^ 1)],
  ["a wrong CRC of the end", "expected CRC ae426082", patched(good, good.length - 1, 0)],
  ["another byte of pixels", "expected CRC", patched(good, idat + 20, good[idat + 20]! ^ 1)],
  ["a length of 2^32 − 1", within, patched(good, idat, 255, 255, 255, 255)],
  ["a length with its bytes turned round", within, patched(good, 8, 13, 0, 0, 0)],
  file("pixels without zlib's header", decodes, grey, chunk("IDAT", [3, 0, 0, 0, 0, 0])),
  file("pixels with a wrong checksum", decodes, grey, chunk("IDAT", patched(deflateSync(Uint8Array.of(0, 7)), 9, 0))),
  file("pixels cut short", decodes, grey, chunk("IDAT", deflateSync(Uint8Array.of(0, 7)).subarray(0, -1))),
  file(
    "junk after the pixels",
    "expected nothing after the end of the deflate data",
    grey,
    chunk("IDAT", concat(deflateSync(Uint8Array.of(0, 7)), [1, 2, 3])),
  ),
  file(
    "a chunk of pixels too many",
    "expected nothing after the end of the deflate data",
    grey,
    seven,
    chunk("IDAT", [0]),
  ),
  file(
    "a chunk between pixels",
    "expected all IDAT one after the other",
    grey,
    chunk("IDAT", deflateSync(Uint8Array.of(0, 7)).subarray(0, 5)),
    chunk("tEXt", ascii("a\0b")),
    chunk("IDAT", deflateSync(Uint8Array.of(0, 7)).subarray(5)),
  ),
  file("an unknown critical chunk", critical, grey, chunk("ABCD", []), seven),
  file("a header in lower case", critical.replace("IHDR, ", "IHDR, "), grey, chunk("Idat", []), seven),
  file("a chunk of digits", critical, grey, chunk("1234", []), seven),
  file("a chunk of control characters", `${critical} 37, got "\\u001b[2J"`, grey, chunk("\u001b[2J", []), seven),
  file("a chunk with a sign", critical, grey, chunk("te-t", []), seven),
  file("a chunk of bytes above 127", critical, grey, chunk([0xe4, 0xe4, 0xe4, 0xe4], []), seven),
  file("an end with content", "expected an IEND of 0 bytes", grey, seven, chunk("IEND", [1])),
  file("indexed without a palette", "expected a palette before the pixels", header(1, 1, 8, 3), seven),
  file("a palette after the pixels", "expected a palette before the pixels", header(1, 1, 8, 3), seven, palette(8)),
  file("a palette after pixels of RGB", onePalette, header(1, 1, 8, 2), pixels([0, 1, 2, 3]), palette(8)),
  file("two palettes", onePalette, header(1, 1, 8, 3), palette(8), palette(8), seven),
  file("a palette of grey", onePalette, grey, palette(8), seven),
  file("an empty palette", onePalette, header(1, 1, 8, 3), palette(0), seven),
  file("a palette of 257", onePalette, header(1, 1, 8, 3), palette(257), seven),
  file("a palette of 5 for 2 bits", onePalette, header(1, 1, 2, 3), palette(5), pixels([0, 0])),
  file("a palette of 4 bytes", onePalette, header(1, 1, 8, 3), chunk("PLTE", [1, 2, 3, 4]), seven),
  file("an index outside the palette", "it does not decode", header(1, 1, 8, 3), palette(7), seven),
  file(
    "an index of 2 bits outside the palette",
    "it does not decode",
    header(1, 1, 2, 3),
    palette(3),
    pixels([0, 0b11000000]),
  ),
  [
    "131,073 chunks",
    "expected at most 131072 chunks",
    Buffer.concat([Buffer.from(signature), grey, ...Array(2 ** 17).fill(chunk("IDAT", [])), end]),
  ],
];

export const png = table<Uint8Array>({
  format: "PNG",
  read: (content) => decodeImage(content, { name: fileName }),
  good: [
    good,
    made(grey, seven),
    made(header(1, 1, 8, 3), palette(8), seven),
    made(header(1, 1, 2, 3), palette(4), pixels([0, 0b11000000])),
    made(grey, chunk("tEXt", ascii("a\0b")), seven, chunk("prVt", [1, 2, 3])),
    made(header(1, 1, 8, 2), palette(256), pixels([0, 1, 2, 3])),
    made(header(3, 3, 8, 0, 1), pixels([0, 1, 0, 3, 0, 7, 9, 0, 2, 0, 8, 0, 4, 5, 6])),
  ],
  bad,
});
