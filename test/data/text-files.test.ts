import { describe, expect, test } from "vitest";
import type { DataFile } from "../../src/data/data-file.ts";
import { datasetFromFiles } from "../../src/data/layouts/layouts.ts";
import { TextLines } from "../../src/data/layouts/text-files.ts";
import { ascii, fileName } from "../formats/hostile.ts";
import { file, flatPng } from "./samples.ts";

async function all(content: Uint8Array, most = 10): Promise<string[][]> {
  const lines = await TextLines.of({ path: fileName, bytes: content }, most);
  const found: string[][] = [];
  for (let fields = lines.next(); fields !== undefined; fields = lines.next()) found.push(fields);
  return found;
}

describe("lines of text files", () => {
  test("are what spaces part, blank ones left out, whatever ends them", async () => {
    expect(await all(ascii("\n1 a/b.png \r\n\t\n 2\tc\n\n3"))).toEqual([["1", "a/b.png"], ["2", "c"], ["3"]]);
    expect(await all(ascii(""))).toEqual([]);
    const lines = await TextLines.of(file(fileName, ascii("\n\n \nx")), 1);
    lines.next();
    expect(lines.bad("y", "x").message).toBe('evil.bin: expected y in line 4, got "x"');
  });

  test("leave nothing behind where they are blank, and no more than there are files where they are not", async () => {
    const blank = new Uint8Array(2 ** 24).fill(0x0a);
    const before = process.memoryUsage().heapUsed;
    expect(await all(blank)).toEqual([]);
    // An object for each line would be a gigabyte.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 ** 24);
    const many = ascii("1 a\n".repeat(11));
    await expect(all(many)).rejects.toThrow("evil.bin: expected at most 10 lines, one for each file in line 11");
    await expect(all(new Uint8Array(2 ** 24).fill(0x61))).rejects.toThrow(
      "evil.bin: expected at most 8192 bytes in line 1",
    );
    await expect(all(new Uint8Array(2 ** 24 + 1))).rejects.toThrow("evil.bin: expected at most 16777216 bytes, got");
  });

  const picture = flatPng(2, 2, [1, 2, 3]);
  const loaded = (files: DataFile[]) =>
    datasetFromFiles(files, { size: 2 }).then(
      () => "accepted",
      (error: Error) => `${error.name}: ${error.message}`,
    );

  test("of CUB name each picture once", async () => {
    const cub = (images: string, labels = "1 1\n2 1\n") => [
      file("images.txt", ascii(images)),
      file("image_class_labels.txt", ascii(labels)),
      file("train_test_split.txt", ascii("1 1\n2 0\n")),
      ...["a", "b"].map((name) => file(`images/001.Jay/${name}.png`, picture)),
    ];
    expect(await loaded(cub("1 001.Jay/a.png\n2 001.Jay/b.png\n"))).toBe("accepted");
    expect(await loaded(cub("1 001.Jay/a.png\n2 001.Jay/a.png\n"))).toContain(
      'FormatError: images.txt: expected each path once, got "001.Jay/a.png" again',
    );
    const lines = Array.from({ length: 6 }, (_, i) => `${i + 1} 1\n`).join("");
    expect(await loaded(cub("1 001.Jay/a.png\n2 001.Jay/b.png\n", lines))).toContain(
      "FormatError: image_class_labels.txt: expected at most 5 lines",
    );
  });

  test("of VOC name each picture once, so that no annotation is read more often", async () => {
    const object =
      "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object>";
    const voc = (list: string) => [
      file("ImageSets/Main/trainval.txt", ascii(list)),
      file("ImageSets/Main/test.txt", ascii("b\n")),
      ...["a", "b"].flatMap((id) => [
        file(`Annotations/${id}.xml`, ascii(`<annotation>${object}</annotation>`)),
        file(`JPEGImages/${id}.jpg`, picture),
      ]),
    ];
    expect(await loaded(voc("a\n"))).toBe("accepted");
    expect(await loaded(voc("a\na\n"))).toBe(
      'FormatError: ImageSets/Main/trainval.txt: expected the name of an image that was not named before in line 2, got "a"',
    );
  });
});
