// Readers of one format each: archives, arrays, pictures, JSON, XML.
import { decodeHere } from "../../../src/codecs/decode-here.ts";
import { gunzip, maybeGunzip } from "../../../src/codecs/gzip.ts";
import { jsonFromBytes } from "../../../src/codecs/json.ts";
import { openMat } from "../../../src/codecs/mat.ts";
import { parseNpy, writeNpy } from "../../../src/codecs/npy.ts";
import { openNpz, parseNpz, writeNpz } from "../../../src/codecs/npz.ts";
import { parseSafetensors, writeSafetensors } from "../../../src/codecs/safetensors.ts";
import { parseTar } from "../../../src/codecs/tar.ts";
import { parseTorchArchive, TorchTensor } from "../../../src/codecs/torch-archive.ts";
import { parseXml } from "../../../src/codecs/xml.ts";
import { parseZip, writeZip } from "../../../src/codecs/zip.ts";
import * as pickles from "../../codecs/pickles.ts";
import { archive, pickle, bytes as pickledBytes, six, tensor } from "../../codecs/pickles.ts";
import { encodeJpeg } from "../../data/jpeg-encoder.ts";
import { exif, kinds, texture, withExif } from "../../data/jpegs.ts";
import { bytes, png } from "../../data/samples.ts";
import { ascii, concat } from "../../formats/hostile.ts";
import { mat, packed, variable } from "../../formats/mat-writer.ts";
import type { Seed } from "../mutate.ts";
import {
  deflatedZip,
  gzipped,
  pngChunk,
  pngOf,
  safetensorsOf,
  safetensorsParts,
  tarOf,
  withChecksums,
  withCrcs,
  zipOf,
} from "../wraps.ts";
import { fileName, type Reader, text, whole } from "./reader.ts";

const name = fileName;

const arrays: readonly Uint8Array[] = [
  writeNpy({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }),
  writeNpy({ shape: [4], data: BigInt64Array.of(1n, -2n, 3n, 4n) }),
  writeNpy({ shape: [], data: Float64Array.of(1.5) }),
  npyOf("{'descr': '>u2', 'fortran_order': True, 'shape': (2, 2), }", 8),
  npyOf("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", 3),
  npyOf('{"shape": (1, 2), "descr": "<f2", "fortran_order": False}', 4),
];

function npyOf(header: string, size: number): Uint8Array {
  const line = `${header}\n`;
  return concat([0x93, ...ascii("NUMPY"), 1, 0, line.length, 0], ascii(line), new Uint8Array(size));
}

