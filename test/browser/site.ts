// A folder to serve: the test page, and beside it the library as `npm run build` built it for pages.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "../../scripts/serve.mjs";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The headers with which a site is served. */
export interface Headers {
  readonly isolated?: boolean;
  readonly policy?: string;
}

export interface Site {
  /** Serves the folder with these headers and returns the URL. The same headers share one server. */
  url(headers?: Headers): Promise<string>;
  close(): Promise<void>;
}

/** Makes the test page, to be closed after use. `furnish` may put more into the folder. */
export async function openSite(furnish?: (folder: string) => Promise<void>): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), "distillate-site-"));
  await cp(at("page"), folder, { recursive: true });
  await cp(at("../../dist/page"), join(folder, "distillate"), { recursive: true });
  await furnish?.(folder);
  const servers = new Map<string, ReturnType<typeof serve>>();
  return {
    async url(headers = {}) {
      const key = JSON.stringify(headers);
      const server = servers.get(key) ?? serve({ folder, ...headers });
      servers.set(key, server);
      return (await server).url;
    },
    async close() {
      for (const server of servers.values()) await (await server).close();
      await rm(folder, { recursive: true });
    },
  };
}
