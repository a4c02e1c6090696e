// What the demo page makes of a visitor's own pictures, without a browser: what is read, and what is left out with which words.
import { encode } from "fast-png";
import { describe, expect, test } from "vitest";
import { inClasses, learnable } from "../examples/browser/src/lab/class-pictures.ts";
import { leftOutInWords } from "../examples/browser/src/lab/left-out.ts";
import { formatByContent, formatByName, isPictureName } from "../examples/browser/src/lab/picture-formats.ts";
import { readPictures } from "../examples/browser/src/lab/read-pictures.ts";
import { crc32 } from "../src/codecs/zip.ts";
import { type DataFile, loadImageFolder } from "../src/data.ts";
import { jpegFile, tar } from "./data/samples.ts";

const silent = (): void => {};

/** A picture of one colour with a darker left half, so that resizing has something to do. */
function picture(red: number, width = 40, height = 24): Uint8Array {
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) =>
    i % 3 === 0 && Math.floor(i / 3) % width > width / 2 ? red : (i * 7) % 50,
  );
  return encode({ width, height, channels: 3, depth: 8, data });
}

function folder(className: string, n: number): DataFile[] {
  return Array.from({ length: n }, (_, i) => ({ path: `fruit/${className}/${i}.png`, bytes: picture(100 + i) }));
}

const fruit = [...folder("lemon", 5), ...folder("lime", 5)];

describe("a set of pictures", () => {
  test("one broken picture is left out by name, and the set is the one of the other files", async () => {
    const broken = { path: "fruit/lemon/17.png", bytes: new Uint8Array([0x89, 0x50, 1, 2, 3]) };
    const { split, notes } = await readPictures([broken, ...fruit], "fruit", silent);
    expect(notes).toEqual([
      expect.stringMatching(/^1 picture was left out: fruit\/lemon\/17\.png is broken \(expected .*\)\.$/),
    ]);
    const { train, test: held } = await loadImageFolder(fruit, { name: "fruit", size: 32 });
    expect(split.train).toEqual(train);
    expect(split.test).toEqual(held);
  });

  test("a picture of 48 megapixels is refused alone, with its size and what to do", async () => {
    const huge = encode({ width: 1, height: 1, channels: 3, depth: 8, data: new Uint8Array(3) });
    // The header states another size; nothing behind it is looked at.
    new DataView(huge.buffer, huge.byteOffset).setUint32(16, 8000);
    new DataView(huge.buffer, huge.byteOffset).setUint32(20, 6000);
    const fixed = withHeaderCrc(huge);
    const { split, notes } = await readPictures(
      [{ path: "fruit/lime/big.png", bytes: fixed }, ...fruit],
      "fruit",
      silent,
    );
    expect(notes).toEqual([
      "1 picture was left out: fruit/lime/big.png has 48 megapixels (8000×6000), and at most 16.8 are read: make it smaller.",
    ]);
    expect(split.train.count + split.test.count).toBe(10);
  });

  test("pictures in other formats are named with what to do, also those whose names say JPEG", async () => {
    const others = [
      { path: "fruit/lime/holiday.heic", bytes: ftyp("heic") },
      { path: "fruit/lime/a.jpg", bytes: ftyp("heic") },
      { path: "fruit/lime/b.svg", bytes: new TextEncoder().encode("<svg/>") },
      { path: "fruit/lime/c.CR2", bytes: new Uint8Array(9) },
    ];
    const { notes } = await readPictures([...others, ...fruit], "fruit", silent);
    expect(notes).toEqual([
      "4 pictures were left out: fruit/lime/holiday.heic is HEIC, which is not read here: export it as JPEG or PNG; " +
        "fruit/lime/b.svg is SVG, which is not read here: it has no pixels: export it as PNG; " +
        "fruit/lime/c.CR2 is a camera's RAW, which is not read here: export it as JPEG or PNG; and 1 more.",
    ]);
  });

  test("only when no picture can be read is everything refused, with the reasons", async () => {
    const bad = ["lemon", "lime"].map((name) => ({ path: `fruit/${name}/1.png`, bytes: new Uint8Array(0) }));
    await expect(readPictures(bad, "fruit", silent)).rejects.toThrow(
      "fruit: no picture can be read: fruit/lemon/1.png is empty; fruit/lime/1.png is empty.",
    );
  });

  test("a class whose pictures are all broken is left out, in the test part too", async () => {
    const parts = ["train", "test"].flatMap((part) =>
      ["lemon", "lime", "kiwi"].map((name) => ({
        path: `set/${part}/${name}/1.png`,
        bytes: picture(120) as Uint8Array,
      })),
    );
    const bad = parts.map((file) =>
      file.path === "set/train/kiwi/1.png" ? { ...file, bytes: new Uint8Array(3) } : file,
    );
    const { split, notes } = await readPictures(bad, "set", silent);
    expect(split.train.classNames).toEqual(["lemon", "lime"]);
    expect(split.test.count).toBe(2);
    expect(notes.join()).toMatch(
      /2 pictures were left out: .*set\/test\/kiwi\/1\.png is of a class without training pictures/,
    );
  });

  test("pictures beside the folders of classes, and files of other kinds, do not spoil the set", async () => {
    const beside = [
      { path: "fruit/cover.png", bytes: picture(9) },
      { path: "LICENSE.txt", bytes: new Uint8Array(3) },
      { path: "fruit/lemon/.DS_Store", bytes: new Uint8Array(3) },
      { path: "__MACOSX/fruit/lemon/._0.png", bytes: new Uint8Array(3) },
    ];
    const { split, notes } = await readPictures([...beside, ...fruit], "fruit", silent);
    expect(split.train.classNames).toEqual(["lemon", "lime"]);
    expect(notes).toEqual(["1 picture was left out: fruit/cover.png lies in no folder of a class."]);
  });

  test("an archive gives the set of its files, and a damaged file in it is left out", async () => {
    const archive = {
      path: "fruit.tar",
      bytes: await tar([...fruit, { path: "fruit/lime/x.jpg", bytes: jpegFile(9, 9).subarray(0, 99) }]),
    };
    const { split, notes } = await readPictures([archive], "fruit", silent);
    const plain = await readPictures(fruit, "fruit", silent);
    expect(split).toEqual(plain.split);
    expect(notes).toEqual([expect.stringMatching(/^1 picture was left out: fruit\/lime\/x\.jpg is broken/)]);
  });

  test("pictures in no folders are refused with what to do", async () => {
    const loose = [1, 2].map((i) => ({ path: `${i}.png`, bytes: picture(i) }));
    await expect(readPictures(loose, "your files", silent)).rejects.toThrow(
      /put the pictures of each class into a folder that has its name/,
    );
  });

  test("pictures of 28×28 keep their pixels; one of another size among them makes all of them larger", async () => {
    const small = ["a", "b"].flatMap((name) =>
      [1, 2].map((i) => ({ path: `${name}/${i}.png`, bytes: picture(200 + i, 28, 28) })),
    );
    expect((await readPictures(small, "mine", silent)).split.train).toMatchObject({ height: 28, width: 28 });
    const mixed = [...small, { path: "a/3.png", bytes: picture(9) }];
    const { split } = await readPictures(mixed, "mine", silent);
    expect(split.train.pixels).toEqual((await loadImageFolder(mixed, { name: "mine", size: 32 })).train.pixels);
  });

  test("several pictures are decoded at once, in any order, and give the same set", async () => {
    let [now, most] = [0, 0];
    const { decodedSmall } = await import("../examples/browser/src/lab/decode-picture.ts");
    const waits: (() => void)[] = [];
    const decoder = {
      atOnce: 3,
      async decode(source: Uint8Array, path: string) {
        most = Math.max(most, ++now);
        // Each group of three ends in the reverse order.
        await new Promise<void>((resolve) => {
          waits.push(resolve);
          if (waits.length === 3) for (const free of waits.splice(0).reverse()) free();
          else
            setImmediate(() =>
              waits.splice(0).forEach((free) => {
                free();
              }),
            );
        });
        now--;
        return decodedSmall(source, path);
      },
    };
    const { split } = await readPictures(fruit, "fruit", silent, decoder as never);
    expect(most).toBe(3);
    expect(split).toEqual((await readPictures(fruit, "fruit", silent)).split);
  });
});

