// What comes along with the package, and that no program of anybody runs when it is installed.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));

interface Locked {
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const { packages }: { packages: Readonly<Record<string, Locked>> } = read("package-lock.json");
const production = Object.entries(packages).filter(([path, { dev }]) => path !== "" && !dev);

test("the production tree is these eight packages, each with its checksum", () => {
  expect(production.map(([path]) => path.replace("node_modules/", "")).sort()).toEqual([
    "@assemblyscript/loader",
    "comlink",
    "commander",
    "env-paths",
    "fast-png",
    "fflate",
    "iobuffer",
    "is-safe-filename",
  ]);
  for (const [path, { integrity }] of production) expect(integrity, path).toMatch(/^sha512-/);
});

test("no package of the production tree has an install script, nor has this one", () => {
  expect(production.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)).toEqual([]);
  // npm notes such scripts: a tool of development has one.
  expect(packages["node_modules/esbuild"]?.hasInstallScript).toBe(true);
  const { scripts } = read("package.json");
  // "prepare" runs for a clone, and not for what is installed from a registry.
  for (const name of ["preinstall", "install", "postinstall"]) expect(scripts).not.toHaveProperty(name);
});

test("the lock file and package.json name the same direct dependencies, each by one version", () => {
  const { dependencies } = read("package.json");
  expect(packages[""]?.dependencies).toEqual(dependencies);
  for (const [name, version] of Object.entries(dependencies)) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
});
