// The library for pages: ES modules that hold everything (dist/page/), and the sources of their workers.
import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

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

/** Module `contents` in place of the generated ones whose path matches, which may not be there yet. */
export const instead = (filter, contents) => ({
  name: "instead",
  setup({ onResolve, onLoad }) {
    onResolve({ filter }, ({ path }) => ({ path, namespace: "instead" }));
    onLoad({ filter: /.*/, namespace: "instead" }, () => ({ contents }));
  },
});

/** A page's worker is handed the kernels, compiled, by the page; and it does not hold itself. */
export const withoutPagesOwn = instead(
  /(packed|packed-relaxed|worker-source)\.page\.gen\.ts$/,
  "export const threads = undefined, relaxed = undefined, workerSource = undefined;",
);

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
    entryPoints: { index: join(root, "src/index.ts"), data: join(root, "src/data.ts") },
    outdir,
    splitting: true,
    chunkNames: "[name]-[hash]",
    loader: { ".gz": "binary" },
    plugins: [pageSources],
  });
  await build({
    ...options,
    entryPoints: { worker: join(root, "src/worker/main.page.ts") },
    outdir,
    plugins: [withoutPagesOwn, pageSources],
  });
  writeFileSync(join(outdir, "worker.d.ts"), "export {};\n");
  copyFileSync(join(root, "build/threads.wasm"), join(outdir, "kernels.wasm"));
}
