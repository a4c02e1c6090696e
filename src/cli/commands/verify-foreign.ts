// What is known of a set of another program: what was declared, what its file says and what was guessed; and how good it is by a protocol.
import { type Command, Option } from "commander";
import { type ProtocolName, protocolNames } from "../../index.ts";
import { isObject } from "../../kinds.ts";
import type { Finding } from "../../node.ts";
import { visibleJson } from "../../quote.ts";
import type { RecipeModel } from "../../recipes/recipe.ts";
import { printable, UsageError } from "../errors.ts";
import { networkName } from "../input/network-names.ts";
import { wholeNumber } from "../input/options.ts";
import type { DataFlags } from "../input/recipe-data.ts";
import type { SavedSet } from "../input/saved-set.ts";
import { count, table } from "../output/text.ts";
import { judgeSaved } from "./evaluate.ts";

/** The options that declare what was guessed. */
const declaring: Readonly<Partial<Record<Finding["what"], string>>> = {
  layout: "--layout",
  labels: "--labels",
  normalization: "--normalization",
  formation: "--factor",
};

/** The options that judge a set by a protocol: `distillate evaluate` has more. */
export interface JudgingFlags {
  readonly protocol?: ProtocolName;
  readonly model?: RecipeModel;
  readonly networks?: number;
  readonly epochs?: number;
}

/** Adds those options. */
export function addJudgingOptions(command: Command): Command {
  const of = "of a set of another program";
  return command
    .addOption(new Option("--protocol <name>", `${of}: judge it by the rules of a benchmark`).choices(protocolNames))
    .option("--model <name>", `with --protocol: the network that trains on it (default: convnet)`, networkName)
    .option("--networks <n>", "with --protocol: networks to train (default: the least of it)", wholeNumber(1))
    .option("--epochs <n>", "with --protocol: passes over the images (default: as it says)", wholeNumber(1));
}

/** Throws UsageError for those options where they have no meaning. */
export function refuseJudging(path: string, what: string, flags: JudgingFlags): void {
  const name = (["protocol", "model", "networks", "epochs"] as const).find((key) => flags[key] !== undefined);
  if (name === undefined) return;
  throw new UsageError(
    `--${name} is for sets of other programs; ${path} is ${what}, which \`distillate evaluate\` judges`,
  );
}

/** Says what is known of the set, and from where, and judges it if a protocol is named; returns the exit code. */
export async function verifyForeign(saved: SavedSet, options: VerifyForeignOptions): Promise<number> {
  const { file, set, sha256, findings } = saved;
  const { protocol, model = networkName("convnet"), json } = options;
  if (protocol === undefined) refuseAlone(options);
  const known = findings ?? recordedIn(set.recipe.foreign);
  const { imagesPerStep, channels, height, width, classes, mean, std } = set;
  const images = [imagesPerStep, channels, height, width];
  const facts = { file, images, classes, normalisation: { mean, std }, findings: known, sha256 };
  if (!json) process.stdout.write(`${linesOf(saved, known).map(printable).join("\n")}\n`);
  else if (protocol === undefined) process.stdout.write(`${visibleJson(facts)}\n`);
  if (protocol === undefined) return 0;
  return judgeSaved(saved, { ...options, model, backend: "wasm", baselines: [] }, facts);
}

interface VerifyForeignOptions extends JudgingFlags, DataFlags {
  readonly threads: number | "auto";
  readonly workers: number;
  readonly json?: true;
}

/** Throws UsageError for an option that needs a protocol. */
function refuseAlone(flags: JudgingFlags): void {
  const name = (["model", "networks", "epochs"] as const).find((key) => flags[key] !== undefined);
  if (name !== undefined) throw new UsageError(`--${name} expected --protocol beside it`);
}

function linesOf({ file, set, sha256 }: SavedSet, known: readonly Finding[]): readonly string[] {
  const { imagesPerStep: images, channels, height, width, classes, mean, std } = set;
  const guessed = known.flatMap(({ by, what }) => (by === "guessed" && declaring[what]) || []);
  return [
    `${file}: a set of another program, ${count(images)} images of ${channels}×${height}×${width} in ${classes} classes`,
    ...table(
      known.map(({ what, value, by, because }) => [`  ${what}`, value, by === "file" ? "in the file" : by, because]),
    ),
    `  pixel / 255 = value·std + mean, with mean ${mean.join(", ")} and std ${std.join(", ")}`,
    ...(guessed.length > 0 ? [`What you declare is checked against the values: ${guessed.join(", ")}.`] : []),
    `sha256 ${sha256}`,
  ];
}

/** Returns the findings that a set keeps which was saved here after it had been read. */
function recordedIn(foreign: unknown): readonly Finding[] {
  const findings = isObject(foreign) && Array.isArray(foreign.findings) ? foreign.findings : [];
  return findings.filter(
    (found) => isObject(found) && ["what", "value", "by", "because"].every((key) => typeof found[key] === "string"),
  );
}
