// A wrongly configured host: it serves a folder at /demo without adding the slash, or lacks files.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

export interface OddHost {
  /** The URL of the folder, without the slash. */
  readonly url: string;
  close(): Promise<unknown>;
}

/** Serves `folder` without the files whose paths match `missing`; with `circles`, /demo/ is redirected to /demo. */
export async function openOddHost(
  folder: string,
  { missing, circles = false }: { readonly missing?: RegExp; readonly circles?: boolean } = {},
): Promise<OddHost> {
  const server = createServer(({ url = "" }, response) => {
    const [, path] = /^\/demo(?:\/([^?]*))?(?:\?.*)?$/.exec(url) ?? [];
    if (circles && path === "") return response.writeHead(301, { Location: "/demo" }).end();
    const name = path || "index.html";
    try {
      if (!url.startsWith("/demo") || missing?.test(name)) throw new Error("missing");
      const bytes = readFileSync(join(folder, name));
      response.writeHead(200, { "Content-Type": types[extname(name)] ?? "application/octet-stream" }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/demo`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
