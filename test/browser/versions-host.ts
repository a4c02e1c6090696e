// A host of a page that has one version after the other at the same address, and tells browsers to keep what they have.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

export interface VersionsHost {
  readonly url: string;
  /** What the page's title and the headers that its service worker adds say from now on. */
  version: string;
  /** Whether it sends the headers that isolate a page. */
  isolates: boolean;
  /** Whether it answers. */
  online: boolean;
  close(): Promise<unknown>;
}

export async function openVersionsHost(folder: string): Promise<VersionsHost> {
  const server = createServer(({ url = "" }, response) => {
    if (!host.online) return response.destroy();
    const name = new URL(url, host.url).pathname.slice(1) || "index.html";
    if (name === "elsewhere") return response.writeHead(200, { "Content-Type": "text/html" }).end("<p>elsewhere");
    try {
      const bytes = readFileSync(join(folder, name));
      const text = bytes.toString();
      const changed: Readonly<Record<string, string>> = {
        "index.html": text.replace(/<title>.*<\/title>/, `<title>${host.version}</title>`),
        "isolate.js": text.replace('headers.set("Cross', `headers.set("Version", "${host.version}");$&`),
      };
      response.writeHead(200, {
        "Content-Type": types[extname(name)] ?? "application/octet-stream",
        "Cache-Control": "max-age=3600",
        ...(host.isolates && {
          "Cross-Origin-Opener-Policy": "same-origin",
          "Cross-Origin-Embedder-Policy": "require-corp",
        }),
      });
      response.end(changed[name] ?? bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host: VersionsHost = {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    version: "first",
    isolates: false,
    online: true,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
  return host;
}
