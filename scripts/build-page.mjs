// The library for pages: ES modules that hold everything (dist/page/), and the sources of their workers.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import ts from "typescript";

/** `name.page.ts` in place of `name.ts`, where there is one. */
export const pageSources = {
  name: "page-sources",
  setup({ onResolve }) {
    onResolve({ filter: /^\..*\.ts$/ }, ({ path, resolveDir }) => {
      const page = join(resolveDir, path.replace(/(\.page)?\.ts$/, ".page.ts"));
      return existsSync(page) ? { path: page } : undefined;
    });
  },
};

/** What is said of an option for a terminal and for the documentation, which no page shows. */
const saidElsewhere = new Set(["help", "flag", "oldFlag"]);

/** Declared options (src/checks/declare.ts) without that. */
export const withoutHelp = {
  name: "without-help",
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]src[/\\].*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      return text.includes('/declare.ts"') ? { contents: withoutTexts(text), loader: "ts" } : undefined;
    });
  },
};

function withoutTexts(text) {
  const source = ts.createSourceFile("options.ts", text, ts.ScriptTarget.ES2022);
  const spans = [];
  const visit = (node) => {
    if (ts.isPropertyAssignment(node) && ts.isStringLiteral(node.initializer)) {
      const { name, end } = node;
      if (saidElsewhere.has(name.text)) spans.push([node.getStart(source), text[end] === "," ? end + 1 : end]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return spans.reduceRight((rest, [start, end]) => rest.slice(0, start) + rest.slice(end), text);
}

/** Module `contents` in place of the generated ones whose path matches, which may not be there yet. */
export const instead = (filter, contents) => ({
  name: "instead",
  setup({ onResolve, onLoad }) {
    onResolve({ filter }, ({ path }) => ({ path, namespace: `${filter}` }));
    onLoad({ filter: /.*/, namespace: `${filter}` }, () => ({ contents }));
  },
});

/** A page's worker is handed the kernels, compiled, by the page; and it does not hold itself. */
const handed = instead(
  /(packed|packed-relaxed|worker-source)\.page\.gen\.ts$/,
  "export const threads = undefined, relaxed = undefined, workerSource = undefined;",
);

/** The reference backend is slow, and for tests: who wants it in a page has it in place. */
const withoutReference = instead(
  /reference\/backend\.ts$/,
  `export function createReferenceBackend() {
    throw new RangeError('"workers" expected 0 with the reference backend in a page');
  }`,
);

/** The page has checked a run before it hands it over. */
const withoutCheck = instead(/\/memory-limit\.ts$/, "export function checkMemoryLimit() {}");

/** Nor are the options of a call looked at again. */
const withoutChecks = instead(
  /\/call-checks\.ts$/,
  `const none = {};
  export { none as distillChecks, none as evaluateChecks, none as trainOnChecks, none as trainPoolChecks };
  export { none as baselineChecks, none as nearestNeighborsChecks };`,
);
const withoutThings = instead(
  /\/check-(dataset|set)\.ts$/,
  `const same = (name, value) => value;
  export { same as checkDataset, same as checkLabelled, same as checkSetOrSplit, same as checkDistilledSet };
  export { same as checkPerChannel };`,
);
const withoutAugmentCheck = instead(/\/augment-options\.ts$/, "export function augmentCheck() {}");

export const pageWorkerSources = [
  handed,
  withoutReference,
  withoutCheck,
  withoutChecks,
  withoutThings,
  withoutAugmentCheck,
  withoutHelp,
  pageSources,
];

const options = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  legalComments: "linked",
};

/** Writes dist/page/: the entries, which share chunks, the worker as a file, and the kernels as one. */
export async function buildPage(root) {
  const outdir = join(root, "dist/page");
  await build({
    ...options,
    entryPoints: ["index", "data", "recipes", "algorithm"].map((name) => join(root, "src", `${name}.ts`)),
    outdir,
    splitting: true,
    chunkNames: "[name]-[hash]",
    loader: { ".gz": "binary" },
    plugins: [withoutHelp, pageSources],
  });
  await build({
    ...options,
    entryPoints: { worker: join(root, "src/run/orchestrator/main.page.ts") },
    outdir,
    plugins: pageWorkerSources,
  });
  writeFileSync(join(outdir, "worker.d.ts"), "export {};\n");
  copyFileSync(join(root, "build/threads.wasm"), join(outdir, "kernels.wasm"));
}
