// The demo, built into a folder of its own, because other tests build it at the same time, and served with its headers.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, preview } from "vite";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A demo that is served. */
export interface DemoSite {
  readonly url: string;
  /** The folder that is served. */
  readonly folder: string;
  close(): Promise<void>;
}

/** Builds the demo into `build/<name>` and serves it. `close` deletes that folder. */
export async function openDemoSite(name: string): Promise<DemoSite> {
  const configFile = join(root, "examples/browser/vite.config.ts");
  const outDir = join(root, "build", name);
  await build({ configFile, logLevel: "error", build: { outDir } });
  const options = { port: 0, host: "127.0.0.1" };
  const server = await preview({ configFile, build: { outDir }, preview: options, logLevel: "silent" });
  return {
    url: `http://localhost:${(server.httpServer.address() as { port: number }).port}/`,
    folder: outDir,
    async close() {
      await server.close();
      await rm(outDir, { recursive: true, force: true });
    },
  };
}
