// Parts of a data set, and the same images under other labels.
import { number, wholeNumber } from "../checks/checks.ts";
import { outOfRange } from "../checks/refusal.ts";
import { checkDataset } from "./check-dataset.ts";
import type { Dataset } from "./dataset.ts";

/**
 * Returns the images from `start` up to, not including, `end`. Pixels, whitened images and labels are views of the
 * same memory.
 *
 * @throws RangeError unless 0 <= start <= end <= count; TypeError or RangeError for a data set whose fields do not fit.
 * @example
 * const { train } = await digits();
 * const held = subset(train, 8000, train.count); // the last 1,000 images
 */
export function subset(dataset: Dataset, start: number, end: number): Dataset {
  const { count } = checkDataset("dataset", dataset);
  wholeNumber("start", start, 0);
  wholeNumber("end", end, start);
  if (end > count) throw outOfRange("end", `integer in ${start}..${count}`, end);
  const image = dataset.channels * dataset.height * dataset.width;
  const { whitened } = dataset;
  return {
    ...dataset,
    ...(whitened && { whitened: { ...whitened, images: whitened.images.subarray(start * image, end * image) } }),
    pixels: dataset.pixels.subarray(start * image, end * image),
    labels: dataset.labels.subarray(start, end),
    count: end - start,
  };
}

/**
 * Returns the same images with class `from` labelled as `to`. With it as the data of an attack's outer loss, networks trained
 * on the distilled set mistake the one class for the other. It serves to study how little poisoned data misleads a network
 * that is trained further (Wang et al. 2018, section on poisoning), and how to detect that.
 *
 * Pixels are shared with `dataset`, not copied. The name of the set says that it was relabelled.
 *
 * @throws RangeError unless both are classes and differ; TypeError or RangeError for a data set whose fields do not
 * fit.
 * @example
 * const run = distill({ data: relabelled(train, 0, 1), model, method, init: pretrained(pool) });
 */
export function relabelled(dataset: Dataset, from: number, to: number): Dataset {
  const { classes, labels, name, absentClasses = [] } = checkDataset("dataset", dataset);
  const inside = (label: number): boolean => Number.isInteger(label) && label >= 0 && label < classes;
  for (const [key, label] of Object.entries({ from, to })) {
    number(`a class from 0 to ${classes - 1}`, inside)(key, label);
  }
  if (from === to) throw new RangeError(`"to" expected another class than "from", got ${to}`);
  return {
    ...dataset,
    name: `${name}, ${from} as ${to}`,
    labels: labels.map((label) => (label === from ? to : label)),
    absentClasses: [...absentClasses.filter((label) => label !== from && label !== to), from],
  };
}