describe("what is left out, in words", () => {
  const some = (n: number, why: (i: number) => string) =>
    Array.from({ length: n }, (_, i) => ({ path: `${i}.png`, why: why(i) }));

  test("three are named, one of each reason first, and the others are counted", () => {
    const words = leftOutInWords([...some(1200, (i) => `is broken (at byte ${i})`), { path: "z.gif", why: "is GIF" }]);
    expect(words).toBe(
      "1,201 pictures were left out: 0.png is broken (at byte 0); z.gif is GIF; 1.png is broken (at byte 1); and 1,198 more.",
    );
    expect(leftOutInWords([])).toBeUndefined();
  });

  test("what lies beside folders of classes is told from pictures in a class, at any depth", () => {
    const at = (...paths: string[]) => paths.map((path) => ({ path, bytes: new Uint8Array() }));
    const inside = (...paths: string[]) => inClasses(at(...paths)).inside.map(({ path }) => path);
    expect(inside("a/1.png", "b/2.png", "0.png")).toEqual(["a/1.png", "b/2.png"]);
    expect(inside("x/train/a/1.png", "x/train/0.png", "x/test/a/2.png")).toEqual(["x/train/a/1.png", "x/test/a/2.png"]);
    expect(inside("x/train/00000_6.jpg", "x/train/00001_1.jpg")).toHaveLength(2);
    expect(inside("a/deep/1.png", "a/2.png", "b/3.png")).toHaveLength(3);
    expect(learnable(at("s/train/a/1.png", "s/test/a/1.png", "s/test/b/1.png")).leftOut).toHaveLength(1);
    expect(learnable(at("s/a/1.png", "s/b/1.png")).leftOut).toEqual([]);
  });

  test("formats are known by their names and by their first bytes", () => {
    expect(formatByName("a/B.HEIF")?.name).toBe("HEIC");
    expect(formatByName("a.png")).toBeUndefined();
    expect(["x.jpeg", "x.jfif", "x.webp", "x.psd"].every(isPictureName)).toBe(true);
    expect(["x.txt", "png", "x.npz"].some(isPictureName)).toBe(false);
    const by = (text: string) => formatByContent(Uint8Array.from(text, (c) => c.charCodeAt(0)))?.name;
    expect(by("RIFF\n\x00\x00\x00WEBPVP8 ")).toBe("WebP");
    expect(by("\0\0\0\x18ftypmif1")).toBe("HEIC");
    expect(by("\0\0\0\x18ftypavif")).toBe("AVIF");
    expect(by("\0\0\0\x18ftypqt  ")).toBe("video");
    expect(by("II*\0")).toBe("TIFF");
    expect(by("nothing of it")).toBeUndefined();
  });
});

function ftyp(brand: string): Uint8Array {
  return Uint8Array.from(`\0\0\0\x18ftyp${brand}\0\0\0\0`, (c) => c.charCodeAt(0));
}

/** Gives a PNG whose header was changed the right checksum again. */
function withHeaderCrc(png: Uint8Array): Uint8Array {
  const out = png.slice();
  new DataView(out.buffer).setUint32(29, crc32(out.subarray(12, 29)));
  return out;
}
