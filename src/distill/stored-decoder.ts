// What the images of a set were decoded from, as the set holds it: its arrays, their shapes, and the check of both.
import { whole } from "../checks/checks.ts";
import { outOfRange, shown, wrongKind } from "../checks/refusal.ts";
import { arrayKind, isObject } from "../kinds.ts";
import { smallSide } from "./decoder-sizes.ts";
import type { DistilledSet, StoredDecoder } from "./distilled-set.ts";

type Sizes = Pick<DistilledSet, "steps" | "imagesPerStep" | "channels" | "height" | "width">;

/** Returns the arrays of a decoder, by name. */
export function decoderArrays(decoder: StoredDecoder): Readonly<Record<string, Float32Array>> {
  if (decoder.name === "formation") return { tiles: decoder.tiles };
  return { bases: decoder.bases, coefficients: decoder.coefficients };
}

/** Returns how many times smaller than an image its tiles or bases are, in both directions. */
export function shrinks(decoder: StoredDecoder): number {
  return decoder.name === "formation" ? decoder.factor : decoder.scale;
}

/** Returns the shapes of these arrays, beside images of these sizes. The number of bases follows from that of the coefficients. */
export function decoderShapes(
  decoder: StoredDecoder,
  { steps, imagesPerStep, channels, height, width }: Sizes,
): Readonly<Record<string, readonly number[]>> {
  const small = [channels, ...smallSide([channels, height, width], shrinks(decoder))];
  if (decoder.name === "formation") return { tiles: [steps, imagesPerStep, ...small] };
  const bases = Math.max(1, Math.floor(decoder.coefficients.length / (steps * imagesPerStep)));
  return { bases: [bases, ...small], coefficients: [steps, imagesPerStep, bases] };
}

/** Throws TypeError or RangeError that names the field after `name`, unless the decoder has arrays that fit the images. */
export function checkDecoder(name: string, decoder: unknown, sizes: Sizes): void {
  const known = 'the decoder of a set, "formation" or "memories"';
  if (!isObject(decoder)) throw wrongKind(name, known, decoder);
  if (decoder.name !== "formation" && decoder.name !== "memories")
    throw outOfRange(`${name}.name`, known, decoder.name);
  const stored = decoder as unknown as StoredDecoder;
  whole(1)(`${name}.${stored.name === "formation" ? "factor" : "scale"}`, shrinks(stored));
  for (const [field, values] of Object.entries(decoderArrays(stored))) {
    if (arrayKind(values) !== "Float32Array") {
      throw new TypeError(`"${name}.${field}" expected Float32Array, got ${shown(values)}`);
    }
  }
  const arrays = decoderArrays(stored);
  for (const [field, shape] of Object.entries(decoderShapes(stored, sizes))) {
    const length = shape.reduce((product, size) => product * size, 1);
    const got = arrays[field]!.length;
    if (got === length) continue;
    throw new RangeError(`"${name}.${field}" expected [${shape.join(", ")}], ${length} numbers, got ${got}`);
  }
}
