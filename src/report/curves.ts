// Plots what was recorded during distilling.
import type { DistilledSet } from "../distill/distilled-set.ts";
import { html, type Markup } from "./html.ts";
import { linePlot, type Point, type Series } from "./line-plot.ts";
import { measureAt, numberAt } from "./parts.ts";

/** The most points of a line; more would be drawn on top of each other. */
const points = 400;

/**
 * Plots loss and accuracy over the outer steps; makes no plot of what was not recorded.
 *
 * @param lossText The caption of the plot of the loss.
 */
export function curves(metrics: readonly unknown[], lossText: string): Markup[] {
  const losses: Point[] = [];
  const accuracies: Point[] = [];
  const spread: number[] = [];
  for (const metric of metrics) {
    const step = numberAt(metric, "step");
    if (step === undefined) continue;
    const loss = numberAt(metric, "loss");
    // A run that went back took these steps again.
    if (loss !== undefined) {
      while (losses.length > 0 && losses.at(-1)![0] >= step) losses.pop();
      losses.push([step, loss]);
    }
    const accuracy = measureAt(metric, "accuracy");
    if (accuracy === undefined) continue;
    while (accuracies.length > 0 && accuracies.at(-1)![0] >= step) {
      accuracies.pop();
      spread.pop();
    }
    accuracies.push([step, 100 * accuracy.mean]);
    spread.push(100 * accuracy.std);
  }
  const plots: Markup[] = [];
  if (losses.length > 0) {
    const series: Series[] =
      losses.length < 30
        ? [{ label: "loss", points: losses }]
        : [
            { label: "each step", points: thinned(losses), faint: true },
            { label: "running mean", points: thinned(smoothed(losses)) },
          ];
    const title = "Outer loss over outer steps";
    plots.push(figure(lossText, linePlot({ title, x: "outer step", y: "outer loss", wholeX: true, series })));
  }
  if (accuracies.length > 0) {
    // Many more accuracies than a run measures are drawn as means.
    const series: Series[] = [
      accuracies.length > points
        ? { label: "accuracy", points: thinned(accuracies) }
        : { label: "accuracy", points: accuracies, spread, dots: true },
    ];
    const title = "Held-out accuracy over outer steps";
    plots.push(
      figure(
        series[0]!.spread?.some((value) => value > 0)
          ? "Accuracy of held-out networks, ± standard deviation."
          : "Accuracy on test images.",
        linePlot({ title, x: "outer step", y: "accuracy, %", wholeX: true, series }),
      ),
    );
  }
  return plots;
}

/** Plots the learning rate of every step, a line for each epoch; with one step, a line over the epochs. */
export function learningRatePlot({ steps, epochs, learningRates }: DistilledSet): Markup {
  const at = (epoch: number, step: number): number => learningRates[epoch * steps + step]!;
  const lines = Math.min(epochs, 6);
  const series: Series[] =
    steps === 1
      ? [
          ratesOf(
            "learning rate",
            Array.from({ length: epochs }, (_, e) => [e + 1, at(e, 0)]),
          ),
        ]
      : Array.from({ length: lines }, (_, line) => {
          // If there are many epochs, some are drawn, evenly spaced, with the first and the last.
          const epoch = lines === 1 ? 0 : Math.round((line * (epochs - 1)) / (lines - 1));
          const all = Array.from({ length: steps }, (_, s): Point => [s + 1, at(epoch, s)]);
          return ratesOf(lines > 3 ? `${epoch + 1}` : `epoch ${epoch + 1}`, all);
        });
  const title = "Learned learning rates";
  const plot = linePlot({
    title,
    x: steps === 1 ? "epoch" : "step",
    y: lines > 3 ? "η, by epoch" : "learning rate η",
    wholeX: true,
    includes: [0],
    series,
  });
  return figure("Learning rate of each gradient step, in the order of use.", plot);
}

/** Draws learning rates one by one, or as means of several if there are too many to tell apart. */
function ratesOf(label: string, all: readonly Point[]): Series {
  return all.length > points ? { label, points: thinned(all) } : { label, points: all, dots: true };
}

function figure(caption: string, plot: Markup): Markup {
  return html`<figure class="chart">${plot}<figcaption>${caption}</figcaption></figure>`;
}

/** Returns means of buckets, at their middles. */
function thinned(all: readonly Point[]): Point[] {
  const size = Math.ceil(all.length / points);
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => {
    const bucket = all.slice(i * size, (i + 1) * size);
    const sum = bucket.reduce((total, [, y]) => total + y, 0);
    return [bucket[Math.floor(bucket.length / 2)]![0], sum / bucket.length];
  });
}

/** Returns a running mean over about a thirtieth of the run. */
function smoothed(all: readonly Point[]): Point[] {
  const share = Math.min(1, 30 / all.length);
  let mean = all[0]![1];
  return all.map(([x, y], i) => {
    mean += Math.max(share, 1 / (i + 1)) * (y - mean);
    return [x, mean];
  });
}
