// Serves the demo with the headers that threads need, or builds it as plain files for any host.
import { defineConfig } from "vite";

const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  root: import.meta.dirname,
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
