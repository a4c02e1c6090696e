// Makes every backend of src/ one whose ops wait, whoever creates it: a test, src/ itself, or src/ in a worker or orchestrator.
// The projects `delayed` and `delayed-rest` of vitest.config.ts run tests so.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A module that creates a backend. */
const creates = /\/backend\/(wasm|reference)\/backend\.ts$/;

/** Returns the module that is loaded instead of one that creates a backend; it alone loads the one that it stands for. */
function standIn(source: string, importer: string | undefined): string | undefined {
  const kind = creates.exec(source)?.[1];
  const file = at(`${kind}.ts`);
  return kind === undefined || importer === file ? undefined : file;
}

/** The modules that a worker in Node is given when it starts, as in scripts/build.mjs. */
const isGiven = /\/(binary|relaxed|thread-source|worker-source)\.gen\.ts$/;

/** Returns src/workers/worker-source.gen.ts as scripts/build.mjs writes it, but for the backends of the worker. */
async function workerSource(): Promise<string> {
  const { outputFiles } = await build({
    ...{ entryPoints: [at("../../src/run/orchestrator/main.ts")], bundle: true, write: false },
    ...{ format: "iife", target: "es2022", banner: { js: "(given=>{" }, footer: { js: "})" } },
    plugins: [
      {
        name: "delayed",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: creates }, ({ path, importer }) => {
            const file = standIn(path, importer);
            return file === undefined ? undefined : { path: file };
          });
          onLoad({ filter: isGiven }, () => ({
            contents: "export const { simd, threads, relaxed, threadSource, workerSource } = given;",
          }));
        },
      },
    ],
  });
  return `export const workerSource = ${JSON.stringify(outputFiles[0]!.text.trim())};`;
}

/** A plugin of Vite's. */
export function delayed() {
  return {
    name: "delayed",
    enforce: "pre" as const,
    resolveId: standIn,
    load: (id: string) => (id.endsWith("/src/workers/worker-source.gen.ts") ? workerSource() : undefined),
  };
}
