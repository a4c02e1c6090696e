// Checkpoints on a disk that fails, or loses its power, at the n-th call of the file system, for every n.
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { RunState } from "../../src/index.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/node.ts";

/** A call that changes the disk, in words of the power-cut model. */
type Change =
  | { readonly op: "create" | "sync" | "delete"; readonly file: string }
  | { readonly op: "write"; readonly file: string; readonly bytes: Uint8Array }
  | { readonly op: "rename"; readonly file: string; readonly to: string }
  | { readonly op: "sync folder" };

/** What happens to the calls: counted, recorded, and the n-th of them fails. */
const disk = vi.hoisted(() => ({
  calls: 0,
  failing: -1,
  fault: "EIO",
  recorded: [] as unknown[],
}));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const record = (change: Change): void => void disk.recorded.push(change);
  /** Counts a call. Throws if it is the one that fails. */
  const pass = async (halfDone: () => Promise<unknown> = async () => {}): Promise<void> => {
    if (disk.calls++ !== disk.failing) return;
    const { fault } = disk;
    if (fault === "short write") await halfDone();
    const code = fault === "short write" ? "ENOSPC" : fault;
    throw Object.assign(new Error(`${code}: a disk that fails`), { code });
  };
  const handleOf = (handle: FileHandle, path: string, folder: boolean) => ({
    async writeFile(bytes: Uint8Array) {
      await pass(() => handle.writeFile(bytes.subarray(0, bytes.length / 2)));
      await handle.writeFile(bytes);
      record({ op: "write", file: basename(path), bytes });
    },
    async sync() {
      await pass();
      await handle.sync();
      record(folder ? { op: "sync folder" } : { op: "sync", file: basename(path) });
    },
    close: () => handle.close(),
    stat: () => handle.stat(),
    read: handle.read.bind(handle),
  });
  return {
    ...real,
    async open(path: string, flags: string | number) {
      await pass();
      const handle = await real.open(path, flags);
      if (flags === "wx") record({ op: "create", file: basename(path) });
      return handleOf(handle, path, flags === "r");
    },
    async rename(from: string, to: string) {
      await pass();
      await real.rename(from, to);
      record({ op: "rename", file: basename(from), to: basename(to) });
    },
    async rm(path: string, options: object) {
      await pass();
      await real.rm(path, options);
      record({ op: "delete", file: basename(path) });
    },
  };
});

const real = await vi.importActual<typeof import("node:fs/promises")>("node:fs/promises");

beforeEach(() => Object.assign(disk, { calls: 0, failing: -1, recorded: [] }));

const stateOf = (step: number): RunState => ({
  version: "0.1.0",
  spec: { seed: 1 },
  step,
  tensors: new Map([["learned/images", new Float32Array(500).fill(step)]]),
});

/** Runs `work` in a new folder, with the path of a checkpoint in it. */
async function inFolder<T>(work: (path: string, folder: string) => Promise<T>): Promise<T> {
  const folder = await real.mkdtemp(join(tmpdir(), "distillate-faults-"));
  try {
    return await work(join(folder, "run.safetensors"), folder);
  } finally {
    await real.rm(folder, { recursive: true });
  }
}

/** Returns the step of the checkpoint that is found; 0 if there is none. */
async function found(path: string): Promise<number> {
  return loadCheckpoint(path).then(
    ({ state }) => state.step,
    (error) => (error.code === "ENOENT" ? 0 : Promise.reject(error)),
  );
}

/** Saves checkpoints 1 to `count`, and counts the calls of the last one. */
async function callsOf(count: number): Promise<number> {
  return inFolder(async (path) => {
    for (let step = 1; step < count; step++) await saveCheckpoint(path, stateOf(step));
    disk.calls = 0;
    await saveCheckpoint(path, stateOf(count));
    return disk.calls;
  });
}

