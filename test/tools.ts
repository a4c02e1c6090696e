// What some tests need beside Node and what npm installs: looked for once before the first test, and what is missing is said
// once, with the reason for which its tests are then skipped.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import type { TestProject } from "vitest/node";

/** Each with the environment variable that says where it is, and where it is looked for otherwise. */
const candidates = {
  chromium: [process.env.CHROMIUM ?? "/usr/bin/chromium"],
  firefox: [process.env.FIREFOX ?? "/usr/bin/firefox-esr"],
  numpy: pythons(),
  pillow: pythons(),
  torch: pythons(),
} as const;

const pythonModules: Readonly<Record<string, string>> = { numpy: "numpy", pillow: "PIL", torch: "torch" };

export type ToolName = keyof typeof candidates;

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

function find(name: ToolName): Tool {
  const module = pythonModules[name];
  if (module === undefined) {
    const path = candidates[name].find((file) => existsSync(file));
    return path ? { path } : { missing: `there is no ${candidates[name]} (set ${name.toUpperCase()})` };
  }
  const program = `import importlib.util, sys; sys.exit(importlib.util.find_spec("${module}") is None)`;
  const path = candidates[name].find((python) => spawnSync(python, ["-c", program]).status === 0);
  return path ? { path } : { missing: `no python3 with ${module} was found (set PYTHON)` };
}

/** Vitest calls this before the first test of a run. */
export default function setup(project: TestProject): void {
  const names = Object.keys(candidates) as ToolName[];
  const tools = Object.fromEntries(names.map((name) => [name, find(name)])) as Record<ToolName, Tool>;
  for (const [name, { missing }] of Object.entries(tools)) {
    if (missing) console.log(`tests with ${name} are skipped: ${missing}`);
  }
  project.provide("tools", tools);
}
