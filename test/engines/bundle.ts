// Makes one file of the pinned runs, for hosts that do not read TypeScript. It contains the built library.
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { kinds } from "../data/jpegs.ts";

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
          onResolve({ filter: /\/src\// }, ({ path }) => {
            if (path.endsWith("/data/normalize.ts")) return undefined;
            const inData = /\/data\/(whiten|zca)\.ts$/.test(path);
            return { path: inData ? library.replace(/index\.js$/, "data.js") : library, external: true };
          });
        },
      },
    ],
  });
}

/** A function `read()` in a program's text: the SHA-256 of every kind of JPEG, as `kinds` hashes it, read by that `library`. */
export function readJpegs(library: string): string {
  const files = kinds.map(({ bytes }) => Buffer.from(bytes).toString("base64"));
  return `
    async function read() {
      const { decodeImage } = await import(${JSON.stringify(library)});
      const hashes = [];
      for (const file of ${JSON.stringify(files)}) {
        const bytes = Uint8Array.from(atob(file), (character) => character.charCodeAt(0));
        const { width, height, data } = await decodeImage(bytes, { name: "a.jpg" });
        const hashed = new Uint8Array(8 + data.length);
        new DataView(hashed.buffer).setUint32(0, width);
        new DataView(hashed.buffer).setUint32(4, height);
        hashed.set(data, 8);
        const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", hashed));
        hashes.push(Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join(""));
      }
      return hashes;
    }
  `;
}
