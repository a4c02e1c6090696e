// What is the same in many ways: `npm test` tries those that differ most, `npm run test:slow` each (project `thorough`).
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Whether this run tries every way. */
export const isThorough: boolean = process.env.THOROUGH === "1";

/** All `ways` in a thorough run, else those for which `isUsual` holds. */
export function waysToTry<T>(ways: readonly T[], isUsual: (way: T) => boolean): readonly T[] {
  const tried = isThorough ? ways : ways.filter(isUsual);
  if (tried.length === 0) throw new Error(`npm test tries none of the ways ${JSON.stringify(ways)}`);
  return tried;
}

const folder = fileURLToPath(new URL(".", import.meta.url));

/** The files of tests that have more ways than `npm test` tries. */
export const filesWithMoreWays: readonly string[] = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts") && /\b(waysToTry|testOfPage)\(/.test(readFileSync(folder + path, "utf8")))
  .map((path) => `test/${path.replaceAll("\\", "/")}`);
