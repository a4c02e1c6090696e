// Builds the library for pages: self-contained ES modules (dist/page/), and the sources of their workers.
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
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

/**
 * Says of every call in the initial value of a constant of a module that it does nothing else. package.json promises it
 * ("sideEffects": false), but only of whole files, and a bundler that sees many modules as one file must know it of each constant.
 */
function withPureConstants(text) {
  const source = ts.createSourceFile("module.ts", text, ts.ScriptTarget.ES2022);
  const places = [];
  const visit = (node) => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return;
    // Of a chain of calls the first word has the remark for all.
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) places.push(node.getStart(source));
    ts.forEachChild(node, visit);
  };
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { initializer } of statement.declarationList.declarations) if (initializer) visit(initializer);
  }
  return [...new Set(places)]
    .sort((a, b) => b - a)
    .reduce((rest, at) => `${rest.slice(0, at)}/* @__PURE__ */ ${rest.slice(at)}`, text);
}

/** Makes a module of src/ such that a page gets of it only what it uses. */
const forPages = (text) => withPureConstants(text.includes('/declare.ts"') ? withoutTexts(text) : text);

/** Does that for all modules of src/ but generated ones. */
const prunable = {
  name: "prunable",
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]src[/\\].*\.ts$/ }, ({ path }) =>
      path.endsWith(".gen.ts") ? undefined : { contents: forPages(readFileSync(path, "utf8")), loader: "ts" },
    );
  },
};

/** Loads `contents` instead of the generated modules whose path matches, which may not exist yet. */
export const instead = (filter, contents) => ({
  name: "instead",
  setup({ onResolve, onLoad }) {
    onResolve({ filter }, ({ path }) => ({ path, namespace: `${filter}` }));
    onLoad({ filter: /.*/, namespace: `${filter}` }, () => ({ contents }));
  },
});

/** A page hands its worker the compiled kernels but rare ones, and the worker does not contain its own source. */
export const handed = instead(
  /(packed|packed-relaxed|worker-source)\.page\.gen\.ts$/,
  "export const threads = undefined, relaxed = undefined, workerSource = undefined, parts = undefined, needs = undefined;",
);

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
 * A worker that is one file has from the start what is else loaded on demand. Imports that say so at the top of a module
 * take less room there: esbuild would wrap in functions whatever is behind `import()`.
 */
export const importedAtOnce = {
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

/** The plugins with which a worker is built in parts. */
export const workerPartSources = [handed, withStandIns, withoutRepeatedChecks, withoutHelp, pageSources];

/** The plugins with which a worker is built as one file. */
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
  // Bundlers of pages read the remarks that a call does nothing else.
  const format = { preserve_annotations: module };
  const result = await minify(code, { module, ecma: 2022, compress: { passes: 3 }, format });
  return result.code;
}

/** Files that are nearly all data, with no code to make smaller. */
const dataFiles = /^(digits-|mozjpeg-|packed-|worker-part-)/;

const options = {
  bundle: true,
  // esbuild leaves out white space together with the remarks on calls; `smaller` leaves out white space alone.
  minifySyntax: true,
  minifyIdentifiers: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  legalComments: "linked",
};

/** What computes in a page itself is loaded as two modules: what most pages use, and all else. */
export const inPlace = {
  "in-place": [
    "engine/engine.ts",
    "backend/wasm/backend.ts",
    "run/in-place/train-on.ts",
    "run/in-place/evaluate.ts",
    "run/in-place/distill.ts",
    "distill/methods/back-gradient/method.ts",
  ],
  "in-place-more": [
    ...["baseline", "judge", "nearest-neighbors", "train-pool", "verify"].map((name) => `run/in-place/${name}.ts`),
    ...["distribution-matching", "frepo", "gradient-matching", "kip", "trajectory-matching", "windows"].map(
      (name) => `distill/methods/${name}/method.ts`,
    ),
    "distill/methods/kip/label-solve.ts",
    "distill/decoders/decoded-method.ts",
  ],
};

const moduleOf = (path) => relative(src, path).replaceAll("\\", "/");

