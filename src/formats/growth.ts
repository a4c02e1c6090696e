// How the images of a run grew, as an animation to keep.
import { listOf, wholeNumber } from "../checks/checks.ts";
import { animatedPng } from "../codecs/apng.ts";
import { checkDistilledSet } from "../distill/check-set.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";
import { contactSheet } from "./contact-sheet.ts";

/** So many pictures at most, and so many numbers in the images of all of them: a file has about a byte for each. */
const most = { frames: 24, numbers: 2_500_000 };
/** The size of a tile, about, in screen pixels. */
const tileSize = 56;
const milliseconds = { each: 120, last: 2000 };

/**
 * Returns the outer steps of a run whose images make a good animation: the first, the last and those between, closer to each other at
 * the beginning, when images change most. There are at most 24, and fewer for large sets, so that a file stays below 3 MB; of a set
 * too large for two there are none.
 *
 * @param steps The outer steps of the run.
 * @param numbers The numbers in the images of the set, `set.images.length`.
 * @throws TypeError or RangeError unless both are whole numbers from 1 on.
 * @example
 * growthSteps(600, 78_400); // 1, 2, 6, 11, 19, … 600
 */
export function growthSteps(steps: number, numbers: number): number[] {
  wholeNumber("steps", steps, 1);
  wholeNumber("numbers", numbers, 1);
  const frames = Math.min(most.frames, Math.floor(most.numbers / numbers), steps);
  if (frames < 2) return frames === 1 && steps === 1 ? [1] : [];
  const due = Array.from({ length: frames }, (_, i) => {
    const share = i / (frames - 1);
    return 1 + Math.round((steps - 1) * (share * share));
  });
  return [...new Set(due)];
}

/**
 * Draws sets one after the other as an animated PNG, which browsers show and Pillow reads: each in the range of its own values, with
 * the order and size of the last one's contact sheet, without its targets. The last one stays for two seconds.
 *
 * @throws TypeError or RangeError for an invalid set (see `distilledToSafetensors`), for none, and for sets of different shapes.
 * @example
 * const sets = [];
 * for await (const { step } of run) if (due.includes(step)) sets.push(await run.snapshot());
 * await writeFile("growth.png", await growthAnimation(sets));
 */
export async function growthAnimation(sets: readonly DistilledSet[]): Promise<Uint8Array> {
  listOf("an array of distilled sets", checkDistilledSet)("sets", sets);
  const last = sets.at(-1);
  if (!last) throw new RangeError('"sets" expected at least one, got none');
  const targets = classesAlone(last);
  const frames: { readonly png: Uint8Array; readonly milliseconds: number }[] = [];
  for (const [i, set] of sets.entries()) {
    const other = (["steps", "imagesPerStep", "channels", "height", "width", "classes"] as const).find(
      (size) => set[size] !== last[size],
    );
    if (other)
      throw new RangeError(`"sets[${i}].${other}" expected ${last[other]}, as the last has, got ${set[other]}`);
    const scale = Math.max(1, Math.round(tileSize / set.width));
    const png = await contactSheet({ ...set, targets }, { scale });
    frames.push({ png, milliseconds: set === last ? milliseconds.last : milliseconds.each });
  }
  return animatedPng(frames);
}

/** Returns one-hot targets of the classes, by the largest target: learned ones change, and their images would change places. */
function classesAlone({ targets, classes }: DistilledSet): Float32Array {
  const out = new Float32Array(targets.length);
  for (let at = 0; at < targets.length; at += classes) {
    const row = targets.subarray(at, at + classes);
    out[at + row.indexOf(row.reduce((a, b) => Math.max(a, b)))] = 1;
  }
  return out;
}
