// Finds the ink in a photo of a drawing: what differs from the paper, whose light is not the same everywhere.
import type { Raster } from "distillate/data";

/** A drawing, as a pad gives it. */
export interface Drawing {
  /** [height, width], 0 for paper to 255 for ink. */
  readonly ink: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** The longest side at which ink is looked for; MNIST's digits have 20 pixels. */
const longest = 280;
/** The paper's level at a place is measured in a square of this share of the longer side. */
const neighbourhood = 0.3;
/** What differs from the paper by less than this part of the strongest difference, or by so few levels, is no ink. */
const leastOfAll = 0.2;
const leastLevels = 12;
/** Of the drawing's own difference from the paper: where ink begins, and where it is full. */
const [begins, full] = [0.35, 0.75];
/** A drawing that touches no edge has at least this part of the ink of what touches one. */
const leastInner = 0.05;
/** A spot that has less than this part of the largest spot's ink is dirt. */
const leastSpot = 0.03;

/** Returns the drawing in a picture: dark ink on light paper, or light ink on dark paper. */
export function drawingIn(picture: Raster): Drawing {
  const { grey, width, height } = shrunk(picture);
  const light = isLight(grey);
  const level = light ? grey : grey.map((value) => 255 - value);
  const paper = paperLevels(level, width, height);
  const depth = level.map((value, i) => Math.max(0, paper[i]! - value));
  const strongest = depth.reduce((a, b) => Math.max(a, b), 0);
  const least = Math.max(leastLevels, leastOfAll * strongest);
  const drawing = withoutDirt(
    depth.map((value) => (value >= least ? value : 0)),
    width,
    height,
  );
  // The table beside the paper may be much darker than the ink.
  const depths = drawing.filter((value) => value > 0).sort();
  const usual = depths[Math.floor(0.75 * depths.length)] ?? 1;
  const ink = Uint8Array.from(drawing, (value) => {
    const share = (value / usual - begins) / (full - begins);
    return Math.round(255 * Math.min(1, Math.max(0, share)));
  });
  return { ink, width, height };
}

/** Makes a picture grey, and no larger than needed, by means over areas. */
function shrunk({ width, height, channels, data }: Raster): { grey: Float32Array; width: number; height: number } {
  const scale = Math.max(1, Math.max(width, height) / longest);
  const out = { width: Math.max(1, Math.round(width / scale)), height: Math.max(1, Math.round(height / scale)) };
  const grey = new Float32Array(out.width * out.height);
  const counts = new Uint32Array(grey.length);
  for (let y = 0; y < height; y++) {
    const row = Math.min(out.height - 1, Math.floor((y * out.height) / height)) * out.width;
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * channels;
      const to = row + Math.min(out.width - 1, Math.floor((x * out.width) / width));
      grey[to]! += channels === 1 ? data[at]! : 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
      counts[to]!++;
    }
  }
  return { ...out, grey: grey.map((sum, i) => sum / counts[i]!) };
}

/** Whether the paper is lighter than the ink. Most of a picture is paper, so the mean lies on its side of the middle. */
function isLight(grey: Float32Array): boolean {
  const [least, most] = grey.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [255, 0]);
  const sorted = grey.slice().sort();
  return sorted[Math.floor(sorted.length / 2)]! > (least + most) / 2;
}

/**
 * Estimates the level of the paper at each place: first the mean around it, then the mean of what is not darker than that,
 * so that ink does not count.
 */
function paperLevels(level: Float32Array, width: number, height: number): Float32Array {
  const reach = Math.max(2, Math.round((neighbourhood * Math.max(width, height)) / 2));
  const all = new Float32Array(level.length).fill(1);
  let paper = meansAround(level, all, width, height, reach);
  for (let round = 0; round < 2; round++) {
    const isPaper = level.map((value, i) => (value >= paper[i]! - 6 ? 1 : 0));
    const better = meansAround(level, isPaper, width, height, reach);
    // Where no paper is near, the estimate before is kept.
    paper = paper.map((value, i) => (better[i]! > 0 ? better[i]! : value));
  }
  return paper;
}

/** Returns the weighted mean in a square around each place; 0 where all weights are 0. Sums over rectangles make it quick. */
function meansAround(
  level: Float32Array,
  weight: Float32Array,
  width: number,
  height: number,
  reach: number,
): Float32Array {
  const across = width + 1;
  const sums = new Float64Array(across * (height + 1));
  const weights = new Float64Array(sums.length);
  for (let y = 0; y < height; y++) {
    let [row, rowWeight] = [0, 0];
    for (let x = 0; x < width; x++) {
      row += level[y * width + x]! * weight[y * width + x]!;
      rowWeight += weight[y * width + x]!;
      const to = (y + 1) * across + x + 1;
      sums[to] = sums[to - across]! + row;
      weights[to] = weights[to - across]! + rowWeight;
    }
  }
  return level.map((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const [left, right] = [Math.max(0, x - reach), Math.min(width, x + reach + 1)];
    const [top, bottom] = [Math.max(0, y - reach) * across, Math.min(height, y + reach + 1) * across];
    const within = (of: Float64Array): number =>
      of[bottom + right]! - of[bottom + left]! - of[top + right]! + of[top + left]!;
    const total = within(weights);
    return total > 0 ? within(sums) / total : 0;
  });
}

/** Takes away small spots, and what comes in from the edge, such as the end of the table, if anything else is there. */
function withoutDirt(ink: Float32Array, width: number, height: number): Float32Array {
  const spots = spotsIn(ink, width, height);
  const inner = spots.filter(({ edge }) => !edge);
  const largest = (of: readonly Spot[]): number => of.reduce((most, { mass }) => Math.max(most, mass), 0);
  // A drawing may touch the edge itself.
  const candidates = largest(inner) >= leastInner * largest(spots) ? inner : spots;
  const most = largest(candidates);
  const out = new Float32Array(ink.length);
  for (const { pixels, mass } of candidates) {
    if (mass >= leastSpot * most) for (const at of pixels) out[at] = ink[at]!;
  }
  return out;
}

interface Spot {
  readonly pixels: readonly number[];
  readonly mass: number;
  readonly edge: boolean;
}

/** Returns the connected parts of the ink; pixels that touch by a corner are connected. */
function spotsIn(ink: Float32Array, width: number, height: number): Spot[] {
  const seen = new Uint8Array(ink.length);
  const spots: Spot[] = [];
  for (let start = 0; start < ink.length; start++) {
    if (ink[start] === 0 || seen[start]) continue;
    const pixels = [start];
    seen[start] = 1;
    let [mass, edge] = [0, false];
    for (let k = 0; k < pixels.length; k++) {
      const at = pixels[k]!;
      const [x, y] = [at % width, Math.floor(at / width)];
      mass += ink[at]!;
      edge ||= x === 0 || y === 0 || x === width - 1 || y === height - 1;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const to = ny * width + nx;
          if (ink[to] === 0 || seen[to]) continue;
          seen[to] = 1;
          pixels.push(to);
        }
      }
    }
    spots.push({ pixels, mass, edge });
  }
  return spots;
}
