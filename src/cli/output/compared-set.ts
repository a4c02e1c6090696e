// Reads what `distillate report` compares: folders of runs, and what `distillate evaluate --json` printed.
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { jsonFromBytes } from "../../codecs/json.ts";
import { type DistilledSet, FormatError, setDigest, setStorage } from "../../index.ts";
import { readBytes } from "../../node/files.ts";
import { loadDistilled } from "../../node.ts";
import type { ComparedRow, ComparedSet } from "../../report/comparison.ts";
import { methodText, networkText } from "../../report/method.ts";
import { at, measureAt, numberAt, textAt } from "../../report/parts.ts";
import { plural } from "../../report/words.ts";
import { withPath } from "../errors.ts";
import { readRunParts } from "./run-parts.ts";

const maximumBytes = 2 ** 24;
/** The most rows of one set, of which a protocol makes some ten. */
const mostRows = 100;
const ownProtocol =
  "Networks train on each set as its file says, and on its baselines likewise; networks may differ from set to set.";

type Label = (baseline: string) => string;

/** What was read of one path, and what was not. */
export interface ReadSet {
  readonly compared: ComparedSet;
  readonly missing: readonly string[];
}

/** Reads the folder of a run, or a JSON file of an evaluation. Throws FormatError that names it for anything else. */
export async function readComparedSet(path: string, label: Label): Promise<ReadSet> {
  const kind = await stat(path).catch((error: unknown) => {
    throw withPath(error, path);
  });
  return kind.isDirectory() ? ofRun(path, label) : ofEvaluation(path, label);
}

async function ofRun(folder: string, label: Label): Promise<ReadSet> {
  const parts = await readRunParts(folder);
  const { set, result, recipe, missing } = parts;
  const measure = measureAt(result, "evaluation");
  if (!measure) throw new FormatError(`${folder}: expected a run that was evaluated, got no evaluation in result.json`);
  const own = basename(resolve(folder));
  const named = textAt(result, "recipe") ?? textAt(recipe, "name") ?? own;
  // Runs of the same recipe are told apart by their folders.
  const title = named === own ? named : `${named} in ${own}`;
  const compared: ComparedSet = {
    ...{ title, method: methodText(parts), protocol: ownProtocol, set },
    data: dataText(textAt(result, "data", "name"), numberAt(result, "data", "test")),
    storage: set && setStorage(set),
    distilled: [{ label: "", measure, note: networkText(parts) }],
    baselines: baselinesIn(at(result, "baselines"), label),
  };
  return { compared, missing: missing.map((line) => `${folder}: ${line}`) };
}

async function ofEvaluation(path: string, label: Label): Promise<ReadSet> {
  const json = jsonFromBytes(await readBytes(path, maximumBytes), path);
  const file = textAt(json, "file");
  const { set, missing } = await besideEvaluation(file, textAt(json, "sha256"));
  const told = storageIn(json);
  const common = {
    title: file === undefined ? basename(path) : shortened(file),
    method: set && methodText({ set, missing: [] }),
    storage: told ?? (set && setStorage(set)),
    set,
  };
  const measure = measureAt(json);
  if (measure) {
    const compared: ComparedSet = {
      ...{
        ...common,
        protocol: ownProtocol,
        data: dataText(textAt(json, "data", "name"), numberAt(json, "data", "test")),
      },
      distilled: [{ label: "", measure }],
      baselines: baselinesIn(at(json, "baselines"), label),
    };
    return { compared, missing };
  }
  const rows = judgedRows(json, label);
  const [distilled, baselines] = [true, false].map((own) =>
    rows.filter(({ entry }) => (entry === "distilled") === own),
  );
  if (distilled!.length === 0) {
    throw new FormatError(
      `${path}: expected what distillate evaluate --json prints, got no accuracy of a distilled set`,
    );
  }
  const protocol = textAt(json, "protocol") ?? "unknown";
  const compared: ComparedSet = {
    ...{
      ...common,
      protocol: `Networks train and are tested by the protocol ${protocol}.`,
      distilled: distilled!,
      baselines: baselines!,
    },
    data: dataText(textAt(json, "data", "test"), numberAt(json, "data", "testImages")),
  };
  return { compared, missing };
}

/** Loads the set that was evaluated, if it is still there and still the same. */
async function besideEvaluation(
  file: string | undefined,
  sha256: string | undefined,
): Promise<{ readonly set?: DistilledSet; readonly missing: readonly string[] }> {
  if (file === undefined) return { missing: [] };
  try {
    const set = await loadDistilled(file);
    if ((await setDigest(set)) === sha256) return { set, missing: [] };
    return { missing: [`${file}: is another set than the one that was evaluated`] };
  } catch (error) {
    return { missing: [(withPath(error, file) as Error).message] };
  }
}

type JudgedRow = ComparedRow & { readonly entry: string };

/** Returns the rows of a protocol: of its scores if they name entries, else of all its trainings. */
function judgedRows(json: unknown, label: Label): JudgedRow[] {
  const scores = at(json, "scores", "entries");
  const [list, key] = Array.isArray(scores) ? [scores, "best"] : [at(json, "trainings"), "test"];
  const rows: JudgedRow[] = [];
  for (const one of Array.isArray(list) ? list.slice(0, mostRows) : []) {
    const entry = textAt(one, "entry") ?? "";
    const networks = numberAt(at(json, "seeds", "networks"), "length");
    const found = measureAt(one, key as string);
    if (!found) continue;
    const counted = numberAt(at(one, key as string), "networks") ?? networks ?? found.count;
    const labels = textAt(one, "labels");
    const facts = [textAt(one, "architecture"), textAt(one, "augmentation"), labels && `${labels} labels`];
    const note = facts.filter((fact) => fact !== undefined && fact !== "").join(", ");
    const name = entry === "distilled" ? "" : entry === "whole-data" ? "all training images" : label(entry);
    rows.push({ entry, label: name, measure: { ...found, count: counted }, note });
  }
  return rows;
}

function baselinesIn(baselines: unknown, label: Label): ComparedRow[] {
  const names = Object.keys(typeof baselines === "object" && baselines !== null ? baselines : {});
  return names.slice(0, mostRows).flatMap((name) => {
    const measure = measureAt(baselines, name);
    return measure ? [{ label: label(name), measure }] : [];
  });
}

function dataText(name: string | undefined, test: number | undefined): string {
  return `${name ?? "Unknown data"}${test === undefined ? "" : `, ${plural(test, "test image")}`}`;
}

/** Returns the storage that an evaluation wrote, by a protocol or not. */
function storageIn(json: unknown): ComparedSet["storage"] {
  const images = numberAt(json, "storage", "images") ?? numberAt(json, "images");
  const floats = numberAt(json, "storage", "floats");
  return images === undefined || floats === undefined ? undefined : { images, floats };
}

/** Returns a path by its last two names, which tell runs apart. */
function shortened(file: string): string {
  return file
    .split(/[\\\\/]/)
    .slice(-2)
    .join("/");
}
