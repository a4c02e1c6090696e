// The package as users get it: packed, installed, built by their bundler as it comes, and run in a real browser.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import { createServer, build as viteBuild } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import webpack from "webpack";
import { serve } from "../../scripts/serve.mjs";
import { decodeImage } from "../../src/codecs/decode-image.ts";
import { made, pictures } from "../data/jpegs.ts";
import { type Browser, describeInBrowsers, launch } from "./browsers.ts";
import { type Consumer, makeConsumer, page } from "./consumer.ts";

interface Result {
  readonly digest: string;
  readonly notices: readonly string[];
  readonly pixels: readonly number[];
}

const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

let consumer: Consumer;
let expected: Result;

beforeAll(() => {
  consumer = makeConsumer();
  const script = 'import { result } from "./program.js"; console.log(JSON.stringify(await result)); process.exit(0);';
  const options = { cwd: consumer.folder, encoding: "utf8" } as const;
  expected = JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", script], options));
});
afterAll(() => consumer?.remove());

/** Each serves the consumer's page, and gives its URL and how to stop serving. */
const ways: Readonly<Record<string, () => Promise<{ url: string; close(): Promise<void> }>>> = {
  async "an import map and no bundler"() {
    const { exports } = consumer.manifest;
    const at = (entry: string) => join("/node_modules/distillate", exports[entry]!.default!);
    const imports = { distillate: at("."), "distillate/data": at("./data") };
    consumer.write("map.html", page("/page.js", `<script type="importmap">${JSON.stringify({ imports })}</script>`));
    const server = await serve({ folder: consumer.folder });
    return { ...server, url: `${server.url}map.html` };
  },
  async esbuild() {
    const folder = join(consumer.folder, "out-esbuild");
    const outfile = join(folder, "bundle.js");
    const entryPoints = [join(consumer.folder, "page.js")];
    await esbuild({ entryPoints, bundle: true, minify: true, format: "esm", outfile, logLevel: "error" });
    consumer.write("out-esbuild/index.html", page("/bundle.js"));
    return serve({ folder });
  },
  "webpack for production": () => throughWebpack("production"),
  "webpack for development": () => throughWebpack("development"),
  async "vite build"() {
    const folder = join(consumer.folder, "out-vite");
    const build = { outDir: folder, chunkSizeWarningLimit: 4000 };
    await viteBuild({ root: consumer.folder, configFile: false, logLevel: "error", build });
    return serve({ folder });
  },
  async "vite dev"() {
    const server = { port: 0, host: "127.0.0.1", headers: isolation };
    const vite = await createServer({ root: consumer.folder, configFile: false, logLevel: "error", server });
    await vite.listen();
    const address = vite.httpServer!.address() as { port: number };
    return { url: `http://127.0.0.1:${address.port}/`, close: () => vite.close() };
  },
};

async function throughWebpack(mode: "production" | "development"): Promise<{ url: string; close(): Promise<void> }> {
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

describeInBrowsers(
  (name) => `installed from its tarball and run in ${name}, the package`,
  (name) => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch(name);
    });
    afterAll(async () => browser?.close());

    // One bundler and none in the second browser: what a bundler does, it does before there is a browser.
    const tried = name === "chromium" ? Object.keys(ways) : ["an import map and no bundler", "vite build"];
    test.each(tried)("gives Node's bytes with %s", async (way) => {
      const { url, close } = await ways[way]!();
      try {
        const page = await browser.open(url);
        expect(await page.evaluate<Result>("globalThis.result")).toEqual(expected);
        expect(page.said.filter((text) => !text.startsWith("[vite] connect"))).toEqual([]);
        await page.close();
      } finally {
        await close();
      }
    });
  },
);

test("in Node it computed something on two threads, and read a picture", async () => {
  const { data } = await decodeImage(made(pictures.colour.plain), { name: "picture.jpg" });
  expect(expected).toEqual({ digest: expect.stringMatching(/^[0-9a-f]{64}$/), notices: [], pixels: [...data] });
});
