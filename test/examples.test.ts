// The programs in examples/ do what they say, on a small scale.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** What an example prints. It imports the built package by its name, as a user does. */
async function example(name: string, ...args: readonly string[]): Promise<string> {
  const file = fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args]);
  return stdout;
}

test("01 distils digits and saves them; 02 trains a network from the file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "distillate-example-"));
  const distilled = await example("01-distil-digits.mjs", "3", folder);
  expect(distilled).toMatch(/outer step 3 of 3: loss \d\.\d{3}\n\d+\.\d ± \d+\.\d % over 5 networks\n/);
  expect(await readdir(folder)).toEqual(["digits.png", "digits.safetensors"]);
  const read = await example("02-train-from-a-file.mjs", join(folder, "digits.safetensors"));
  expect(read).toMatch(/^trained on 100 images in \d+ ms\ndigits {4}(\d ){9}\d\nread as {3}(\d ){9}\d\n$/);
});

test("06 reaches the optimum of least squares with as many points as features, and draws that", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "distillate-example-")), "linear-case.svg");
  const said = await example("06-linear-case.mjs", file);
  expect(said).toMatch(/^2 of 2 points: one step ends at most 0\.00000\d from the optimum\n/);
  expect(Number(/1 of 2 points: one step ends at most (\S+) /.exec(said)?.[1])).toBeGreaterThan(1);
  const drawing = await readFile(file, "utf8");
  expect(drawing).toMatch(/^<svg .*<\/svg>\n$/s);
  expect(drawing.match(/<polyline /g)).toHaveLength(10);
});

test("03 multiplies the Hessian with a vector as differences of gradients do", async () => {
  const lines = (await example("03-hessian-vector-product.mjs")).trim().split("\n");
  expect(lines).toHaveLength(4);
  for (const line of lines) {
    const [product, difference] = [...line.matchAll(/-?\d+\.\d{4}/g)].map(Number);
    // Float32 gradients, 1e-3 apart: their difference has about four digits.
    expect(Math.abs(product! - difference!)).toBeLessThan(2e-3);
    expect(Math.abs(product!)).toBeGreaterThan(0);
  }
});
