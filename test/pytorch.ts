// PyTorch as a witness, where a Python that has it is installed.
import { spawnSync } from "node:child_process";

const python = [process.env.PYTHON ?? "python3", "/usr/bin/python3"].find(
  (command) => spawnSync(command, ["-c", "import torch"]).status === 0,
);

/** Why a test with PyTorch is skipped, or undefined where it can run. */
export const noPyTorch: string | undefined = python ? undefined : "no python3 with torch found (set PYTHON)";
if (noPyTorch) console.log(`skipped: ${noPyTorch}`);

/** Runs a program on one thread, with `input` as JSON in its variable `given`. What it prints is JSON. */
export function pytorch(program: string, input: unknown, cwd?: string): unknown {
  const prelude = "import json, math, struct, sys, torch\ntorch.set_num_threads(1)\ngiven = json.load(sys.stdin)\n";
  const { stdout, stderr, status } = spawnSync(python!, ["-c", prelude + program], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    ...(cwd !== undefined && { cwd }),
  });
  if (status !== 0) throw new Error(stderr);
  return stdout ? JSON.parse(stdout) : undefined;
}
