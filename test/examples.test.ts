// The programs in examples/ do what they say, on a small scale.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { decode, encode } from "fast-png";
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

test("03 distils a folder of class folders", async () => {
  const folder = await mkdtemp(join(tmpdir(), "distillate-example-"));
  // Two classes that anybody can tell apart: bright above, bright below.
  for (const [name, bright] of [
    ["above", 0],
    ["below", 1],
  ] as const) {
    await mkdir(join(folder, "pictures", name), { recursive: true });
    for (let i = 0; i < 10; i++) {
      const data = Uint8Array.from({ length: 40 * 40 }, (_, p) =>
        Math.floor(p / 800) === bright ? 200 + 5 * i : 5 * i,
      );
      const png = encode({ width: 40, height: 40, channels: 1, depth: 8, data });
      await writeFile(join(folder, "pictures", name, `${i}.png`), png);
    }
  }
  const picture = join(folder, "own.png");
  const printed = await example("03-own-images.mjs", join(folder, "pictures"), "40", picture);
  expect(printed).toContain("16 pictures to learn from, 4 to test on: above, below\n");
  expect(printed).toContain("2 synthetic pictures teach their network 100.0 % of the test pictures\n");
  expect(decode(await readFile(picture))).toMatchObject({ channels: 1 });
});

test("04 multiplies the Hessian with a vector as differences of gradients do", async () => {
  const lines = (await example("04-own-network.mjs")).trim().split("\n");
  expect(lines).toHaveLength(4);
  for (const line of lines) {
    const [product, difference] = [...line.matchAll(/-?\d+\.\d{4}/g)].map(Number);
    // Float32 gradients, 1e-3 apart: their difference has about four digits.
    expect(Math.abs(product! - difference!)).toBeLessThan(2e-3);
    expect(Math.abs(product!)).toBeGreaterThan(0);
  }
});

test("05 brings the gradient of synthetic images nearer to that of real ones", async () => {
  const shares = [...(await example("05-own-algorithm.mjs", "25")).matchAll(/is (\d\.\d{3}) of/g)].map(([, n]) =>
    Number(n),
  );
  expect(shares).toHaveLength(2);
  expect(shares[1]).toBeLessThan(0.6 * shares[0]!);
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

test("07 runs a method of its own on workers and in place, with the same bits", async () => {
  const printed = await example("07-own-method.mjs", "3");
  expect(printed).toMatch(
    /^\d+\.\d % of the test digits are read after training on ten images\nin place the same bits: true\n$/,
  );
});
