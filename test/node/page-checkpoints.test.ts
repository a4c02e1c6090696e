// Checkpoints of a page, in a stand-in for the origin private file system that fails or stops at its n-th call, for every n.
// Real browsers: test/browser/demo-reload.test.ts.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RunState } from "../../src/index.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/node/checkpoints.page.ts";

/** The files, and what happens to the calls: the n-th throws, or never ends, as in a page that is closed. */
const disk = { files: new Map<string, Uint8Array>(), calls: 0, aborts: 0, faulty: -1, fault: "throws" };
/** Errors of the next reads of a file's bytes, as of a file that is replaced meanwhile. */
let failingReads: string[] = [];

const call = async (): Promise<void> => {
  if (disk.calls++ !== disk.faulty) return;
  if (disk.fault === "throws") throw new DOMException("the disk is full", "QuotaExceededError");
  reached();
  await new Promise(() => {});
};
let reached = (): void => {};

const handleOf = (name: string) => ({
  async getFile() {
    await call();
    const file = new Blob([disk.files.get(name)! as Uint8Array<ArrayBuffer>]);
    const fails = failingReads.shift();
    if (fails) file.arrayBuffer = () => Promise.reject(new DOMException("it changed", fails));
    return file;
  },
  async createWritable() {
    await call();
    let content = new Uint8Array(0);
    return {
      async write(bytes: Uint8Array<ArrayBuffer>) {
        await call();
        content = bytes.slice();
      },
      async close() {
        await call();
        disk.files.set(name, content);
      },
      async abort() {
        disk.aborts++;
        // What is given up may be gone already.
        throw new DOMException("closed", "InvalidStateError");
      },
    };
  },
});

const folder = {
  async getFileHandle(name: string, { create = false } = {}) {
    await call();
    if (!disk.files.has(name)) {
      if (!create) throw new DOMException("no such file", "NotFoundError");
      disk.files.set(name, new Uint8Array(0));
    }
    return handleOf(name);
  },
};

const opfs = (getDirectory: unknown, prototype: object = { createWritable: 1 }): void => {
  vi.stubGlobal("navigator", { storage: { getDirectory } });
  vi.stubGlobal("FileSystemFileHandle", { prototype });
};

beforeEach(() => {
  Object.assign(disk, { files: new Map(), calls: 0, faulty: -1 });
  opfs(async () => folder);
});
afterEach(() => vi.unstubAllGlobals());

const last = "run.safetensors";
const stateOf = (step: number): RunState => ({
  version: "0.1.0",
  spec: { seed: 1 },
  step,
  tensors: new Map([["learned/images", new Float32Array(50).fill(step)]]),
});
const save = (step: number): Promise<void> => saveCheckpoint(last, stateOf(step), { at: step });
const damage = (name: string): void => {
  disk.files.set(
    name,
    disk.files.get(name)!.map((byte, i, { length }) => (i === length - 9 ? byte ^ 1 : byte)),
  );
};

test("the last two are kept, and the one before is loaded if the last is damaged", async () => {
  for (const step of [1, 2, 3]) await save(step);
  expect([...disk.files.keys()]).toEqual([last, "run.previous.safetensors"]);
  expect(await loadCheckpoint(last)).toEqual({ path: last, state: stateOf(3), note: { at: 3 } });
  damage(last);
  const { path, state, fault } = await loadCheckpoint(last);
  expect({ path, state }).toEqual({ path: "run.previous.safetensors", state: stateOf(2) });
  expect(fault).toMatchObject({
    name: "FormatError",
    message: expect.stringMatching(/^run\.safetensors: .* damaged$/),
  });
  // The next save does not keep the damaged file in the place of the whole one.
  await save(3);
  damage(last);
  expect((await loadCheckpoint(last)).state.step).toBe(2);
  damage("run.previous.safetensors");
  await expect(loadCheckpoint(last)).rejects.toMatchObject({ name: "FormatError" });
});

test("a file that another tab replaces while it is read is read again, but not for ever", async () => {
  for (const step of [1, 2]) await save(step);
  failingReads = ["NotReadableError", "AbortError", "AbortError"];
  expect((await loadCheckpoint(last)).state.step).toBe(2);
  failingReads = Array(4).fill("NotReadableError");
  await expect(loadCheckpoint(last)).rejects.toThrow("it changed");
  failingReads = ["SecurityError"];
  await expect(loadCheckpoint(last)).rejects.toMatchObject({ name: "SecurityError" });
  expect(failingReads).toEqual([]);
});

