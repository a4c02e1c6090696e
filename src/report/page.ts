// Writes a run as one self-contained HTML page: it embeds its pictures, its plots are SVG, and it has no script.
import { setStorage } from "../distill/storage.ts";
import { mostShown } from "../formats/shown-images.ts";
import { curves, learningRatePlot } from "./curves.ts";
import { html, Markup } from "./html.ts";
import { lossText, methodText, networkText, protocolText } from "./method.ts";
import { at, type Measure, measureAt, numberAt, type RunParts, textAt } from "./parts.ts";
import { pictures } from "./pictures.ts";
import { style } from "./style.ts";
import { count, fitText, storedText } from "./words.ts";

/** The most characters of a recipe that are shown. */
const longestRecipe = 2 ** 16;

/** The limit on rows of baselines, of which there are ten kinds. */
const mostRows = 100;

/** Returns the name of a baseline for a reader. */
type Labels = (name: string) => string;

/**
 * Writes the page. It names what is missing, and everything from the files is escaped.
 *
 * @param name The title of the run if its files have none.
 */
export function reportPage(name: string, parts: RunParts, labels: Labels): string {
  const { set, metrics = [], result, recipe, missing } = parts;
  const title = textAt(result, "recipe") ?? textAt(recipe, "name") ?? name;
  const summary = textAt(recipe, "summary");
  const charts = [...(set && !set.training ? [learningRatePlot(set)] : []), ...curves(metrics, lossText(parts))];
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark"><title>${title} · distillate</title><style>${new Markup(style)}</style></head>
<body><main>
<header><p class="kind">Dataset distillation</p><h1>${title}</h1>${summary === undefined ? "" : html`<p class="summary">${summary}</p>`}</header>
${missing.length === 0 ? "" : html`<aside><strong>Not everything is here.</strong><ul>${missing.map((line) => html`<li>${line}</li>`)}</ul></aside>`}
${headline(parts)}
${comparison(parts, labels)}
${set ? html`<section><h2>Images</h2><p class="note">${imagesNote(parts)}</p>${pictures(set)}</section>` : ""}
${charts.length === 0 ? "" : html`<section><h2>Learning</h2><div class="charts">${charts}</div></section>`}
${provenance(parts)}
</main></body></html>
`.text;
}

function headline({ set, result }: RunParts): Markup | string {
  const measured = measureAt(result, "evaluation");
  if (!measured) return at(result, "evaluation") === null ? html`<p class="note">This run was not evaluated.</p>` : "";
  const test = numberAt(result, "data", "test");
  const on = textAt(result, "data", "name");
  const images = numberAt(result, "images");
  const spread = measured.count > 1 ? html` <span>± ${percent(measured.std)}</span>` : "";
  const facts = [
    images === undefined ? "" : `after training on ${count(images)} images${set ? storedText(setStorage(set)) : ""}`,
    test === undefined ? "" : `on ${count(test)} test images${on === undefined ? "" : ` of ${on}`}`,
    measured.count > 1 ? `over ${count(measured.count)} held-out networks` : "of the known network",
    measured.ci95 === undefined ? "" : `95 % interval of the mean ${range(measured)} %`,
  ].filter((fact) => fact !== "");
  return html`<section class="headline"><p class="figure">${percent(measured.mean)}${spread}<span> %</span></p><p class="note">Test accuracy ${facts.join(", ")}.</p></section>`;
}

/** Compares distilled images with baselines and the paper, as bars. */
function comparison(parts: RunParts, labels: Labels): Markup | string {
  const { set, result, recipe } = parts;
  const rows: { label: string; measure: Measure; note: string; kind: string }[] = [];
  const distilled = measureAt(result, "evaluation");
  const baselines = at(result, "baselines");
  const names = Object.keys(typeof baselines === "object" && baselines !== null ? baselines : {});
  for (const name of names.slice(0, mostRows)) {
    const measure = measureAt(baselines, name);
    const rate = numberAt(baselines, name, "learningRate");
    const note = rate === undefined || set?.training ? "" : `, learning rate ${rate}`;
    if (measure) rows.push({ label: labels(name), measure, note, kind: "other" });
  }
  const paper = numberAt(recipe, "paper", "accuracy");
  if (paper !== undefined && paper >= 0 && paper <= 100) {
    const measure = {
      mean: paper / 100,
      std: (numberAt(recipe, "paper", "spread") ?? 0) / 100,
      count: 1,
      of: "network" as const,
    };
    rows.push({ label: "the paper", measure, note: textAt(recipe, "paper", "text") ?? "", kind: "paper" });
  }
  if (rows.length === 0) return "";
  // With one known network the baselines are tried on several sets of real images.
  const known = textAt(recipe, "init", "kind") === "fixed";
  const unit = ({ of }: Measure, kind: string): string => (known && kind === "other" && of === "network" ? "set" : of);
  if (distilled) rows.unshift({ label: "distilled images", measure: distilled, note: "", kind: "ours" });
  const protocol = names.length === 0 ? undefined : protocolText(parts);
  return html`<section><h2>In comparison</h2>${protocol === undefined ? "" : html`<p class="note">${protocol}</p>`}<table class="bars-table"><thead><tr><th>Trained on</th><th class="bar-head">Accuracy, %</th><th>± std</th><th>95 % of the mean</th><th>Over</th></tr></thead><tbody>
${rows.map(
  ({
    label,
    measure,
    note,
    kind,
  }) => html`<tr class="${kind}"><th scope="row">${label}</th><td class="bar"><div style="--share: ${(100 * measure.mean).toFixed(1)}%"><span>${percent(measure.mean)}</span></div></td><td>${measure.std > 0 ? percent(measure.std) : ""}</td><td>${measure.ci95 === undefined ? "" : range(measure)}</td><td>${kind === "paper" ? note : `${count(measure.count)} ${unit(measure, kind)}${measure.count === 1 ? "" : "s"}${note}`}</td></tr>
`,
)}</tbody></table></section>`;
}

function imagesNote({ set }: RunParts): string {
  const { steps, epochs, imagesPerStep, channels, height, width, training } = set!;
  const times = epochs === 1 ? "once" : `${epochs} times over, in this order`;
  const colour = channels === 1 ? "grey" : "colour";
  const images = `${count(steps * imagesPerStep)} images of ${width}×${height} in ${colour}`;
  const some = set!.decoder ? ` The first ${mostShown} of each class are shown.` : "";
  const range = `All are drawn in one range of brightness, which is that of the whole set.${some}`;
  if (training) return `${images}. ${range}`;
  return (
    `${images}; a network takes ${count(steps)} gradient ` +
    `step${steps === 1 ? "" : "s"} on them, ${times}. η is the learning rate of a step in each epoch. ${range}`
  );
}

function provenance(parts: RunParts): Markup {
  const { set, sha256, result, recipe } = parts;
  const from = set?.recipe;
  const seconds = numberAt(result, "seconds");
  const distilling = numberAt(result, "distillSeconds");
  const steps = numberAt(result, "outerSteps") ?? numberAt(from, "outerSteps");
  const stopped = at(result, "stopped") === true ? " (stopped early)" : "";
  const train = numberAt(result, "data", "train") ?? numberAt(from, "data", "count");
  const threads = numberAt(result, "threads");
  const workers = numberAt(result, "workers");
  const version = textAt(result, "version") ?? textAt(from, "version");
  const told = textAt(result, "sha256");
  const rows: readonly (readonly [string, string | undefined])[] = [
    [
      "Data",
      joined([
        textAt(result, "data", "name") ?? textAt(from, "data", "name"),
        train === undefined ? undefined : `${count(train)} to learn from`,
      ]),
    ],
    ["Method", methodText(parts)],
    ["Network", networkText(parts)],
    ["Training", set?.training && fitText(set.training)],
    ["Outer steps", steps === undefined ? undefined : `${count(steps)}${stopped}`],
    ["Step size", halvingsText(parts)],
    ["Seed", numberAt(result, "seed")?.toString() ?? numberAt(from, "seed")?.toString()],
    ["Version", version],
    [
      "Engine",
      joined([
        textAt(result, "backend"),
        textAt(result, "gpu", "name") ?? textAt(result, "simd"),
        workers ? `${workers} workers` : undefined,
        threads === undefined ? undefined : `${threads} thread${threads === 1 ? "" : "s"}`,
      ]),
    ],
    [
      "Time",
      joined([
        seconds === undefined ? undefined : `${seconds.toFixed(1)} s`,
        distilling === undefined ? undefined : `${distilling.toFixed(1)} s of them distilling`,
      ]),
    ],
    ["SHA-256", sha256 ?? told],
    [
      "",
      sha256 !== undefined && told !== undefined && sha256 !== told
        ? "result.json has another: the set is not the one that was evaluated"
        : undefined,
    ],
  ];
  const command =
    recipe === undefined
      ? undefined
      : `npx distillate${version === undefined ? "" : `@${version}`} run recipe.json --out again`;
  const shown = recipe ?? from;
  return html`<section><h2>Provenance</h2><table class="facts"><tbody>${rows.map(([key, value]) => (value === undefined ? "" : html`<tr><th scope="row">${key}</th><td>${value}</td></tr>`))}</tbody></table>
${command === undefined ? "" : html`<p class="note">${(at(result, "gpu") ?? at(from, "gpu")) ? "A GPU gives its own last digits. This gives the same bits" : "To make it again, in this folder,"} on any machine and with any number of threads:</p><pre>${command}</pre>`}
${shown === undefined ? "" : html`<details><summary>Recipe</summary><pre>${recipeText(shown)}</pre></details>`}</section>`;
}

/** Says after which steps a run that diverged went back; nothing of a run that did not. */
function halvingsText({ set, result }: RunParts): string | undefined {
  const halvings = at(result, "halvings") ?? at(set?.recipe, "halvings");
  if (!Array.isArray(halvings) || halvings.length === 0) return undefined;
  const each = halvings.slice(0, mostRows).map((halving) => {
    const [step, backTo] = [numberAt(halving, "step") ?? 0, numberAt(halving, "backTo") ?? 0];
    return `after step ${count(backTo)}, because of the ${textAt(halving, "tensor") ?? "loss"} in step ${count(step)}`;
  });
  return `halved ${each.join("; ")}`;
}

/** Writes a recipe in lines; a very long one, which indents would make many times longer, is cut and shown as it is. */
function recipeText(recipe: unknown): string {
  const compact = JSON.stringify(recipe);
  if (compact.length <= longestRecipe) return JSON.stringify(recipe, null, 2);
  return `${compact.slice(0, longestRecipe)}…`;
}

function joined(parts: readonly (string | undefined)[]): string | undefined {
  const given = parts.filter((part) => part !== undefined);
  return given.length === 0 ? undefined : given.join(", ");
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function range({ mean, ci95 = 0 }: Measure): string {
  return `${percent(Math.max(0, mean - ci95))} to ${percent(Math.min(1, mean + ci95))}`;
}
