// A small web server for pages that use the library: the demo and the tests. It sends the headers that isolate a page from
// others, without which browsers let no page share memory between threads, and a policy if one is given.
//
// node scripts/serve.mjs FOLDER [PORT]
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { pathToFileURL } from "node:url";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".wasm": "application/wasm",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

/** The page needs these headers; `require-corp` needs them on everything that it loads too, such as workers' scripts. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/**
 * Serves `folder` on 127.0.0.1, on any free port unless one is named.
 *
 * @param {{ folder: string, port?: number, isolated?: boolean, policy?: string }} options `policy` is a
 * Content-Security-Policy.
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function serve({ folder, port = 0, isolated = true, policy }) {
  const headers = {
    "Cache-Control": "no-store",
    ...(isolated && isolation),
    ...(policy && { "Content-Security-Policy": policy }),
  };
  const server = createServer(async (request, response) => {
    const end = (status, text) => response.writeHead(status, headers).end(text);
    try {
      const { pathname } = new URL(request.url, "http://localhost");
      // Normalised from the root, a path cannot leave the folder.
      let path = join(folder, normalize(`/${decodeURIComponent(pathname)}`));
      let entry = await stat(path);
      if (entry.isDirectory()) {
        path = join(path, "index.html");
        entry = await stat(path);
      }
      const type = types[extname(path)] ?? "application/octet-stream";
      response.writeHead(200, { ...headers, "Content-Type": type, "Content-Length": entry.size });
      if (request.method === "HEAD") return response.end();
      createReadStream(path)
        .on("error", () => response.destroy())
        .pipe(response);
    } catch (error) {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") end(404, "not found");
      else end(400, "bad request");
    }
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://localhost:${server.address().port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder, port] = process.argv.slice(2);
  if (folder === undefined) {
    console.error("usage: node scripts/serve.mjs FOLDER [PORT]");
    process.exit(2);
  }
  const { url } = await serve({ folder, port: Number(port ?? 8080) });
  console.log(`${folder} at ${url}`);
}
