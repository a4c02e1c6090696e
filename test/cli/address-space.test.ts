// Under `ulimit -v` the command says what it lacks, or makes do with less: a signal never ends it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "../../dist/cli/main.js");
const folder = mkdtempSync(join(tmpdir(), "distillate-address-space-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A run of one step with so many kibibytes of address space. */
const run = (kibibytes: number, args: readonly string[], flags: readonly string[] = []) => {
  const few = ["run", "--outer-steps", "1", "--batch", "64", "--evaluate", "0", "--out", join(folder, "out")];
  const command = ["-c", `ulimit -v ${kibibytes}; exec "$0" "$@"`, process.execPath, ...flags, main, ...few, ...args];
  const { status, signal, stderr } = spawnSync("sh", command, { encoding: "utf8" });
  return { status, signal, stderr };
};

// The kernels' memory takes 10 GiB of addresses, each thread 0.8 GiB, and Node itself as much.
describe.skipIf(process.platform !== "linux")("with little address space (Linux only)", () => {
  test("for a memory, the error says what was asked for and what helps", () => {
    const { status, signal, stderr } = run(8_000_000, ["--threads", "2"]);
    expect({ status, signal }).toEqual({ status: 1, signal: null });
    expect(stderr).toMatch(
      /^distillate: "memory" expected room for \d+ MiB that can grow to 256 MiB, but the host gives none/,
    );
    expect(stderr).toContain("raise the limit (ulimit -v), or start node with --disable-wasm-trap-handler");
  });

  test("for a thread, it runs on fewer and says so", () => {
    const { status, signal, stderr } = run(12_000_000, ["--threads", "8"]);
    expect({ status, signal }).toEqual({ status: 0, signal: null });
    expect(stderr).toMatch(
      /^note: 1 of 8 threads: another takes 1024 MiB of address space, of which \d+ MiB are left;/,
    );
  });

  test("for workers, the error says so", () => {
    const { status, signal, stderr } = run(12_000_000, ["--workers", "2", "--networks", "2"]);
    expect({ status, signal }).toEqual({ status: 1, signal: null });
    expect(stderr).toMatch(
      /\ndistillate: worker 1 of 2: could not start: expected 1024 MiB of address space for another worker, got \d+ MiB: use fewer/,
    );
  });

  test.skipIf(!process.allowedNodeEnvironmentFlags.has("--disable-wasm-trap-handler"))("what helps does help", () => {
    expect(run(4_000_000, ["--threads", "2"], ["--disable-wasm-trap-handler"])).toMatchObject({
      status: 0,
      signal: null,
    });
  });
});
