// The animation of how images grew, read by Pillow.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { animatedPng } from "../../src/codecs/apng.ts";
import { decodePng } from "../../src/codecs/png.ts";
import type { DistilledSet } from "../../src/distill/distilled-set.ts";
import { contactSheet } from "../../src/formats/contact-sheet.ts";
import { growthAnimation, growthSteps } from "../../src/formats/growth.ts";
import { makeSet } from "./sets.ts";

const { path: python, missing } = inject("tools").pillow;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Images that come out of a plain ground. */
const grown = (share: number, channels = 1): DistilledSet => {
  const set = makeSet({ channels, mean: Array(channels).fill(0.5), std: Array(channels).fill(0.25) });
  return { ...set, images: set.images.map((x, i) => (i % 7 === 0 ? x : share * x)) };
};
const sheetOf = async (set: DistilledSet) => decodePng(await contactSheet(set, { scale: 11 }), { name: "sheet" });

describe.each([1, 3])("an animation of images of %i channels", (channels) => {
  const sets = [0, 0.3, 1].map((share) => grown(share, channels));

  test("has each sheet as a frame, with its time, and begins again, as Pillow reads it", async (context) => {
    context.skip(!python, missing);
    const path = join(folder, `growth-${channels}.png`);
    writeFileSync(path, await growthAnimation(sets));
    const program = `import json, hashlib
from PIL import Image
picture = Image.open("${path}")
frames = []
for i in range(picture.n_frames):
    picture.seek(i)
    frame = picture.convert("${channels === 1 ? "L" : "RGB"}")
    frames.append([*frame.size, picture.info["duration"], hashlib.sha256(frame.tobytes()).hexdigest()])
print(json.dumps([picture.is_animated, picture.info["loop"], picture.mode, frames]))`;
    const { stdout, stderr } = spawnSync(python!, ["-c", program], { encoding: "utf8" });
    expect(stderr).toBe("");
    const sheets = await Promise.all(sets.map(sheetOf));
    const frames = sheets.map(({ width, height, data }, i) => [
      ...[width, height, i === 2 ? 2000 : 120],
      createHash("sha256").update(data).digest("hex"),
    ]);
    expect(JSON.parse(stdout)).toEqual([true, 0, channels === 1 ? "L" : "RGB", frames]);
  });

  test("is a PNG of its first sheet to readers that know no animation, and the same sets give the same bytes", async () => {
    const bytes = await growthAnimation(sets);
    expect(await decodePng(bytes, { name: "growth" })).toEqual(await sheetOf(sets[0]!));
    expect(await growthAnimation([0, 0.3, 1].map((share) => grown(share, channels)))).toEqual(bytes);
  });
});

test("learned targets move no image and draw no bars", async () => {
  const [first, last] = [grown(0.5), grown(1)];
  const soft = { ...first, targets: first.targets.map((_, i) => (i % 5) / 5) };
  expect(await growthAnimation([soft, last])).toEqual(await growthAnimation([first, last]));
});

test("no set, sets of other shapes and pictures of other sizes are refused by name", async () => {
  await expect(growthAnimation([])).rejects.toThrow('"sets" expected at least one, got none');
  await expect(growthAnimation([makeSet({ width: 6 }), makeSet()])).rejects.toThrow(
    '"sets[0].width" expected 5, as the last has, got 6',
  );
  const png = async (width: number) => contactSheet(makeSet({ width }), { scale: 1 });
  const frames = await Promise.all([5, 6].map(async (width) => ({ png: await png(width), milliseconds: 9 })));
  expect(() => animatedPng(frames)).toThrow("animation: expected pictures of one size and kind, got another at 1");
  expect(() => animatedPng([])).toThrow("animation: expected a picture, got none");
});

describe("the steps of an animation", () => {
  test.each([
    [1, 7840, [1]],
    [2, 7840, [1, 2]],
    [5, 7840, [1, 2, 3, 5]],
    [600, 900_000, [1, 600]],
    [600, 2_000_000, []],
  ])("of %i outer steps and %i numbers are %j", (steps, numbers, due) => {
    expect(growthSteps(steps, numbers)).toEqual(due);
  });

  test.each([24, 100, 600, 20_000])(
    "of %i are at most 24 from the first to the last, and grow farther apart",
    (steps) => {
      const due = growthSteps(steps, 78_400);
      expect([due[0], due.at(-1)]).toEqual([1, steps]);
      expect(due.length).toBeLessThanOrEqual(24);
      expect(due.length).toBeGreaterThan(steps < 100 ? 5 : 20);
      const gaps = due.slice(1).map((step, i) => step - due[i]!);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1);
      expect(gaps.at(-1)!).toBeGreaterThanOrEqual(gaps[0]!);
    },
  );
});
