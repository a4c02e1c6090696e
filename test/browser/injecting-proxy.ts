// A host that hands over another one's files, with a script in each page: what runs before the page's own scripts, where the
// browser itself offers no way for that, and what reports the page's console.
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** Something that a page said. */
export interface Message {
  readonly kind: "error" | "warn" | "info" | "log" | "debug";
  readonly text: string;
}

export interface InjectingProxy {
  /** What the pages said so far on their consoles, and their uncaught errors. */
  readonly said: readonly Message[];
  /** The address here of an address there. */
  urlOf(url: string): string;
  close(): Promise<unknown>;
}

/** Where pages report. */
const AT = "/said-on-the-console";

/** Serves what the host of `url` serves. */
export async function openInjectingProxy(url: string, before = ""): Promise<InjectingProxy> {
  const { hostname, port, origin } = new URL(url);
  const said: Message[] = [];
  // Each is a script of its own, so that a fault in one does not end the others.
  const scripts = [report, before].filter(Boolean).map((script) => `<script>${script}</script>`);
  const server = createServer((incoming, outgoing) => {
    if (incoming.url === AT) {
      const parts: Buffer[] = [];
      incoming.on("data", (part) => parts.push(part));
      incoming.on("end", () => {
        said.push(JSON.parse(Buffer.concat(parts).toString()) as Message);
        outgoing.writeHead(204).end();
      });
      return;
    }
    // What is compressed could not be changed.
    const headers = { ...incoming.headers, host: `${hostname}:${port}`, "accept-encoding": "identity" };
    const options = { hostname: "127.0.0.1", port, method: incoming.method, path: incoming.url, headers };
    const onward = request(options, (answer) => {
      const { "content-length": _, ...rest } = answer.headers;
      if (!/text\/html/.test(answer.headers["content-type"] ?? "")) {
        outgoing.writeHead(answer.statusCode!, answer.headers);
        return answer.pipe(outgoing);
      }
      const parts: Buffer[] = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => {
        const html = Buffer.concat(parts).toString();
        outgoing.writeHead(answer.statusCode!, rest).end(html.replace("<head>", () => `<head>${scripts.join("")}`));
      });
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const here = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    said,
    urlOf: (there) => there.replace(origin, here),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The script that reports. It waits until a report has come, so that nothing is missing when a test looks. */
const report = `(() => {
  const tell = (kind, text) => {
    const request = new XMLHttpRequest();
    request.open("POST", "${AT}", false);
    request.send(JSON.stringify({ kind, text }));
  };
  for (const kind of ["error", "warn", "info", "log", "debug"]) {
    const own = console[kind];
    console[kind] = (...values) => {
      own.apply(console, values);
      tell(kind, values.map(String).join(" "));
    };
  }
  addEventListener("error", ({ target, message }) => {
    tell("error", target === window ? message : "could not load " + (target.src || target.href));
  }, true);
  addEventListener("unhandledrejection", ({ reason }) => tell("error", "unhandled rejection: " + reason));
})()`;
