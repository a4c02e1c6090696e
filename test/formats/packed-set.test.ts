// Sets as texts for addresses.
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { toBase64url } from "../../src/codecs/base64url.ts";
import { setDigest } from "../../src/distill/digest.ts";
import type { DistilledSet } from "../../src/distill/distilled-set.ts";
import { distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { packSet, unpackSet } from "../../src/formats/packed-set.ts";
import { quantize } from "../../src/formats/quantized.ts";
import { isReproducible } from "../../src/index.ts";
import { randomIntegers } from "./hostile.ts";
import { makeFitSet, makeSet } from "./sets.ts";

const softTargets = (set: DistilledSet) => set.targets.map((value, i) => value + (i % 7) / 10 - 0.3);
const soft = makeSet({ targets: softTargets(makeSet()) });
const colours = makeSet({ channels: 3, mean: [0.1, 1 / 3, 0.4465], std: [0.247, 0.1 + 0.2, 1e-9] });
const sets: readonly (readonly [string, DistilledSet])[] = [
  ["of learned rates", makeSet()],
  ["with momentum", makeSet({ momentum: 0.9, weightDecay: 5e-4 })],
  ["with soft targets", soft],
  ["of colours", colours],
  ["of one class", makeSet({ classes: 1 })],
  ["of images in shuffled classes", makeSet({ imagesPerStep: 7 })],
  ["of a protocol", makeFitSet()],
  ["all alike", makeSet({ images: new Float32Array(120).fill(0.25) })],
  ["of large and small numbers", makeSet({ images: makeSet().images.map((x, i) => x * 10 ** ((i % 60) - 30)) })],
];
const seal = (content: Uint8Array): string => {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(content));
  return toBase64url(Buffer.concat([content, crc]));
};
const contentOf = (text: string): Uint8Array => Buffer.from(text, "base64url").subarray(0, -4);

describe.each([4, 8] as const)("with %i bits a pixel", (bits) => {
  test.each(sets)("a set %s comes back: pixels to half a step, targets to 8 bits, all else as it was", (_, set) => {
    const back = unpackSet(packSet(set, { bits }));
    const { images, targets, recipe, ...rest } = set;
    const { images: pixels, targets: labels, recipe: record, ...other } = back;
    expect(other).toEqual(rest);
    expect(record).toEqual({ ...recipe, packed: { bits } });
    const size = set.channels * set.height * set.width;
    for (let at = 0; at < images.length; at += size) {
      const row = images.subarray(at, at + size);
      const { low, step } = quantize(row, bits);
      const high = low + step * (2 ** bits - 1);
      row.forEach((x, i) => {
        // What lies outside of the range that was kept is at its end.
        const near = Math.min(Math.max(x, low), Math.max(low, high));
        expect(Math.abs(pixels[at + i]! - near)).toBeLessThanOrEqual(0.5001 * step + 1e-6 * Math.abs(near));
      });
    }
    const [lowest, largest] = [Math.min(...targets), Math.max(...targets)];
    labels.forEach((y, i) => {
      expect(Math.abs(y - targets[i]!)).toBeLessThanOrEqual(set === soft ? (largest - lowest) / 255 : 0);
    });
  });

  test("the same set gives the same text, of letters that no address escapes", () => {
    const text = packSet(soft, { bits });
    expect(packSet(makeSet({ targets: softTargets(makeSet()) }), { bits })).toBe(text);
    expect(text).toMatch(/^[\w-]+$/);
    expect(encodeURIComponent(text)).toBe(text);
  });
});

// The same on every host and in every version: an address that was sent keeps its meaning.
test("texts are pinned", () => {
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);
  expect(Object.fromEntries(sets.map(([what, set]) => [what, hash(packSet(set, { bits: 4 }))]))).toMatchInlineSnapshot(`
    {
      "all alike": "063bf6428009f983",
      "of a protocol": "7b12bb5f925d55ce",
      "of colours": "6dd35980f117d3f8",
      "of images in shuffled classes": "fdc02ec55ef75aee",
      "of large and small numbers": "ae18a01846c8ad49",
      "of learned rates": "6303f640d41ab28c",
      "of one class": "2e24bd26fd701358",
      "with momentum": "bdb7194e354763c6",
      "with soft targets": "dbebf9218af31868",
    }
  `);
});

