// The package without bullmq and ioredis: every entry can be imported and bundled, and a cluster says what it lacks.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "distillate-entry-"));
const modules = join(folder, "node_modules");

// As npm installs it: the files of the package, and what it depends on.
for (const path of ["package.json", "dist", "assets"])
  cpSync(join(root, path), join(modules, "distillate", path), { recursive: true });
const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
for (const [path, { dev, optional, peer }] of Object.entries<Record<string, boolean>>(packages)) {
  if (path !== "" && !dev && !optional && !peer) cpSync(join(root, path), join(folder, path), { recursive: true });
}
writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
afterAll(() => rmSync(folder, { recursive: true }));

const entries = Object.entries<Record<string, string>>(manifest.exports)
  .filter(([, conditions]) => conditions.node !== undefined)
  .map(([entry]) => entry.replace(".", "distillate"));

function run(program: string): string {
  return execFileSync(process.execPath, ["--input-type=module", "-e", program], { cwd: folder, encoding: "utf8" });
}

test("every entry for Node can be imported", () => {
  expect(entries).toContain("distillate/cluster");
  const program = entries.map((entry) => `await import(${JSON.stringify(entry)});`).join("\n");
  expect(run(`${program}\nconsole.log("imported");`)).toBe("imported\n");
});

test("a cluster says which packages it lacks, and how to install them", () => {
  const program = `
    import { serveCluster } from "distillate/cluster";
    await serveCluster("redis://127.0.0.1:1").catch(({ name, message }) => console.log(name + ": " + message));`;
  expect(run(program)).toContain(
    "UnsupportedError: a cluster needs the packages bullmq and ioredis (npm install bullmq ioredis)",
  );
});

test("a bundler for Node bundles every entry, and tells of missing packages at most by warnings", async () => {
  const contents = entries.map((entry, i) => `export * as e${i} from ${JSON.stringify(entry)};`).join("\n");
  const { errors } = await build({
    stdin: { contents, resolveDir: folder },
    ...{ bundle: true, write: false, platform: "node", format: "esm", logLevel: "silent" },
  });
  expect(errors).toEqual([]);
});
