// Writes several sets as one self-contained HTML page: their accuracies side by side, at equal storage, and their images.

import type { DistilledSet } from "../distill/distilled-set.ts";
import { html, Markup } from "./html.ts";
import type { Measure } from "./parts.ts";
import { firstPictures } from "./pictures.ts";
import { style } from "./style.ts";
import { count, plural } from "./words.ts";

/** An accuracy of networks that were trained on something. */
export interface ComparedRow {
  readonly label: string;
  readonly measure: Measure;
  /** More about it, for example which augmentation was chosen. */
  readonly note?: string | undefined;
}

/** A set with its accuracies, and those of baselines that are as large and were tested in the same way. */
export interface ComparedSet {
  readonly title: string;
  readonly method?: string | undefined;
  /** By which rules networks were trained and tested. */
  readonly protocol: string;
  /** The data of the test, in words. */
  readonly data: string;
  /** What the set takes: images, and float32 of images, targets and learning rates. Absent if nobody knows. */
  readonly storage?: { readonly images: number; readonly floats: number } | undefined;
  readonly distilled: readonly ComparedRow[];
  readonly baselines: readonly ComparedRow[];
  readonly set?: DistilledSet | undefined;
}

const bytesPerFloat = 4;
/** How many images of each set are shown. */
const mostImages = 20;

/**
 * Writes the page. Everything from the files is escaped.
 *
 * @param missing What could not be read, a line each.
 */
