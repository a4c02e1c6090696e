// Draws a distilled set as one picture, a PNG with a block of tiles per step. No other file draws.
//
// Learned pixels go well outside of what a screen can show, on both sides: what makes a digit is as often darker than
// black as it is bright. So the sheet is denormalised and then shown in the range of its own values, without the outermost
// half percent on either side and without a few that lie far outside of all others. The rule is the same for all tiles:
// stretching each by itself would make noise look like strokes and hide how the steps differ. `range: "screen"` clips to
// 0 … 1 instead, as the paper does.
import { oneOf, optional, whole } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { checkDistilledSet } from "../distill/check-set.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";
import { hasSoftTargets, type Range, rangeOf, shadesOf } from "./shades.ts";
import { classOf, shownImages } from "./shown-images.ts";
import { unwhitened } from "./unwhitened.ts";

/** The ground is nearly black, because learned pixels without content are middle grey. */
const ground = 24;
const gap = 2;
/** The grey of the bars of soft targets. */
const bars = 190;
/** The gap between steps whose tiles fill more than one line, so that their lines are seen to belong together. */
const stepGap = 10;
const tileSize = 84;
const sheetWidth = 1000;
const maximumPixels = 2 ** 28;

/** The options of `contactSheet`. */
export interface ContactSheetOptions {
  /** Screen pixels per image pixel, a whole number. Default: tiles of about 84 pixels, a sheet of 1000 at most. */
  readonly scale?: number | undefined;
  /** The values drawn black and white: nearly the smallest and largest of the set (default), or 0 and 1. */
  readonly range?: "set" | "screen" | undefined;
}

const checks: Checks<ContactSheetOptions> = { scale: optional(whole(1)), range: optional(oneOf("set", "screen")) };

/**
 * Draws a distilled set, in the order in which its images are used: a line of tiles per step, one column per class. With
 * several images per class a step has as many lines. If the images are not spread evenly over the classes (by their largest
 * target), they are sorted by class. Of images that a decoder makes, at most ten of a class are drawn in each step. Lines too long for
 * the sheet are broken. Soft targets are drawn below each image, with a bar per class. Whitened images are drawn as they are without
 * whitening.
 *
 * @returns the bytes of a PNG, grey or RGB; the same set gives the same bytes.
 * @throws TypeError or RangeError for an invalid set (see `distilledToSafetensors`); RangeError when `scale` is not a whole
 * number above 0, the images have neither 1 nor 3 channels, or the sheet would have more than 2^28 pixels.
 * @example
 * await writeFile("sheet.png", await contactSheet(set));
 */