/** Leaves what is loaded on demand out of a bundle. */
const withoutOnDemand = {
  name: "without-on-demand",
  setup({ onResolve }) {
    onResolve({ filter: /./ }, ({ kind, path }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
  },
};

/** Returns the modules that a page needs to make a call, and not to compute. */
async function callingModules() {
  const { metafile } = await build({
    ...options,
    stdin: {
      contents: ["run/distill", "run/calls", "run/train-on", "run/place"]
        .map((name) => `export * from "./${name}.ts";\n`)
        .join(""),
      resolveDir: src,
    },
    legalComments: "none",
    write: false,
    metafile: true,
    absWorkingDir: src,
    plugins: [withoutOnDemand, prunable, pageSources],
  });
  const { inputs } = Object.values(metafile.outputs)[0];
  return new Set(Object.keys(inputs).filter((module) => inputs[module].bytesInOutput > 0));
}

/** The modules of pages that are there once, because they have a state, or classes that are told apart. */
const once =
  /^(errors|quote|kinds|distill\/diverged-error|engine\/backends)\.ts$|^(platform|workers|checks|backend\/wasm)\//;

/**
 * Bundlers cannot divide a module. What a page loads on demand must therefore share no module with what it always loads, unless
 * all of that module is needed there: else all pages would load it. So a plan of the memory that a run takes, which may not wait for
 * the code that allocates the run, has that code once more; and what computes in the page itself has all once more but what must
 * be there once. `calling` are the modules that every page loads which makes a call.
 */
const apart = (calling) => ({
  name: "apart",
  setup({ onResolve, onLoad }) {
    const shared = {
      planned: (module) => calling.has(module),
      "in-place": (module) => calling.has(module) && once.test(module),
    };
    const entryOf = (module) => Object.keys(inPlace).find((entry) => inPlace[entry].includes(module));
    onResolve({ filter: /^\..*\.ts$/ }, ({ kind, namespace, path, resolveDir }) => {
      const written = join(resolveDir, path);
      const page = written.replace(/(\.page)?\.ts$/, ".page.ts");
      const found = existsSync(page) ? page : written;
      const module = moduleOf(found);
      const entry = kind === "dynamic-import" && entryOf(module);
      if (entry) return { path: entry, namespace: "together" };
      const where = module === "run/options/memory.ts" ? "planned" : shared[namespace] ? namespace : undefined;
      if (where === undefined) return undefined;
      if (/\.gen\.ts$/.test(module) || (namespace === where && shared[where](module))) return { path: found };
      return { path: found, namespace: where, sideEffects: false };
    });
    onLoad({ filter: /.*/, namespace: "together" }, ({ path }) => ({
      contents: inPlace[path].map((module) => `export * from "in-place/${module}";\n`).join(""),
      resolveDir: src,
    }));
    onResolve({ filter: /^in-place\// }, ({ path }) => ({
      path: join(src, path.slice("in-place/".length)),
      namespace: "in-place",
      sideEffects: false,
    }));
    for (const namespace of Object.keys(shared)) {
      onLoad({ filter: /.*/, namespace }, ({ path }) => ({
        contents: forPages(readFileSync(path, "utf8")),
        loader: "ts",
        resolveDir: dirname(path),
      }));
    }
  },
});

/** Writes dist/page/: the entries, which share chunks, the worker as a file, and the kernels as a file. */
export async function buildPage(root) {
  const outdir = join(root, "dist/page");
  await build({
    ...options,
    entryPoints: ["index", "data", "recipes", "algorithm"].map((name) => join(root, "src", `${name}.ts`)),
    outdir,
    splitting: true,
    chunkNames: "[name]-[hash]",
    loader: { ".gz": "binary" },
    plugins: [apart(await callingModules()), prunable, pageSources],
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
  });
  for (const name of readdirSync(outdir).filter((name) => name.endsWith(".js") && !dataFiles.test(name))) {
    const file = join(outdir, name);
    writeFileSync(file, await smaller(readFileSync(file, "utf8"), { module: true }));
  }
  writeFileSync(join(outdir, "worker.d.ts"), "export {};\n");
  copyFileSync(join(root, "build/page.wasm"), join(outdir, "kernels.wasm"));
  copyFileSync(join(root, "build/page-rare.wasm"), join(outdir, "rare-kernels.wasm"));
}
