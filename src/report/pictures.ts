// Shows the images of a set step by step, each embedded in the page as a picture.
import { encode } from "fast-png";
import type { DistilledSet } from "../distill/distilled-set.ts";
import { hasSoftTargets, rangeOf, shadesOf } from "../formats/shades.ts";
import { shownImages } from "../formats/shown-images.ts";
import { unwhitened } from "../formats/unwhitened.ts";
import { html, type Markup } from "./html.ts";
import { at } from "./parts.ts";

/** Makes a section for each step; images that are whitened are shown without. Throws RangeError when images have neither 1 nor 3 channels. */
export function pictures(given: DistilledSet): Markup {
  const set = unwhitened(given);
  const { channels, steps, imagesPerStep, width } = set;
  if (channels !== 1 && channels !== 3) throw new RangeError(`"set.channels" expected 1 or 3, got ${channels}`);
  const range = rangeOf(set);
  const names = classNames(set);
  const soft = hasSoftTargets(set);
  // Many images in a step are drawn smaller; photographs larger, and never smaller than they are on a phone.
  const size = width > 100 ? Math.min(width, 224) : imagesPerStep > 40 ? 48 : 84;
  const sections = Array.from({ length: steps }, (_, step) => {
    const images = shownImages(set, step);
    const rates = learningRatesOf(set, step);
    const head = set.training ? html`` : html`<h3>Step ${step + 1} <small>η ${rates}</small></h3>`;
    return html`<section class="step">${head}
<div class="images" style="--size: ${size}px">${images.map((image) => picture(set, image, names, soft, range))}</div></section>
`;
  });
  return html`${sections}`;
}

/** Shows the first images of a set, at most so many. Throws RangeError when they have neither 1 nor 3 channels. */
export function firstPictures(set: DistilledSet, most: number): Markup {
  const { channels, steps, imagesPerStep, width } = set;
  if (channels !== 1 && channels !== 3) throw new RangeError(`"set.channels" expected 1 or 3, got ${channels}`);
  const [range, names, soft] = [rangeOf(set), classNames(set), hasSoftTargets(set)];
  const indices = Array.from({ length: Math.min(most, steps * imagesPerStep) }, (_, i) => i);
  const size = width > 100 ? 128 : 72;
  return html`<div class="images" style="--size: ${size}px">${indices.map((image) => picture(set, image, names, soft, range))}</div>`;
}

function picture(
  set: DistilledSet,
  image: number,
  names: readonly string[],
  soft: boolean,
  range: readonly [number, number],
): Markup {
  const { width, height, channels, classes, targets } = set;
  const png = encode({ width, height, channels, depth: 8, data: shadesOf(set, image, range) });
  const row = targets.subarray(image * classes, (image + 1) * classes);
  const order = Array.from(row.keys()).sort((a, b) => row[b]! - row[a]!);
  const name = names[order[0]!]!;
  const caption = soft
    ? html`${bars(row)}<span>${order.slice(0, 2).map((k) => html`${names[k]!} ${row[k]!.toFixed(2)}<br>`)}</span>`
    : html`${name}`;
  return html`<figure><img alt="${name}" width="${width}" height="${height}" src="data:image/png;base64,${base64(png)}"><figcaption>${caption}</figcaption></figure>`;
}

/** Draws the targets of an image, a bar for each class. */
function bars(row: Float32Array): Markup {
  const most = row.reduce((a, b) => Math.max(a, b), 0) || 1;
  const rects = Array.from(row, (value, k) => {
    const high = Math.round(100 * Math.max(0, value / most)) / 10;
    return html`<rect x="${k + 0.1}" width=".8" y="${10 - high}" height="${high}"/>`;
  });
  return html`<svg class="bars" viewBox="0 0 ${row.length} 10" preserveAspectRatio="none" aria-hidden="true">${rects}</svg>`;
}

/** Returns the class names of the recipe, or numbers. */
function classNames({ recipe, classes }: DistilledSet): string[] {
  const names = at(recipe, "data", "classNames");
  const named = Array.isArray(names) && names.length === classes;
  return Array.from({ length: classes }, (_, k) => (named && typeof names[k] === "string" ? names[k] : String(k)));
}

function learningRatesOf({ steps, epochs, learningRates }: DistilledSet, step: number): string {
  const all = Array.from({ length: epochs }, (_, epoch) =>
    String(Number(learningRates[epoch * steps + step]!.toPrecision(3))),
  );
  return all.length > 6 ? `${all[0]} … ${all.at(-1)}` : all.join(", ");
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}