test.each(["throws", "never ends"])(
  "a call that %s, whichever it is, leaves the old checkpoint or the new one",
  async (fault) => {
    let tried = 0;
    for (let first = 0; first < 3; first++) {
      for (let faulty = 0; ; faulty++) {
        Object.assign(disk, { files: new Map(), faulty: -1, fault });
        for (let step = 1; step <= first; step++) await save(step);
        Object.assign(disk, { calls: 0, faulty });
        const stopped = new Promise<string>((resolve) => {
          reached = () => resolve("stopped");
        });
        const saving = save(first + 1).then(
          () => "saved",
          (error: Error) => error.name,
        );
        const outcome = await Promise.race([saving, stopped]);
        disk.faulty = -1;
        const found = await loadCheckpoint(last).then(
          ({ state }) => state.step,
          (error: Error) => error.name,
        );
        if (outcome === "saved") {
          expect(found).toBe(first + 1);
          break;
        }
        expect(outcome).toBe(fault === "throws" ? "QuotaExceededError" : "stopped");
        expect(found).toBe(first === 0 ? "NotFoundError" : first);
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(20);
  },
);

test("a checkpoint without a note has an empty one, and the names of calls are checked before anything is touched", async () => {
  await saveCheckpoint(last, stateOf(1));
  expect(await loadCheckpoint(last)).toEqual({ path: last, state: stateOf(1), note: {} });
  disk.calls = 0;
  const refusals = [
    ["a/b", new RangeError('"path" expected the name of a file, without folders, got "a/b"')],
    ["a\\b", new RangeError('"path" expected the name of a file, without folders, got "a\\\\b"')],
    [7, new TypeError('"path" expected a string, got 7')],
  ] as const;
  for (const [path, error] of refusals) {
    await expect(saveCheckpoint(path as string, stateOf(1))).rejects.toThrow(error);
    await expect(loadCheckpoint(path as string)).rejects.toThrow(error);
  }
  await expect(saveCheckpoint(last, {} as RunState)).rejects.toThrow(TypeError);
  expect(disk.calls).toBe(0);
});

test("an empty file, which a first save leaves that was cut short, counts as none", async () => {
  disk.files.set(last, new Uint8Array(0));
  await expect(loadCheckpoint(last)).rejects.toMatchObject({
    name: "NotFoundError",
    message: "run.safetensors is empty",
  });
  await save(1);
  expect([...disk.files.keys()]).toEqual([last]);
});

test("a save that fails gives up its stream, so that the file is not locked, and throws what failed", async () => {
  await save(1);
  disk.aborts = 0;
  // The calls of a second save that writes: handle, stream, write of the earlier file.
  Object.assign(disk, { calls: 0, faulty: 4, fault: "throws" });
  await expect(save(2)).rejects.toMatchObject({ name: "QuotaExceededError", message: "the disk is full" });
  expect(disk.aborts).toBe(1);
});

test("a failed read, other than of a missing or damaged file, is thrown, and the file before is not written over", async () => {
  await save(1);
  await save(2);
  const before = disk.files.get("run.previous.safetensors");
  Object.assign(disk, { calls: 0, faulty: 0, fault: "throws" });
  await expect(save(3)).rejects.toMatchObject({ name: "QuotaExceededError" });
  expect(disk.files.get("run.previous.safetensors")).toBe(before);
  Object.assign(disk, { calls: 0, faulty: 1 });
  await expect(loadCheckpoint(last)).rejects.toMatchObject({ name: "QuotaExceededError" });
});

test("a page that can keep no files gets an UnsupportedError that says why, and a name with folders is refused", async () => {
  await expect(save(1).then(() => saveCheckpoint("a/b", stateOf(1)))).rejects.toThrow(
    '"path" expected the name of a file, without folders, got "a/b"',
  );
  const refused = (message: RegExp) =>
    Promise.all(
      [save(1), loadCheckpoint(last)].map((made) =>
        expect(made).rejects.toMatchObject({ name: "UnsupportedError", message: expect.stringMatching(message) }),
      ),
    );
  opfs(undefined);
  await refused(/serve it over https or from localhost/);
  vi.stubGlobal("navigator", {});
  await refused(/serve it over https or from localhost/);
  vi.stubGlobal("navigator", undefined);
  await refused(/serve it over https or from localhost/);
  opfs(async () => folder, {});
  await refused(/use Chrome 86, Firefox 111, Safari 26 or newer/);
  opfs(() => {
    throw new DOMException("The operation is insecure.", "SecurityError");
  });
  await refused(/as in private windows: The operation is insecure\.$/);
  await expect(save(1)).rejects.toHaveProperty("cause", expect.objectContaining({ name: "SecurityError" }));
});
