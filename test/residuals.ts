// The largest residual of each thing that tests compare with the float64 reference, for the table of docs/webgpu.md: where the
// variable RESIDUALS names a file, each test file adds a line of JSON to it. scripts/webgpu-accuracy.mjs reads that.
import { appendFileSync } from "node:fs";
import { afterAll } from "vitest";

const file = process.env.RESIDUALS;
const worst = new Map<string, number>();

/** Remembers a residual of what `name` stands for: an op, or a row of `networkTolerances`. */
export function noteResidual(name: string, residual: number): void {
  worst.set(name, Math.max(residual, worst.get(name) ?? 0));
}

if (file !== undefined) {
  afterAll(() => appendFileSync(file, `${JSON.stringify(Object.fromEntries(worst))}\n`));
}
