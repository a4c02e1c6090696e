// What the demo page calls a set's pictures, how it mixes held-out ones, and what it makes of one that a visitor brings.
import { encode } from "fast-png";
import { describe, expect, test } from "vitest";
import { asInSet } from "../examples/browser/src/lab/fit-picture.ts";
import { knownByName, recognised } from "../examples/browser/src/lab/known-sets.ts";
import { heldOut, mixedOrder } from "../examples/browser/src/lab/mixed.ts";
import { drawingIn } from "../examples/browser/src/lab/paper.ts";
import { levelsLike, levelsOf } from "../examples/browser/src/lab/try-levels.ts";
import { wordsFor } from "../examples/browser/src/page/words.ts";
import { loadImageFolder, type Raster } from "../src/data.ts";

/** A picture of one colour with a darker left half, so that resizing has something to do. */
function picture(red: number, width = 40, height = 24): Uint8Array {
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) =>
    i % 3 === 0 && Math.floor(i / 3) % width > width / 2 ? red : (i * 7) % 50,
  );
  return encode({ width, height, channels: 3, depth: 8, data });
}

describe("held-out pictures", () => {
  /** Sorted by class, as folders give them. */
  const labels = Uint8Array.from({ length: 1500 }, (_, i) => Math.floor(i / 150));
  const set = {
    ...{ name: "x", labels, count: 1500, channels: 1, height: 1, width: 1, classes: 10, mean: [0], std: [1] },
    pixels: labels.map((label) => 20 * label),
  };

  test("ten in a row show ten classes, in an order that is not the labels', and each picture comes once", () => {
    const order = mixedOrder(labels);
    const shown = Array.from(order, (at) => labels[at]!);
    for (let at = 0; at < 1500; at += 10) expect(new Set(shown.slice(at, at + 10)).size).toBe(10);
    expect(shown.slice(0, 10)).not.toEqual(shown.slice(10, 20));
    expect(new Set(order).size).toBe(1500);
    expect(mixedOrder(labels)).toEqual(order);
  });

  test("a class that has few comes while it lasts", () => {
    const few = Uint8Array.from([0, 0, 0, 0, 1]);
    expect(new Set([...mixedOrder(few).subarray(0, 2)].map((at) => few[at])).size).toBe(2);
    expect(mixedOrder(few)).toHaveLength(5);
  });

  test("of a large part a thousand are tested, of all classes, each with its own label", () => {
    const some = heldOut(set);
    expect(some.count).toBe(1000);
    expect(new Set(some.labels).size).toBe(10);
    expect(some.pixels).toEqual(some.labels.map((label) => 20 * label));
    expect(heldOut(set)).toBe(some);
    expect(heldOut(some)).toBe(some);
  });
});

describe("words follow the data", () => {
  const grey = { classes: 10, channels: 1 };

  test("digits are drawn, and named with their articles", () => {
    const words = wordsFor({ ...grey, data: "digits", classNames: undefined });
    expect(words).toMatchObject({
      one: "a digit",
      many: "digits",
      drawn: true,
      pad: "draw a digit",
      question: "Which digit is it?",
    });
    expect([words.named[3], words.named[8]]).toEqual(["a 3", "an 8"]);
    expect(wordsFor({ ...grey, data: "mnist", classNames: undefined }).drawn).toBe(true);
  });

  test("clothes are no digits: nobody is asked to draw a shoe, and the classes have their names", () => {
    const words = wordsFor({ ...grey, data: "fashion-mnist", classNames: undefined });
    expect(words).toMatchObject({
      many: "pieces of clothing",
      drawn: false,
      question: "Which piece of clothing is it?",
    });
    expect(words.named.slice(0, 4)).toEqual(["a T-shirt", "trousers", "a pullover", "a dress"]);
    expect(words.pad).not.toMatch(/draw|digit/);
  });

  test("a visitor's own classes are quoted, and asked for by name if they are few", () => {
    const words = wordsFor({ data: "fruit", classNames: ["lemon", "lime"], classes: 2, channels: 3 });
    expect(words).toMatchObject({ one: "a picture", drawn: false, question: "Is it “lemon” or “lime”?" });
    const many = wordsFor({
      data: "x",
      classNames: Array.from({ length: 7 }, (_, i) => `k${i}`),
      classes: 7,
      channels: 3,
    });
    expect(many.question).toBe("Which of the 7 classes is it?");
  });

  test("folders that are called 0 to 9, and single letters, are drawn if they are grey; numbers without names say nothing", () => {
    const names = Array.from({ length: 10 }, (_, i) => String(i));
    expect(wordsFor({ ...grey, data: "mine", classNames: names }).drawn).toBe(true);
    expect(wordsFor({ classes: 10, channels: 3, data: "mine", classNames: names }).drawn).toBe(false);
    expect(wordsFor({ classes: 3, channels: 1, data: "mine", classNames: ["A", "B", "C"] })).toMatchObject({
      drawn: true,
      question: "Is it an A, a B or a C?",
    });
    expect(wordsFor({ ...grey, data: "mine", classNames: undefined })).toMatchObject({
      drawn: false,
      one: "a picture",
    });
  });

  test("known sets are found by their names, and one is not taken for another", () => {
    const of = (name: string, classes = 10) => knownByName(name, classes)?.name;
    expect([of("mnist"), of("fashion-mnist"), of("kmnist"), of("CIFAR-10 (JPEG q75)"), of("usps")]).toEqual([
      ...["MNIST", "Fashion-MNIST", "KMNIST", "CIFAR-10", "USPS"],
    ]);
    expect(of("cifar-100", 10)).toBeUndefined();
    expect(of("fashion-mnist", 3)).toBeUndefined();
    expect(of("emnist-letters", 26)).toBe("EMNIST letters");
  });

  test("a part of a known set gets the names of its classes and keeps its own; names that it came with stay", async () => {
    const shape = { channels: 1, height: 28, width: 28, classes: 10, count: 1, mean: [0], std: [1] };
    const part = { name: "mine", ...shape, pixels: new Uint8Array(784), labels: new Uint8Array(1) };
    expect((await recognised(part, ["kmnist/train-images-idx3-ubyte"])).classNames?.[1]).toBe("ki");
    expect((await recognised(part, ["kmnist"])).name).toBeUndefined();
    const named = { ...part, classNames: Array.from({ length: 10 }, (_, i) => `mine ${i}`) };
    expect(await recognised(named, ["kmnist"])).toEqual({});
    // As many images as MNIST has, under its name, are not MNIST unless they are those.
    const other = { ...part, count: 60_000, pixels: new Uint8Array(60_000 * 784), labels: new Uint8Array(60_000) };
    expect((await recognised(other, ["mnist"])).name).toBeUndefined();
  });
});

