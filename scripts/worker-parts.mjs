// Builds the worker of a page in parts: a core, which starts it, and parts that a page loads when its worker asks for them. esbuild
// divides the code into modules; here each becomes a function that takes what it imports from the others, and files of a page have
// several of them. src/platform/parts-of-worker.page.ts is the other side of this.
import { basename, join, relative } from "node:path";
import { build } from "esbuild";

/** The modules that a part begins with, by its name. No name may be exported by two of a part. */
export const beginnings = {
  core: ["run/orchestrator/server.ts", "engine/engine.ts", "backend/wasm/backend.ts", "backend/reference/backend.ts"],
  train: ["run/in-place/train-on.ts"],
  evaluate: ["run/in-place/evaluate.ts", "evaluate/held-out-test.ts"],
  distill: ["run/in-place/distill.ts", "distill/methods/back-gradient/method.ts"],
  networks: ["run/networks/server.ts", "run/networks/served-run.ts"],
  pool: ["run/in-place/train-pool.ts", "evaluate/pool-trainer.ts"],
  judge: ["run/in-place/baseline.ts", "run/in-place/judge.ts", "run/in-place/nearest-neighbors.ts"],
};

/**
 * A module of fewer bytes that several parts import is not worth a file of its own. It goes into the first of these parts that imports
 * it, or for the first of all into the core, because nearly every page has that part.
 */
const LEAST_FILE = 4000;
/** One of fewer bytes than this that none of these parts imports is in the core. */
const TINY = 600;
const often = ["train", "evaluate", "distill"];

/** What was generated the page hands over, and the core has nothing in its place; but rare kernels are a part. */
const isHanded = (module) => module.endsWith(".gen.ts") && !module.endsWith("/packed-rare.page.gen.ts");

/** The part of a module that is imported on demand. */
const partOf = (module) =>
  isHanded(module) ? "core" : Object.keys(beginnings).find((part) => beginnings[part].includes(module));

/** Makes one module of those that a part begins with. Those of the core are imported when it starts. */
const together = (src) => ({
  name: "together",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\..*\.ts$/ }, ({ kind, path, resolveDir }) => {
      const part = kind === "dynamic-import" && partOf(relative(src, join(resolveDir, path)).replaceAll("\\", "/"));
      return part ? { path: part, namespace: "part" } : undefined;
    });
    onLoad({ filter: /.*/, namespace: "part" }, ({ path }) => ({
      contents: beginnings[path].map((module) => `export * from "./${module}";\n`).join(""),
      resolveDir: src,
    }));
  },
});

const name = (path) => basename(path, ".js");

/** Turns a module into code that registers it. `idOf` gives the name of a module there. */
function registered(module, text, idOf) {
  let code = text.trim().replace(/^(?:import(?:\{[^}]*\}from)?"\.\/[^"]+";)+/, (imports) =>
    imports.replace(/import(?:\{([^}]*)\}from)?"\.\/([^"]+)\.js";/g, (_, names, from) =>
      // Modules do nothing when they are imported, but what is imported of them by name.
      names === undefined ? "" : `const{${names.replaceAll(" as ", ":")}}=distillateParts.get("${idOf(from)}");`,
    ),
  );
  code = code.replace(/export\{([^}]*)\};$/, (_, names) => {
    const pairs = names.split(",").map((pair) => pair.split(" as "));
    return `return{${pairs.map(([inside, outside = inside]) => `${outside}:${inside}`).join(",")}};`;
  });
  code = code.replace(/\bimport\("\.\/([^"]+)\.js"\)/g, (_, from) => `distillateParts.load("${idOf(from)}")`);
  if (/\b(import\{|import"|export\{)/.test(code)) throw new Error(`${module}: an import or export was not understood`);
  return `distillateParts.code["${idOf(module)}"]=()=>{${code}};`;
}

/** Defines the registry of what is there. What was imported once is there with all that it needs, as `had` is from the start. */
const registry = (had) =>
  "globalThis.distillateParts={code:{},made:{},get(n){return this.made[n]??=this.code[n]()}," +
  `had:new Set(${JSON.stringify(had)}),` +
  "async load(n){if(!this.whole&&!this.had.has(n)){await this.bring(n);this.had.add(n)}return this.get(n)}};";

/**
 * Returns the script of the core; the parts as scripts, by the names of files; and which of them each import needs, in an order in which
 * they can be run.
 */
export async function workerParts({ entry, src, plugins, finish }) {
  const { outputFiles, metafile } = await build({
    entryPoints: { main: entry },
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2022",
    outdir: src,
    absWorkingDir: src,
    entryNames: "[name]",
    chunkNames: "[name]-[hash]",
    legalComments: "none",
    plugins: [together(src), ...plugins],
  });
  const { outputs } = metafile;
  const closure = (path, seen = new Set()) => {
    if (seen.has(path)) return seen;
    for (const { kind, path: next } of outputs[path].imports) if (kind === "import-statement") closure(next, seen);
    return seen.add(path);
  };
  const paths = Object.keys(outputs);
  const entries = paths.filter((path) => outputs[path].entryPoint);
  const core = new Set(
    ["main.js", ...entries.filter((path) => /^core-/.test(path))].flatMap((path) => [...closure(path)]),
  );
  const usersOf = (path) =>
    entries.filter((entry) => closure(entry).has(path)).map((entry) => outputs[entry].entryPoint);
  const fileOf = new Map();
  for (const path of paths) {
    const users = usersOf(path);
    const { bytes } = outputs[path];
    const shared = users.length > 1;
    const into = shared && bytes < LEAST_FILE && often.find((part) => users.includes(`part:${part}`));
    const inCore = core.has(path) || into === "train" || (shared && !into && bytes < TINY);
    fileOf.set(path, inCore ? "core" : into ? `part:${into}` : users.join("+"));
  }
  // What a module of the core imports is in the core.
  for (const path of paths) if (fileOf.get(path) === "core") for (const next of closure(path)) fileOf.set(next, "core");
  const idOf = (module) => outputs[`${module}.js`].entryPoint ?? `${paths.indexOf(`${module}.js`)}`;
  const textOf = (path) => outputFiles.find((file) => basename(file.path) === path).text;
  const scripts = new Map();
  for (const path of paths) {
    const file = fileOf.get(path);
    scripts.set(file, (scripts.get(file) ?? "") + registered(name(path), textOf(path), idOf));
  }
  const inCore = entries.filter((path) => fileOf.get(path) === "core").map((path) => idOf(name(path)));
  const coreScript = `${registry(inCore)}${scripts.get("core")}distillateParts.get("${idOf("main")}");`;
  scripts.delete("core");
  const files = [...scripts.keys()];
  const parts = await Promise.all(files.map(async (file) => finish(scripts.get(file))));
  const needs = entries
    .filter((path) => fileOf.get(path) !== "core")
    .map((path) => [
      idOf(name(path)),
      [...new Set([...closure(path)].map((next) => fileOf.get(next)))].filter((file) => file !== "core"),
    ]);
  return {
    core: await finish(coreScript),
    parts: files.map((file, i) => ({ file, text: parts[i] })),
    needs: Object.fromEntries(needs.map(([entry, wanted]) => [entry, wanted.map((file) => files.indexOf(file))])),
  };
}
