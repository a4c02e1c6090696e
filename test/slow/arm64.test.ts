// The library as built gives the pinned bytes on arm64, whose processor is emulated here.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { pinnedRuns } from "../distill/pinned-runs.ts";
import { builtLibrary, bundle } from "../engines/bundle.ts";

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const node = process.env.NODE_ARM64 ?? at("build/engines/arm64/node_modules/node/bin/node");
const emulator = process.env.QEMU_AARCH64 ?? "/usr/bin/qemu-aarch64-static";
/** What the emulated program takes its C library from. */
const system = process.env.QEMU_LD_PREFIX ?? "/usr/aarch64-linux-gnu";
const missing = [node, emulator, system].find((path) => !existsSync(path));
if (missing) console.log(`arm64 is skipped: there is no ${missing} (.ci/engines arm64 fetches it)`);

test.skipIf(missing)("an emulated arm64 has the pinned SHA-256s on one thread, and on two", async () => {
  const program = at("build/engine-runs/arm64.mjs");
  mkdirSync(at("build/engine-runs"), { recursive: true });
  await bundle("main.ts", builtLibrary, program);
  try {
    const run = async (...args: string[]) => {
      const { stdout } = await promisify(execFile)(emulator, ["-L", system, node, ...args]);
      return stdout.trim();
    };
    expect(await run("-p", "process.arch")).toBe("arm64");
    const digests = pinnedRuns.map(({ sha256 }) => sha256);
    const places = [{ threads: 1 }, { threads: 2 }];
    expect(JSON.parse(await run(program, JSON.stringify(places)))).toEqual(
      places.map(() => ({ digests, notices: [] })),
    );
  } finally {
    rmSync(program);
  }
});
