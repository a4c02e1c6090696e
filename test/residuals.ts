// The largest residual of each thing that tests compare with the float64 reference, for the table of docs/webgpu.md: where the
// variable RESIDUALS names a file, each test file adds a line of JSON to it. scripts/webgpu-accuracy.mjs reads that.
import { appendFileSync } from "node:fs";
import { afterAll } from "vitest";
import type { Ops } from "../src/backend/ops.ts";
import type { networkTolerances } from "./tolerances.ts";

const file = process.env.RESIDUALS;
const worst = new Map<string, number>();

/** Remembers a residual of an op, or of something in `networkTolerances`. */
export function noteResidual(name: keyof Ops | keyof typeof networkTolerances, residual: number): void {
  worst.set(name, Math.max(residual, worst.get(name) ?? 0));
}

if (file !== undefined) {
  afterAll(() => appendFileSync(file, `${JSON.stringify(Object.fromEntries(worst))}\n`));
}
