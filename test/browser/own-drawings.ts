// Digits as several hands draw them on the demo's pad: lists of points that a smooth curve goes through, and straight lines, varied by
// size, place, lean, width, turn and an unsteady hand. The same seed gives the same drawings.

import type { Point, Stroke } from "../../examples/browser/src/page/ink.ts";
import { randomKey, randomUniform } from "../../src/algorithm.ts";

type Shape = readonly { readonly through: readonly Point[]; readonly straight?: boolean }[];

const curve = (...through: Point[]): Shape[number] => ({ through });
const line = (...through: Point[]): Shape[number] => ({ through, straight: true });

/** Two or three ways to write each digit, in a box of 100 × 100 with y downwards. */
const hands: readonly (readonly Shape[])[] = [
  [
    [curve([55, 2], [28, 14], [17, 50], [30, 88], [54, 98], [78, 82], [84, 46], [70, 12], [50, 3])],
    [curve([72, 16], [48, 2], [24, 24], [20, 62], [42, 97], [70, 88], [82, 52], [74, 18], [58, 8], [44, 12])],
  ],
  [
    [line([52, 0], [48, 50], [50, 100])],
    [line([28, 26], [54, 2], [54, 98])],
    [line([30, 24], [55, 3], [52, 97]), line([28, 98], [78, 97])],
  ],
  [
    [curve([20, 28], [34, 6], [60, 3], [76, 24], [62, 52], [36, 80], [18, 96]), line([18, 96], [84, 94])],
    [curve([18, 24], [46, 2], [72, 18], [64, 50], [34, 84], [20, 90], [24, 76], [44, 82], [66, 96], [86, 90])],
    [curve([24, 16], [50, 4], [70, 22], [58, 54], [20, 97]), curve([20, 97], [44, 90], [62, 96], [82, 92])],
  ],
  [
    [curve([22, 10], [54, 3], [72, 22], [58, 42], [40, 47]), curve([40, 47], [68, 54], [78, 76], [54, 97], [18, 90])],
    [line([20, 5], [76, 5], [44, 42]), curve([44, 42], [74, 52], [76, 82], [48, 98], [18, 86])],
    [curve([26, 18], [48, 2], [70, 14], [66, 36], [46, 46], [70, 56], [74, 84], [46, 99], [22, 84])],
  ],
  [
    [line([60, 2], [14, 64], [88, 64]), line([64, 36], [62, 100])],
    [line([24, 4], [20, 52], [76, 50]), line([76, 2], [72, 98])],
    [line([66, 100], [66, 2], [12, 68], [92, 68])],
  ],
  [
    [line([76, 4], [32, 5], [26, 44]), curve([26, 44], [56, 38], [78, 60], [66, 90], [38, 98], [16, 86])],
    [line([34, 4], [28, 48]), curve([28, 48], [60, 42], [76, 68], [56, 94], [20, 92]), line([34, 4], [82, 6])],
    [curve([80, 6], [50, 6], [34, 10], [28, 40], [44, 44], [70, 56], [72, 82], [50, 97], [18, 88])],
  ],
  [
    [curve([68, 4], [40, 22], [22, 58], [30, 90], [56, 97], [76, 78], [62, 56], [38, 60], [26, 76])],
    [curve([48, 2], [28, 34], [22, 74], [44, 98], [70, 86], [70, 62], [46, 54], [26, 72])],
    [curve([74, 10], [54, 4], [32, 26], [22, 66], [38, 96], [66, 92], [74, 68], [54, 52], [30, 62])],
  ],
  [
    [line([16, 6], [82, 5], [38, 99])],
    [line([18, 8], [80, 6], [44, 98]), line([34, 52], [78, 50])],
    [curve([14, 16], [20, 6], [48, 8], [82, 4], [64, 40], [48, 70], [42, 98])],
  ],
  [
    [
      curve(
        [70, 18],
        [48, 3],
        [28, 18],
        [36, 40],
        [62, 56],
        [74, 78],
        [52, 97],
        [28, 82],
        [36, 60],
        [62, 42],
        [72, 20],
      ),
    ],
    [curve([50, 46], [28, 30], [36, 6], [62, 4], [72, 24], [52, 46], [28, 66], [30, 92], [58, 98], [76, 80], [52, 48])],
    [
      curve([50, 2], [30, 14], [32, 38], [52, 46], [70, 34], [68, 12], [50, 2]),
      curve([52, 47], [26, 62], [28, 90], [52, 99], [76, 88], [76, 60], [52, 47]),
    ],
  ],
  [
    [curve([74, 20], [52, 3], [28, 18], [28, 42], [50, 50], [72, 32], [75, 16]), line([75, 16], [70, 98])],
    [curve([72, 14], [44, 4], [24, 26], [42, 48], [68, 36], [74, 14], [74, 58], [58, 92], [28, 94])],
    [curve([70, 24], [54, 6], [30, 14], [30, 40], [56, 44], [72, 18], [66, 62], [48, 99])],
  ],
];

