import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../../src/codecs/decode-image.ts";
import { writeZip } from "../../src/codecs/zip.ts";
import { classSplit } from "../../src/data/class-split.ts";
import type { DataFile } from "../../src/data/data-file.ts";
import { filesInArchive } from "../../src/data/layouts/archive.ts";
import { loadCifarJpeg, loadImageFolder, withoutWrappers } from "../../src/data/layouts/class-folders.ts";
import { datasetFromFiles } from "../../src/data/layouts/layouts.ts";
import { FormatError } from "../../src/errors.ts";
import { filesInFolder } from "../../src/node/files.ts";
import { ascii, expectOnlyFormatErrors, expectRefused, fileName, patched, truncations } from "../formats/hostile.ts";
import { bytes, file, flatPng, histogram, jpegFile, png, realFile, tar } from "./samples.ts";

const red = flatPng(4, 4, [255, 0, 0]);
const blue = flatPng(4, 4, [0, 0, 255]);
const split = [
  file("set/train/b/2.png", blue),
  file("set/train/a/1.png", red),
  file("set/val/a/9.PNG", red),
  file("set/val/b/deep/er/8.png", blue),
  file("set/README.md", ascii("about")),
  file("set/train/.DS_Store", ascii("junk")),
  file("__MACOSX/set/train/a/._1.png", ascii("junk")),
];

