// A program that is killed while it moves an older run to previous/ loses nothing of that run, which can go on.
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type * as promises from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { loadResumed, offerToGoOn } from "../../src/cli/input/resume.ts";
import { moveOlderRun } from "../../src/cli/output/older-run.ts";
import { distillate, writeIdxFolder } from "./cli.ts";

/** The calls of the file system that may still happen, of those that change something. */
let left = Number.POSITIVE_INFINITY;

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof promises>();
  const counted = <F extends (...args: never[]) => unknown>(call: F): F =>
    ((...args: never[]) => {
      if (left-- <= 0) throw new Error("killed");
      return call(...args);
    }) as F;
  return { ...real, rename: counted(real.rename), mkdir: counted(real.mkdir), rm: counted(real.rm) };
});

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "distillate-killed-move-"));
  const data = writeIdxFolder(join(folder, "painted"), { size: 12 });
  const args = ["run", "--data", data, "--size", "28", "--steps", "1", "--batch", "40", "--threads", "1"];
  const run = (seed: string) =>
    distillate([...args, "--evaluate", "0", "--outer-steps", "1", "--seed", seed, "--out", join(folder, "run")]);
  expect(await run("1")).toMatchObject({ code: 0 });
  expect(await run("2")).toMatchObject({ code: 0 });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** The files of a folder with their content, by name. */
function contents(path: string): Record<string, string> {
  const names = readdirSync(path).filter((name) => !name.startsWith(".distillate") && name !== "previous");
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(path, name), "base64")]));
}

/** Moves the run in a copy until the program is killed after `calls` calls. Returns the copy, and whether the move was ended. */
async function killedAfter(calls: number, { older }: { older: boolean }): Promise<{ out: string; ended: boolean }> {
  const out = join(folder, `killed-${calls}-${older}`);
  rmSync(out, { recursive: true, force: true });
  cpSync(join(folder, "run"), out, { recursive: true });
  if (!older) rmSync(join(out, "previous"), { recursive: true });
  left = calls;
  try {
    await moveOlderRun(out);
    return { out, ended: true };
  } catch {
    return { out, ended: false };
  } finally {
    left = Number.POSITIVE_INFINITY;
  }
}

test.each([true, false])("after any number of calls the run goes on (a run in previous/: %s)", async (older) => {
  const whole = contents(join(folder, "run"));
  expect(Object.keys(whole)).toContain("checkpoint.safetensors");
  for (let calls = 0; ; calls++) {
    const { out, ended } = await killedAfter(calls, { older });
    if (ended) {
      expect(calls).toBeGreaterThan(Object.keys(whole).length);
      break;
    }
    expect((await loadResumed(out)).recipe.seed, `${calls} calls`).toBe(2);
    expect(contents(out), `${calls} calls`).toEqual(whole);
  }
});

test("the same command offers to go on with all of it", async () => {
  const { out } = await killedAfter(4, { older: true });
  expect(existsSync(join(out, ".previous.tmp"))).toBe(true);
  const terminal = () => Object.assign(new PassThrough(), { isTTY: true });
  const [input, output] = [terminal(), terminal()];
  input.write("\n");
  const { recipe } = await loadResumed(join(folder, "run"));
  // The run was finished; a longer one would go on.
  expect(await offerToGoOn(out, recipe, { input, output })).toBeUndefined();
  expect(contents(out)).toEqual(contents(join(folder, "run")));
});

test("--resume of previous/ ends the move if no run is there, and asks which one is meant if one is", async () => {
  const whole = contents(join(folder, "run"));
  const { out } = await killedAfter(4, { older: false });
  const previous = join(out, "previous");
  expect((await loadResumed(previous)).recipe.seed).toBe(2);
  expect(contents(previous)).toEqual(whole);
  expect(contents(out)).toEqual({});

  const both = await killedAfter(4, { older: true });
  const asked = join(both.out, "previous");
  await expect(loadResumed(asked)).rejects.toThrow(`--resume ${both.out} goes on with that run`);
  expect(contents(both.out)).toEqual(whole);
  expect((await loadResumed(asked)).recipe.seed).toBe(1);
});