test("without options a pixel has 8 bits, and with 4 the text is shorter than the file by far", () => {
  const below = randomIntegers(3);
  const images = Float32Array.from({ length: 7840 }, () => below(1000) / 100);
  const set = makeSet({ steps: 1, classes: 10, height: 28, width: 28, images });
  expect(unpackSet(packSet(set)).recipe.packed).toEqual({ bits: 8 });
  // Evenly drawn pixels are the worst case: each takes its bits, of which a letter has 6.
  expect(packSet(set, { bits: 4 }).length).toBeLessThan((7840 * 4) / 6 + 700);
  expect(packSet(set, { bits: 4 }).length).toBeLessThan(distilledToSafetensors(set).length / 5);
});

test("a few outliers do not make the steps of all others large", () => {
  const row = Float32Array.from({ length: 784 }, (_, i) => (i === 7 ? 5 : i === 500 ? -4 : (i % 41) / 20 - 1));
  const errorOf = (low: number, step: number, levels: ArrayLike<number>) =>
    row.reduce((sum, x, i) => sum + (x - low - step * levels[i]!) ** 2, 0);
  const { low, step, levels } = quantize(row, 4);
  expect(step).toBeLessThan(0.75 * (9 / 15));
  expect(errorOf(low, step, levels)).toBeLessThan(
    0.75 *
      errorOf(
        -4,
        9 / 15,
        row.map((x) => Math.round((x + 4) / 0.6)),
      ),
  );
});

test("a packed set says so, and its digest is not that of the set", async () => {
  const back = unpackSet(packSet(makeSet()));
  expect(isReproducible(back)).toBe(false);
  expect(await setDigest(back)).toMatch(/^packed:/);
});

describe("what is too large or no set is not packed", () => {
  test.each([
    [{ ...makeSet(), images: new Float32Array(3) }, /"set.images" expected \[2, 3, 1, 4, 5\]/],
    [
      makeSet({ classes: 2, height: 1024, width: 1024, images: new Float32Array(4 * 2 ** 20) }),
      /"set.images" expected a set small enough for an address, of at most 1048576 numbers, got 4194304/,
    ],
    [
      makeSet({ recipe: { note: "x".repeat(70_000) } }),
      /"set.recipe" expected at most 65535 bytes as JSON, got 70\d\d\d/,
    ],
  ])("%#", (set, message) => {
    expect(() => packSet(set)).toThrow(message);
    expect(() => packSet(set)).toThrow(RangeError);
  });
});

describe("what packSet did not write is refused", () => {
  const text = packSet(makeSet(), { bits: 4 });
  const bytes = contentOf(text);
  const flipped = (at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["nothing", "", /expected a beginning and a checksum, got 0 bytes/],
    ["another letter", `${text.slice(0, -1)}%`, /expected letters, digits/],
    [
      "a text that lost its end",
      text.slice(0, 4 * Math.floor(text.length / 4) - 8),
      /expected the checksum of what it holds: a part of it is missing/,
    ],
    ["a text with a letter changed", text.replace(/.(?=.{20}$)/, (x) => (x === "A" ? "B" : "A")), /the checksum/],
    ["another format", seal(flipped(0)), /expected the byte d5 first.*, got d4/],
    ["a newer version", seal(flipped(1)), /expected version 1: a newer version .*, got 0/],
    ["content that ends early", seal(bytes.subarray(0, -9)), /expected more than its \d+ bytes/],
    [
      "content that goes on",
      seal(Buffer.concat([bytes, Buffer.alloc(3)])),
      /expected its end after \d+ bytes, got 3 more/,
    ],
    ["a very long text", "A".repeat(2 ** 22 + 4), /expected at most 4194304 letters, got 4194308/],
  ];
  test.each(cases)("%s", (_, wrong, message) => {
    expect(() => unpackSet(wrong)).toThrow(message);
    expect(() => unpackSet(wrong)).toThrow(expect.objectContaining({ name: "FormatError" }));
  });

  test("a text that is no string is a TypeError", () => {
    expect(() => unpackSet(undefined as never)).toThrow('"text" expected a string, got undefined');
  });
});
