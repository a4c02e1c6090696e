// Builds the library for pages: self-contained ES modules (dist/page/), and the sources of their workers.
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { build } from "esbuild";
import { minify } from "terser";
import ts from "typescript";

const src = join(import.meta.dirname, "../src");

/** Loads `name.page.ts` instead of `name.ts`, if it exists. */
export const pageSources = {
  name: "page-sources",
  setup({ onResolve }) {
    onResolve({ filter: /^\..*\.ts$/ }, ({ path, resolveDir }) => {
      const page = join(resolveDir, path.replace(/(\.page)?\.ts$/, ".page.ts"));
      return existsSync(page) ? { path: page } : undefined;
    });
  },
};

/** The texts about an option for a terminal and for the documentation, which no page shows. */
const saidElsewhere = new Set(["help", "flag", "oldFlag"]);

/** Leaves those texts out of declared options (src/checks/declare.ts). */
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

/** Loads `contents` instead of the generated modules whose path matches, which may not exist yet. */
export const instead = (filter, contents) => ({
  name: "instead",
  setup({ onResolve, onLoad }) {
    onResolve({ filter }, ({ path }) => ({ path, namespace: `${filter}` }));
    onLoad({ filter: /.*/, namespace: `${filter}` }, () => ({ contents }));
  },
});

/** A page hands its worker the compiled kernels, and the worker does not contain its own source. */
export const handed = instead(
  /(packed|packed-relaxed|worker-source|gpu-worker-part)\.page\.gen\.ts$/,
  "export const threads = undefined, relaxed = undefined, workerSource = undefined, workerPart = undefined;",
);

/** The name in a worker of a page under which the backend for GPUs lies. */
export const gpuPart = "distillateWebGpu";

/**
 * Modules of src/ that a page's worker gets in another form, which is smaller. Each says so itself, and what it must not do: the
 * page has run the checks, so a module here may check, but may neither change nor fill in what it is given. A stand-in lacks
 * what the worker does not import; esbuild refuses an import of anything that it lacks.
 */
export const standIns = {
  // The reference backend is slow and for tests, so a page can use it only in place.
  "backend/reference/backend.ts": `export function createReferenceBackend() {
    throw new RangeError('"workers" expected 0 with the reference backend in a page');
  }`,
  // Few pages use a GPU. Those that do start their worker with its code before this script (src/platform/gpu.page.ts).
  "backend/webgpu/backend.ts": `export function createWebGpuBackend(options) {
    return globalThis.${gpuPart}.createWebGpuBackend(options);
  }`,
  "run/options/memory-limit.ts": "export function checkMemoryLimit() {}",
  "run/options/call-checks.ts": `const none = {};
    export { none as distillChecks, none as evaluateChecks, none as trainOnChecks, none as trainPoolChecks };
    export { none as baselineChecks, none as judgeChecks, none as nearestNeighborsChecks, none as verifyChecks };`,
  "data/check-dataset.ts": `const same = (name, value) => value;
    export { same as checkDataset, same as checkLabelled, same as checkSetOrSplit, same as checkPerChannel };`,
  "distill/check-set.ts": "export const checkDistilledSet = (name, value) => value;",
  "data/augment-options.ts": "export function augmentCheck() {}",
};

const withStandIns = {
  name: "stand-ins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\..*\.ts$/ }, ({ path, resolveDir }) => {
      const module = relative(src, join(resolveDir, path)).replaceAll("\\", "/");
      return Object.hasOwn(standIns, module) ? { path: module, namespace: "stand-in" } : undefined;
    });
    onLoad({ filter: /.*/, namespace: "stand-in" }, ({ path }) => ({ contents: standIns[path] }));
  },
};

/**
 * A worker is one file, so that what a page loads on demand is there from the start. Imports that say so at the top of a module
 * take less room there: esbuild would wrap in functions whatever is behind `import()`.
 */
const importedAtOnce = {
  name: "imported-at-once",
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]src[/\\].*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const imports = [];
      const contents = text.replace(/await import\((".*?")\)/g, (_, from) => {
        imports.push(`import * as onDemand${imports.length} from ${from};\n`);
        return `onDemand${imports.length - 1}`;
      });
      return imports.length > 0 ? { contents: imports.join("") + contents, loader: "ts" } : undefined;
    });
  },
};

/** What comes to a worker as a description of a model, as weights or as outer settings was made by checked calls of the page. */
const madeByChecked = /[/\\]src[/\\](nn[/\\].*|distill[/\\](outer-options|weight-source))\.ts$/;

