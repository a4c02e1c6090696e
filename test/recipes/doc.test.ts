import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

test("docs/recipes.md is what scripts/recipes-doc.mjs writes", () => {
  const text = execFileSync(process.execPath, [file("scripts/recipes-doc.mjs"), "--print"], { encoding: "utf8" });
  expect(readFileSync(file("docs/recipes.md"), "utf8")).toBe(text);
});