export function comparisonPage(sets: readonly ComparedSet[], missing: readonly string[]): string {
  const groups = grouped(sets, ({ protocol, data }) => `${protocol}\n${data}`);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark"><title>${plural(sets.length, "set")} compared · distillate</title><style>${new Markup(style + comparisonStyle)}</style></head>
<body><main>
<header><p class="kind">Dataset distillation</p><h1>${plural(sets.length, "distilled set")} compared</h1><p class="summary">Test accuracy of networks that were trained on each set, grouped by what a set takes to store.</p></header>
${missing.length === 0 ? "" : html`<aside><strong>Not everything is here.</strong><ul>${missing.map((line) => html`<li>${line}</li>`)}</ul></aside>`}
${groups.map(group)}
${sets.some(({ set }) => set) ? html`<section><h2>Images</h2>${sets.map(images)}</section>` : ""}
</main></body></html>
`.text;
}

/** One protocol on one data set: the only rows that may be compared. */
function group(sets: readonly ComparedSet[]): Markup {
  const { protocol, data } = sets[0]!;
  const axis = axisOf(sets.flatMap(({ distilled, baselines }) => [...distilled, ...baselines]));
  const storages = grouped(
    [...sets].sort((a, b) => (a.storage?.floats ?? Infinity) - (b.storage?.floats ?? Infinity)),
    ({ storage }) => (storage ? `${storage.images} ${storage.floats}` : ""),
  );
  const ticks = axis.ticks.map((tick) => html`<i style="left: ${axis.at(tick)}%">${tick}</i>`);
  return html`<section><h2>${data}</h2><p class="note">${protocol} A dot is the mean over networks, and its whiskers are the standard deviation. Compare sets of equal storage.</p>
<table class="compared" style="--grid: ${(100 / (axis.ticks.length - 1)).toFixed(4)}%"><thead><tr><th>Trained on</th><th class="axis">Test accuracy, %<div class="ticks">${ticks}</div></th><th>Mean ± std</th><th>95 % of the mean</th><th>Over</th></tr></thead>
${storages.map(
  (equal) => html`<tbody><tr class="storage"><th colspan="5" scope="rowgroup">${storageText(equal[0]!)}</th></tr>
${equal.map(
  ({ title, method, distilled, baselines }) =>
    html`${distilled.map((one) => row(one, "ours", [title, method], axis))}${baselines.map((one) => row(one, "other", [], axis))}`,
)}</tbody>
`,
)}</table></section>`;
}

function row(
  { label, measure, note }: ComparedRow,
  kind: "ours" | "other",
  [title, method]: readonly (string | undefined)[],
  axis: Axis,
): Markup {
  const { mean, std, ci95, of } = measure;
  const [low, high] = [axis.at(100 * (mean - std)), axis.at(100 * (mean + std))];
  const whisker = std > 0 ? html`<s style="left: ${low}%; width: ${Math.round(100 * (high - low)) / 100}%"></s>` : "";
  const about = [title === undefined ? undefined : label, method, note].filter(
    (text) => text !== undefined && text !== "",
  );
  const range = (share: number): string => percent(Math.min(1, Math.max(0, share)));
  return html`<tr class="${kind}"><th scope="row">${title ?? label}${about.length === 0 ? "" : html`<small>${about.join(", ")}</small>`}</th><td class="dots"><div>${whisker}<b style="left: ${axis.at(100 * mean)}%"></b></div></td><td>${percent(mean)}${std > 0 ? ` ± ${percent(std)}` : ""}</td><td>${ci95 === undefined ? "" : `${range(mean - ci95)} to ${range(mean + ci95)}`}</td><td>${plural(measure.count, of)}</td></tr>
`;
}

interface Axis {
  readonly ticks: readonly number[];
  /** The place of a percentage, in percent of the axis; one beyond it is at its end. */
  at(value: number): number;
}

/** An axis around all whiskers, between multiples of ten. */
function axisOf(rows: readonly ComparedRow[]): Axis {
  const ends = rows.flatMap(({ measure: { mean, std } }) => [100 * (mean - std), 100 * (mean + std)]);
  const inside = ends.map((end) => Math.min(100, Math.max(0, end)));
  const low = 10 * Math.floor(inside.reduce((a, b) => Math.min(a, b), 100) / 10);
  const high = Math.max(low + 10, 10 * Math.ceil(inside.reduce((a, b) => Math.max(a, b), 0) / 10));
  const step = high - low > 50 ? 20 : 10;
  const count = Math.ceil((high - low) / step);
  const from = Math.max(0, Math.min(low, 100 - count * step));
  const at = (value: number): number => {
    const share = (value - from) / (count * step);
    return Math.round(10_000 * Math.min(1, Math.max(0, share))) / 100;
  };
  return { ticks: Array.from({ length: count + 1 }, (_, i) => from + i * step), at };
}

function storageText({ storage }: ComparedSet): string {
  if (!storage) return "Storage unknown: the set is not beside its evaluation";
  const bytes = bytesPerFloat * storage.floats;
  const size = bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
  return `${plural(storage.images, "image")} · ${count(storage.floats)} floats · ${size}`;
}

function images({ title, set }: ComparedSet): Markup | string {
  if (!set) return "";
  const all = set.steps * set.imagesPerStep;
  const note = all > mostImages ? `the first ${mostImages} of ${count(all)} images` : plural(all, "image");
  return html`<section class="step"><h3>${title} <small>${note}</small></h3>${firstPictures(set, mostImages)}</section>`;
}

/** Returns the sets of each key together, in the order of the first of each. */
function grouped(sets: readonly ComparedSet[], key: (set: ComparedSet) => string): ComparedSet[][] {
  const groups = new Map<string, ComparedSet[]>();
  for (const set of sets) {
    const group = groups.get(key(set));
    if (group) group.push(set);
    else groups.set(key(set), [set]);
  }
  return [...groups.values()];
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

const comparisonStyle = `
.compared { margin-top: 14px; }
.compared th small { display: block; margin: 0; }
.compared td { color: var(--quiet); white-space: nowrap; }
.compared thead th { vertical-align: bottom; }
.compared .axis, .compared .dots { width: 38%; padding-left: 14px; padding-right: 26px; }
.compared .ticks { position: relative; height: 1.4em; margin-top: 2px; }
.compared .ticks i { position: absolute; transform: translateX(-50%); font-style: normal; white-space: nowrap; }
.compared .storage th { padding: 18px 0 6px; font-weight: 600; border-bottom-color: var(--quiet); }
.dots div { position: relative; height: 24px; background: repeating-linear-gradient(to right, var(--line) 0 1px, transparent 1px var(--grid)); border-right: 1px solid var(--line); }
.dots s { position: absolute; top: 7px; height: 10px; border: solid var(--quiet); border-width: 0 1.5px; background: linear-gradient(var(--quiet), var(--quiet)) center / 100% 1.5px no-repeat; }
.dots b { position: absolute; top: 6px; width: 12px; height: 12px; margin-left: -6px; border-radius: 50%; background: var(--ground); border: 2.5px solid var(--quiet); }
.ours .dots s { border-color: var(--mark); background-image: linear-gradient(var(--mark), var(--mark)); }
.ours .dots b { background: var(--mark); border-color: var(--mark); }
.compared .other th { padding-left: 18px; }
.compared .ours td:nth-child(3) { color: var(--text); font-weight: 600; }
@media (max-width: 640px) {
  .compared thead th:not(.axis) { display: none; }
  .compared thead, .compared thead tr, .compared tbody, .compared tr { display: block; }
  .compared thead th.axis, .compared td.dots { display: block; width: 100%; }
  .compared tbody tr { padding: 8px 0; border-bottom: 1px solid var(--line); }
  .compared tbody th, .compared tbody td { display: inline-block; border: 0; padding: 0 10px 0 0; }
  .compared tbody th { display: block; }
  .compared .other th { padding-left: 0; }
}
`;
