// Checkpoints on a disk: the last two are kept, and the last one that is whole is found. A disk that fails: faults.test.ts.
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunState } from "../../src/distill/run-state.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/node/checkpoints.ts";

let folder: string;
let last: string;
let before: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "distillate-checkpoints-"));
  [last, before] = [join(folder, "run.safetensors"), join(folder, "run.previous.safetensors")];
});
afterEach(() => rm(folder, { recursive: true }));

const stateOf = (step: number): RunState => ({
  version: "0.1.0",
  spec: { seed: 1 },
  step,
  tensors: new Map([["learned/images", Float32Array.of(step)]]),
});

test("the last two are kept, with their notes", async () => {
  await saveCheckpoint(last, stateOf(1));
  expect(await loadCheckpoint(last)).toEqual({ path: last, state: stateOf(1), note: {} });
  for (const step of [2, 3]) await saveCheckpoint(last, stateOf(step), { at: step });
  expect((await readdir(folder)).sort()).toEqual(["run.previous.safetensors", "run.safetensors"]);
  expect(await loadCheckpoint(last)).toEqual({ path: last, state: stateOf(3), note: { at: 3 } });
  expect(await loadCheckpoint(before)).toEqual({ path: before, state: stateOf(2), note: { at: 2 } });
});

test("the one before is found where the last is damaged or gone, with the reason", async () => {
  for (const step of [1, 2]) await saveCheckpoint(last, stateOf(step));
  await writeFile(last, "damaged");
  const damaged = await loadCheckpoint(last);
  expect([damaged.path, damaged.state.step, damaged.fault?.name]).toEqual([before, 1, "FormatError"]);
  await rm(last);
  const gone = await loadCheckpoint(last);
  expect([gone.state.step, gone.fault]).toEqual([1, expect.objectContaining({ code: "ENOENT" })]);
  await rm(before);
  await expect(loadCheckpoint(last)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a folder in the place of the last one counts as damage", async () => {
  for (const step of [1, 2]) await saveCheckpoint(last, stateOf(step));
  await rm(last);
  await mkdir(last);
  const { state, fault } = await loadCheckpoint(last);
  expect([state.step, fault?.message]).toEqual([1, `${last}: expected a regular file, got a folder`]);
});

test.skipIf(process.platform === "win32")(
  "a last one that the system cannot open is an error, and not missing",
  async () => {
    for (const step of [1, 2]) await saveCheckpoint(last, stateOf(step));
    await rm(last);
    await symlink(last, last);
    await expect(loadCheckpoint(last)).rejects.toMatchObject({ code: "ELOOP" });
  },
);

test("a path that is no text and what is no state are refused by their names", async () => {
  const error = new TypeError('"path" expected a string, got 7');
  await expect(saveCheckpoint(7 as never, stateOf(1))).rejects.toThrow(error);
  await expect(loadCheckpoint(7 as never)).rejects.toThrow(error);
  await expect(saveCheckpoint(last, {} as RunState)).rejects.toThrow(
    '"state.version" expected a string, got undefined',
  );
  expect(await readdir(folder)).toEqual([]);
});
