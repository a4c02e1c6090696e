// docs/webgpu.md has a row for everything that is held to a tolerance, with the tolerance that the tests use.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Ops } from "../../src/backend/ops.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { isFactor, networkTitles, networkTolerances, opTolerances } from "../tolerances.ts";

interface Row {
  readonly name: string;
  readonly tolerance: number;
  readonly residual: number;
}

const section = /^## Accuracy\n(.*?)(?=^## |$(?![\s\S]))/ms.exec(
  readFileSync(new URL("../../docs/webgpu.md", import.meta.url), "utf8"),
)![1]!;

/** The rows of all tables of that section. */
const rows: readonly Row[] = section.split("\n").flatMap((line) => {
  const [, name, tolerance, residual] = line.match(/^\| (.+) \| (\d\S*) \| (\d\S*) \|$/) ?? [];
  return name === undefined ? [] : [{ name, tolerance: Number(tolerance), residual: Number(residual) }];
});

test("every op whose results are compared has a tolerance", () => {
  const compared = Object.keys(createReferenceBackend().ops).filter((op) => !isFactor(op as keyof Ops));
  expect(Object.keys(opTolerances).sort()).toEqual(compared.sort());
});

// While scripts/webgpu-accuracy.mjs measures, the tables may lack the row of a new op.
const measuring = process.env.RESIDUALS !== undefined;

test.skipIf(measuring)(
  "docs/webgpu.md has the tolerance of each op and of what is compared of networks, in order",
  () => {
    const titles: Readonly<Record<string, string>> = networkTitles;
    expect(rows.map(({ name, tolerance }) => [name, tolerance])).toEqual([
      ...Object.entries(opTolerances).map(([op, tolerance]) => [`\`${op}\``, tolerance]),
      ...Object.entries(networkTolerances).map(([name, tolerance]) => [titles[name], tolerance]),
    ]);
  },
);

test("what docs/webgpu.md says was measured is within the tolerance", () => {
  expect(rows.filter(({ tolerance, residual }) => !(residual <= tolerance))).toEqual([]);
});

test("no tolerance is wider than what is asked for: 1e-5 for ops, 2e-3 for meta-gradients", () => {
  expect(Math.max(...Object.values(opTolerances))).toBeLessThanOrEqual(1e-5);
  expect(networkTolerances.metaGradient).toBeLessThanOrEqual(2e-3);
});
