// Scores are what their formulas say, of accuracies as shares.
import { expect, test } from "vitest";
import { averaged, ddRankingScores } from "../../../src/evaluate/protocols/scores.ts";

const accuracies = {
  ...{ whole: 0.9, hard: 0.5, own: 0.7, randomOwn: 0.4 },
  ...{ augmented: 0.72, randomAugmented: 0.52, plain: 0.7, randomPlain: 0.6 },
};

test("DD-Ranking's scores are those that a calculator gives", () => {
  const scores = ddRankingScores(accuracies);
  // HLR 0.4, IOR 0.3, α = −0.05: (e^−0.05 − e^−1)/(e − e^−1) = 0.5833499833/2.3504023873.
  expect(scores.hlr).toBeCloseTo(0.4, 12);
  expect(scores.ior).toBeCloseTo(0.3, 12);
  expect(scores.lrs).toBeCloseTo(0.248191538, 9);
  // Gains of 0.2 and 0.1, β = 0.15: (e^0.15 − e^−1)/(e − e^−1) = 0.7939548016/2.3504023873.
  expect(scores.gainAugmented).toBeCloseTo(0.2, 12);
  expect(scores.gainPlain).toBeCloseTo(0.1, 12);
  expect(scores.ars).toBeCloseTo(0.3377952668, 9);
});

test("scores go from 0 to 1 where the ingredients go from −1 to 1", () => {
  const worst = { ...accuracies, whole: 1, hard: 0, own: 0, randomOwn: 1, augmented: 0, randomAugmented: 1 };
  const least = ddRankingScores({ ...worst, plain: 0, randomPlain: 1 });
  const best = { ...accuracies, whole: 0, hard: 1, own: 1, randomOwn: 0, augmented: 1, randomAugmented: 0 };
  const most = ddRankingScores({ ...best, plain: 1, randomPlain: 0 });
  for (const name of ["lrs", "ars"] as const) {
    expect(least[name]).toBeCloseTo(0, 12);
    expect(most[name]).toBeCloseTo(1, 12);
  }
});

test("the weight says how much of a score each ingredient is", () => {
  expect(ddRankingScores(accuracies, 1).lrs).toBe(ddRankingScores({ ...accuracies, whole: 0.1 }, 1).lrs);
  expect(ddRankingScores(accuracies, 0).lrs).toBe(ddRankingScores({ ...accuracies, own: 0.1 }, 0).lrs);
});

test("an average over evaluations is taken network by network, and its spread is that over the networks", () => {
  const { mean, std } = averaged([{ accuracies: [0.2, 0.6] }, { accuracies: [0.4, 0.4] }]);
  expect(mean).toBeCloseTo(0.4, 12);
  expect(std).toBeCloseTo(Math.sqrt(0.02), 12);
});
