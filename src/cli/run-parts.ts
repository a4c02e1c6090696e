// Reads a run's folder for a report: each part by itself, so that one that is missing or damaged takes none of the others.
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setDigest } from "../formats/sha256.ts";
import { FormatError } from "../index.ts";
import { loadDistilled } from "../node.ts";
import type { RunParts } from "../report/parts.ts";
import { withPath } from "./errors.ts";

/** No run of this program writes text files that large. */
const maximumTextBytes = 2 ** 28;

/** Throws Error where the folder has none of the parts. */
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
  const result = await part("result.json", readJson);
  const recipe = await part("recipe.json", readJson);
  const given = { set, metrics, result, recipe };
  if (Object.values(given).every((value) => value === undefined)) {
    throw new FormatError(`${folder}: expected the folder of a run, found none of its files`);
  }
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...present, ...(set && { sha256: await setDigest(set) }), missing };
}

async function readText(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > maximumTextBytes)
    throw new FormatError(`${path}: expected at most ${maximumTextBytes} bytes, got ${size}`);
  return readFile(path, "utf8");
}

async function readJson(path: string): Promise<unknown> {
  return parsed(await readText(path), path);
}

/** The last line may be cut off by whatever ended the run; others may not. */
async function readLines(path: string): Promise<unknown[]> {
  const lines = (await readText(path)).split("\n");
  if (lines.at(-1) === "") lines.pop();
  else lines.length -= 1;
  return lines.map((line, i) => parsed(line, `${path}: line ${i + 1}`));
}

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FormatError(`${what}: expected JSON`, { cause: error });
  }
}