describe("if a call of the file system fails, a checkpoint is still there, and the error is the system's", () => {
  const faults = ["ENOSPC", "EIO", "EACCES", "EROFS", "EDQUOT", "EMFILE", "short write"];
  let points = 0;

  test.each(faults)("%s, at every call, of each of the first five checkpoints", async (fault) => {
    for (let count = 1; count <= 5; count++) {
      const calls = await callsOf(count);
      expect(calls).toBeGreaterThan(4);
      for (let failing = 0; failing < calls; failing++) {
        points++;
        await inFolder(async (path, folder) => {
          for (let step = 1; step < count; step++) await saveCheckpoint(path, stateOf(step));
          Object.assign(disk, { calls: 0, failing, fault });
          const error = await saveCheckpoint(path, stateOf(count)).then(
            () => undefined,
            (reason) => reason,
          );
          disk.failing = -1;
          const at = `${fault} at call ${failing} of checkpoint ${count}`;
          // What fails after the rename concerns the folder alone, and is not an error of the checkpoint.
          expect(await found(path), at).toBe(error === undefined ? count : count - 1);
          if (error) expect(error.code, at).toBe(fault === "short write" ? "ENOSPC" : fault);
          expect(
            (await real.readdir(folder)).filter((name) => name.endsWith(".tmp")),
            at,
          ).toEqual([]);
        });
      }
    }
  });

  test("those were at least 200 points", () => {
    console.log({ points });
    expect(points).toBeGreaterThanOrEqual(200);
  });
});

describe("if the power fails at any point, the old checkpoint is there or the new one", () => {
  /** What a disk holds after a cut: by names, the content that was synced; undefined if a part of it may be missing. */
  type Disk = Map<string, Uint8Array | undefined>;

  /**
   * Returns the disk after the first `cut` changes, of which the last `lost` renames since the folder was synced had not
   * reached it. Content that was not synced is lost.
   */
  function diskAfter(before: Disk, changes: readonly Change[], cut: number, lost: number): Disk {
    const names: Disk = new Map(before);
    const inMemory = new Map<string, Uint8Array>();
    const done = changes.slice(0, cut);
    const synced = done.findLastIndex(({ op }) => op === "sync folder");
    const pending = done.flatMap(({ op }, i) => (op === "rename" && i > synced ? [i] : []));
    const missing = new Set(lost === 0 ? [] : pending.slice(-lost));
    for (const [i, change] of done.entries()) {
      if (change.op === "create") names.set(change.file, undefined);
      else if (change.op === "write") inMemory.set(change.file, change.bytes);
      else if (change.op === "sync") names.set(change.file, inMemory.get(change.file));
      else if (change.op === "delete") names.delete(change.file);
      else if (change.op === "rename" && !missing.has(i)) {
        names.set(change.to, names.get(change.file));
        names.delete(change.file);
      }
    }
    return names;
  }

  /** Returns the changes of saving a checkpoint, and the disk before it. */
  async function recorded(count: number): Promise<{ before: Disk; changes: readonly Change[] }> {
    return inFolder(async (path, folder) => {
      for (let step = 1; step < count; step++) await saveCheckpoint(path, stateOf(step));
      const before: Disk = new Map();
      for (const name of await real.readdir(folder)) before.set(name, await real.readFile(join(folder, name)));
      disk.recorded = [];
      await saveCheckpoint(path, stateOf(count));
      return { before, changes: disk.recorded as Change[] };
    });
  }

  async function stepOn(names: Disk): Promise<number> {
    return inFolder(async (path, folder) => {
      for (const [name, bytes] of names) await real.writeFile(join(folder, name), bytes ?? new Uint8Array());
      return found(path);
    });
  }

  test("of the first, second and third checkpoint, also if the last renames did not reach the disk", async () => {
    for (let count = 1; count <= 3; count++) {
      const { before, changes } = await recorded(count);
      expect(changes.map(({ op }) => op)).toEqual([
        ...["create", "write", "sync"],
        ...(count > 1 ? ["rename"] : []),
        ...["rename", "sync folder"],
      ]);
      for (let cut = 0; cut <= changes.length; cut++) {
        for (const lost of [0, 1, 2]) {
          const step = await stepOn(diskAfter(before, changes, cut, lost));
          expect([count - 1, count], `checkpoint ${count}, cut ${cut}, ${lost} renames lost`).toContain(step);
        }
      }
      expect(await stepOn(diskAfter(before, changes, changes.length, 2))).toBe(count);
    }
  });

  test("and the model can tell: a file that is renamed before it is synced may be empty", async () => {
    const { before, changes } = await recorded(1);
    const unsynced = changes.filter(({ op }) => op !== "sync");
    await expect(stepOn(diskAfter(before, unsynced, unsynced.length, 0))).rejects.toThrow("expected a header length");
  });
});
