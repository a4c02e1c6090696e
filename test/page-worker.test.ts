// Pages and their workers get some modules in a smaller form (scripts/build-page.mjs). These tests find a form that is not used,
// one that lacks what the worker imports, and one that differs in more than it should.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import ts from "typescript";
import { expect, test } from "vitest";
import { inPlace, nothingToCheck, pageWorkerSources, standIns, withoutHelp } from "../scripts/build-page.mjs";
import { beginnings } from "../scripts/worker-parts.mjs";

const src = join(import.meta.dirname, "../src");

const bundle = (options: BuildOptions) =>
  build({ bundle: true, write: false, format: "esm", logLevel: "silent", plugins: pageWorkerSources, ...options });

/** The names of the values that a module exports. */
function exportedNames(source: string): string[] {
  const names: string[] = [];
  for (const statement of ts.createSourceFile("module.ts", source, ts.ScriptTarget.ESNext).statements) {
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      names.push(...statement.exportClause.elements.map(({ name }) => name.text));
    }
    const isExported = ts.canHaveModifiers(statement) && statement.modifiers?.[0]?.kind === ts.SyntaxKind.ExportKeyword;
    if (isExported && ts.isFunctionDeclaration(statement)) names.push(statement.name!.text);
    if (isExported && ts.isVariableStatement(statement)) {
      names.push(...statement.declarationList.declarations.map(({ name }) => (name as ts.Identifier).text));
    }
  }
  return names;
}

const replaced = [
  ...Object.entries(standIns),
  ...Object.entries(nothingToCheck).map(([name, source]) => [`checks/${name}.ts`, source] as const),
];

test.each(replaced)("what stands in for %s has only names that the module exports", async (module, source) => {
  const names = exportedNames(source);
  expect(names).not.toEqual([]);
  expect(Object.keys(await import(join(src, module)))).toEqual(expect.arrayContaining(names));
});

test("every stand-in is in the worker, and the module that it replaces is not", async () => {
  const entry = join(src, "run/orchestrator/main.page.ts");
  const { metafile } = await bundle({ entryPoints: [entry], absWorkingDir: src, metafile: true });
  const inputs = Object.keys(metafile!.inputs);
  expect(inputs).toEqual(expect.arrayContaining(Object.keys(standIns).map((module) => `stand-in:${module}`)));
  expect(inputs).toEqual(expect.arrayContaining(Object.keys(nothingToCheck).map((name) => `unchecked:${name}`)));
  expect(inputs.filter((input) => Object.hasOwn(standIns, input))).toEqual([]);
});

test.each(Object.keys(standIns))("the build refuses an import that the stand-in for %s lacks", async (module) => {
  const contents = `import { somethingNew } from "./${module}"; somethingNew();`;
  await expect(bundle({ stdin: { contents, resolveDir: src } })).rejects.toThrow('No matching export in "stand-in:');
});

test("the modules with a stand-in say so, and no others", () => {
  const modules = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((path) =>
    /(?<!\.gen)\.ts$/.test(path),
  );
  const marked = modules.filter((path) =>
    readFileSync(join(src, path), "utf8").includes("A page's worker has a stand-in"),
  );
  expect(marked.map((path) => path.replaceAll("\\", "/")).sort()).toEqual(Object.keys(standIns).sort());
});

/** Returns declared options as plain data, without functions and without these keys. */
function plain(value: unknown, left: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((entry) => plain(entry, left));
  if (typeof value !== "object" || value === null) return typeof value === "function" ? "function" : value;
  const entries = Object.entries(value).filter(([key, entry]) => !(left.includes(key) && typeof entry === "string"));
  return Object.fromEntries(entries.map(([key, entry]) => [key, plain(entry, left)]));
}

test("in a page a recipe has the options that it has elsewhere, but not their help and flags", async () => {
  const entryPoints = [join(src, "recipes/recipe.ts")];
  const { outputFiles } = await bundle({ entryPoints, plugins: [withoutHelp] });
  const source = Buffer.from(outputFiles![0]!.contents).toString("base64");
  const { recipeGroup } = await import(`data:text/javascript;base64,${source}`);
  const { recipeGroup: elsewhere } = await import(join(src, "recipes/recipe.ts"));
  const texts = ["help", "flag", "oldFlag"];
  expect(plain(recipeGroup)).toEqual(plain(elsewhere, texts));
  expect(plain(elsewhere)).not.toEqual(plain(elsewhere, texts));
});

const together = [...Object.entries(inPlace), ...Object.entries(beginnings)];

test.each(together)(
  "no two of the modules that a page loads together as %s export the same name",
  async (_, modules) => {
    const names = await Promise.all(modules.map(async (path) => Object.keys(await import(join(src, path)))));
    expect(new Set(names.flat()).size).toBe(names.flat().length);
  },
);
