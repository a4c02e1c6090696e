// Shapes of bad files that could take time or memory out of proportion to their size: each can be made at any size.
import { deflateRawSync } from "node:zlib";
import { decodeHere } from "../../src/codecs/decode-here.ts";
import { jsonFromBytes } from "../../src/codecs/json.ts";
import { writeNpy } from "../../src/codecs/npy.ts";
import { parseSafetensors, writeSafetensors } from "../../src/codecs/safetensors.ts";
import { parseTar } from "../../src/codecs/tar.ts";
import { parseTorchArchive } from "../../src/codecs/torch-archive.ts";
import { parseXml } from "../../src/codecs/xml.ts";
import { openZip, writeZip } from "../../src/codecs/zip.ts";
import { datasetFromFiles, filesInArchive, loadCsv, loadUsps } from "../../src/data.ts";
import { distilledFromBytes, distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { parametersFromBytes } from "../../src/formats/state-dict.ts";
import { modelFromDescription } from "../../src/nn/describe.ts";
import { quote, shortName } from "../../src/quote.ts";
import { recipeFromBytes } from "../../src/recipes.ts";
import { curves } from "../../src/report/curves.ts";
import { reportPage } from "../../src/report/page.ts";
import * as pickles from "../codecs/pickles.ts";
import { encodeJpeg } from "../data/jpeg-encoder.ts";
import { exif, texture, withExif } from "../data/jpegs.ts";
import { file, flatPng } from "../data/samples.ts";
import { halvesNet } from "../distill/halves.ts";
import { ascii } from "../formats/hostile.ts";
import { makeSet } from "../formats/sets.ts";
import { deflatedZip, gzipped, pngChunk, pngOf, pngSignature, safetensorsOf, tarOf } from "./wraps.ts";

export interface Shape {
  readonly name: string;
  /** Set for those that were slow once, or took much memory; `npm test` has these, and `npm run test:slow` all. */
  readonly found?: true;
  readonly make: (n: number) => unknown;
  readonly read: (made: never) => unknown;
  /** The first size that is tried, and the last one: beyond it a limit refuses the file, or makes it too large for a test. */
  readonly from: number;
  readonly most: number;
}

function shape<T>(
  name: string,
  [from, most]: readonly [number, number],
  make: (n: number) => T | Promise<T>,
  read: (made: T) => unknown,
): Shape {
  return { name, make, read: read as Shape["read"], from, most };
}

/** A shape that was found to be slow once. */
function found<T>(...of: Parameters<typeof shape<T>>): Shape {
  return { ...shape(...of), found: true };
}

const name = "evil.bin";
const filled = (n: number, unit: string): Buffer => Buffer.alloc(n, unit);
const repeated = (n: number, of: (i: number) => string): Buffer =>
  Buffer.from(Array.from({ length: n }, (_, i) => of(i)).join(""));
const xml = (content: Uint8Array): unknown => parseXml(new TextDecoder().decode(content), name);
const json = (content: Uint8Array): unknown => jsonFromBytes(content, name);
const recipe = (content: Uint8Array): unknown => recipeFromBytes(content, name);
const csv = (content: Uint8Array): unknown => loadCsv([file("a.csv", content)]);
const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const tensors = (header: Uint8Array): unknown => parseSafetensors(safetensorsOf(new Uint8Array())(header), { name });

const pickled = (value: pickles.Opcodes): Uint8Array => pickles.archive(value);
const torch = (archive: Uint8Array): unknown => parseTorchArchive(archive, { name });

const lists = (images: Uint8Array): Promise<Uint8Array> =>
  tarOf([
    ["images.txt", images],
    ["image_class_labels.txt", text("1 1\n")],
    ["train_test_split.txt", text("1 1\n")],
  ]);
const inArchive = async (archive: Uint8Array): Promise<unknown> =>
  datasetFromFiles(await filesInArchive(archive, name), { size: 2 });

const picture = flatPng(2, 2, [1, 2, 3]);
const voc = (annotation: Uint8Array) => [
  file("ImageSets/Main/trainval.txt", text("a\n")),
  file("ImageSets/Main/test.txt", text("b\n")),
  ...["a", "b"].flatMap((id) => [file(`Annotations/${id}.xml`, annotation), file(`JPEGImages/${id}.jpg`, picture)]),
];
const object =
  "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object>";
const asVoc = (annotation: Uint8Array): unknown => datasetFromFiles(voc(annotation), { size: 2 });

/** A tar of one entry after a description of the next one. */
export async function described(kind: "x" | "K", content: Uint8Array): Promise<Uint8Array> {
  const tar = await tarOf([
    ["x", content],
    ["a/1.png", picture],
  ]);
  const [head] = [tar.subarray(0, 512)];
  head[156] = kind.charCodeAt(0);
  head.fill(0x20, 148, 156);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.set(ascii(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return tar;
}
const asTar = (archive: Uint8Array): unknown => parseTar(archive, { name, maximumEntries: 65_535 });

const jpeg = encodeJpeg(texture(20, 12, 1));
const scanAt = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xda) + 2;
const codedAt = scanAt + jpeg[scanAt]! * 256 + jpeg[scanAt + 1]!;
const inJpeg = (at: number, more: Uint8Array): Uint8Array =>
  Buffer.concat([jpeg.subarray(0, at), more, jpeg.subarray(at)]);
const decode = (content: Uint8Array): unknown => decodeHere(content, { name });

const layers = (n: number) => ({
  inputShape: [1, 2, 2],
  layers: [{ kind: "flatten" }, ...Array.from({ length: n }, () => ({ kind: "linear", out: 1 }))],
});

const page = (metrics: readonly unknown[]): unknown => reportPage("a", { metrics, missing: [] }, (label) => label);

/** The shapes of the cases that were found in 0.1.0, and their kin. */
export const shapes: readonly Shape[] = [
  shape("blank lines in a list of a tar", [2 ** 18, 2 ** 23], (n) => lists(filled(n, "\n")), inArchive),
  found(
    "blank lines in a list of a tar.gz",
    [2 ** 18, 2 ** 23],
    async (n) => gzipped(await lists(filled(n, "\n"))),
    inArchive,
  ),
  shape("spaces in a list of a tar", [2 ** 18, 2 ** 23], (n) => lists(filled(n, " ")), inArchive),
  shape("lines of a list without files", [2 ** 14, 2 ** 20], (n) => lists(repeated(n, (i) => `${i} a/b\n`)), inArchive),
  shape("an element's name without an end", [2 ** 14, 2 ** 19], (n) => text(`<annotation><${"a".repeat(n)}`), xml),
  found(
    "an element's name without an end, in an annotation",
    [2 ** 14, 2 ** 19],
    (n) => text(`<annotation><${"a".repeat(n)}`),
    asVoc,
  ),
  shape("an attribute without an end", [2 ** 14, 2 ** 19], (n) => text(`<a b="${"'".repeat(n)}`), xml),
  shape("tags in a quoted attribute", [2 ** 14, 2 ** 19], (n) => text(`<a b="${">".repeat(n)}"/>`), xml),
  shape("ampersands", [2 ** 14, 2 ** 19], (n) => text(`<a>${"&amp;".repeat(n / 8)}&`), xml),
  shape("comments", [2 ** 14, 2 ** 19], (n) => text(`<a>${"<!---->".repeat(n / 8)}`), xml),
  shape("comments without an end", [2 ** 14, 2 ** 19], (n) => text(`<a>${"<!--".repeat(n / 8)}`), xml),
  shape("empty elements", [2 ** 12, 2 ** 18], (n) => text(`<a>${"<b/>".repeat(n)}</a>`), xml),
  shape(
    "objects in one picture",
    [2 ** 7, 2 ** 12],
    (n) => text(`<annotation>${object.repeat(n)}</annotation>`),
    asVoc,
  ),
  found(
    "a size of many digits in a pax header",
    [2 ** 14, 2 ** 22],
    (n) => described("x", paxRecord("size", "9".repeat(n))),
    asTar,
  ),
  shape("pax records", [2 ** 10, 2 ** 18], (n) => described("x", filled(10 * n, "10 size=1\n")), asTar),
  found("a link of dots and slashes", [2 ** 14, 2 ** 22], (n) => described("K", filled(2 * n, "./")), asTar),
  shape(
    "a pax link of dots and slashes",
    [2 ** 14, 2 ** 21],
    (n) => described("x", paxRecord("linkpath", "./".repeat(n))),
    asTar,
  ),
  shape(
    "files of a tar",
    [2 ** 8, 2 ** 14],
    (n) => tarOf(Array.from({ length: n }, (_, i) => [`d/${i}.bin`, new Uint8Array()])),
    inArchive,
  ),
  found("lists in lists", [2 ** 14, 2 ** 21], (n) => filled(n, "["), recipe),
  shape("objects in objects", [2 ** 14, 2 ** 21], (n) => filled(n, '{"a":'), recipe),
  found("a long key", [2 ** 16, 2 ** 21], (n) => text(JSON.stringify({ ["k".repeat(n)]: 1 })), recipe),
  shape("many keys", [2 ** 10, 2 ** 17], (n) => text(`{${repeated(n, (i) => `"k${i}":1,`)}"name":1}`), recipe),
  shape("a number of many digits", [2 ** 14, 2 ** 21], (n) => text(`[${"9".repeat(n)}]`), json),
  shape("numbers in exponents", [2 ** 14, 2 ** 21], (n) => text(`[1${"e1".repeat(n / 2)}]`), json),
  shape("backslashes", [2 ** 14, 2 ** 21], (n) => text(`["${"\\\\".repeat(n / 2)}`), json),
  shape("minus signs before NaN", [2 ** 14, 2 ** 20], (n) => filled(n, " -Na"), json),
  found(
    "layers of a recipe's model",
    [2 ** 8, 2 ** 14],
    (n) => text(JSON.stringify({ name: "a", data: { name: "digits" }, model: layers(n) })),
    recipe,
  ),
  shape("layers of a model", [2 ** 8, 2 ** 14], layers, modelFromDescription),
  found("a JPEG of as many pixels as its bytes can hold", [2 ** 8, 2 ** 15], evenJpeg, decode),
  found(
    "restart markers",
    [2 ** 14, 2 ** 20],
    (n) => inJpeg(codedAt, Buffer.alloc(n, Uint8Array.of(0xff, 0xd0))),
    decode,
  ),
  shape("fill bytes before a marker", [2 ** 14, 2 ** 21], (n) => inJpeg(2, new Uint8Array(n).fill(255)), decode),
  shape("fill bytes in coded data", [2 ** 14, 2 ** 21], (n) => inJpeg(codedAt, new Uint8Array(n).fill(255)), decode),
  shape(
    "segments of a JPEG",
    [2 ** 8, 2 ** 11],
    (n) => inJpeg(2, Buffer.alloc(4 * n, Uint8Array.of(255, 254, 0, 2))),
    decode,
  ),
  shape(
    "EXIF of many entries",
    [2 ** 6, 2 ** 11],
    (n) => withExif(jpeg, ...Array.from({ length: n / 32 }, () => exif(9, { tag: 1, entries: 9 }))),
    decode,
  ),
  found("pieces of a PNG's pixels", [2 ** 9, 2 ** 16], piecesOfPng, decode),
  shape("notes of a PNG", [2 ** 9, 2 ** 16], (n) => notedPng(n), decode),
  found(
    "learning rates of a set",
    [2 ** 12, 2 ** 19],
    (n) => distilledToSafetensors(makeSet({ steps: 1, epochs: n })),
    (set) => distilledFromBytes(set, name),
  ),
  shape(
    "a page with many accuracies",
    [2 ** 10, 2 ** 16],
    (n) => Array.from({ length: n }, (_, step) => ({ step, accuracy: { mean: 0.5, std: 0.1 } })),
    page,
  ),
  shape(
    "curves of many losses",
    [2 ** 12, 2 ** 18],
    (n) => Array.from({ length: n }, (_, step) => ({ step, loss: 1 })),
    (metrics) => curves(metrics, "loss"),
  ),
  shape(
    "entries of a zip",
    [2 ** 9, 2 ** 15],
    (n) => deflatedZip(Array.from({ length: n }, (_, i) => [`${i}`, new Uint8Array()])),
    (zip) => openZip(zip, { name, maximumEntries: 65_535 }),
  ),
  found("zip headers within each other", [2 ** 7, 2 ** 14], nestedZip, (zip) =>
    openZip(zip, { name, maximumEntries: 65_535 }),
  ),
  shape(
    "a name of many folders",
    [2 ** 10, 2 ** 15],
    (n) => writeZip([[`${"a/".repeat(n)}b.png`, picture]]),
    inArchive,
  ),
  shape(
    "a name of many words",
    [2 ** 10, 2 ** 14],
    (n) => writeZip([[`${"x ".repeat(n)}.npy`, writeNpy({ shape: [1], data: Uint8Array.of(1) })]]),
    (zip) => datasetFromFiles([file("a.npz", zip)]),
  ),
  shape(
    "tensors of a file",
    [2 ** 8, 2 ** 13],
    (n) => writeSafetensors(Array.from({ length: n }, (_, i) => [`t${i}`, { shape: [], data: Uint8Array.of(1) }])),
    (content) => parseSafetensors(content, { name }),
  ),
  shape(
    "a tensor's shape of many sizes",
    [2 ** 12, 2 ** 18],
    (n) => text(`{"a":{"dtype":"U8","shape":[${"1,".repeat(n)}1],"data_offsets":[0,1]}}`),
    tensors,
  ),
  shape(
    "a name of many prefixes",
    [2 ** 10, 2 ** 16],
    (n) => writeSafetensors([[`${"module.".repeat(n)}0.weight`, { shape: [1], data: Float32Array.of(1) }]]),
    (content) => parametersFromBytes(content, halvesNet(), { name }),
  ),
  shape(
    "tensors of a pickle",
    [2 ** 6, 2 ** 12],
    (n) => pickled(pickles.list(...Array(n).fill(pickles.tensor()))),
    torch,
  ),
  shape("lists in lists of a pickle", [2 ** 14, 2 ** 17], (n) => pickled([...Array(n).fill(0x5d), 0x2e]), torch),
  shape("dictionaries of a pickle", [2 ** 12, 2 ** 17], (n) => pickled([0x28, ...Array(n).fill(0x7d), 0x74]), torch),
  shape(
    "keys of a dictionary of a pickle",
    [2 ** 10, 2 ** 16],
    (n) => pickled(pickles.dict(...Array.from({ length: n }, (_, i) => [pickles.int(i), pickles.none] as const))),
    torch,
  ),
  shape("text of a pickle", [2 ** 14, 2 ** 21], (n) => pickled(pickles.text("é".repeat(n / 2))), torch),
  shape(
    "text of a pickle that is encoded again and again",
    [2 ** 8, 2 ** 13],
    (n) =>
      pickled([
        ...[...pickles.text("x".repeat(4 * n)), ...pickles.put(0), 0x28],
        ...Array(n)
          .fill(pickles.call(pickles.name("_codecs", "encode"), pickles.get(0), pickles.text("latin1")))
          .flat(),
        ...[0x74, 0x86],
      ]),
    torch,
  ),
  shape(
    "a list that each list holds twice",
    [2 ** 8, 2 ** 14],
    (n) =>
      pickled([
        ...[0x28, 0x5d, ...pickles.put(0)],
        ...Array.from({ length: n }, (_, i) => [
          ...pickles.tuple(pickles.get(i), pickles.get(i)),
          ...pickles.put(i + 1),
        ]).flat(),
        0x74,
      ]),
    torch,
  ),
  shape("fields of a table", [2 ** 12, 2 ** 19], (n) => filled(2 * n, "1,"), csv),
  shape("blank lines of a table", [2 ** 14, 2 ** 22], (n) => Buffer.concat([text("label,a\n"), filled(n, "\n")]), csv),
  shape("a field of many digits", [2 ** 14, 2 ** 22], (n) => Buffer.concat([text("label,a\n1,"), filled(n, "1")]), csv),
  shape("quotation marks in a table", [2 ** 14, 2 ** 22], (n) => filled(n, '"'), csv),
  shape(
    "spaces of a line of USPS",
    [2 ** 14, 2 ** 22],
    (n) => filled(n, " "),
    (bytes) => loadUsps({ bytes, name }),
  ),
  shape("empty blocks of gzip", [2 ** 12, 2 ** 18], emptyBlocks, inArchive),
  shape(
    "invisible characters in a name",
    [2 ** 16, 2 ** 22],
    (n) => "\u202e".repeat(n),
    (long) => shortName(long) + quote(long),
  ),
];

function paxRecord(key: string, value: string): Uint8Array {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (`${length}${rest}`.length !== length) length = `${length}${rest}`.length;
  return text(`${length}${rest}`);
}

/** The largest even grey that `n` bytes can hold: one code of one bit for a block's mean, one for its rest. */
function evenJpeg(n: number): Uint8Array {
  const segment = (marker: number, ...content: number[]) => [0xff, marker, 0, content.length + 2, ...content];
  const table = (kind: number) => segment(0xc4, kind, 1, ...Array(15).fill(0), 0);
  const side = 8 * Math.floor(Math.sqrt(4 * n));
  const size = [side >> 8, side & 255];
  const head = [
    ...[0xff, 0xd8, ...segment(0xdb, 0, ...Array(64).fill(1)), ...segment(0xc0, 8, ...size, ...size, 1, 1, 0x11, 0)],
    ...[...table(0), ...table(16), ...segment(0xda, 1, 1, 0, 0, 63, 0)],
  ];
  return Buffer.concat([Uint8Array.from(head), new Uint8Array(Math.ceil(side ** 2 / 256)), Uint8Array.of(0xff, 0xd9)]);
}

/** A PNG whose pixels come in `n` pieces of one byte. */
function piecesOfPng(n: number): Uint8Array {
  const whole = Buffer.from(
    pngOf(n, 1, 8, 0)(new Uint8Array(n + 1).map((_, i) => (i === 0 ? 0 : Math.imul(i, 0x9e3779b1) >>> 24))),
  );
  const at = whole.indexOf("IDAT");
  const length = new DataView(whole.buffer, whole.byteOffset).getUint32(at - 4);
  const pieces = Array.from(whole.subarray(at + 4, at + 4 + length), (byte) => pngChunk("IDAT", Uint8Array.of(byte)));
  return Buffer.concat([whole.subarray(0, at - 4), ...pieces, pngChunk("IEND", new Uint8Array())]);
}

function notedPng(n: number): Uint8Array {
  const note = pngChunk("tEXt", text("a\0b"));
  const whole = pngOf(1, 1, 8, 0, Array(n).fill(note))(Uint8Array.of(0, 7));
  return Buffer.concat([Uint8Array.from(pngSignature), whole.subarray(8)]);
}

/** A zip whose entries have an extra field each that reaches over those after it, which is scanned for sizes of 64 bits. */
function nestedZip(n: number): Uint8Array {
  const zip = deflatedZip(Array.from({ length: n }, (_, i) => [String(i).padStart(5, "0"), new Uint8Array()]));
  const view = new DataView(zip.buffer, zip.byteOffset, zip.length);
  for (let at = 0; view.getUint32(at, true) === 0x04034b50; at += 37) {
    view.setUint16(at + 28, Math.min(65_532, Math.max(0, 37 * n - at - 37)), true);
  }
  return zip;
}

/** A gzip of `n` stored blocks without content, and then a short one. */
function emptyBlocks(n: number): Uint8Array {
  const whole = gzipped(new Uint8Array());
  const blocks = Buffer.alloc(5 * n, Uint8Array.of(0, 0, 0, 0xff, 0xff));
  return Buffer.concat([whole.subarray(0, 10), blocks, deflateRawSync(new Uint8Array()), whole.subarray(-8)]);
}