/** How a drawing lies on the pad, in shares of its side. */
export interface Manner {
  readonly size: number;
  readonly x?: number;
  readonly y?: number;
  /** The width for the same height. */
  readonly aspect?: number;
  /** How far the top lies to the right, as a share of the height. */
  readonly lean?: number;
  /** Clockwise, in radians. */
  readonly turn?: number;
  /** How far the hand strays, as a share of the size. */
  readonly wobble?: number;
}

/** The six manners of the drawings that are tested: ten digits in each. */
export const manners: Readonly<Record<string, Manner>> = {
  plain: { size: 0.7 },
  leaning: { size: 0.64, lean: 0.22, wobble: 0.02 },
  "narrow and turned": { size: 0.8, aspect: 0.58, turn: -0.14 },
  "wide, below": { size: 0.46, aspect: 0.95, y: 0.72, lean: 0.08 },
  "small, at the side": { size: 0.26, x: 0.82, y: 0.3, wobble: 0.02 },
  "all of the pad": { size: 0.9, aspect: 0.8, lean: -0.06, wobble: 0.012 },
};

/** A drawing with points in shares of the pad's side. */
export interface Drawing {
  readonly digit: number;
  readonly manner: string;
  readonly strokes: readonly Stroke[];
}

/** Returns the sixty drawings of a seed: every digit in each manner, in one of its hands. */
export function ownDrawings(seed: number): Drawing[] {
  return Object.entries(manners).flatMap(([manner, how], m) =>
    hands.map((shapes, digit) => {
      const key = randomKey(seed, "drawing", m * hands.length + digit);
      const [pick] = randomUniform(key, 1);
      return {
        digit,
        manner,
        strokes: drawn(shapes[Math.floor(pick! * shapes.length)]!, how, seed * 1000 + m * 10 + digit),
      };
    }),
  );
}

/** The points of a curve between two that it goes through. */
const PIECES = 8;

function drawn(shape: Shape, manner: Manner, seed: number): Stroke[] {
  const { size, x = 0.5, y = 0.5, aspect = 0.74, lean = 0, turn = 0, wobble = 0.008 } = manner;
  const noise = randomUniform(randomKey(seed, "unsteady hand"), 4000, -1, 1);
  let next = 0;
  const strays = (): number => (noise[next++]! + noise[next++]!) * wobble;
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  return shape.map(({ through, straight }) => {
    const unsteady = through.map(([a, b]): Point => [a / 100 - 0.5 + strays(), b / 100 - 0.5 + strays()]);
    return smooth(unsteady, straight === true).map(([a, b]): Point => {
      const [u, v] = [a * aspect - lean * b, b];
      const [right, down] = [cosine * u - sine * v, sine * u + cosine * v];
      return [x + size * (right + strays() / 4), y + size * (down + strays() / 4)];
    });
  });
}

/** Returns points along a Catmull-Rom curve, or along straight lines, through these. */
function smooth(points: readonly Point[], straight: boolean): Point[] {
  const at = (i: number): Point => points[Math.min(points.length - 1, Math.max(0, i))]!;
  const along: Point[] = [at(0)];
  for (let i = 0; i + 1 < points.length; i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    for (let piece = 1; piece <= PIECES; piece++) {
      const t = piece / PIECES;
      const mix = (k: 0 | 1): number => {
        if (straight) return b[k] + t * (c[k] - b[k]);
        const [p, q, r, s] = [a[k], b[k], c[k], d[k]];
        return q + 0.5 * t * (r - p + t * (2 * p - 5 * q + 4 * r - s + t * (3 * (q - r) + s - p)));
      };
      along.push([mix(0), mix(1)]);
    }
  }
  return along;
}

/** Returns drawings of every digit in manners that are drawn too: `rounds` of each. */
export function variedDrawings(seed: number, rounds: number): Drawing[] {
  return Array.from({ length: rounds * hands.length }, (_, i) => {
    const digit = i % hands.length;
    const [pick, size, x, y, aspect, lean, turn, wobble] = randomUniform(randomKey(seed, "varied drawing", i), 8);
    const how = {
      size: 0.2 + 0.7 * size!,
      x: 0.4 + 0.2 * x!,
      y: 0.4 + 0.2 * y!,
      aspect: 0.55 + 0.45 * aspect!,
      lean: -0.15 + 0.45 * lean!,
      turn: -0.2 + 0.4 * turn!,
      wobble: 0.05 * wobble!,
    };
    const shapes = hands[digit]!;
    return { digit, manner: "varied", strokes: drawn(shapes[Math.floor(pick! * shapes.length)]!, how, seed * 1e6 + i) };
  });
}
