// Checkpoints on a real disk without room, a small tmpfs.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const library = new URL("../../dist/node.js", import.meta.url).href;

/** Saves checkpoints of growing size until one fails, then prints the error, what is found and what files there are. */
const program = `
import { readdirSync, writeFileSync } from "node:fs";
import { loadCheckpoint, saveCheckpoint } from ${JSON.stringify(library)};
const path = process.env.OUT + "/run.safetensors";
let step = 0, failed;
while (!failed && step < 9) {
  step++;
  const tensors = new Map([["learned/images", new Float32Array(5000).fill(step)]]);
  failed = await saveCheckpoint(path, { version: "0.1.0", spec: {}, step, tensors }).catch((error) => error);
  if (step === 2) writeFileSync(process.env.OUT + "/fill", new Uint8Array(50_000));
}
const { state } = await loadCheckpoint(path);
console.log(JSON.stringify({ step, code: failed.code, found: state.step, files: readdirSync(process.env.OUT).sort() }));
`;

/** Runs a command in a folder that is a disk of 100 KB, if this system lets us. */
function onSmallDisk(out: string, command: readonly string[]) {
  const script = 'mount -t tmpfs -o size=100k none "$OUT" && exec "$@"';
  return spawnSync("unshare", ["-rm", "sh", "-c", script, "sh", ...command], {
    env: { ...process.env, OUT: out },
    encoding: "utf8",
  });
}

const out = mkdtempSync(join(tmpdir(), "distillate-full-"));
const noDisks = onSmallDisk(out, ["true"]).status !== 0;

test.skipIf(noDisks)("a full disk leaves the last two checkpoints, and no half of a third", () => {
  const { stdout, stderr } = onSmallDisk(out, [process.execPath, "--input-type=module", "-e", program]);
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({
    ...{ step: 3, code: "ENOSPC", found: 2 },
    files: ["fill", "run.previous.safetensors", "run.safetensors"],
  });
  rmSync(out, { recursive: true });
});
