// A trained network reads pictures.
import type { Dataset, DistilledSet, Loss, TrainedNetwork } from "distillate";

/** Returns the chance of each class for a picture [height, width, channels] of levels. */
export async function chancesFor(
  network: TrainedNetwork,
  set: DistilledSet,
  levels: Uint8Array,
): Promise<Float32Array> {
  const { channels, height, width, mean, std } = set;
  const plane = height * width;
  const image = Float32Array.from(levels, (_, i) => {
    const channel = Math.floor(i / plane);
    return (levels[(i % plane) * channels + channel]! / 255 - mean[channel]!) / std[channel]!;
  });
  const { logits } = await network.predict(image);
  return chancesOf(logits, lossOf(set));
}

/** Images that are made ready at once, so that the page answers in between. */
const PORTION = 200;

/** Returns the chances [n, classes] of all images of `test`. */
export async function chancesOn(network: TrainedNetwork, set: DistilledSet, test: Dataset): Promise<Float32Array> {
  const { channels, height, width, classes } = set;
  const size = channels * height * width;
  const chances = new Float32Array(test.count * classes);
  for (let from = 0; from < test.count; from += PORTION) {
    const to = Math.min(test.count, from + PORTION);
    const { logits } = await network.predict(normalised(test.pixels.subarray(from * size, to * size), set));
    for (let i = 0; i < logits.length; i += classes) {
      chances.set(chancesOf(logits.subarray(i, i + classes), lossOf(set)), from * classes + i);
    }
  }
  return chances;
}

/** Normalises images [n, channels, height, width] by tables, because millions of pixels would keep the page's thread busy. */
function normalised(pixels: Uint8Array, { channels, height, width, mean, std }: DistilledSet): Float32Array {
  const plane = height * width;
  const images = new Float32Array(pixels.length);
  for (let c = 0; c < channels; c++) {
    const table = Float32Array.from({ length: 256 }, (_, level) => (level / 255 - mean[c]!) / std[c]!);
    for (let from = c * plane; from < pixels.length; from += channels * plane) {
      for (let at = from; at < from + plane; at++) images[at] = table[pixels[at]!]!;
    }
  }
  return images;
}

/** Returns the class of the largest chance. */
export function bestOf(chances: Float32Array): number {
  return chances.indexOf(chances.reduce((a, b) => Math.max(a, b)));
}

function lossOf({ recipe }: DistilledSet): Loss {
  return recipe.loss === "mse" ? "mse" : "cross-entropy";
}

/** Returns the chance of each class. What a network gives depends on the loss with which it was trained. */
function chancesOf(outputs: ArrayLike<number>, loss: Loss): Float32Array {
  const values = Array.from(outputs);
  return loss === "mse" ? ofLabels(values) : softmax(values);
}

/** The network predicts the label itself, one-hot or centred: the label's mean, given a picture, is the chance of each class. */
function ofLabels(values: readonly number[]): Float32Array {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return shares(values.map((value) => Math.max(0, value - mean + 1 / values.length)));
}

function softmax(values: readonly number[]): Float32Array {
  const largest = Math.max(...values);
  return shares(values.map((value) => Math.exp(value - largest)));
}

function shares(values: readonly number[]): Float32Array {
  const sum = values.reduce((a, b) => a + b, 0);
  return Float32Array.from(values, (value) => value / sum);
}
