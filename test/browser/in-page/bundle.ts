// Makes a script for a worker of a page of test files that were written for Vitest in Node, with their bodies as they are. They
// run on the browser's GPU.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { pageSources } from "../../../scripts/build-page.mjs";
import type { Drawn } from "./vitest.ts";

const here = fileURLToPath(new URL("./", import.meta.url));
const tests = join(here, "../../");

/** Modules of Node that have another form in a page. */
const standIns: readonly (readonly [RegExp, string])[] = [
  [/^vitest$/, "vitest.ts"],
  [/\/webgpu\/device\.ts$/, "device.ts"],
  [/\/golden\.ts$/, "golden.ts"],
  [/\/residuals\.ts$/, "residuals.ts"],
  [/\/pytorch\.ts$/, "pytorch.ts"],
];

/**
 * Bundles a test file into `outfile`. Loaded as a worker, it runs those of its tests that are drawn, and posts
 * how they ended.
 */
export async function bundleTests(file: string, drawn: Drawn, outfile: string): Promise<void> {
  await build({
    stdin: {
      contents: `
        import { run } from "./vitest.ts";
        import "tests";
        postMessage(await run(${JSON.stringify(drawn)}));
      `,
      resolveDir: here,
    },
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "error",
    loader: { ".gz": "binary" },
    define: { "process.env.BACKEND": '"webgpu"' },
    plugins: [
      {
        name: "in-page",
        setup({ onResolve }) {
          // The package says that its modules do nothing when they are imported; this one declares tests.
          onResolve({ filter: /^tests$/ }, () => ({ path: join(tests, file), sideEffects: true }));
          for (const [filter, name] of standIns) onResolve({ filter }, () => ({ path: join(here, name) }));
        },
      },
      pageSources,
    ],
  });
}
