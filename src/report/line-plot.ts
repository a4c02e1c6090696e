// Draws a plot with lines as SVG, by hand, because a page that must last carries no library.
import { html, Markup } from "./html.ts";

/** One line of a plot, or its points. */
export interface Series {
  readonly label: string;
  readonly points: readonly Point[];
  /** Half the height of a band around each point. */
  readonly spread?: readonly number[];
  /** Draws the line paler, in the colour of the next one. */
  readonly faint?: true;
  /** Marks the points. */
  readonly dots?: true;
}

export type Point = readonly [x: number, y: number];

export interface PlotOptions {
  /** The text for readers who cannot see the plot. */
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Values that the axis always covers. */
  readonly includes?: readonly number[];
  /** Set when x counts things. */
  readonly wholeX?: boolean;
  readonly series: readonly Series[];
}

const width = 440;
const height = 270;
const margin = { left: 52, right: 14, top: 30, bottom: 42 };
const colours = 6;

/** The style of a plot; every page or file with a plot includes it. */
export const plotStyle: string = `
.plot { display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif; }
.plot text { fill: var(--quiet); }
.plot .grid { stroke: var(--line); stroke-width: 1; }
.plot .curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.plot .faint { opacity: .3; stroke-width: 1; }
.plot .band { opacity: .16; stroke: none; }
${Array.from({ length: colours }, (_, i) => `.plot .s${i} { stroke: var(--s${i}); } .plot .f${i} { fill: var(--s${i}); stroke: none; }`).join("\n")}
`;

/** The colours of series and text, on a light and on a dark ground. */
export const plotColours: { readonly light: string; readonly dark: string } = {
  light:
    "--quiet: #667; --line: #e3e5ea; --s0: #2563a8; --s1: #c2570c; --s2: #2d7d46; --s3: #8b4aa8; --s4: #a8324a; --s5: #6b6f1d;",
  dark: "--quiet: #9aa2b1; --line: #2b303a; --s0: #6eaef0; --s1: #f0975a; --s2: #6cc48a; --s3: #c494de; --s4: #ee8198; --s5: #c3c75e;",
};

/** Draws the plot as an element of a page. Without any point it says so. */
export function linePlot(options: PlotOptions): Markup {
  return html`<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-label="${options.title}">${content(options)}</svg>`;
}

/** Draws the plot as a file of its own, on white. */
export function plotFile(options: PlotOptions): string {
  const root = new Markup(
    `<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 ${width} ${height}" width="${2 * width}" height="${2 * height}">`,
  );
  const style = new Markup(
    `<style>.plot { ${plotColours.light} }${plotStyle}</style><rect width="100%" height="100%" fill="#fff"/>`,
  );
  return html`${root}<title>${options.title}</title>${style}${content(options)}</svg>\n`.text;
}

function content({ x, y, includes = [], wholeX = false, series }: PlotOptions): Markup {
  const all = series.flatMap(({ points, spread }) =>
    points.flatMap(([px, py], i) => {
      const around = spread?.[i] ?? 0;
      return [
        [px, py - around],
        [px, py + around],
      ] as Point[];
    }),
  );
  if (all.length === 0)
    return html`<text x="${width / 2}" y="${height / 2}" text-anchor="middle">nothing to draw</text>`;
  const xTicks = ticks(
    all.map(([px]) => px),
    wholeX,
  );
  const yTicks = ticks([...all.map(([, py]) => py), ...includes], false);
  const at = {
    x: (value: number) => place(value, xTicks.low, xTicks.high, margin.left, width - margin.right),
    y: (value: number) => place(value, yTicks.low, yTicks.high, height - margin.bottom, margin.top),
  };
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  return html`${yTicks.values.map((value) => html`<line class="grid" x1="${margin.left}" x2="${right}" y1="${at.y(value)}" y2="${at.y(value)}"/><text x="${margin.left - 7}" y="${at.y(value) + 4}" text-anchor="end">${number(value)}</text>`)}
${xTicks.values.map((value) => html`<text x="${at.x(value)}" y="${bottom + 17}" text-anchor="middle">${number(value)}</text>`)}
<text x="${(margin.left + right) / 2}" y="${height - 6}" text-anchor="middle">${x}</text>
<text x="8" y="14">${y}</text>${legend(series)}
${series.map((one, i) => curve(one, colourOf(series, i), at))}`;
}

function curve(
  { points, spread, faint, dots }: Series,
  i: number,
  at: { x(v: number): number; y(v: number): number },
): Markup {
  const path = (list: readonly Point[]) => list.map(([px, py]) => `${at.x(px)},${at.y(py)}`).join(" ");
  const band =
    spread &&
    html`<polygon class="band f${i}" points="${path([
      ...points.map(([px, py], k) => [px, py + spread[k]!] as const),
      ...points.map(([px, py], k) => [px, py - spread[k]!] as const).reverse(),
    ])}"/>`;
  const marks =
    dots || points.length === 1
      ? points.map(([px, py]) => html`<circle class="f${i}" cx="${at.x(px)}" cy="${at.y(py)}" r="3"/>`)
      : [];
  return html`${band ?? ""}<polyline class="curve s${i}${faint ? " faint" : ""}" points="${path(points)}"/>${marks}`;
}

function legend(series: readonly Series[]): readonly Markup[] {
  if (series.length < 2) return [];
  let right = width - margin.right;
  return series.map(({ label, faint }, i) => {
    const mark = html`<text x="${right}" y="14" text-anchor="end">${label}</text><line class="curve s${colourOf(series, i)}${faint ? " faint" : ""}" x1="${right - 8 - textWidth(label)}" x2="${right - 22 - textWidth(label)}" y1="10" y2="10"/>`;
    right -= textWidth(label) + 34;
    return mark;
  });
}

function colourOf(series: readonly Series[], i: number): number {
  const before = series.slice(0, i).filter(({ faint }) => !faint).length;
  return before % colours;
}

/** Estimates the width of the text in the plot's letters. */
function textWidth(text: string): number {
  return 7.2 * text.length;
}

function place(value: number, low: number, high: number, from: number, to: number): number {
  return Math.round(10 * (from + ((value - low) / (high - low)) * (to - from))) / 10;
}

interface Ticks {
  readonly low: number;
  readonly high: number;
  readonly values: readonly number[];
}

/** Returns about five round values, from below the least to above the most. */
function ticks(values: readonly number[], whole: boolean): Ticks {
  const [least, most] = values.reduce(
    ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
    [Infinity, -Infinity],
  );
  const span = most! - least! || Math.abs(most!) || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(
    whole ? 1 : 0,
    [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999)!,
  );
  if (whole) {
    const first = Math.ceil(least! / step) * step;
    const count = Math.floor((most! - first) / step + 1e-9) + 1;
    const pad = least === most ? 0.5 : 0;
    return { low: least! - pad, high: most! + pad, values: Array.from({ length: count }, (_, i) => first + i * step) };
  }
  const low = Math.floor(least! / step + 1e-9) * step;
  const high = Math.max(low + step, Math.ceil(most! / step - 1e-9) * step);
  return { low, high, values: Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => low + i * step) };
}

function number(value: number): string {
  const text = String(Number(value.toPrecision(6)));
  return Math.abs(value) >= 10_000 && Number.isInteger(value) ? text.replace(/\B(?=(\d{3})+$)/g, ",") : text;
}
