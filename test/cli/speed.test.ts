// The speed of the machine, by which `distillate recipes` says how long a run takes.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { machineSpeed, secondsOf } from "../../src/cli/output/speed.ts";
import { alexCifarNet, convNet, lenet, mlp } from "../../src/index.ts";

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-speed-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
  file = join(folder, "distillate", "speed.json");
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const read = () => JSON.parse(readFileSync(file, "utf8"));

test("small networks take the speed of small ones, those that fill the kernels the other", () => {
  const speed = { small: 1e9, large: 4e9 };
  for (const model of [lenet(), mlp({ input: [1, 28, 28], classes: 10, hidden: [100] })])
    expect(secondsOf({ flops: 8e9, model }, speed)).toBe(8);
  for (const model of [alexCifarNet(), convNet({ input: [3, 32, 32], classes: 10 })]) {
    expect(secondsOf({ flops: 8e9, model }, speed)).toBe(2);
  }
});

test("it is measured once and remembered for a day, for this machine and version only", async () => {
  mkdirSync(join(folder, "distillate"));
  writeFileSync(file, "not JSON");
  const measured = await machineSpeed();
  for (const value of Object.values(measured)) expect(value).toBeGreaterThan(1e6);
  expect(read()).toEqual({ machine: expect.stringContaining("threads"), ...measured });

  const known = { ...read(), small: 123, large: 456 };
  writeFileSync(file, JSON.stringify(known));
  expect(await machineSpeed()).toEqual({ small: 123, large: 456 });

  for (const spoil of [
    () => utimesSync(file, new Date(), new Date(Date.now() - 25 * 3_600_000)),
    () => writeFileSync(file, JSON.stringify({ ...known, machine: "another" })),
  ]) {
    writeFileSync(file, JSON.stringify(known));
    spoil();
    const speed = await machineSpeed();
    expect(speed.small).toBeGreaterThan(1e6);
    expect(read()).toMatchObject(speed);
  }
});

test("a cache that cannot be written keeps nobody from measuring", async () => {
  rmSync(join(folder, "distillate"), { recursive: true });
  writeFileSync(join(folder, "distillate"), "a file where the folder would be");
  expect((await machineSpeed()).small).toBeGreaterThan(1e6);
  expect(readdirSync(folder)).toEqual(["distillate"]);
});
