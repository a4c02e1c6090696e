// Normalisation over sets, reference. x [channels, area, B]; a set is a group of channels over all positions, of one
// image or of all real ones. ⟨·⟩ is the mean over a float's set, R{·} the derivative along a direction.
//   m = ⟨x⟩, s = 1/√(⟨(x − m)²⟩ + ε), x̂ = s·(x − m), y = γ·x̂ + β
//   dx = s·(g − ⟨g⟩ − x̂·⟨g·x̂⟩), g = γ·dy
// Tangents are these formulas by the product rule, with R{m} = ⟨rx⟩ and R{s} = −s²·⟨x̂·rx⟩.
// Padding lanes are zero in every output.

import { type Buffer, type NormShape, none, type Ops, type OptionalBuffer } from "../backend.ts";
import type { Memory } from "./memory.ts";

interface NormSet {
  /** Offsets in an activation [channels, area, B]. */
  readonly members: readonly number[];
  /** Offsets of the set's lanes in rows [groups, B]. */
  readonly lanes: readonly number[];
}

/** Every set of real images. */
function setsOf({ channels, groups, area, images, batch, acrossImages }: NormShape): NormSet[] {
  const real = Array.from({ length: images }, (_, image) => image);
  const imagesOfSets = acrossImages ? [real] : real.map((image) => [image]);
  const positions = (channels / groups) * area;
  return imagesOfSets.flatMap((lanes) =>
    Array.from({ length: groups }, (_, group) => ({
      members: Array.from({ length: positions }, (_, p) => (group * positions + p) * batch).flatMap((start) =>
        lanes.map((lane) => start + lane),
      ),
      lanes: lanes.map((lane) => group * batch + lane),
    })),
  );
}

function mean({ members }: NormSet, value: (member: number) => number): number {
  return members.reduce((sum, member) => sum + value(member), 0) / members.length;
}

type NormOps = Pick<Ops, "normForward" | "normBackward" | "normForwardR" | "normBackwardR">;

