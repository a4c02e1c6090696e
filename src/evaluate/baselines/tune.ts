// The choice of a constant learning rate, and of a number of epochs.
import type { Training } from "./real-set.ts";

/** Learning rates to choose from; the first look is at the middle five. */
const LADDER: readonly number[] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2];
const FIRST = 4;
const LAST = 8;

/**
 * The settings of the highest score, of equal ones the first of `epochs` and the lowest learning rate. Goes on past an end
 * for as long as the best learning rate is there, so that the choice is no accident of where the ladder was cut.
 */
export async function tuneTraining(
  epochs: readonly number[],
  score: (training: Training) => Promise<number>,
): Promise<Training> {
  const best: Scored[] = [];
  for (const number of epochs) best.push(await tuneLearningRate(number, score));
  const { learningRate, epochs: chosen } = best.reduce((a, b) => (b.score > a.score ? b : a));
  return { learningRate, epochs: chosen };
}

interface Scored extends Training {
  readonly score: number;
}

async function tuneLearningRate(epochs: number, score: (training: Training) => Promise<number>): Promise<Scored> {
  const at = async (rung: number): Promise<Scored> => {
    const training = { learningRate: LADDER[rung]!, epochs };
    return { ...training, score: await score(training) };
  };
  const tried: Scored[] = [];
  for (let rung = FIRST; rung <= LAST; rung++) tried.push(await at(rung));
  let [low, high] = [FIRST, LAST];
  for (;;) {
    const best = tried.reduce((a, b) => (b.score > a.score ? b : a));
    if (best === tried[0] && low > 0) tried.unshift(await at(--low));
    else if (best === tried.at(-1) && high < LADDER.length - 1) tried.push(await at(++high));
    else return best;
  }
}