export async function contactSheet(given: DistilledSet, options: ContactSheetOptions = {}): Promise<Uint8Array> {
  checkOptions(options, checks);
  const set = unwhitened(checkDistilledSet("set", given));
  const { channels, height, width } = set;
  const range = options.range === "screen" ? ([0, 1] as const) : rangeOf(set);
  if (channels !== 1 && channels !== 3) throw new RangeError(`"set.channels" expected 1 or 3, got ${channels}`);
  const perLine = (scale: number): number => Math.max(1, Math.floor((sheetWidth - gap) / (width * scale + gap)));
  const widest = Math.min(set.imagesPerStep, set.classes);
  let scale = options.scale ?? Math.max(1, Math.round(tileSize / width));
  if (options.scale === undefined) while (scale > 1 && perLine(scale) < widest) scale--;

  const steps = Array.from({ length: set.steps }, (_, step) => linesOf(set, step, perLine(scale)));
  const columns = steps.flat().reduce((most, { length }) => Math.max(most, length), 0);
  // Soft targets need as many rows as their bars have distinct heights.
  const soft = hasSoftTargets(set)
    ? {
        width: width * scale,
        height: Math.max(8, Math.round((height * scale) / 5)),
        most: set.targets.reduce((a, b) => Math.max(a, b), 0) || 1,
      }
    : undefined;
  const lineHeight = height * scale + (soft ? soft.height + 1 : 0);
  const betweenSteps = steps.some((lines) => lines.length > 1) ? stepGap : gap;
  const sheet = {
    width: gap + columns * (width * scale + gap),
    height:
      2 * gap -
      betweenSteps +
      steps.reduce((sum, lines) => sum + lines.length * (lineHeight + gap) + betweenSteps - gap, 0),
    channels,
    depth: 8 as const,
    data: new Uint8Array(0),
  };
  const bytes = sheet.width * sheet.height * channels;
  if (bytes > maximumPixels) throw new RangeError(`"scale" expected a sheet of at most 2^28 bytes, got ${bytes}`);
  sheet.data = new Uint8Array(bytes).fill(ground);

  let top = gap;
  for (const lines of steps) {
    for (const line of lines) {
      line.forEach((image, column) => {
        const left = gap + column * (width * scale + gap);
        drawTile(set, image, range, scale, sheet, top, left);
        if (soft) drawTargets(set, image, soft, sheet, top + height * scale + 1, left);
      });
      top += lineHeight + gap;
    }
    top += betweenSteps - gap;
  }
  // The encoder is loaded here, because not every page that distils draws.
  const { encode } = await import("fast-png");
  return encode(sheet);
}

/** Returns the images of a step (as indices into the set), in lines of at most `limit`. */
function linesOf(set: DistilledSet, step: number, limit: number): number[][] {
  const { imagesPerStep, classes } = set;
  const byClass = Array.from({ length: classes }, (): number[] => []);
  for (const image of shownImages(set, step)) byClass[classOf(set, image)]!.push(image);
  const perClass = byClass[0]!.length;
  const even = byClass.every((images) => images.length === perClass);
  const lines = even
    ? Array.from({ length: perClass }, (_, k) => byClass.map((images) => images[k]!))
    : chunks(byClass.flat(), Math.min(classes, imagesPerStep));
  return lines.flatMap((line) => chunks(line, limit));
}

function chunks(list: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}

interface Sheet {
  readonly width: number;
  readonly data: Uint8Array;
}

/** Draws each pixel scale × scale times. */
function drawTile(
  set: DistilledSet,
  image: number,
  range: Range,
  scale: number,
  sheet: Sheet,
  top: number,
  left: number,
): void {
  const { channels, height, width } = set;
  const shades = shadesOf(set, image, range);
  for (let y = 0; y < height * scale; y++) {
    for (let x = 0; x < width * scale; x++) {
      const from = (Math.floor(y / scale) * width + Math.floor(x / scale)) * channels;
      const to = ((top + y) * sheet.width + left + x) * channels;
      for (let c = 0; c < channels; c++) sheet.data[to + c] = shades[from + c]!;
    }
  }
}

/** Draws the targets of an image as a bar for each class, from class 0 on the left; full height is the set's largest target. */
function drawTargets(
  { targets, classes, channels }: DistilledSet,
  image: number,
  { width: wide, height: high, most }: { width: number; height: number; most: number },
  sheet: Sheet,
  top: number,
  left: number,
): void {
  for (let x = 0; x < wide; x++) {
    // A column of pixels that covers several classes shows their largest target.
    const first = Math.floor((x * classes) / wide);
    const last = Math.max(first + 1, Math.floor(((x + 1) * classes) / wide));
    const row = targets.subarray(image * classes + first, image * classes + last);
    const bar = Math.round((high * row.reduce((a, b) => Math.max(a, b), 0)) / most);
    // Bars that are wide enough have a gap between them.
    if (wide >= 3 * classes && Math.floor(((x + 1) * classes) / wide) > first) continue;
    for (let y = high - bar; y < high; y++) {
      const to = ((top + y) * sheet.width + left + x) * channels;
      sheet.data.fill(bars, to, to + channels);
    }
  }
}
