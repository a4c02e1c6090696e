// The package as npm packs it, by the eyes of Are The Types Wrong. What programs of users see of its types without packing is in
// test/types.test.ts.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("the types resolve from ES modules and bundlers", () => {
  // --pack deletes the tarball it makes: nothing is left behind.
  const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
  const options = [
    "--pack",
    root,
    "--profile",
    "esm-only",
    "--exclude-entrypoints",
    "./kernels.wasm",
    "./rare-kernels.wasm",
    "--format",
    "json",
  ];
  const env = { ...process.env, npm_config_ignore_scripts: "true" };
  const output = execFileSync(process.execPath, [attw, ...options], { env, encoding: "utf8" });
  const { analysis } = JSON.parse(output);
  expect(analysis.types).not.toBe(false);
  // There is nothing for require() or for TypeScript from before exports.
  const modern = analysis.problems.filter((problem: { resolutionKind?: string }) => {
    return problem.resolutionKind !== "node10" && problem.resolutionKind !== "node16-cjs";
  });
  expect(modern).toEqual([]);
});
