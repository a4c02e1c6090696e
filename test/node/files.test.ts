import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lenet } from "../../src/index.ts";
import { makeFolder, readBytes } from "../../src/node/files.ts";
import { filesInFolder, loadDataset, loadDistilled, loadIdxFolder, loadParameters, loadPool } from "../../src/node.ts";
import { flatPng } from "../data/samples.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-files-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Makes a named pipe that nobody writes to: whoever reads it waits for ever. */
function pipe(path: string): string {
  expect(spawnSync("mkfifo", [path]).status).toBe(0);
  return path;
}

function link(path: string, target: string): string {
  symlinkSync(target, path);
  return path;
}

describe.skipIf(process.platform === "win32")("only regular files are read", () => {
  test("a pipe, a device, a folder and links to them are refused, saying what is there", async () => {
    const fifo = pipe(join(folder, "fifo"));
    for (const [path, what] of [
      [fifo, "a named pipe (FIFO)"],
      [link(join(folder, "to-fifo"), fifo), "a named pipe (FIFO)"],
      ["/dev/zero", "a device"],
      [link(join(folder, "to-zero"), "/dev/zero"), "a device"],
      [folder, "a folder"],
    ] as const) {
      await expect(readBytes(path)).rejects.toThrow(`${path}: expected a regular file, got ${what}`);
    }
    const socket = join(folder, "socket");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    await expect(readBytes(socket)).rejects.toThrow(/socket: expected a regular file, got a device or a socket/);
    await new Promise((resolve) => server.close(resolve));
  });

  test("regular files and links to them are read, up to the limit", async () => {
    const path = join(folder, "five");
    writeFileSync(path, "hello");
    expect(Buffer.from(await readBytes(path)).toString()).toBe("hello");
    expect(await readBytes(link(join(folder, "to-five"), path), 5)).toHaveLength(5);
    await expect(readBytes(path, 4)).rejects.toThrow("five: expected at most 4 bytes, got 5");
  });

  test("a pipe or device in a data folder, as a data set, a pool, weights or a distilled set is refused at once", async () => {
    const regular = /: expected a regular file, got a (named pipe|device)/;
    const set = join(folder, "set");
    for (const part of ["a", "b"]) mkdirSync(join(set, part), { recursive: true });
    for (const name of ["a/1.png", "a/2.png", "b/1.png"]) writeFileSync(join(set, name), flatPng(4, 4, [1, 2, 3]));
    expect(await filesInFolder(set)).toHaveLength(3);
    const picture = pipe(join(set, "b/2.png"));
    await expect(filesInFolder(set)).rejects.toThrow(`${picture}: expected a regular file, got a named pipe (FIFO)`);
    await expect(loadDataset(set)).rejects.toThrow(regular);
    rmSync(picture);
    link(picture, "/dev/zero");
    await expect(loadDataset(set)).rejects.toThrow(regular);
    await expect(loadIdxFolder(set)).rejects.toThrow(regular);
    // Programs leave sockets in hidden folders, which are no part of a set.
    rmSync(picture);
    mkdirSync(join(set, ".git"));
    pipe(join(set, ".git/daemon"));
    expect((await loadDataset(set)).train.count).toBe(2);
    const alone = pipe(join(folder, "alone.npz"));
    await expect(loadDataset(alone)).rejects.toThrow(regular);
    await expect(loadDistilled(alone)).rejects.toThrow(regular);
    await expect(loadParameters(alone, lenet())).rejects.toThrow(regular);
    const pool = join(folder, "pool");
    mkdirSync(pool);
    pipe(join(pool, "manifest.json"));
    await expect(loadPool(pool)).rejects.toThrow(regular);
  });
});

describe("a folder", () => {
  test("is made with those above it, and is left where it is", async () => {
    const deep = join(folder, "a", "b", "c");
    await makeFolder(deep);
    await makeFolder(deep);
    expect(existsSync(deep)).toBe(true);
    writeFileSync(join(deep, "file"), "");
    await expect(makeFolder(join(deep, "file"))).rejects.toThrow("EEXIST");
    await expect(makeFolder(join(deep, "file", "below"))).rejects.toThrow("ENOTDIR");
  });

  test.skipIf(process.platform !== "linux")("that the host refuses, as under /proc, ends with its error", async () => {
    await expect(makeFolder("/proc/distillate/run")).rejects.toThrow("ENOENT");
  });
});
