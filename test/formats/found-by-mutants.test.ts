// Faults that mutants and shapes of bad files have found, each by itself.
import { expect, test, vi } from "vitest";
import { decodeHere } from "../../src/codecs/decode-here.ts";
import { parseNpy } from "../../src/codecs/npy.ts";
import { parseTar } from "../../src/codecs/tar.ts";
import { datasetFromFiles } from "../../src/data/layouts/layouts.ts";
import { checkpointFromBytes, checkpointToBytes } from "../../src/formats/checkpoint-file.ts";
import { modelFromDescription } from "../../src/nn/describe.ts";
import { file, flatPng, jpegFile } from "../data/samples.ts";
import { described } from "../fuzz/shapes.ts";
import { errorOf } from "../helpers.ts";
import { ascii, concat, fileName } from "./hostile.ts";

const name = fileName;

test("a link of four million times ./ in a tar overflows no stack", async () => {
  const tar = await described("K", Buffer.alloc(2 ** 23, "./"));
  expect(parseTar(tar, { name, maximumEntries: 10 }).size).toBe(1);
});

test("a checkpoint in a Buffer stays as it is, so it can be read again", async () => {
  const state = { version: "0.1.0", spec: {}, step: 1, tensors: new Map([["a", Float32Array.of(1)]]) };
  const bytes = Buffer.from(await checkpointToBytes({ state, note: {} }));
  const before = Uint8Array.from(bytes);
  for (let times = 0; times < 2; times++) expect((await checkpointFromBytes(bytes, name)).state).toEqual(state);
  expect(Uint8Array.from(bytes)).toEqual(before);
});

test("a JPEG in a Buffer stays as it is where the decoder gets the usual bytes instead", async () => {
  const bytes = Buffer.from(jpegFile(20, 12));
  const version = bytes.indexOf("JFIF\0") + 5;
  bytes[version] = 9;
  await decodeHere(bytes, { name });
  expect(bytes[version]).toBe(9);
});

test("no control character of a .npy header stands in a message", () => {
  const header = "{'descr'\x7f\x9b2J: '<f4'}\n";
  const npy = concat([0x93, ...ascii("NUMPY"), 1, 0, header.length, 0], ascii(header));
  expect(() => parseNpy(npy, { name })).toThrow('evil.bin: expected : at byte 18, got "\\u007f\\u009b2J: ');
});

test("a model of 60,000 layers is made, and one name twice is refused", () => {
  const layers = (names: readonly string[]) => ({
    inputShape: [1, 1, 1],
    layers: [{ kind: "flatten" }, ...names.map((each) => ({ kind: "linear", name: each, out: 1 }))],
  });
  const names = Array.from({ length: 60_000 }, (_, i) => `fc${i}`);
  expect(modelFromDescription(layers(names)).parameters).toHaveLength(120_000);
  expect(() => modelFromDescription(layers(["a", "b", "a"]))).toThrow(
    '"layers" expected each name once, got "a.weight" twice',
  );
});

test("an annotation has at most 256 objects", async () => {
  const object =
    "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object>";
  const voc = (objects: number) => [
    file("ImageSets/Main/trainval.txt", ascii("a\n")),
    file("ImageSets/Main/test.txt", ascii("b\n")),
    ...["a", "b"].flatMap((id) => [
      file(`Annotations/${id}.xml`, ascii(`<annotation>${object.repeat(objects)}</annotation>`)),
      file(`JPEGImages/${id}.jpg`, flatPng(2, 2, [1, 2, 3])),
    ]),
  ];
  expect((await datasetFromFiles(voc(256), { size: 2 })).train.count).toBe(256);
  await expect(datasetFromFiles(voc(257), { size: 2 })).rejects.toThrow(
    "Annotations/a.xml: expected at most 256 objects in a picture, got 257",
  );
});

test("a picture that takes too long ends the loading at once, and others are not counted", async () => {
  const { TooSlowError } = await import("../../src/codecs/decode-apart.ts");
  let decoded = 0;
  vi.doMock("../../src/codecs/decode-image.ts", () => ({
    decodeImage: async () => {
      decoded++;
      throw new TooSlowError("slow.png: too slow");
    },
  }));
  vi.resetModules();
  const { readImages } = await import("../../src/data/image-set.ts");
  const images = Array.from({ length: 9 }, (_, i) => ({ file: file(`${i}.png`, flatPng(1, 1, [1, 2, 3])), label: 0 }));
  const error = await errorOf(() => readImages(images, { name: "a", classNames: ["a"] }, {}));
  vi.doUnmock("../../src/codecs/decode-image.ts");
  expect(error.message).toBe("slow.png: too slow");
  expect(decoded).toBe(1);
});
