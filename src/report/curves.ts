// What was written down while distilling, as plots.
import type { DistilledSet } from "../distill/distilled-set.ts";
import { html, type Markup } from "./html.ts";
import { linePlot, type Point, type Series } from "./line-plot.ts";
import { measureAt, numberAt } from "./parts.ts";

/** A plot is as many points wide; more would be drawn on top of each other. */
const points = 400;

/** Loss and accuracy over the outer steps; no plot where nothing was written down. */
export function curves(metrics: readonly unknown[]): Markup[] {
  const losses: Point[] = [];
  const accuracies: Point[] = [];
  const spread: number[] = [];
  for (const metric of metrics) {
    const step = numberAt(metric, "step");
    if (step === undefined) continue;
    const loss = numberAt(metric, "loss");
    if (loss !== undefined) losses.push([step, loss]);
    const accuracy = measureAt(metric, "accuracy");
    if (accuracy === undefined) continue;
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
    plots.push(
      figure(
        "Loss of trained networks on real images, before each update.",
        linePlot({ title, x: "outer step", y: "outer loss", wholeX: true, series }),
      ),
    );
  }
  if (accuracies.length > 0) {
    const series: Series[] = [{ label: "accuracy", points: accuracies, spread, dots: true }];
    const title = "Held-out accuracy over outer steps";
    plots.push(
      figure(
        spread.some((value) => value > 0)
          ? "Accuracy of held-out networks, ± standard deviation."
          : "Accuracy on test images.",
        linePlot({ title, x: "outer step", y: "accuracy, %", wholeX: true, series }),
      ),
    );
  }
  return plots;
}

/** The learning rate of every step, a line for each epoch; over the epochs where there is one step. */
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
          // Of many epochs some, evenly, the first and last among them.
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

/** Learning rates one by one, or means of several where there are too many to tell apart. */
function ratesOf(label: string, all: readonly Point[]): Series {
  return all.length > points ? { label, points: thinned(all) } : { label, points: all, dots: true };
}

function figure(caption: string, plot: Markup): Markup {
  return html`<figure class="chart">${plot}<figcaption>${caption}</figcaption></figure>`;
}

/** Means of buckets, at their middles. */
function thinned(all: readonly Point[]): Point[] {
  const size = Math.ceil(all.length / points);
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => {
    const bucket = all.slice(i * size, (i + 1) * size);
    const sum = bucket.reduce((total, [, y]) => total + y, 0);
    return [bucket[Math.floor(bucket.length / 2)]![0], sum / bucket.length];
  });
}

/** A mean that forgets, over about a thirtieth of the run. */
function smoothed(all: readonly Point[]): Point[] {
  const share = Math.min(1, 30 / all.length);
  let mean = all[0]![1];
  return all.map(([x, y], i) => {
    mean += Math.max(share, 1 / (i + 1)) * (y - mean);
    return [x, mean];
  });
}
