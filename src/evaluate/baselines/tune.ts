// Chooses a constant learning rate and a number of epochs (docs/math.md §5).
import type { Training } from "./real-set.ts";

/** The learning rates to choose from; the middle five are tried first. */
const LADDER: readonly number[] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2];
const FIRST = 4;
const LAST = 8;

/** How many learning rates are tried at least. */
export const FIRST_RATES: number = LAST - FIRST + 1;

/**
 * Returns the settings of the highest score; of equal ones the first of `epochs` and the lowest learning rate. It goes on past
 * the ends of the first five while the best learning rate is at an end, so that the choice does not depend on the cut.
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
