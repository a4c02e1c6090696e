import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recipes } from "../../src/recipes/recipes.ts";
import { version } from "../../src/version.gen.ts";
import { distillate, writeIdxFolder } from "./cli.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["rnu", "unknown command 'rnu' (did you mean run?)"],
  ["run --sed 3", "unknown option '--sed' (did you mean --seed?)"],
  ["run digit-random", "unknown recipe 'digit-random' (did you mean digits-random?)"],
  ["run butterflies", "unknown recipe 'butterflies' (`distillate recipes` lists them)"],
  ["run --lr 0", "digits-random with these options: method.learningRate expected number > 0 and <= 100, got 0"],
  ["run --batch 1e3", "option '--batch <n>' argument '1e3' is invalid. Expected a whole number of at least 1."],
  ["run --outer-steps 0", "option '--outer-steps <n>' argument '0' is invalid. Expected a whole number of at least 1."],
  ["run --seed -1", "option '--seed <n>' argument '-1' is invalid. Expected a whole number of at least 0."],
  [
    "evaluate a --threads 65",
    `option '--threads <n>' argument '65' is invalid. Expected a whole number from 1 to 64, or "auto".`,
  ],
  ["run --initial-noise -1", "option '--initial-noise <x>' argument '-1' is invalid. Expected a number from 0 to 100."],
  ["run --seed", "option '--seed <n>' argument missing"],
  ["evaluate", "missing required argument 'file'"],
  ["inspect a b", "too many arguments for 'inspect'. Expected 1 argument but got 2."],
])("distillate %s: one line, exit code 2", async (args, line) => {
  expect(await distillate(args.split(" "), { cwd: folder })).toEqual({
    code: 2,
    stdout: "",
    stderr: `distillate: ${line}\n`,
  });
});

test("data that cannot be used are one line and exit code 1, without a run folder", async () => {
  const missing = join(folder, "none");
  const cases = [
    [missing, `${missing}: no such file or folder`],
    [
      writeIdxFolder(join(folder, "large"), { size: 30 }),
      "large: LeNet expects images of 28×28 or 32×32, got 30×30 in 1 channel",
    ],
  ] as const;
  for (const [data, line] of cases) {
    expect(await distillate(["run", "--data", data], { cwd: folder })).toEqual({
      code: 1,
      stdout: "",
      stderr: `distillate: ${line}\n`,
    });
  }
  const taken = join(folder, "taken");
  writeFileSync(taken, "");
  const { code, stderr } = await distillate(["run", "--out", taken]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `distillate: cannot write ${taken}: is a file, expected a folder\n`,
  });
});

test("DISTILLATE_DEBUG adds where an error comes from", async () => {
  const { code, stderr } = await distillate(["inspect", join(folder, "none")], { env: { DISTILLATE_DEBUG: "1" } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^distillate: .*\n.*\n +at /);
});

test("help fits 80 columns and has an example for each command", async () => {
  for (const command of ["run", "evaluate", "baselines", "report", "inspect", "recipes", "verify"]) {
    const { code, stdout, stderr } = await distillate([command, "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`\n  $ distillate ${command}`);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  }
  const { code, stdout } = await distillate([]);
  expect(code).toBe(0);
  expect(stdout).toContain("Usage: distillate [options] [command]");
  expect(await distillate(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

test("recipes lists images, data, steps, time, memory and the paper's figures in 100 columns, and tells of one", async () => {
  const env = { XDG_CACHE_HOME: folder, DISTILLATE_CACHE: folder };
  const { code, stdout, stderr } = await distillate(["recipes"], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const row = (line: string) => line.trim().split(/ {2,}/);
  const lines = stdout.split("\n").map(row);
  expect(lines).toContainEqual([
    ...["digits-random", "100", "digits", "600"],
    ...[expect.stringMatching(/^\d+(\.\d)? (s|min|h|days)$/), expect.stringMatching(/^\d+ MiB$/), "79.5 ± 8.1"],
  ]);
  expect(stdout.split("\n").filter((line) => line.length > 100)).toEqual([]);

  expect(stdout).toMatch(/ mnist-fixed +10 +- mnist +23,600 /);
  const large = join(folder, "large.json");
  const cub = recipes.find(({ name }) => name === "cub-alexnet")!;
  writeFileSync(large, JSON.stringify({ ...cub, name: "large", method: { ...cub.method, memory: "store" } }));
  expect((await distillate(["recipes", large], { env })).stdout).toContain("GiB, more than the 4 GiB of WebAssembly\n");

  const one = await distillate(["recipes", "digits-fixed"], { env });
  expect(one.stdout).toMatch(/^digits-fixed\n {2}Images that [\s\S]* images +10\n[\s\S]* paper +93\.76 % on MNIST\n/);

  const json = JSON.parse((await distillate(["recipes", "--json"], { env })).stdout);
  expect(json.map(({ name }: { name: string }) => name)).toEqual(recipes.map(({ name }) => name));
  expect(json[0]).toMatchObject({
    images: 100,
    outerSteps: 600,
    seconds: expect.any(Number),
    paper: { accuracy: 79.5 },
  });
});