describe("a picture to try", () => {
  /** A photo of a one on paper: the light falls off to the right, the table is seen at the left edge. */
  function photo({ light = true, edge = true } = {}): Raster {
    const [width, height] = [300, 200];
    const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      const paper = 230 - 0.35 * x;
      const ink = x > 180 && x < 192 && y > 40 && y < 160;
      const level = edge && x < 12 ? 40 : ink ? paper - 90 : paper + ((x * 7 + y * 13) % 5);
      return light ? level : 255 - level;
    });
    return { width, height, channels: 3, data };
  }
  const like = { height: 28, width: 28, channels: 1, drawn: true };

  test.each([{ light: true }, { light: false }])(
    "a drawing is cut out of a photo, light strokes on black: %o",
    ({ light }) => {
      const levels = levelsLike(photo({ light }), like)!;
      const rows = Array.from({ length: 28 }, (_, y) => levels.subarray(28 * y, 28 * y + 28));
      // A stroke of 120 by 12 pixels fills 20 by 2.
      expect(rows.filter((row) => row.some((level) => level > 128))).toHaveLength(20);
      const across = Math.max(...rows.map((row) => row.filter((level) => level > 100).length));
      expect(across).toBeGreaterThanOrEqual(1);
      expect(across).toBeLessThanOrEqual(3);
      expect(levels[0]).toBe(0);
    },
  );

  test("the table at the edge, uneven light and noise are no ink", () => {
    const { ink, width } = drawingIn(photo());
    const columns = [...ink.keys()].filter((at) => ink[at]! > 0).map((at) => at % width);
    const scale = width / 300;
    expect(Math.min(...columns)).toBeGreaterThanOrEqual(178 * scale);
    expect(Math.max(...columns)).toBeLessThanOrEqual(195 * scale);
  });

  test("paper without anything on it is said to be empty", async () => {
    const blank = encode({ width: 50, height: 50, channels: 1, depth: 8, data: new Uint8Array(2500).fill(240) });
    const file = new File([blank as Uint8Array<ArrayBuffer>], "blank.png");
    await expect(levelsOf(file, like)).rejects.toThrow(
      "blank.png shows nothing that looks drawn: dark ink on light paper is seen best.",
    );
    const broken = new File([new Uint8Array([0x89, 0x50])], "x.png");
    await expect(levelsOf(broken, like)).rejects.toThrow(/^x\.png is broken \(/);
  });

  test("a picture that is one of the set's kind already is not changed", () => {
    const data = Uint8Array.from({ length: 784 }, (_, i) =>
      i % 28 > 10 && i % 28 < 14 && i > 140 && i < 640 ? 90 + (i % 100) : 0,
    );
    expect(levelsLike({ width: 28, height: 28, channels: 1, data }, like)).toEqual(data);
  });

  test("for other sets the central square is resized as the set's pictures were, in its channels", async () => {
    const files = ["a", "b"].flatMap((name) => [1, 2].map((i) => ({ path: `${name}/${i}.png`, bytes: picture(99) })));
    const { train } = await loadImageFolder(files, { size: 32 });
    const levels = await levelsOf(new File([picture(99) as Uint8Array<ArrayBuffer>], "x.png"), {
      ...{ height: 32, width: 32, channels: 3, drawn: false },
    });
    const planar = Uint8Array.from(levels, (_, i) => levels[(i % 1024) * 3 + Math.floor(i / 1024)]!);
    expect(planar).toEqual(train.pixels.subarray(0, 3072));
    const grey = { width: 40, height: 40, channels: 1 as const, data: new Uint8Array(1600).fill(77) };
    expect(asInSet(grey, [32, 32], 3).data).toEqual(new Uint8Array(3072).fill(77));
    const colour = { width: 4, height: 4, channels: 3 as const, data: new Uint8Array(48).fill(50) };
    expect(asInSet(colour, [2, 3], 1)).toMatchObject({
      width: 3,
      height: 2,
      channels: 1,
      data: new Uint8Array(6).fill(50),
    });
  });
});
