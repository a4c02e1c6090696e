// The images of a published set as [n, channels, height, width] in float32, whichever axis its channels have.

import type { Floats } from "../../backend/buffer.ts";
import { permuted } from "../../codecs/permute.ts";
import { FormatError } from "../../errors.ts";
import { arrayKind } from "../../kinds.ts";
import { quote } from "../../quote.ts";
import type { Candidate } from "./candidates.ts";
import type { Said } from "./said.ts";
import { checkFinite, shownAt } from "./tree.ts";

export type Layout = "NCHW" | "NHWC";

export interface Images {
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** [count, channels, height, width]; bytes are pixels from 0 to 1. */
  readonly values: Float32Array;
  /** Set when the file holds bytes, which are pixels. */
  readonly areBytes: boolean;
}

/** Reads the images; `layout` says where the channels are, if the user does. */
export async function imagesOf(
  { file, images, form }: Candidate,
  layout: Layout | undefined,
  said: Said,
): Promise<Images> {
  const { shape } = images;
  const found = layoutOf(shape, layout);
  if (typeof found === "string") throw new FormatError(`${file}: expected ${shownAt(images.at)} ${found}`);
  said(layout === undefined ? "guessed" : "declared", "layout", found.layout, found.because);
  const { data } = await images.read();
  const kind = arrayKind(data);
  const areBytes = kind === "Uint8Array";
  if (!areBytes && kind !== "Float32Array" && kind !== "Float64Array") {
    throw new FormatError(`${file}: expected ${shownAt(images.at)} in floats or bytes, got ${kind}`);
  }
  if (form === "FRePo" && found.layout === "NCHW" && shape.length === 4 && layout === undefined) {
    said("guessed", "form", "names as FRePo's", "but channels come first, which FRePo's do not");
  }
  const [count] = shape as [number];
  const [channels, height, width] = found.sizes;
  const ordered =
    found.layout === "NHWC" && channels > 1
      ? permuted(data as Floats, [count, height, width, channels], [0, 3, 1, 2])
      : (data as Floats);
  const values = areBytes ? Float32Array.from(ordered, (byte) => byte / 255) : new Float32Array(ordered);
  checkFinite(values, images.at, file);
  return { count, channels, height, width, values, areBytes };
}

interface Found {
  readonly layout: Layout;
  /** Channels, height and width. */
  readonly sizes: readonly [number, number, number];
  readonly because: string;
}

const isChannels = (size: number): boolean => size === 1 || size === 3;
const channels = (size: number): string => `${size} channel${size === 1 ? "" : "s"}`;

/** Returns where the channels are, or what is wrong. */
function layoutOf(shape: readonly number[], declared: Layout | undefined): Found | string {
  if (shape.includes(0)) return `to hold images, got ${quote(shape)}`;
  if (shape.length === 3) {
    const [, height, width] = shape as [number, number, number];
    return { layout: declared ?? "NCHW", sizes: [1, height, width], because: "no axis of channels: grey images" };
  }
  const [, a, b, c] = shape as [number, number, number, number];
  const first: Found = { layout: "NCHW", sizes: [a, b, c], because: `${channels(a)} before ${b}×${c} pixels` };
  const last: Found = { layout: "NHWC", sizes: [c, a, b], because: `${channels(c)} behind ${a}×${b} pixels` };
  const [fitsFirst, fitsLast] = [isChannels(a), isChannels(c)];
  if (declared !== undefined) {
    const [chosen, fits, other] = declared === "NCHW" ? [first, fitsFirst, last] : [last, fitsLast, first];
    if (fits) return chosen;
    const advice = declared === "NCHW" ? fitsLast : fitsFirst;
    return `of 1 or 3 channels as ${declared} says, got ${quote(shape)}${advice ? `: ${other.layout} fits` : ""}`;
  }
  if (fitsFirst && fitsLast && a !== c) return `with "layout", because NCHW and NHWC both fit, got ${quote(shape)}`;
  if (fitsFirst) return first;
  return fitsLast ? last : `of 1 or 3 channels, first or last, got ${quote(shape)}`;
}
