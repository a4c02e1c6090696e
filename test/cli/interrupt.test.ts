// Ctrl-C, SIGTERM and SIGHUP, once and twice: the real command ends, and whatever file it leaves is whole.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jsonFromBytes } from "../../src/codecs/json.ts";
import { parseNpz } from "../../src/codecs/npz.ts";
import { parseSafetensors } from "../../src/codecs/safetensors.ts";
import { checkpointFromBytes } from "../../src/formats/checkpoint-file.ts";
import { type Cli, distillate, start, writeIdxFolder } from "./cli.ts";

let folder: string;
let data: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-interrupt-"));
  data = writeIdxFolder(join(folder, "painted"), { size: 12 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (out: string, ...more: string[]) => [
  ...["run", "--data", data, "--size", "28", "--steps", "2", "--batch", "40", "--threads", "1", "--evaluate", "0"],
  ...["--outer-steps", "100000", "--checkpoint-every", "1", "--out", out, ...more],
];
const train = (out: string, networks: string) => [
  ...[
    "train",
    "--data",
    data,
    "--size",
    "28",
    "--networks",
    networks,
    "--test-networks",
    "0",
    "--epochs",
    "1",
    "--threads",
    "1",
  ],
  ...["--out", out],
];

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(10);
}

/**
 * Sends a signal, and again when the program has had `milliseconds` for what follows the first: it sleeps in between, so that the
 * second is no echo of the first, and comes in the middle of what follows.
 */
async function twice({ child }: Cli, signal: NodeJS.Signals, milliseconds: number): Promise<void> {
  child.kill(signal);
  await setTimeout(milliseconds);
  child.kill("SIGSTOP");
  await setTimeout(600);
  child.kill(signal);
  child.kill("SIGCONT");
}

/** Reads every file that a run or the training of a pool may leave; throws for one that is not whole. */
async function expectWhole(out: string): Promise<void> {
  const names = readdirSync(out);
  expect(names).not.toContain(".distillate.lock");
  for (const name of names) {
    // What was being written when the program ended is under another name, which the next run deletes.
    if (name.startsWith(".")) continue;
    const bytes = readFileSync(join(out, name));
    if (name.startsWith("checkpoint")) await checkpointFromBytes(bytes, name);
    else if (name.endsWith(".safetensors")) parseSafetensors(bytes, { name });
    else if (name.endsWith(".npz")) await parseNpz(bytes, { name });
    else if (name.endsWith(".json")) jsonFromBytes(bytes, name);
  }
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Exit codes of a program that gets a second signal: null if it was about to end, and no longer listened for signals. */
const ended = [130, null];

describe("a signal that comes again, while the program saves, ends it at once and leaves no torn file", () => {
  test.each(signals.map((signal, i) => [signal, 15 * i] as const))(
    "%s of a run, %i ms apart",
    async (signal, milliseconds) => {
      const out = join(folder, `run-${signal}`);
      const cli = start(run(out));
      await cli.said('"event":"progress"');
      await until(() => existsSync(join(out, "checkpoint.safetensors")));
      await twice(cli, signal, milliseconds);
      expect(ended).toContain((await cli.outcome).code);
      await expectWhole(out);
      const { state } = await checkpointFromBytes(readFileSync(join(out, "checkpoint.safetensors")), out);
      const on = await distillate(["run", "--resume", out, "--outer-steps", `${state.step + 1}`, "--threads", "1"]);
      expect(on).toMatchObject({ code: 0 });
      expect(readdirSync(out).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    },
    60_000,
  );

  test.each(signals.map((signal, i) => [signal, 15 * i] as const))(
    "%s of the training of a pool, %i ms apart",
    async (signal, milliseconds) => {
      const out = join(folder, `pool-${signal}`);
      const pool = join(out, "train");
      const cli = start(train(out, "5000"));
      await until(() => existsSync(join(pool, "network-0001.safetensors")));
      await twice(cli, signal, milliseconds);
      expect(ended).toContain((await cli.outcome).code);
      await expectWhole(pool);
      const networks = readdirSync(pool).filter((name) => name.startsWith("network-")).length;
      expect(networks).toBeGreaterThanOrEqual(2);
    },
    60_000,
  );
});

describe("a signal stops a run in the middle of an outer step that would take minutes", () => {
  test.each([
    ["SIGINT", "0"],
    ["SIGTERM", "2"],
    ["SIGHUP", "0"],
  ] as const)(
    "%s, on %s workers; the set so far can be evaluated, and the run goes on",
    async (signal, workers) => {
      const out = join(folder, `long-${signal}`);
      // In a step of 20,000 networks nothing else would come before the test gives up.
      const cli = start(run(out, "--networks-per-step", "20000", "--workers", workers));
      await cli.said('"event":"start"');
      await setTimeout(1000);
      cli.child.kill(signal);
      expect((await cli.outcome).code).toBe(130);
      await expectWhole(out);
      expect(JSON.parse(readFileSync(join(out, "result.json"), "utf8"))).toMatchObject({
        stopped: true,
        outerSteps: 0,
      });
      const set = join(out, "distilled.safetensors");
      const judged = await distillate([
        "evaluate",
        set,
        "--data",
        data,
        "--size",
        "28",
        "--networks",
        "1",
        "--threads",
        "1",
      ]);
      expect(judged).toMatchObject({ code: 0 });
      const { state } = await checkpointFromBytes(readFileSync(join(out, "checkpoint.safetensors")), out);
      expect(state.step).toBe(0);
    },
    60_000,
  );
});