describe("loadImageFolder", () => {
  test("takes train/ and val/ as they are, classes sorted by name", async () => {
    const { train, test: held } = await loadImageFolder(split, { name: "set" });
    expect(train).toMatchObject({ name: "set", count: 2, channels: 3, height: 4, width: 4, classes: 2 });
    expect(train.classNames).toEqual(["a", "b"]);
    expect([...train.labels]).toEqual([0, 1]);
    expect([...train.pixels.subarray(0, 48)]).toEqual([...Array(16).fill(255), ...Array(32).fill(0)]);
    expect([...held.labels]).toEqual([0, 1]);
    expect(held.mean).toEqual(train.mean);
    expect(train.mean).toEqual([0.5, 0, 0.5]);
  });

  test("gives the same set from files, Blobs, functions, tar, tar.gz and zip", async () => {
    const plain = await loadImageFolder(split, {});
    const archive = await tar(split);
    const zip = writeZip(split.map(({ path, bytes: content }) => [path, content as Uint8Array]));
    const lists: DataFile[][] = [
      split.map(({ path, bytes: content }) => ({ path, bytes: new Blob([(content as Uint8Array).slice()]) })),
      split.map(({ path, bytes: content }) => ({ path, bytes: async () => content as Uint8Array })),
      await filesInArchive(archive, "x.tar"),
      await filesInArchive(new Blob([new Uint8Array(gzipSync(archive))]), "x.tar.gz"),
      await filesInArchive(zip, "x.zip"),
      [...split].reverse(),
    ];
    for (const files of lists) expect(await loadImageFolder(files)).toEqual(plain);
  });

  test("divides a set without parts by its classes, the same for the same seed", async () => {
    const files = Array.from({ length: 40 }, (_, i) =>
      file(`${i < 30 ? "many" : "few"}/${i}.png`, png({ width: 2, height: 2, channels: 1, data: bytes(4, i) })),
    );
    const { train, test: held } = await loadImageFolder(files);
    expect(train.channels).toBe(1);
    expect([histogram(train), histogram(held)]).toEqual([
      [8, 24],
      [2, 6],
    ]);
    expect(await loadImageFolder(files)).toEqual({ train, test: held });
    const other = await loadImageFolder(files, { seed: 2 });
    expect(other.test.pixels).not.toEqual(held.pixels);
    const half = await loadImageFolder(files, { testShare: 0.5 });
    expect(histogram(half.test)).toEqual([5, 15]);
  });

  test("resizes by crop or squash, and makes grey what should be grey", async () => {
    // Left half black, right half white, 8 × 4.
    const wide = png({
      width: 8,
      height: 4,
      channels: 1,
      data: Uint8Array.from({ length: 32 }, (_, i) => (i % 8 < 4 ? 0 : 255)),
    });
    const files = ["train/a/1.png", "val/a/1.png"].map((path) => file(path, wide));
    const { train } = await loadImageFolder(files, { size: 4 });
    expect([...train.pixels.subarray(0, 4)]).toEqual([0, 0, 255, 255]);
    const squashed = (await loadImageFolder(files, { size: [2, 4], fit: "squash" })).train;
    expect(squashed).toMatchObject({ height: 2, width: 4, channels: 1 });
    expect((await loadImageFolder(files, { size: 4, channels: 3 })).train.pixels).toHaveLength(48);
    const { train: grey } = await loadImageFolder(split, { channels: 1 });
    // Pillow: Image.new("RGB", (1, 1), (255, 0, 0)).convert("L") is 76, of blue 29.
    expect([grey.pixels[0], grey.pixels[16]]).toEqual([76, 29]);
  });

  test("pictures that cannot be read are refused alike in a folder and every archive: the first, why, and how many", async () => {
    const files = [
      ...split,
      file("set/train/a/0.png", red.subarray(0, 60)),
      file("set/train/b/3.png", ascii("GIF89a")),
      file("set/val/a/0.jpg", new Uint8Array()),
      // What is not in the set may be anything.
      file("set/notes.txt", bytes(100)),
    ];
    const folder = mkdtempSync(join(tmpdir(), "distillate-pictures-"));
    for (const { path, bytes: content } of files) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), content as Uint8Array);
    }
    const archive = await tar(files);
    const entries = files.map(({ path, bytes: content }) => [path, content as Uint8Array] as const);
    const zip = writeZip(entries);
    // The content of a picture in a zip archive is checked by its CRC, too; that of the notes is not looked at.
    const notes = Buffer.from(zip).indexOf(Buffer.from(bytes(100)));
    const lists: [string, DataFile[]][] = [
      [`${folder}/`, await filesInFolder(folder)],
      ["", files],
      ["x.tar: ", await filesInArchive(archive, "x.tar")],
      ["x.tar.gz: ", await filesInArchive(new Uint8Array(gzipSync(archive)), "x.tar.gz")],
      ["x.zip: ", await filesInArchive(patched(zip, notes, 0, 0), "x.zip")],
    ];
    const said: string[] = [];
    for (const [prefix, list] of lists) {
      const error: Error = await datasetFromFiles(list, { size: 4 }).catch((reason) => reason);
      expect(error).toMatchObject({ name: "FormatError" });
      expect(error.message.startsWith(prefix)).toBe(true);
      said.push(error.message.slice(prefix.length));
    }
    rmSync(folder, { recursive: true });
    expect(said[0]).toMatch(/^set\/train\/a\/0\.png: expected .* at byte 60, .* \(cannot be read: 3 of 7 pictures\)$/);
    expect(new Set(said).size).toBe(1);
    const damaged = patched(zip, Buffer.from(zip).indexOf(Buffer.from(blue)) + 50, 0, 0, 0);
    await expect(loadImageFolder(await filesInArchive(damaged, "x.zip"))).rejects.toThrow(
      /^x\.zip: set\/train\/a\/0\.png: .* \(cannot be read: 4 of 7 pictures\)$/,
    );
    await expect(loadImageFolder([file("a/1.gif", red), file("a/2.webp", red), file("b/1.bmp", red)])).rejects.toThrow(
      "a/1.gif: expected only PNG and JPEG pictures, got another format, as 2 more have",
    );
  });

  test("a picture that is a link in an archive is named; a hard link in a tar archive is the picture", async () => {
    const header = (name: string, more: object) => ({ header: { name, size: 0, ...more } });
    const real = ["a/1.png", "b/1.png"].map((name) => ({
      header: { name, size: red.length },
      body: new Uint8Array(red),
    }));
    const linked = await packTar([...real, header("a/2.png", { type: "link", linkname: "a/1.png" })]);
    expect((await datasetFromFiles(await filesInArchive(linked, "x.tar"))).train.count).toBe(2);
    const symbolic = await packTar([...real, header("a/2.png", { type: "symlink", linkname: "1.png" })]);
    await expect(datasetFromFiles(await filesInArchive(symbolic, "x.tar"))).rejects.toThrow(
      "x.tar: a/2.png: expected a file in the archive, got a symbolic link (cannot be read: 1 of 3 pictures)",
    );
    const zip = writeZip([
      ...real.map(({ header: { name }, body }) => [name, body] as const),
      ["a/2.png", ascii("1.png")],
    ]);
    const central = Buffer.from(zip).lastIndexOf("a/2.png") - 46;
    const unpacked = await filesInArchive(patched(zip, central + 40, 0xff, 0xa1), "x.zip");
    await expect(datasetFromFiles(unpacked)).rejects.toThrow(
      "x.zip: a/2.png: expected a file in the archive, got a symbolic link (cannot be read: 1 of 3 pictures)",
    );
  });

  test("what cannot be is refused, naming the file", async () => {
    const load = (files: DataFile[], options = {}) => loadImageFolder(files, { name: "s", source: "dir", ...options });
    await expect(load([])).rejects.toThrow("dir: expected PNG or JPEG files, got none of 0");
    await expect(load([file("a/1.png", red), file("2.png", red)])).rejects.toThrow(
      "2.png: expected a picture in a folder",
    );
    await expect(load([file("a/1.gif", red)])).rejects.toThrow("a/1.gif: expected only PNG and JPEG");
    await expect(load([file("a/1.png", ascii("GIF89a")), file("a/2.png", red)])).rejects.toThrow(
      /^a\/\d\.png: expected a PNG .* at byte 0/,
    );
    await expect(load([file("a/1.png", red), file("a/2.png", flatPng(5, 4, [0, 0, 0]))])).rejects.toThrow(
      /expected \d×4 pixels as in a\/\d\.png, got \d×4: give "size"/,
    );
    await expect(load([file("train/a/1.png", red), file("val/b/1.png", red)])).rejects.toThrow(
      'dir: expected training images of every class, got none of "b"',
    );
    await expect(load([...split, file("set/test/a/1.png", red)])).rejects.toThrow(/got another folder/);
    await expect(load([file("a/1.png", red)])).rejects.toThrow("dir: expected two pictures of some class");
    await expect(load(split, { size: 0 })).rejects.toThrow('"size" expected integers from 1 to 4096, got 0');
    await expect(load(split, { fit: "x" })).rejects.toThrow(RangeError);
    await expect(load(split, { channels: 2 })).rejects.toThrow(RangeError);
    await expect(load([file("a/1.png", red), file("a/2.png", red)], { testShare: 1 })).rejects.toThrow(RangeError);
    const many = Array.from({ length: 257 }, (_, i) => file(`${i}/1.png`, red));
    await expect(load(many)).rejects.toThrow("dir: expected at most 256 classes, got 257");
    const big = Array.from({ length: 200 }, (_, i) => file(`a/${i}.png`, red));
    await expect(load(big, { size: 4096 })).rejects.toThrow(/"size" expected at most 2147483647 bytes/);
  });

  test("pixels from a decoder of the caller's give the set of the files that they came from", async () => {
    const files = ["a", "b"].flatMap((name) =>
      [1, 2].map((i) => file(`${name}/${i}.png`, flatPng(6, 5, [40 * i, 9, 90]))),
    );
    const asked: string[] = [];
    const decode = async ({ path, bytes: content }: DataFile) => {
      asked.push(path);
      return decodeImage(content as Uint8Array, { name: path });
    };
    const empty = files.map((each) => ({ ...each, bytes: new Uint8Array() }));
    const given = await loadImageFolder(empty, {
      size: 4,
      decode: (each) => decode(files.find(({ path }) => path === each.path)!),
    });
    expect(given).toEqual(await loadImageFolder(files, { size: 4 }));
    expect(asked.sort()).toEqual(files.map(({ path }) => path));

    const refuse = (): never => {
      throw new FormatError("a/1.png: expected better pixels");
    };
    await expect(loadImageFolder(files, { size: 4, decode: refuse })).rejects.toThrow(
      "a/1.png: expected better pixels (cannot be read: 4 of 4 pictures)",
    );
    for (const wrong of [{ width: 6, height: 5, channels: 3, data: new Uint8Array(89) }, undefined] as never[]) {
      await expect(loadImageFolder(files, { size: 4, decode: () => wrong })).rejects.toThrow(/^"decode" expected/);
    }
    const short = { width: 6, height: 5, channels: 1 as const, data: new Uint8Array(29) };
    await expect(loadImageFolder(files, { size: 4, decode: () => short })).rejects.toThrow(
      /^"decode" expected \{ width, height, channels, data \} .* for [ab]\/[12]\.png$/,
    );
  });

  test("an aborted reading stops with the reason", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(loadImageFolder(split, { signal })).rejects.toThrow("enough");
  });

  test("hymenoptera has its counts, and is read in 8 × 8 pixels", async (context) => {
    const archive = realFile("hymenoptera/hymenoptera-224px.tar.gz");
    context.skip(!archive, "needs ../shared/data/hymenoptera");
    const files = await filesInArchive(archive!, "hymenoptera.tar.gz");
    const inFolder = (folder: string) => files.filter(({ path }) => path.startsWith(`hymenoptera/${folder}/`)).length;
    expect(["train/ants", "train/bees", "val/ants", "val/bees"].map(inFolder)).toEqual([123, 121, 70, 83]);
    // A few of each folder: decoding all takes seconds.
    const some = files.filter(({ path }) => /\/00\d\.jpg$/.test(path));
    const { train, test: held } = await loadImageFolder(some, { size: 8 });
    expect(train.classNames).toEqual(["ants", "bees"]);
    expect(train.count + held.count).toBe(some.length);
    expect(histogram(train)).toEqual([10, 10]);
  });

  test("flowers5 has its counts, and statistics on a tenth of it within a hundredth", async (context) => {
    const archive = realFile("flowers5/flowers5-128px.tar.gz");
    context.skip(!archive, "needs ../shared/data/flowers5");
    const files = await filesInArchive(archive!, "flowers5.tar.gz");
    const classNames = ["daisy", "dandelion", "rose", "sunflower", "tulip"];
    const inFolder = (folder: string) => files.filter(({ path }) => path.startsWith(`flowers5/${folder}/`)).length;
    expect(classNames.map(inFolder)).toEqual([764, 1052, 784, 733, 984]);
    const { train } = await loadImageFolder(
      files.filter((_, i) => i % 10 === 0),
      { testShare: 0.01 },
    );
    expect(train).toMatchObject({ classNames, height: 128, width: 128, channels: 3 });
    for (const [c, mean] of [0.4589, 0.4203, 0.3088].entries())
      expect(Math.abs(train.mean[c]! - mean)).toBeLessThan(0.01);
    for (const [c, std] of [0.2668, 0.2407, 0.257].entries()) expect(Math.abs(train.std[c]! - std)).toBeLessThan(0.01);
  });
});

