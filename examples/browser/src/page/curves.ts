// Draws loss and held-out accuracy during a run.
import type uPlot from "uplot";
import { nextTask } from "../lab/next-task.ts";
import { thousands } from "../lab/thousands.ts";
import { byId, create, percent } from "./dom.ts";

/** The weight of the newest loss in the smoothed line. */
const SMOOTHING = 0.06;

/** The drawn values, stored with a run so that a later visit can show them. */
export interface History {
  losses: (readonly [step: number, loss: number])[];
  accuracies: (readonly [step: number, accuracy: number])[];
}

export class Curves {
  #history: History = { losses: [], accuracies: [] };
  #steps = 600;
  #charts: { loss: uPlot; accuracy: uPlot } | undefined;
  #smooth: number[] = [];

  /** Shows the panel, and loads what draws: not before there is something to draw. */
  #open(): void {
    const panel = byId("curves", HTMLElement);
    if (!panel.hidden) return;
    panel.hidden = false;
    plotter().then(
      (Plot) => this.#begin(Plot),
      () => {
        byId("curves-missing", HTMLParagraphElement).hidden = false;
      },
    );
  }

  #begin(Plot: typeof uPlot): void {
    this.#build(Plot);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#build(Plot));
    let width = 0;
    new ResizeObserver(([entry]) => {
      if (!entry || entry.contentRect.width === width) return;
      width = entry.contentRect.width;
      const { loss, accuracy } = this.#charts!;
      for (const chart of [loss, accuracy]) chart.setSize(sizeFor(chart.root.parentElement!));
    }).observe(byId("loss-chart", HTMLDivElement));
  }

  get history(): History {
    return this.#history;
  }

  reset(steps: number, history: History = { losses: [], accuracies: [] }): void {
    this.#open();
    this.#steps = steps;
    this.#history = { losses: [], accuracies: [] };
    this.#smooth = [];
    this.add(history);
  }

  add({
    losses,
    accuracies,
  }: {
    losses: History["losses"] | readonly (readonly [number, number])[];
    accuracies: History["accuracies"] | readonly (readonly [number, number])[];
  }): void {
    for (const entry of losses) {
      const last = this.#smooth.at(-1) ?? entry[1];
      this.#smooth.push(last + SMOOTHING * (entry[1] - last));
    }
    this.#history.losses.push(...losses);
    this.#history.accuracies.push(...accuracies);
    this.#draw();
  }

  #draw(): void {
    const { losses, accuracies } = this.#history;
    this.#charts?.loss.setData([losses.map(([x]) => x), losses.map(([, y]) => y), this.#smooth]);
    this.#charts?.accuracy.setData([accuracies.map(([x]) => x), accuracies.map(([, y]) => 100 * y)]);
    const accuracy = accuracies.at(-1)?.[1];
    byId("loss-now", HTMLElement).textContent = this.#smooth.at(-1)?.toFixed(3) ?? "";
    byId("accuracy-now", HTMLElement).textContent = accuracy === undefined ? "" : percent(accuracy);
  }

  #build(Plot: typeof uPlot): void {
    this.#charts?.loss.destroy();
    this.#charts?.accuracy.destroy();
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
    const axis = {
      stroke: colour("soft"),
      font: "11px system-ui",
      grid: { stroke: colour("line"), width: 1 },
      ticks: { show: false },
    };
    const chart = (id: string, y: uPlot.Scale, series: uPlot.Series[], values: uPlot.Axis.Values): uPlot => {
      const parent = byId(id, HTMLDivElement);
      const options: uPlot.Options = {
        ...sizeFor(parent),
        padding: [6, 6, 0, 0],
        cursor: { show: false },
        legend: { show: false },
        scales: { x: { time: false, range: () => [0, this.#steps] }, y },
        axes: [
          { ...axis, size: 22, space: 60 },
          { ...axis, size: 42, gap: 4, space: 28, values },
        ],
        series: [{}, ...series],
      };
      return new Plot(options, series.map(() => []).concat([[]]) as unknown as uPlot.AlignedData, parent);
    };
    const line = { stroke: colour("accent"), width: 2, points: { show: false } };
    const faint = { stroke: colour("line"), width: 1, points: { show: false } };
    this.#charts = {
      loss: chart("loss-chart", { range: (_, __, max) => [0, Math.max(max ?? 0, 0.1)] }, [faint, line], (_, ticks) =>
        ticks.map(String),
      ),
      accuracy: chart("accuracy-chart", { range: [0, 100] }, [line], (_, ticks) => ticks.map((tick) => `${tick} %`)),
    };
    this.#draw();
  }
}

/** Writes numbers in the place of Intl. */
class PlainNumbers {
  format(n: number): string {
    return Number.isInteger(n) ? thousands(n) : String(n);
  }
}

/** No axis here has dates. */
class NoDates {
  resolvedOptions(): { readonly timeZone: string } {
    return { timeZone: "UTC" };
  }
}

/**
 * Loads uPlot. It asks Intl for numbers and dates when it is loaded, for which a browser loads what it knows of languages: that takes
 * the page's thread long. And Intl throws where a host calls its language "C".
 */
async function plotter(): Promise<typeof uPlot> {
  const { NumberFormat, DateTimeFormat } = Intl;
  Object.assign(Intl, { NumberFormat: PlainNumbers, DateTimeFormat: NoDates });
  try {
    const [{ default: Plot }, { default: textContent }] = await Promise.all([
      import("uplot"),
      import("uplot/dist/uPlot.min.css?inline"),
    ]);
    document.head.append(create("style", { textContent }));
    // The charts are made in a task of their own.
    await nextTask();
    return Plot;
  } finally {
    Object.assign(Intl, { NumberFormat, DateTimeFormat });
  }
}

function sizeFor(parent: HTMLElement): { width: number; height: number } {
  return { width: Math.max(80, parent.clientWidth), height: 130 };
}