export function normOps(memory: Memory): NormOps {
  /** A reader of values by their offset in an activation, 0 everywhere for none. */
  const activation = (x: OptionalBuffer) => (i: number) => (x === none ? 0 : memory.floats[x + i]!);

  /** The same for parameters [channels], which activations see by their channel. */
  const perChannel =
    (values: OptionalBuffer, { area, batch }: NormShape, otherwise: number) =>
    (i: number): number =>
      values === none ? otherwise : memory.floats[values + Math.floor(i / (area * batch))]!;

  /** Two numbers of a set, from rows [2·groups, B]. */
  const readPair = (rows: OptionalBuffer, set: NormSet, { groups, batch }: NormShape): [number, number] => {
    if (rows === none) return [0, 0];
    const first = rows + set.lanes[0]!;
    return [memory.floats[first]!, memory.floats[first + groups * batch]!];
  };

  const writePair = (
    rows: OptionalBuffer,
    set: NormSet,
    { groups, batch }: NormShape,
    pair: [number, number],
  ): void => {
    if (rows === none) return;
    for (const lane of set.lanes) {
      memory.floats[rows + lane] = pair[0];
      memory.floats[rows + lane + groups * batch] = pair[1];
    }
  };

  const clear = (out: OptionalBuffer, n: number): void => {
    if (out !== none) memory.floats.fill(0, out, out + n);
  };

  /** Adds a value to the sum of a member's channel and lane, in rows [channels, B]. */
  const addToLane = (rows: Buffer, member: number, { area, batch }: NormShape, value: number): void => {
    memory.floats[rows + Math.floor(member / (area * batch)) * batch + (member % batch)]! += value;
  };

  return {
    normForward(y, statistics, x, weight, bias, eps, shape) {
      const { channels, groups, area, batch } = shape;
      const [xOf, gamma, beta] = [activation(x), perChannel(weight, shape, 1), perChannel(bias, shape, 0)];
      clear(y, channels * area * batch);
      clear(statistics, 2 * groups * batch);
      for (const set of setsOf(shape)) {
        const m = mean(set, xOf);
        const variance = mean(set, (i) => (xOf(i) - m) ** 2);
        const s = 1 / Math.sqrt(variance + eps);
        writePair(statistics, set, shape, [m, s]);
        for (const i of set.members) memory.floats[y + i] = gamma(i) * s * (xOf(i) - m) + beta(i);
      }
    },

    normBackward(dx, sums, dy, x, statistics, weight, shape) {
      const { channels, groups, area, batch } = shape;
      const [xOf, dyOf, gamma] = [activation(x), activation(dy), perChannel(weight, shape, 1)];
      clear(dx, channels * area * batch);
      clear(sums, 2 * (channels + groups) * batch);
      for (const set of setsOf(shape)) {
        const [m, s] = readPair(statistics, set, shape);
        const hat = (i: number) => s * (xOf(i) - m);
        const g = (i: number) => gamma(i) * dyOf(i);
        const meanGHat = mean(set, (i) => g(i) * hat(i));
        const meanG = mean(set, g);
        writePair(sums + 2 * channels * batch, set, shape, [meanGHat, meanG]);
        for (const i of set.members) {
          addToLane(sums, i, shape, dyOf(i) * hat(i));
          addToLane(sums + channels * batch, i, shape, dyOf(i));
          if (dx !== none) memory.floats[dx + i] = s * (g(i) - meanG - hat(i) * meanGHat);
        }
      }
    },

    normForwardR(ry, rStatistics, rx, x, statistics, weight, rWeight, rBias, shape) {
      const { channels, groups, area, batch } = shape;
      const [xOf, rxOf, gamma] = [activation(x), activation(rx), perChannel(weight, shape, 1)];
      const [rGamma, rBeta] = [perChannel(rWeight, shape, 0), perChannel(rBias, shape, 0)];
      clear(ry, channels * area * batch);
      clear(rStatistics, 2 * groups * batch);
      for (const set of setsOf(shape)) {
        const [m, s] = readPair(statistics, set, shape);
        const hat = (i: number) => s * (xOf(i) - m);
        const rm = mean(set, rxOf);
        const meanHatRx = mean(set, (i) => hat(i) * rxOf(i));
        writePair(rStatistics, set, shape, [rm, meanHatRx]);
        const rs = -s * s * meanHatRx;
        const rHat = (i: number) => rs * (xOf(i) - m) + s * (rxOf(i) - rm);
        for (const i of set.members) memory.floats[ry + i] = gamma(i) * rHat(i) + rGamma(i) * hat(i) + rBeta(i);
      }
    },

    normBackwardR(rdx, rSums, rdy, dy, rx, x, statistics, rStatistics, sums, weight, rWeight, shape) {
      const { channels, groups, area, batch } = shape;
      const [xOf, rxOf, dyOf, rdyOf] = [activation(x), activation(rx), activation(dy), activation(rdy)];
      const [gamma, rGamma] = [perChannel(weight, shape, 1), perChannel(rWeight, shape, 0)];
      clear(rdx, channels * area * batch);
      clear(rSums, 2 * (channels + groups) * batch);
      for (const set of setsOf(shape)) {
        const [m, s] = readPair(statistics, set, shape);
        const [rm, meanHatRx] = readPair(rStatistics, set, shape);
        const [meanGHat, meanG] = readPair(sums + 2 * channels * batch, set, shape);
        const rs = -s * s * meanHatRx;
        const hat = (i: number) => s * (xOf(i) - m);
        const rHat = (i: number) => rs * (xOf(i) - m) + s * (rxOf(i) - rm);
        const g = (i: number) => gamma(i) * dyOf(i);
        const rg = (i: number) => gamma(i) * rdyOf(i) + rGamma(i) * dyOf(i);
        const rMeanGHat = mean(set, (i) => rg(i) * hat(i) + g(i) * rHat(i));
        const rMeanG = mean(set, rg);
        writePair(rSums + 2 * channels * batch, set, shape, [rMeanGHat, rMeanG]);
        for (const i of set.members) {
          addToLane(rSums, i, shape, rdyOf(i) * hat(i) + dyOf(i) * rHat(i));
          addToLane(rSums + channels * batch, i, shape, rdyOf(i));
          if (rdx === none) continue;
          const p = g(i) - meanG - hat(i) * meanGHat;
          const rp = rg(i) - rMeanG - rHat(i) * meanGHat - hat(i) * rMeanGHat;
          memory.floats[rdx + i] = rs * p + s * rp;
        }
      }
    },
  };
}
