// The ways in which users build and serve a page that imports the package.
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import { createServer, build as viteBuild } from "vite";
import webpack from "webpack";
import { serve } from "../../scripts/serve.mjs";
import { type Consumer, page } from "./consumer.ts";

const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** A page that is served, until it is closed. */
interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** Each serves the page of a consumer. */
export const waysToServe: Readonly<Record<string, (consumer: Consumer) => Promise<Served>>> = {
  async "an import map and no bundler"(consumer) {
    const { exports } = consumer.manifest;
    const at = (entry: string) => join("/node_modules/distillate", exports[entry]!.default!);
    const imports = { distillate: at("."), "distillate/data": at("./data") };
    consumer.write("map.html", page("/page.js", `<script type="importmap">${JSON.stringify({ imports })}</script>`));
    const server = await serve({ folder: consumer.folder });
    return { ...server, url: `${server.url}map.html` };
  },
  async esbuild(consumer) {
    const folder = join(consumer.folder, "out-esbuild");
    const outfile = join(folder, "bundle.js");
    const entryPoints = [join(consumer.folder, "page.js")];
    await esbuild({ entryPoints, bundle: true, minify: true, format: "esm", outfile, logLevel: "error" });
    consumer.write("out-esbuild/index.html", page("/bundle.js"));
    return serve({ folder });
  },
  "webpack for production": (consumer) => throughWebpack(consumer, "production"),
  "webpack for development": (consumer) => throughWebpack(consumer, "development"),
  async "vite build"(consumer) {
    const folder = join(consumer.folder, "out-vite");
    const build = { outDir: folder, chunkSizeWarningLimit: 4000 };
    await viteBuild({ root: consumer.folder, configFile: false, logLevel: "error", build });
    return serve({ folder });
  },
  async "vite dev"(consumer) {
    const server = { port: 0, host: "127.0.0.1", headers: isolation };
    const vite = await createServer({ root: consumer.folder, configFile: false, logLevel: "error", server });
    await vite.listen();
    const address = vite.httpServer!.address() as { port: number };
    return { url: `http://127.0.0.1:${address.port}/`, close: () => vite.close() };
  },
};

async function throughWebpack(consumer: Consumer, mode: "production" | "development"): Promise<Served> {
  const folder = join(consumer.folder, `out-webpack-${mode}`);
  const compiler = webpack({
    mode,
    context: consumer.folder,
    entry: "./page.js",
    output: { path: folder, publicPath: "/" },
    performance: false,
    // The package comes minified; doing it again takes long over two megabytes of digits.
    optimization: { minimize: false },
  })!;
  await new Promise<void>((resolve, reject) => {
    compiler.run((error, stats) => {
      const problem = error ?? (stats?.hasErrors() || stats?.hasWarnings() ? new Error(stats.toString()) : undefined);
      compiler.close(() => (problem ? reject(problem) : resolve()));
    });
  });
  consumer.write(`out-webpack-${mode}/index.html`, page("/main.js"));
  return serve({ folder });
}
