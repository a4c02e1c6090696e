// Before the first test: dist/ is built where its sources have changed, because tests of the command line, of workers and of
// pages run it; and what some tests need beside Node and what npm installs is looked for. What is missing is said once, with the
// reason for which its tests are then skipped.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { ensureBuilt } from "../scripts/fresh.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
/** Where .ci/engines puts what it fetches. */
const engines = process.env.ENGINES ?? join(root, "build/engines");

/** Each with the environment variable that says where it is, and where it is looked for otherwise. */
const candidates = {
  chromium: [process.env.CHROMIUM ?? "/usr/bin/chromium"],
  firefox: [process.env.FIREFOX ?? "/usr/bin/firefox-esr"],
  numpy: pythons(),
  pillow: pythons(),
  torch: pythons(),
  node22: engine("node22", "bin/node"),
  node24: engine("node24", "bin/node"),
  node26: engine("node26", "bin/node"),
  bun: engine("bun", "bin/bun"),
  deno: engine("deno", "deno"),
  webkit: [process.env.WEBKIT ?? onPath("WebKitWebDriver")],
  webgpu: engine("webgpu", "index.js"),
  lavapipe: [process.env.LAVAPIPE ?? join(engines, "lavapipe/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")],
  redis: [process.env.REDIS ?? onPath("redis-server")],
  valkey: [process.env.VALKEY ?? join(engines, "valkey/usr/bin/valkey-server"), onPath("valkey-server")],
  xvfb: [process.env.XVFB ?? onPath("Xvfb")],
  namespaces: [process.env.NAMESPACES ?? onPath("ip")],
} as const;

const pythonModules: Readonly<Record<string, string>> = { numpy: "numpy", pillow: "PIL", torch: "torch" };

export type ToolName = keyof typeof candidates;

export const toolNames = Object.keys(candidates) as ToolName[];

/** Where a tool is, or why tests that need it are skipped. */
export type Tool =
  | { readonly path: string; readonly missing?: undefined }
  | { readonly path?: undefined; readonly missing: string };

declare module "vitest" {
  interface ProvidedContext {
    tools: Readonly<Record<ToolName, Tool>>;
  }
}

function pythons(): string[] {
  return process.env.PYTHON === undefined ? ["python3", "/usr/bin/python3"] : [process.env.PYTHON];
}

/** Where a program of that name is, by the PATH; else the name. */
function onPath(name: string): string {
  const paths = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name));
  return paths.find((path) => existsSync(path)) ?? name;
}

/** Where .ci/engines puts an engine, and where it is if it was installed otherwise. */
function engine(name: string, file: string): string[] {
  const given = process.env[name.toUpperCase()];
  if (given !== undefined) return [given];
  return [join(engines, "node_modules", name, file), onPath(name)];
}

function find(name: ToolName): Tool {
  const module = pythonModules[name];
  if (module === undefined) {
    const path = candidates[name].find((file) => existsSync(file));
    const places = candidates[name].join(" and no ");
    if (!path) return { missing: `there is no ${places} (set ${name.toUpperCase()})` };
    return name === "namespaces" && !makesNamespaces(path)
      ? { missing: `${path} may not make network namespaces, which only root may` }
      : { path };
  }
  const program = `import importlib.util, sys; sys.exit(importlib.util.find_spec("${module}") is None)`;
  const path = candidates[name].find((python) => spawnSync(python, ["-c", program]).status === 0);
  return path ? { path } : { missing: `no python3 with ${module} was found (set PYTHON)` };
}

/** Tells whether hosts of a network can be made of this one. */
function makesNamespaces(ip: string): boolean {
  const name = `distillate-probe-${process.pid}`;
  return (
    spawnSync(ip, ["netns", "add", name]).status === 0 &&
    spawnSync(ip, ["netns", "exec", name, "true"]).status === 0 &&
    spawnSync(ip, ["netns", "del", name]).status === 0
  );
}

/** Vitest calls this before the first test of a run. */
export default function setup(project: TestProject): void {
  ensureBuilt(root);
  project.onTestsRerun(async () => ensureBuilt(root));
  const tools = Object.fromEntries(toolNames.map((name) => [name, find(name)])) as Record<ToolName, Tool>;
  for (const [name, { missing }] of Object.entries(tools)) {
    if (missing) console.log(`tests with ${name} are skipped: ${missing}`);
  }
  project.provide("tools", tools);
}
