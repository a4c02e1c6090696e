// The sets that the demo opens with: what the page says of them is so, and the pictures that they were made from are what they should be.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { fromPlainText, toPlainText } from "../examples/browser/sets/plain-set.mjs";
import { votersOf } from "../examples/browser/src/lab/voters.ts";
import { hexadecimal, sha256 } from "../src/codecs/sha256.ts";
import type { ModelDescription } from "../src/index.ts";
import { digits, modelFromDescription, setDigest, subset, type WeightSource } from "../src/index.ts";
import { evaluate } from "../src/run/in-place/evaluate.ts";

const folder = new URL("../examples/browser/sets/", import.meta.url);
const textOf = (id: string): string => readFileSync(new URL(`${id}.txt`, folder), "utf8");

/** The seed of examples/browser/sets/recipes.mjs. */
const SEED = 1;

interface Figures {
  readonly distilled: { readonly mean: number; readonly trainings: number };
  readonly images: number;
  readonly gradientSteps: number;
  readonly weights: number;
  readonly digest: string;
}
const { sets }: { readonly sets: Readonly<Record<string, Figures>> } = JSON.parse(
  readFileSync(new URL("figures.json", folder), "utf8"),
);

/** What the page needs to start includes the first set; a host sends it gzipped. */
const FIRST = { id: "known-30", bytes: 18_000 };

test.each(Object.entries(sets))("the figures of %s are what its images give", async (id, said) => {
  const set = fromPlainText(textOf(id));
  const model = modelFromDescription(set.recipe.model as ModelDescription);
  const init = set.recipe.init as WeightSource;
  const { test } = await digits();
  const { mean } = await evaluate({ set, model, init, networks: said.distilled.trainings, test, seed: SEED });
  expect(said).toMatchObject({
    images: set.steps * set.imagesPerStep,
    gradientSteps: set.steps * set.epochs,
    weights: model.parameterCount,
    digest: await setDigest(set),
  });
  // The figures have four digits after the point.
  expect(Math.abs(said.distilled.mean - mean)).toBeLessThanOrEqual(0.00005);
  expect(votersOf(set)).toBe(said.distilled.trainings > 1 ? 5 : 1);
});

test.each([1, 4, 6, 8])(
  "a set with pixels of %i bits is read as it was written, each pixel at the nearest level",
  (bits) => {
    const set = fromPlainText(textOf("known-10"));
    const text = toPlainText(set, bits);
    const read = fromPlainText(text);
    const { images, recipe, ...rest } = read;
    const { images: before, recipe: recipeBefore, ...restBefore } = set;
    expect(rest).toEqual(restBefore);
    expect(recipe).toEqual({ ...recipeBefore, packed: { bits } });
    const size = set.channels * set.height * set.width;
    const rows = (JSON.parse(text) as { images: { low: number; step: number }[] }).images;
    for (const [i, { low, step }] of rows.entries()) {
      const last = low + (2 ** bits - 1) * step;
      for (let p = i * size; p < (i + 1) * size; p++) {
        // What lies outside of the range has the level at its end.
        const value = Math.min(last, Math.max(low, before[p]!));
        expect(Math.abs(images[p]! - value)).toBeLessThanOrEqual(step / 2 + 1e-6);
      }
    }
  },
);

test("the set that a visitor gets first is a small download", () => {
  const bytes = gzipSync(textOf(FIRST.id), { level: 9 }).length;
  console.log(`${FIRST.id}: ${bytes} bytes, gzipped`);
  expect(bytes).toBeLessThanOrEqual(FIRST.bytes);
});

test("the varied digits are the same bytes on every machine, as large as MNIST's and near the middle", async () => {
  const { variedDigits, variations } = await import(fileURLToPath(new URL("varied-digits.mjs", folder)));
  const { train } = await digits();
  const varied = variedDigits(subset(train, 0, 40), 2, 1);
  expect(hexadecimal(await sha256([varied.pixels]))).toBe(
    "3acac19b2bc2f92563833a493851ff54e94c8f74075271b46d593e1478541dea",
  );
  expect([...varied.labels]).toEqual([...train.labels.subarray(0, 40), ...train.labels.subarray(0, 40)]);
  for (let i = 0; i < varied.count; i++) {
    const pixels: Uint8Array = varied.pixels.subarray(i * 784, (i + 1) * 784);
    const dark = Array.from(pixels.keys()).filter((p) => pixels[p]! >= 96);
    const span = (places: readonly number[]): number => Math.max(...places) - Math.min(...places) + 1;
    const longer = Math.max(span(dark.map((p) => p % 28)), span(dark.map((p) => Math.floor(p / 28))));
    // The box, a pixel more or less where edges lie between pixels, and one that a bold pen adds on each side.
    expect(longer, `picture ${i}`).toBeGreaterThanOrEqual(20 * variations.size[0] - 2);
    expect(longer, `picture ${i}`).toBeLessThanOrEqual(20 * variations.size[1] + 3);
    const mass = pixels.reduce((sum, level) => sum + level, 0);
    for (const place of [(p: number) => p % 28, (p: number) => Math.floor(p / 28)]) {
      const centre = pixels.reduce((sum, level, p) => sum + level * (place(p) + 0.5), 0) / mass;
      expect(Math.abs(centre - 14), `picture ${i}`).toBeLessThan(variations.shift + 1);
    }
  }
});
