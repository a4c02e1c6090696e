// Reads a run's folder for a report, each part by itself, so that the others are read if one is missing or damaged.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { jsonFromBytes } from "../../codecs/json.ts";
import { setDigest } from "../../formats/digest.ts";
import { FormatError } from "../../index.ts";
import { readBytes } from "../../node/files.ts";
import { loadDistilled } from "../../node.ts";
import { at, type RunParts } from "../../report/parts.ts";
import { withPath } from "../errors.ts";
import { checkMetric, checkObject, checkResult, type Reached } from "./check-parts.ts";
import { linesOf, longestLine } from "./metrics-file.ts";

/** The limits on files; a run of a million outer steps writes 70 MB. */
const maximumBytes = { metrics: 2 ** 27, json: 2 ** 22 };
const line = { maximumDepth: 4, maximumValues: 100 };
/** The fields that the page draws; others are dropped, so that they take no memory. */
const drawn = ["step", "loss", "accuracy"] as const;

/** Throws Error if the folder has none of the parts. */
export async function readRunParts(folder: string): Promise<RunParts> {
  await stat(folder).catch((error: unknown) => {
    throw withPath(error, folder);
  });
  const missing: string[] = [];
  const part = async <T>(name: string, read: (path: string) => Promise<T>): Promise<T | undefined> => {
    try {
      return await read(join(folder, name));
    } catch (error) {
      const text = (withPath(error, name) as Error).message.replaceAll(`${folder}/`, "");
      missing.push(text.startsWith(name) ? text : `${name}: ${text}`);
      return undefined;
    }
  };
  const set =
    (await part("distilled.safetensors", loadDistilled)) ??
    (await loadDistilled(join(folder, "distilled.npz")).catch(() => undefined));
  const metrics = await part("metrics.jsonl", readLines);
  const result = await part("result.json", (path) => readJson(path, checkResult));
  const recipe = await part("recipe.json", (path) => readJson(path, checkObject));
  const given = { set, metrics, result, recipe };
  if (Object.values(given).every((value) => value === undefined)) {
    const damaged = missing.filter((text) => !text.endsWith(": no such file or folder"));
    const found =
      damaged.length === 0 ? "found none of its files" : `found none that can be read: ${damaged.join("; ")}`;
    throw new FormatError(`${folder}: expected the folder of a run, ${found}`);
  }
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...present, ...(set && { sha256: await setDigest(set) }), missing };
}

async function readJson(path: string, check: (value: unknown, what: string) => void): Promise<unknown> {
  const value = jsonFromBytes(await readBytes(path, maximumBytes.json), path);
  check(value, path);
  return value;
}

/** Reads a file of JSON lines. Only the last line may be cut off, by whatever ended the run. */
async function readLines(path: string): Promise<unknown[]> {
  const bytes = await readBytes(path, maximumBytes.metrics);
  const metrics: unknown[] = [];
  let number = 0;
  let reached: Reached = { step: 1, halvings: 0 };
  for (const { start, end } of linesOf(bytes)) {
    if (end === bytes.length) break;
    const what = `${path}: line ${++number}`;
    if (end - start > longestLine) {
      throw new FormatError(`${what}: expected at most ${longestLine} bytes, got ${end - start}`);
    }
    const value = jsonFromBytes(bytes.subarray(start, end), what, line);
    reached = checkMetric(value, what, reached);
    const kept = drawn.map((key) => [key, at(value, key)] as const).filter(([, inner]) => inner !== undefined);
    if (kept.length > 1) metrics.push(Object.fromEntries(kept));
  }
  return metrics;
}
