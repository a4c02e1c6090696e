// Serves the demo with the headers that threads need, or builds it as plain files for any host.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";

const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const { repository } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));

/** The address of the code, which the page links to: that of package.json, or of the environment. */
const code = process.env.REPOSITORY ?? repository?.url ?? repository ?? "";

/** Previews in other programs want the whole address of the picture, which only who serves the page knows. */
const wholePreview: Plugin = {
  name: "whole-preview",
  transformIndexHtml: (html) => {
    const site = process.env.SITE;
    return site ? html.replace('content="preview.png"', `content="${new URL("preview.png", site)}"`) : html;
  },
};

export default defineConfig({
  root: import.meta.dirname,
  define: { "import.meta.env.REPOSITORY": JSON.stringify(code) },
  plugins: [wholePreview],
  // With relative addresses the build also works in a sub-folder of a host.
  base: "./",
  build: {
    outDir: "../../build/demo",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The packaged digits are a module of two megabytes, loaded on demand.
    chunkSizeWarningLimit: 2500,
  },
  worker: { format: "es" },
  server: { headers },
  preview: { headers },
});
