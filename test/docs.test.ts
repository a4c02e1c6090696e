// The documents are true of the tree: the paths that they name exist, the floors in ARCHITECTURE.md are those of layers.json,
// and each section of docs/math.md and the files that compute its formulas name each other.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const documents = [
  ...["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"],
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** Folders whose files the documents name. */
const named = /^(?:\.\.\/)?((?:src|assembly|test|scripts|examples|docs|bench)\/[^\s:#]*)/;

/** The paths of the tree in a document's code and links. Those with a place for a name, as <layer>, are of files to come. */
function pathsIn(text: string): string[] {
  const quoted = [...text.matchAll(/`([^`\n]+)`|\]\(([^)\s]+)\)/g)].map(([, code, link]) => code ?? link!);
  const paths = quoted.flatMap((each) => each.match(named)?.[1] ?? []);
  return paths.filter((path) => !/[<*{…]/.test(path));
}

/** Of each section of docs/math.md, by its number: the files that its lines "Code: …" name. */
function codeOf(math: string): Map<string, string[]> {
  const sections = math.split(/^## (?=§)/m).slice(1);
  return new Map(
    sections.map((section) => {
      const paragraphs = section.split(/\n\n+/).filter((paragraph) => paragraph.startsWith("Code:"));
      return [/^§\d+/.exec(section)![0], paragraphs.flatMap(pathsIn)];
    }),
  );
}

/** The sections of docs/math.md that a file names. */
function sectionsNamedIn(text: string): string[] {
  return [...text.matchAll(/docs\/math\.md((?:[\s,/*]|and|§\d+)+)/g)].flatMap(([, list]) => list!.match(/§\d+/g) ?? []);
}

test.each(documents)("every path that %s names exists", (document) => {
  const paths = pathsIn(read(document));
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("the search for paths finds those in code and in links, and no addresses", () => {
  const text = "`src/a.ts` [b](docs/b.md#c) [d](../test/d.ts) `src/<e>.ts` [f](https://x.org/src/f.ts) `assembly/`";
  expect(pathsIn(text)).toEqual(["src/a.ts", "docs/b.md", "test/d.ts", "assembly/"]);
});

describe("docs/math.md", () => {
  const sections = codeOf(read("docs/math.md"));
  const pairs = [...sections].flatMap(([section, files]) => files.map((file) => [section, file] as const));

  test("has for every section a line that says where its code is", () => {
    expect(sections.size).toBeGreaterThan(0);
    expect([...sections].filter(([, files]) => files.length === 0)).toEqual([]);
  });

  test("names files, and each names the section back", () => {
    expect(pairs.filter(([section, file]) => !sectionsNamedIn(read(file)).includes(section))).toEqual([]);
  });

  test("has every section that a file of src/ or assembly/ names", () => {
    const files = ["src", "assembly"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts") && !name.endsWith(".gen.ts"))
        .map((name) => `${folder}/${name}`),
    );
    const unknown = files.flatMap((file) =>
      sectionsNamedIn(read(file))
        .filter((section) => !sections.has(section))
        .map((section) => [file, section]),
    );
    expect(unknown).toEqual([]);
  });
});

describe("ARCHITECTURE.md", () => {
  const text = read("ARCHITECTURE.md");
  const layers: { path: string; holds: string }[] = JSON.parse(read("layers.json"));

  test("has at most 250 lines of at most 130 characters", () => {
    const lines = text.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(250);
    expect(lines.filter((line) => [...line].length > 130)).toEqual([]);
  });

  test("draws the folders of layers.json with the same words, the highest at the top", () => {
    const drawn = [...text.matchAll(/^ ([\w/-]+)\/ *│ (.+)$/gm)].map(([, path, holds]) => ({ path, holds }));
    expect(drawn).toEqual(layers.filter(({ path }) => !path.endsWith(".ts")).reverse());
  });
});
