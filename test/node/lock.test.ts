// A folder has one writer at a time; the dead do not count.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockFolder, lockName } from "../../src/node/lock.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-lock-"));
  path = join(folder, lockName);
});
afterEach(() => rmSync(folder, { recursive: true }));

const startedAt = new Date().toISOString();
const hold = (holder: object) => writeFileSync(path, `${JSON.stringify({ host: hostname(), startedAt, ...holder })}\n`);
const own = () => JSON.parse(readFileSync(path, "utf8"));

test("a folder is locked once, by process, host and start, and free again after it", async () => {
  const lock = await lockFolder(folder);
  expect(own()).toMatchObject({ pid: process.pid, host: hostname() });
  await expect(lockFolder(`${folder}/.`)).rejects.toThrow(
    `another run writes there (process ${process.pid} on "${hostname()}", since "${own().startedAt}"); wait for its end`,
  );
  await lock.release();
  await lock.release();
  expect(readdirSync(folder)).toEqual([]);
  await (await lockFolder(folder)).release();
});

test("of many who come at once one gets it, also where a dead process had it", async () => {
  for (let round = 0; round < 100; round++) {
    if (round % 5 > 0) hold({ pid: 2 ** 30 });
    const came = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
    const locks = came.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    expect(locks).toHaveLength(1);
    await locks[0]!.release();
    expect(readdirSync(folder)).toEqual([]);
  }
});

test("a process that ends while it gives its lock back leaves none", () => {
  const module = new URL("../../dist/node/lock.js", import.meta.url).href;
  const script = `const lock = await (await import("${module}")).lockFolder(process.argv[1]);
    lock.release();
    process.exit();`;
  const { status } = spawnSync(process.execPath, ["--input-type=module", "-e", script, folder], { stdio: "inherit" });
  expect(status).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
});

describe("a lock is taken over", () => {
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  test.each([
    ["of a process that has ended", { pid: dead }],
    ["of one that had our number, as in a container", { pid: process.pid, birth: "1" }],
    ["of one from before the machine was started", { pid: process.ppid, startedAt: "2001-01-01T00:00:00.000Z" }],
  ])("%s", async (_, holder) => {
    hold(holder);
    const lock = await lockFolder(folder);
    expect(own().pid).toBe(process.pid);
    await lock.release();
  });

  test.skipIf(!existsSync("/proc/self/stat"))("of one whose number another process has now", async () => {
    hold({ pid: process.ppid, birth: "1" });
    await (await lockFolder(folder)).release();
  });

  test("that makes no sense, once nobody can be writing it", async () => {
    for (const text of ["", "{", '{"pid":-1}', "x".repeat(10_000)]) {
      writeFileSync(path, text);
      await expect(lockFolder(folder)).rejects.toThrow("another process is about to write there");
      utimesSync(path, 0, 0);
      await (await lockFolder(folder)).release();
    }
  });
});

describe("a lock holds", () => {
  test("of a living process", async () => {
    hold({ pid: process.ppid });
    await expect(lockFolder(folder)).rejects.toThrow(`(process ${process.ppid} on`);
  });

  test("of another machine, whose processes nobody here can see, and says how to be rid of it", async () => {
    hold({ pid: 1, host: "elsewhere" });
    await expect(lockFolder(folder)).rejects.toThrow(`; if that has ended, delete ${path}`);
  });
});

test("release leaves what somebody else has put there, and renew does not take it", async () => {
  const lock = await lockFolder(folder);
  rmSync(path);
  await lock.renew();
  expect(own().pid).toBe(process.pid);
  hold({ pid: process.ppid });
  await expect(lock.renew()).rejects.toThrow("another run writes there");
  await lock.release();
  expect(own().pid).toBe(process.ppid);
});

test("what is no file in its place is no lock, and a link to one is not followed", async () => {
  const secret = join(folder, "other");
  writeFileSync(secret, "kept");
  symlinkSync(secret, path);
  const age = () => rmSync(path, { recursive: true, force: true });
  await expect(lockFolder(folder)).rejects.toThrow("about to write");
  age();
  mkdirSync(path);
  await expect(lockFolder(folder)).rejects.toThrow("about to write");
  expect(readFileSync(secret, "utf8")).toBe("kept");
});
