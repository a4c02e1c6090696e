// Makes many pictures of each real digit, as other hands would write it: turned, slanted, wider or narrower, with a thicker or thinner
// pen, and then put into the box of 20 of 28 pixels with its centre of mass in the middle, as MNIST has its digits and as the demo
// page inks drawings. So a set that is distilled from them also reads what is drawn with a mouse.
//
// Random numbers are the library's own, addressed by seed and copy, and only + − × ÷ and √ compute, so every host makes the same bytes.

import { datasetFromArrays } from "distillate";
import { randomKey, randomUniform } from "distillate/algorithm";

const SIDE = 28;
const BOX = 20;
/** Draws for one picture. */
const DRAWS = 8;

/** How far digits are varied. */
export const variations = {
  /** The tangent of half the largest turn to either side. */
  turn: 0.09,
  /** How far the top is moved to the left and to the right, as shares of the height. MNIST's digits lean to the right themselves. */
  slant: [0.35, 0.15],
  /** The largest factor of the width for the same height, and its inverse. */
  aspect: 1.3,
  /** The smallest and the largest side of the box, as shares of MNIST's. */
  size: [0.9, 1.05],
  /** The largest shift of a digit from the middle, in pixels. */
  shift: 1,
  /** How much of a pixel's brightest neighbour the boldest digit takes, and of its darkest the finest. */
  bolder: 0.6,
  finer: 0.4,
  /** Moving a picture blurs it. So levels are stretched: those from the first to the second take the whole range. */
  contrast: [16, 208],
};

/**
 * Returns a data set of `copies` varied pictures of each image.
 *
 * @param data Grey images of 28 × 28.
 */
export function variedDigits(data, copies, seed, by = variations) {
  const plane = SIDE * SIDE;
  const pixels = new Uint8Array(copies * data.pixels.length);
  const labels = new Uint8Array(copies * data.count);
  for (let copy = 0; copy < copies; copy++) {
    const draws = randomUniform(randomKey(seed, "varied digits", copy), DRAWS * data.count, -1, 1);
    labels.set(data.labels, copy * data.count);
    for (let i = 0; i < data.count; i++) {
      const from = data.pixels.subarray(i * plane, (i + 1) * plane);
      const to = pixels.subarray((copy * data.count + i) * plane, (copy * data.count + i + 1) * plane);
      vary(from, to, draws.subarray(DRAWS * i, DRAWS * (i + 1)), by);
    }
  }
  const { name, classes, mean, std } = data;
  return datasetFromArrays({ pixels, labels, shape: [1, SIDE, SIDE], classes, mean, std, name });
}

/** Writes one varied digit. */
function vary(from, to, [turn, slant, aspect, size, right, down, pen], by) {
  const { map, x, y } = placed(from, { turn, slant, aspect, size }, by);
  const [a, b, c, d] = inverse(map);
  const moved = new Float32Array(SIDE * SIDE);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const [u, v] = [column + 0.5 - SIDE / 2 - right * by.shift, row + 0.5 - SIDE / 2 - down * by.shift];
      moved[row * SIDE + column] = between(from, x + a * u + b * v, y + c * u + d * v);
    }
  }
  const [black, white] = by.contrast;
  const share = pen < 0 ? pen * by.finer : pen * by.bolder;
  for (let i = 0; i < moved.length; i++) {
    const other = extreme(moved, i, share < 0);
    const level = moved[i] + (share < 0 ? -share : share) * (other - moved[i]);
    to[i] = Math.round(Math.min(255, Math.max(0, ((level - black) / (white - black)) * 255)));
  }
}

/** Returns the linear map of a digit around its centre of mass, and that centre. */
function placed(from, { turn, slant, aspect, size }, by) {
  const t = turn * by.turn;
  const [cosine, sine] = [(1 - t * t) / (1 + t * t), (2 * t) / (1 + t * t)];
  const root = Math.sqrt(aspect < 0 ? 1 / (1 - aspect * (by.aspect - 1)) : 1 + aspect * (by.aspect - 1));
  const lean = slant < 0 ? slant * by.slant[0] : slant * by.slant[1];
  // First wider, then slanted, then turned.
  const [p, q, s] = [root, -lean / root, 1 / root];
  const map = [cosine * p, cosine * q - sine * s, sine * p, sine * q + cosine * s];
  let [mass, x, y] = [0, 0, 0];
  for (let i = 0; i < from.length; i++) {
    mass += from[i];
    x += from[i] * ((i % SIDE) + 0.5);
    y += from[i] * (Math.floor(i / SIDE) + 0.5);
  }
  let [left, top, end, bottom] = [0, 0, 0, 0];
  for (let i = 0; i < from.length; i++) {
    if (from[i] < 64) continue;
    const [u, v] = [(i % SIDE) + 0.5 - x / mass, Math.floor(i / SIDE) + 0.5 - y / mass];
    const [atX, atY] = [map[0] * u + map[1] * v, map[2] * u + map[3] * v];
    [left, end] = [Math.min(left, atX), Math.max(end, atX)];
    [top, bottom] = [Math.min(top, atY), Math.max(bottom, atY)];
  }
  const [least, most] = by.size;
  const box = BOX * (least + ((size + 1) / 2) * (most - least));
  // Half a pixel on each side of the middles of the outermost.
  const scale = box / (Math.max(end - left, bottom - top) + 1);
  return { map: map.map((value) => value * scale), x: x / mass, y: y / mass };
}

function inverse([a, b, c, d]) {
  const determinant = a * d - b * c;
  return [d / determinant, -b / determinant, -c / determinant, a / determinant];
}

/** Returns the level at a place between pixels, linearly from the four around it; it is 0 outside. */
function between(levels, x, y) {
  const [left, top] = [Math.floor(x - 0.5), Math.floor(y - 0.5)];
  const [u, v] = [x - 0.5 - left, y - 0.5 - top];
  const at = (column, row) =>
    column < 0 || row < 0 || column >= SIDE || row >= SIDE ? 0 : levels[row * SIDE + column];
  const upper = at(left, top) * (1 - u) + at(left + 1, top) * u;
  return upper * (1 - v) + (at(left, top + 1) * (1 - u) + at(left + 1, top + 1) * u) * v;
}

/** Returns the smallest or the largest level of a pixel and the four beside it. */
function extreme(levels, i, smallest) {
  const [column, row] = [i % SIDE, Math.floor(i / SIDE)];
  let found = levels[i];
  const see = (level) => {
    if (smallest ? level < found : level > found) found = level;
  };
  see(column > 0 ? levels[i - 1] : 0);
  see(column < SIDE - 1 ? levels[i + 1] : 0);
  see(row > 0 ? levels[i - SIDE] : 0);
  see(row < SIDE - 1 ? levels[i + SIDE] : 0);
  return found;
}
