// Makes one file of the pinned runs, for hosts that do not read TypeScript. It contains the built library.
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

/** Where runs are run, as options of `distill`. */
export interface Place {
  readonly threads: number;
  readonly worker?: boolean;
  readonly workers?: number;
}

export interface Outcome {
  /** The digests, in the order of `pinnedRuns`. */
  readonly digests: readonly string[];
  readonly notices: readonly string[];
}

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The library as `npm run build` built it for Node. */
export const builtLibrary: string = pathToFileURL(at("../../dist/index.js")).href;

/** Bundles `entry` of this folder into `outfile`, an ES module that imports `library`. */
export async function bundle(entry: "main.ts" | "runs.ts", library: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(at("."), entry)],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "error",
    plugins: [
      {
        name: "built-library",
        setup({ onResolve }) {
          // The tests need only names of the source that are exported, except the statistics of a data set.
          onResolve({ filter: /\/src\// }, ({ path }) =>
            path.endsWith("/data/dataset.ts") ? undefined : { path: library, external: true },
          );
        },
      },
    ],
  });
}