const tensors = writeSafetensors(
  [
    ["images", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ["__proto__", { shape: [2], data: Int8Array.of(1, 2) }],
    ["half", { shape: [1], data: Float64Array.of(1) }],
  ],
  [
    ["format", "pt"],
    ["note", '{"a": [1, 2, "\\u00fc"]}'],
  ],
);

/** The header of a .safetensors file, changed as text; its length and its data fit. */
export function headerOf(file: Uint8Array): Seed {
  const { header, data } = safetensorsParts(file);
  return { bytes: header, wrap: safetensorsOf(data) };
}

export const document: Uint8Array = text(
  '<?xml version="1.0"?><!-- a --><annotation><filename a="1>2">a.jpg</filename><object><name>cat</name><bndbox>' +
    "<xmin>1</xmin><ymin>1.5</ymin><xmax>2</xmax><ymax>2</ymax></bndbox><x/>&lt;&amp;</object></annotation>",
);

const grid = mat([variable("X", [2, 3], Float64Array.of(1, 2, 3, 4, 5, 6)), variable("y", [1, 1], Uint8Array.of(1))]);
const bigGrid = mat([variable("X", [2, 1], Int16Array.of(1, 2), { bigEndian: true })], { bigEndian: true });
const single = variable("label", [3, 1], Float32Array.of(1, 2, 3), { kind: 7 });

const plainJpeg = encodeJpeg(texture(20, 12, 3));
const small = kinds.filter((kind) => kind.bytes.length < 3000).map((kind) => kind.bytes);

async function readAll(read: Iterable<readonly [string, { read(): Promise<unknown> }]>): Promise<void> {
  for (const [, entry] of read) await entry.read();
}

/** A value with one of each thing that a pickle of torch.save holds. */
function pickled(): Uint8Array {
  const { build, call, dict, get, int, list, name, no, none, put, text, tuple, yes } = pickles;
  const state = tuple(int(3), text("<"), none, none, none, int(-1), int(-1), int(0));
  const f8 = build(call(name("numpy", "dtype"), text("f8"), no, yes), state);
  const eight = pickledBytes(0, 0, 0, 0, 0, 0, 0, 64);
  const empty = call(name("numpy.core.multiarray", "_reconstruct"), name("numpy", "ndarray"), tuple(int(0)), text("b"));
  const array = build(empty, tuple(int(1), tuple(int(1)), f8, no, eight));
  const parameter = call(name("torch._utils", "_rebuild_parameter"), tensor(), yes, none);
  return pickle(
    dict(
      [text("data"), list(list([...tensor(), ...put(0)], get(0)))],
      [text("accs"), list(call(name("numpy.core.multiarray", "scalar"), f8, eight), array, int(-3))],
      [int(3), parameter],
    ),
  );
}

export const codecReaders: readonly Reader[] = [
  {
    name: "npy",
    covers: ["parseNpy"],
    seeds: () => whole(...arrays),
    read: (file) => parseNpy(file, { name }),
    cases: 100_000,
  },
  {
    name: "npz",
    covers: ["parseNpz", "openNpz"],
    seeds: () => [
      ...whole(writeNpz([["a", { shape: [2], data: Float32Array.of(1, 2) }]]), writeZip([["b.npy", arrays[1]!]])),
      ...arrays.map((bytes) => ({ bytes, wrap: zipOf("x.npy", [["y.npy", arrays[0]!]]) })),
    ],
    async read(file) {
      for (const parse of (await openNpz(file, { name })).values()) parse();
      await parseNpz(file, { name });
    },
    cases: 10_000,
  },
  {
    name: "zip",
    covers: ["parseZip", "openZip"],
    seeds: () =>
      whole(
        writeZip([
          ["a/b.txt", text("hello")],
          ["c", bytes(100)],
        ]),
        deflatedZip([
          ["a", text("aaaaaaaaaaaaaaaaaaaa")],
          ["b/c", bytes(50)],
        ]),
      ),
    read: (file) => parseZip(file, { name }),
    cases: 40_000,
  },
  {
    name: "gzip",
    covers: ["gunzip", "maybeGunzip", "isGzip", "inflate"],
    seeds: () => whole(gzipped(bytes(300)), gzipped(new Uint8Array(5000)), gzipped(new Uint8Array())),
    async read(file) {
      await gunzip(file, { name });
      await maybeGunzip(file, { name, maximumBytes: 2 ** 20 });
    },
    cases: 8_000,
  },
  {
    name: "torch archive",
    covers: ["parseTorchArchive", "parsePickle", "latin1Bytes"],
    seeds: () => [
      ...whole(archive(tensor())),
      { bytes: pickled(), wrap: zipOf("net/data.pkl", [["net/data/0", six]]) },
      { bytes: pickle(tensor()), wrap: zipOf("net/data.pkl", [["net/data/0", six]]) },
      { bytes: pickle(tensor(), 4), wrap: zipOf("net/data.pkl", [["net/data/0", six]]) },
    ],
    async read(file) {
      const value = await parseTorchArchive(file, { name });
      for (const inner of Array.isArray(value) ? value : [value]) if (inner instanceof TorchTensor) await inner.read();
    },
    cases: 40_000,
  },
  {
    name: "tar",
    covers: ["parseTar"],
    async seeds() {
      const plain = await tarOf([
        ["a/b.txt", text("hello")],
        [`${"long/".repeat(40)}name`, bytes(600)],
      ]);
      return [...whole(plain), { bytes: plain, wrap: withChecksums }, { bytes: plain, wrap: withChecksums }];
    },
    read: (file) => parseTar(file, { name, maximumEntries: 1000 }),
    cases: 40_000,
  },
  {
    name: "mat",
    covers: ["openMat", "inflatePrefix"],
    seeds: () => [
      ...whole(grid, bigGrid, mat([packed(single)])),
      { bytes: single, wrap: (matrix) => mat([packed(matrix)]) },
      { bytes: variable("y", [1, 1], Uint8Array.of(1)), wrap: (matrix) => mat([packed(matrix)]) },
    ],
    read: async (file) => readAll(await openMat(file, { name })),
    cases: 12_000,
  },
  {
    name: "safetensors",
    covers: ["parseSafetensors"],
    seeds: () => [...whole(tensors), headerOf(tensors), headerOf(tensors)],
    read: (file) => parseSafetensors(file, { name }),
    cases: 130_000,
  },
  {
    name: "json",
    covers: ["jsonFromBytes", "parseJson"],
    seeds: () => whole(text('{"a":[1,-2.5e3,"\\u00e9\\"",null,true],"b":{"__proto__":{"c":[[[]]]}},"n":1e308}')),
    read: (file) => jsonFromBytes(file, name),
    cases: 230_000,
  },
  {
    name: "xml",
    covers: ["parseXml"],
    seeds: () => whole(document, text('<a b="c"><d>1</d><d/></a>')),
    read: (file) => parseXml(new TextDecoder().decode(file), name),
    cases: 230_000,
  },
  {
    name: "png",
    covers: ["decodePng", "isPng", "decodeHere"],
    seeds() {
      const rgb = png({ width: 5, height: 4, channels: 3, data: bytes(60) });
      const deep = png({ width: 3, height: 2, channels: 1, depth: 16, data: Uint16Array.of(1, 2, 3, 4, 5, 65535) });
      const palette = pngChunk("PLTE", Uint8Array.of(1, 2, 3, 4, 5, 6));
      return [
        ...whole(rgb, deep),
        ...[rgb, deep, pngOf(3, 1, 1, 3, [palette])(Uint8Array.of(0, 0x40))].map((bytes) => ({
          bytes,
          wrap: withCrcs,
        })),
        { bytes: Uint8Array.from([0, ...bytes(15), 1, ...bytes(15), 4, ...bytes(15)]), wrap: pngOf(5, 3, 8, 2) },
        { bytes: Uint8Array.of(0, 0b10110000, 2, 0b01001000), wrap: pngOf(5, 2, 1, 0) },
        { bytes: Uint8Array.of(0, 0x40, 3, 0x80), wrap: pngOf(3, 2, 1, 3, [palette]) },
      ];
    },
    read: (file) => decodeHere(file, { name }),
    cases: 20_000,
  },
  {
    name: "jpeg",
    covers: ["decodeJpeg", "isJpeg", "exifOrientation", "decodeMozjpeg", "decodeHere"],
    seeds: () => [
      ...whole(...small, encodeJpeg({ width: 9, height: 5, channels: 3, data: bytes(135) }, { progressive: true })),
      { bytes: exif(6), wrap: (segment) => withExif(plainJpeg, segment.subarray(0, 4000)) },
    ],
    read: (file) => decodeHere(file, { name }),
    cases: 10_000,
  },
];
