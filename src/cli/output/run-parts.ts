// Reads a run's folder for a report, each part by itself, so that the others are read if one is missing or damaged.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { jsonFromBytes } from "../../codecs/json.ts";
import { setDigest } from "../../distill/digest.ts";
import { FormatError } from "../../index.ts";
import { readBytes } from "../../node/files.ts";
import { loadDistilled } from "../../node.ts";
import { at, type RunParts } from "../../report/parts.ts";
import { withPath } from "../errors.ts";
import { checkObject, checkResult, metricsIn } from "./check-parts.ts";

/** The limits on files; a run of a million outer steps writes 70 MB. */
export const maximumBytes: Readonly<Record<"metrics" | "json", number>> = { metrics: 2 ** 27, json: 2 ** 22 };
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

/** Reads and checks a file of JSON. Throws FormatError that begins with the path. */
export async function readJson(path: string, check: (value: unknown, what: string) => void): Promise<unknown> {
  const value = jsonFromBytes(await readBytes(path, maximumBytes.json), path);
  check(value, path);
  return value;
}

/** Reads what the page draws of metrics.jsonl. */
async function readLines(path: string): Promise<unknown[]> {
  const bytes = await readBytes(path, maximumBytes.metrics);
  const metrics: unknown[] = [];
  for (const { value } of metricsIn(bytes, path)) {
    const kept = drawn.map((key) => [key, at(value, key)] as const).filter(([, inner]) => inner !== undefined);
    if (kept.length > 1) metrics.push(Object.fromEntries(kept));
  }
  return metrics;
}
