// A reader without a row in the table of readers is noticed: every exported function that takes the bytes or the path of a file.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readers } from "./readers.ts";

const src = fileURLToPath(new URL("../../src/", import.meta.url));

/** The parts of src/ that see what strangers wrote. */
const places = /^(codecs|data|formats|recipes|report|cluster|node|cli\/(input|output))\/|^\w+\.ts$/;
const functionHead = /^export (?:async )?function\*? (\w+)(?:<[^(]*>)?\(([\s\S]*?)\)(?::| \{)/gm;
const takesContent =
  /\b(Uint8Array|ByteSource|DataFile|Load(Cifar|Idx|Usps)Options)\b|\bdocument: string|\btext: string, what/;
const takesPath = /\b(path|folder|dir|file|pathOrName|nameOrFile): string/;

/** Functions that look so and read nothing that strangers wrote, and why. */
const others: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["writeZip", "writeFileAtomic", "replaceFile", "recipeBytes", "writeReport", "toBase64url"].map((name) => [
      name,
      "it writes",
    ]),
  ),
  ...Object.fromEntries(
    ["crc32", "sha256OfPieces", "hexadecimal", "sha256Of"].map((name) => [name, "it computes with any bytes"]),
  ),
  ...Object.fromEntries(
    ["classesOf", "statistics", "augmented", "byteProducts"].map((name) => [name, "it computes with pixels"]),
  ),
  loadFiles: "it reads downloads of a pinned SHA-256",
};

function readersIn(path: string): string[] {
  const text = readFileSync(src + path, "utf8");
  return Array.from(text.matchAll(functionHead))
    .filter(([, name, parameters]) => {
      const reads = /^(load|read|files|parse|open)/.test(name!) && takesPath.test(parameters!);
      return reads || takesContent.test(parameters!);
    })
    .map(([, name]) => name!);
}

test("every function that reads files of strangers has a row", () => {
  const paths = readdirSync(src, { recursive: true, encoding: "utf8" }).map((path) => path.replaceAll("\\", "/"));
  const found = paths
    .filter((path) => places.test(path) && path.endsWith(".ts") && !/\.(gen|page)\./.test(path))
    .flatMap((path) => readersIn(path).map((name) => ({ path, name })));
  const covered = new Set(readers.flatMap(({ covers }) => covers));
  const missing = found.filter(({ name }) => !covered.has(name) && !Object.hasOwn(others, name));
  expect(missing).toEqual([]);
  // The pattern finds readers of each kind.
  const names = new Set(found.map(({ name }) => name));
  for (const name of ["parseNpy", "loadCsv", "loadIdx", "parseXml", "parseJson", "loadPool", "loadResumed"]) {
    expect(names, name).toContain(name);
  }
  expect(new Set(readers.map(({ name }) => name)).size).toBe(readers.length);
});