describe("loadCifarJpeg", () => {
  test("takes labels from the names and checks the positions", async () => {
    const picture = jpegFile(32, 32);
    const files = ["train/00000_6.jpg", "train/00001_9.jpg", "test/00000_3.jpg"].map((path) => file(path, picture));
    const { train, test: held } = await loadCifarJpeg(files);
    expect(train).toMatchObject({ name: "CIFAR-10 (JPEG q75)", count: 2, classes: 10, channels: 3 });
    expect([[...train.labels], [...held.labels]]).toEqual([[6, 9], [3]]);
    await expect(loadCifarJpeg([files[1]!, files[2]!])).rejects.toThrow(
      "train/00001_9.jpg: expected position 0 next in train, got 00001",
    );
    await expect(loadCifarJpeg([file("train/1.jpg", picture)])).rejects.toThrow("train/1.jpg: expected a name like");
  });
});

describe("filesInArchive", () => {
  test("bad archives are refused, naming the archive, and take no memory", async () => {
    const good = await tar([file("a/b.txt", ascii("hello")), file("a/c.txt", bytes(600))]);
    /** With the checksum put right after a change. */
    const forged = (at: number, text: string) => {
      const copy = patched(good, at, ...ascii(text));
      copy.fill(0x20, 148, 156);
      const sum = copy.subarray(0, 512).reduce((total, byte) => total + byte, 0);
      copy.set(ascii(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
      return copy;
    };
    const before = process.memoryUsage().arrayBuffers;
    await expectRefused(
      [
        ...truncations(good.subarray(0, -1024), 40),
        ["a wrong checksum", patched(good, 0, 0x5a)],
        ["8 GiB", forged(124, "77777777777\0")],
        ["2 GiB", forged(124, "20000000000\0")],
        ["a size that is no number", forged(124, "zzzzzzzzzzz\0")],
        ["a negative size", forged(124, String.fromCharCode(...Array(12).fill(255)))],
        ["text", ascii("hello world ".repeat(100))],
      ],
      (content) => filesInArchive(content, fileName),
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
  });

  test("a list of blank lines is refused by the size that it would have", async () => {
    const blank = file("images.txt", new Uint8Array(2 ** 26).fill(0x0a));
    const lists = [
      blank,
      ...["image_class_labels", "train_test_split"].map((name) => file(`${name}.txt`, ascii("1 1"))),
    ];
    const packed = new Uint8Array(gzipSync(await tar(lists)));
    const before = process.memoryUsage().arrayBuffers;
    await expect(filesInArchive(packed, fileName)).rejects.toThrow(/^evil\.bin: expected at most 16777216 bytes/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
    await expect(datasetFromFiles(lists)).rejects.toThrow("images.txt: expected at most 16777216 bytes, got 67108864");
  });

  test("a path of thousands of folders takes one look at each", () => {
    const files = [file(`${"a/".repeat(200_000)}b/1.png`, red), file(`${"a/".repeat(200_000)}c/2.png`, red)];
    expect(withoutWrappers(files).map(({ path }) => path)).toEqual(["b/1.png", "c/2.png"]);
  });

  test("mutants give FormatErrors only", async () => {
    const good = await tar([file("a/b.txt", ascii("hello"))]);
    await expectOnlyFormatErrors("tar", [good], (content) => filesInArchive(content, fileName), 500);
  });
});

describe("classSplit", () => {
  test("every position is in one part, and every class in the test part by its share", () => {
    const labels = Array.from({ length: 500 }, (_, i) => (i * i) % 7);
    const { train, test: held } = classSplit(labels, 7, { testShare: 0.25, seed: 3 });
    expect([...train, ...held].sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
    for (let label = 0; label < 7; label++) {
      const n = labels.filter((l) => l === label).length;
      expect(held.filter((i) => labels[i] === label)).toHaveLength(Math.round(n / 4));
    }
    expect(classSplit([0, 1, 1], 2)).toMatchObject({ test: [expect.any(Number)] });
    expect(() => classSplit([0], 1, { testShare: 0 })).toThrow(RangeError);
    expect(() => classSplit([0], 1, { seed: -1 })).toThrow(RangeError);
  });

  test("each position of a class is chosen about as often as any other", () => {
    const counts = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 1000; seed++) {
      for (const i of classSplit(new Uint8Array(10), 1, { testShare: 0.3, seed }).test) counts[i]!++;
    }
    // 300 ± 14.5 each; five standard deviations.
    for (const count of counts) expect(Math.abs(count - 300)).toBeLessThan(73);
  });
});
