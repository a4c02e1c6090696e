// Measures accuracy against the number of gradient steps, or of epochs, with all other settings from the recipe.
//
//   node scripts/ablation.mjs --steps 1,2,5,10,20 [--recipe digits-random] [--out runs/ablation] [-- options of distillate run]
//   node scripts/ablation.mjs --epochs 1,2,3,5 --out runs/ablation -- --data mnist/ --evaluate 200
//
// Each point is a run in a folder of its own. A point is skipped if its folder's result.json says that it was evaluated
// with the same options, so an interrupted list continues where it stopped. Writes <out>/<name>.md and <out>/<name>.svg.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { plotFile } from "../dist/report/line-plot.js";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const { values, positionals } = parseArgs({
  options: {
    steps: { type: "string" },
    epochs: { type: "string" },
    recipe: { type: "string", default: "digits-random" },
    out: { type: "string", default: "runs/ablation" },
  },
  allowPositionals: true,
});
const { recipe, out } = values;
const name = values.steps !== undefined ? "steps" : "epochs";
const list = (values[name] ?? "").split(",").map(Number);
if (
  (values.steps === undefined) === (values.epochs === undefined) ||
  !list.every((n) => Number.isInteger(n) && n > 0)
) {
  console.error("expected --steps or --epochs, one of them, with whole numbers like 1,2,5");
  process.exit(2);
}

mkdirSync(out, { recursive: true });
const points = list.map(point);
writeFileSync(join(out, `${name}.md`), markdown());
writeFileSync(join(out, `${name}.svg`), plot());
console.log(`${join(out, `${name}.md`)}\n${join(out, `${name}.svg`)}`);

/** Runs one point, unless it is done. */
function point(n) {
  const folder = join(out, `${recipe}-${name}-${n}`);
  const args = ["run", recipe, `--${name}`, String(n), ...positionals];
  const done = finished(folder, args);
  if (done) return { n, ...done };
  console.log(`distillate ${args.join(" ")}`);
  const { status, stderr } = spawnSync(process.execPath, [main, ...args, "--out", folder], {
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  if (status !== 0) {
    console.error(stderr);
    process.exit(status ?? 1);
  }
  writeFileSync(join(folder, "ablation.json"), JSON.stringify(args));
  return { n, ...finished(folder, args) };
}

/** Returns the result in a folder, if it was evaluated with these arguments. */
function finished(folder, args) {
  try {
    if (readFileSync(join(folder, "ablation.json"), "utf8") !== JSON.stringify(args)) return undefined;
    const result = JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
    return result.evaluation && !result.stopped ? result : undefined;
  } catch {
    return undefined;
  }
}

function markdown() {
  const percent = (share) => (100 * share).toFixed(1);
  const rows = points.map(
    ({ n, images, evaluation: { mean, std, ci95, networks }, outerSteps, distillSeconds, sha256 }) => {
      const interval =
        ci95 === undefined ? "" : `${percent(Math.max(0, mean - ci95))} to ${percent(Math.min(1, mean + ci95))}`;
      const figures = [percent(mean), percent(std), interval, networks, outerSteps, Math.round(distillSeconds)];
      return `| ${[n, images, ...figures, `\`${sha256.slice(0, 12)}…\``].join(" | ")} |`;
    },
  );
  const command = [
    "node scripts/ablation.mjs",
    `--${name} ${list}`,
    `--recipe ${recipe}`,
    ...(positionals.length ? ["--", ...positionals] : []),
  ];
  return `\`\`\`sh
${command.join(" ")}
\`\`\`

| ${name} | images | accuracy % | ± std | 95 % of the mean | networks | outer steps | s | sha256 |
|---|---|---|---|---|---|---|---|---|
${rows.join("\n")}

![Accuracy against ${name}](${name}.svg)
`;
}

function plot() {
  const series = {
    label: "accuracy",
    points: points.map(({ n, evaluation }) => [n, 100 * evaluation.mean]),
    spread: points.map(({ evaluation }) => 100 * evaluation.std),
    dots: true,
  };
  const x = name === "steps" ? "gradient steps in an epoch" : "epochs";
  return plotFile({ title: `Accuracy against ${name}`, x, y: "accuracy, %, ± std", wholeX: true, series: [series] });
}