/** Returns the source of functions that have these names and all the same body. */
const functions = (names, body) =>
  names.map((name) => `/* @__NO_SIDE_EFFECTS__ */ export function ${name}() {${body}}\n`).join("");
const pass = "function pass() {}\n";

/**
 * What those modules import of each file of src/checks/, with checks that do nothing. `declare.ts` still fills in defaults.
 * esbuild refuses an import of a name that is not here.
 */
export const nothingToCheck = {
  checks:
    pass +
    functions(["optional", "kind", "number", "whole", "oneOf", "listOf"], " return pass; ") +
    functions(["flag", "text", "callback", "floats"], "") +
    "export const wholeNumber = (name, value) => value;",
  options: pass + functions(["thing"], " return pass; ") + functions(["checkOptions", "checkValues"], ""),
  declare: `export { completed, together } from "real/declare.ts";
    ${functions(["whole", "number", "word", "checksOf"], "")}
    /* @__NO_SIDE_EFFECTS__ */ export function open(kind, said) { return said; }
    /* @__NO_SIDE_EFFECTS__ */ export function filled(kind, value) { return { default: value }; }`,
};

const withoutRepeatedChecks = {
  name: "without-repeated-checks",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/checks\/(checks|options|declare)\.ts$/ }, ({ path, importer }) =>
      madeByChecked.test(importer) ? { path: basename(path, ".ts"), namespace: "unchecked" } : undefined,
    );
    onResolve({ filter: /^real\// }, ({ path }) => ({
      path: join(src, "checks", basename(path)),
    }));
    onLoad({ filter: /.*/, namespace: "unchecked" }, ({ path }) => ({ contents: nothingToCheck[path] }));
  },
};

export const pageWorkerSources = [
  handed,
  withStandIns,
  importedAtOnce,
  withoutRepeatedChecks,
  withoutHelp,
  pageSources,
];

/** Makes code that esbuild has minified about a twentieth smaller. */
export async function smaller(code, { module }) {
  const result = await minify(code, { module, ecma: 2022, compress: { passes: 3 } });
  return result.code;
}

/** Files that are nearly all data, with no code to make smaller. */
const dataFiles = /^(digits-|mozjpeg-|packed-)/;

const options = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  legalComments: "linked",
};

/** The modules of which one is made. No name may be in both, because `export *` leaves out a name that comes twice. */
export const inPlace = ["run/in-place/calls.ts", "backend/wasm/backend.ts"];

/** What computes in a page itself is loaded as one: in two parts it would share more files with the rest, each of them small. */
const inPlaceAsOne = {
  name: "in-place-as-one",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /(in-place\/calls|wasm\/backend)\.ts$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "in-place", namespace: "in-place-as-one" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "in-place-as-one" }, () => ({
      contents: inPlace.map((path) => `export * from "./${path}";\n`).join(""),
      resolveDir: src,
    }));
  },
};

/** Writes dist/page/: the entries, which share chunks, the worker as a file, and the kernels as a file. */
export async function buildPage(root, gpuSource) {
  const outdir = join(root, "dist/page");
  await build({
    ...options,
    entryPoints: ["index", "data", "recipes", "algorithm"].map((name) => join(root, "src", `${name}.ts`)),
    outdir,
    splitting: true,
    chunkNames: "[name]-[hash]",
    loader: { ".gz": "binary" },
    plugins: [inPlaceAsOne, withoutHelp, pageSources],
  });
  // This one shares no chunks, or a page without checkpoints would load more and smaller ones.
  await build({
    ...options,
    entryPoints: [join(root, "src/checkpoint.ts")],
    outdir,
    plugins: [withoutHelp, pageSources],
  });
  await build({
    ...options,
    entryPoints: { worker: join(root, "src/run/orchestrator/main.page.ts") },
    outdir,
    plugins: pageWorkerSources,
    // A page that starts this file cannot hand it the code for a GPU.
    banner: { js: gpuSource },
  });
  for (const name of readdirSync(outdir).filter((name) => name.endsWith(".js") && !dataFiles.test(name))) {
    const file = join(outdir, name);
    writeFileSync(file, await smaller(readFileSync(file, "utf8"), { module: true }));
  }
  writeFileSync(join(outdir, "worker.d.ts"), "export {};\n");
  copyFileSync(join(root, "build/threads.wasm"), join(outdir, "kernels.wasm"));
}
