// The folder of a run: one run at a time, the files of one run only, and nothing lost when the disk, or the run, fails.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { setDigest } from "../../src/distill/digest.ts";
import { loadDistilled } from "../../src/node.ts";
import { type Cli, distillate, jsonLines, start, writeIdxFolder } from "./cli.ts";

const withoutState = [
  "distilled.npz",
  "distilled.safetensors",
  "images.png",
  "metrics.jsonl",
  "recipe.json",
  "result.json",
];
const files = ["checkpoint.safetensors", ...withoutState];

let folder: string;
let data: string;
let temporary: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-run-folder-"));
  data = writeIdxFolder(join(folder, "painted"), { size: 12 });
  temporary = join(folder, "temporary");
  mkdirSync(temporary);
});
afterAll(() => rmSync(folder, { recursive: true }));

const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));
const steps = (out: string) => jsonLines(readFileSync(join(out, "metrics.jsonl"), "utf8")).map(({ step }) => step);
const few = (out: string, ...more: string[]) => [
  ...["run", "--data", data, "--size", "28", "--steps", "2", "--batch", "40", "--threads", "1", "--evaluate", "0"],
  ...["--outer-steps", "2", "--out", out, ...more],
];
const endless = (out: string): Cli =>
  start(few(out, "--outer-steps", "1000000"), { env: { TMPDIR: temporary }, cwd: folder });
const progress = '"event":"progress"';

describe("a run that diverges", () => {
  test("ends with code 1, its step and what helps, and leaves the set before it in a folder that says so", async () => {
    const out = join(folder, "diverged");
    // Learning rates that Adam makes so large that the networks of the third step or so are lost.
    const wild = ["--steps", "10", "--epochs", "3", "--lr", "1", "--outer-lr", "20", "--outer-steps", "50"];
    const { code, stdout, stderr } = await distillate(few(out, ...wild));
    const { diverged, outerSteps, sha256, evaluation } = json(out, "result.json");
    const { step, tensor, value } = diverged;
    expect(step).toBeGreaterThan(1);
    expect({ code, outerSteps, evaluation }).toEqual({ code: 1, outerSteps: step - 1, evaluation: null });
    const last = stderr.trimEnd().split("\n").at(-1);
    expect(last).toBe(
      `distillate: outer step ${step}: the ${tensor} is ${value}; try --clip 2, --outer-learning-rate 10, --learning-rate 0.5 or ` +
        `--on-divergence halve; the set as it was after outer step ${step - 1} is in ${out}; ` +
        `--resume ${out} --on-divergence halve goes on after outer step 0`,
    );
    expect(jsonLines(stdout).at(-1)).toMatchObject({ event: "result", diverged });
    expect(readdirSync(out).sort()).toEqual(files);
    expect(steps(out)).toHaveLength(step - 1);
    const set = await loadDistilled(join(out, "distilled.safetensors"));
    expect(await setDigest(set)).toBe(sha256);
    expect(set.recipe).toMatchObject({ outerSteps: step - 1, diverged });
    expect(json(out, "recipe.json")).toMatchObject({ diverged });

    // Its recipe is one like any other, and is not marked by what became of another run.
    const again = join(folder, "again");
    const shorter = [
      "run",
      join(out, "recipe.json"),
      "--outer-steps",
      String(step - 1),
      "--threads",
      "1",
      "--out",
      again,
    ];
    expect((await distillate(shorter)).code).toBe(0);
    expect(json(again, "result.json").sha256).toBe(sha256);
    expect(json(again, "recipe.json")).not.toHaveProperty("diverged");
  });

  test("in its first step says that nothing was learned, and what helps there", async () => {
    const out = join(folder, "first");
    const { code, stderr } = await distillate(few(out, "--outer-lr", "100", "--epochs", "3"));
    expect(code).toBe(1);
    expect(stderr).toContain(
      "\ndistillate: outer step 1: the learning rates would be 0; try --outer-learning-rate 50 or --on-divergence halve; nothing was " +
        `learned, and the set as it began is in ${out}; --resume ${out} --on-divergence halve goes on after outer step 0\n`,
    );
    expect(json(out, "result.json")).toMatchObject({ outerSteps: 0, loss: null });
  });
});

describe("a folder that a run writes into", () => {
  test("is refused to another, which names the first; a run that was killed does not hold it", async () => {
    const out = join(folder, "taken");
    const first = endless(out);
    await first.said(progress);
    const { code, stderr } = await distillate(few(out));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `^distillate: ${out}: another run writes there \\(process ${first.child.pid} on ".+", since "20.+"\\);`,
      ),
    );
    first.child.kill("SIGKILL");
    await first.outcome;
    const after = await distillate(few(out));
    expect(after).toMatchObject({ code: 0 });
    expect(readdirSync(out).sort()).toEqual(files);
    expect(steps(out)).toEqual([1, 2]);
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "is free after %s twice, which ends the process at once",
    async (signal) => {
      const out = join(folder, `twice-${signal}`);
      const evaluated = ["--evaluate", "1000000", "--outer-steps", "1"];
      const { child, outcome, said } = start(few(out, ...evaluated));
      await said('"step":1');
      child.kill(signal);
      const again = setTimeout(() => child.kill(signal), 600);
      await outcome;
      clearTimeout(again);
      expect(readdirSync(out)).not.toContain(".distillate.lock");
    },
  );
});

describe("a folder that holds an older run", () => {
  test("never has files of two, however the new one ends, and the older is kept", async () => {
    const out = join(folder, "older");
    expect((await distillate(few(out))).code).toBe(0);
    writeFileSync(join(out, "report.html"), "of the older run");
    writeFileSync(join(out, "notes.txt"), "the user's");
    const { sha256 } = json(out, "result.json");
    for (let i = 0; i < 2; i++) {
      const killed = endless(out);
      await killed.said(progress);
      killed.child.kill("SIGKILL");
      const { stderr } = await killed.outcome;
      // The second finds no run that learned something, and so leaves the one that did.
      expect(stderr.includes(`(the earlier run goes to ${join(out, "previous")})`)).toBe(i === 0);
      const left = readdirSync(out).filter((name) => !name.endsWith(".tmp"));
      const ours = [".distillate.lock", "images.png", "metrics.jsonl", "notes.txt", "previous"];
      expect(left.filter((name) => !ours.includes(name))).toEqual([]);
      expect(readdirSync(join(out, "previous")).sort()).toEqual([...files, "report.html"].sort());
      expect(json(out, "previous", "result.json").sha256).toBe(sha256);
    }
    expect((await distillate(few(out, "--seed", "2"))).code).toBe(0);
    expect((await distillate(few(out, "--seed", "3"))).code).toBe(0);
    expect(readdirSync(out).sort()).toEqual([...files, "notes.txt", "previous"].sort());
    expect(json(out, "previous", "result.json").seed).toBe(2);
  });

  test("is left as it is by a run that is refused", async () => {
    const out = join(folder, "refused");
    expect((await distillate(few(out))).code).toBe(0);
    const large = few(out, "--images-per-class", "100000", "--steps", "1000");
    expect((await distillate(large)).code).toBe(1);
    expect(readdirSync(out).sort()).toEqual(files);
  });

  test("is not written through a link in the place of a file", async () => {
    const out = join(folder, "linked");
    const other = join(folder, "other.txt");
    mkdirSync(out);
    writeFileSync(other, "the user's");
    for (const name of files) symlinkSync(other, join(out, name));
    expect((await distillate(few(out))).code).toBe(0);
    expect(readFileSync(other, "utf8")).toBe("the user's");
  });
});

describe("a disk that fails", () => {
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  /** Where a run says that its files are. */
  const elsewhere = (stderr: string): string => /; the files of this run are in (.+)\n$/.exec(stderr)?.[1] ?? "";

  test("a folder that is deleted is made again, with all lines, and that is said", async () => {
    const out = join(folder, "deleted");
    const { child, outcome, said } = endless(out);
    await said(progress);
    await until(() => existsSync(join(out, "metrics.jsonl")));
    renameSync(out, join(folder, "away"));
    await until(() => existsSync(join(out, "metrics.jsonl")));
    child.kill("SIGINT");
    const { code, stderr } = await outcome;
    expect({ code, stderr }).toMatchObject({ code: 130 });
    expect(stderr).toContain(`note: ${out} was gone, and was made again\n`);
    expect(readdirSync(out).sort()).toEqual(files);
    const { outerSteps } = json(out, "result.json");
    expect(steps(out)).toEqual(Array.from({ length: outerSteps }, (_, i) => i + 1));
  });

  test("a folder that cannot be made again sends the files elsewhere, and the command says where", async () => {
    const out = join(folder, "replaced");
    const run = endless(out);
    await run.said(progress);
    renameSync(out, join(folder, "replaced-away"));
    writeFileSync(out, "");
    let heard = "";
    run.child.stderr!.on("data", (text: string) => {
      heard += text;
    });
    await until(() => heard.includes(`note: cannot write ${out}: is a file, expected a folder; the run goes on`));
    run.child.kill("SIGINT");
    const { code, stderr } = await run.outcome;
    expect(code).toBe(1);
    expect(stderr).toContain(
      `distillate: cannot write ${out}: is a file, expected a folder; the files of this run are`,
    );
    const there = elsewhere(stderr);
    expect(there.startsWith(temporary)).toBe(true);
    expect(readdirSync(there).sort()).toEqual(files);
    const { outerSteps } = json(there, "result.json");
    expect(steps(there)).toEqual(Array.from({ length: outerSteps }, (_, i) => i + 1));
  });

  /** A shell in which `out` is a disk of its own of `options`, if this system lets us. */
  const onDisk = (out: string, options: string, command: string) => {
    const script = `mkdir -p "$OUT" && mount -t tmpfs -o ${options} none "$OUT" && ${command}`;
    const env = { ...process.env, OUT: out, TMPDIR: temporary };
    return spawnSync("unshare", ["-rm", "sh", "-c", script], { env, encoding: "utf8" });
  };
  const noDisks = onDisk(join(tmpdir(), "distillate-probe"), "size=64k", "true").status !== 0;

  describe.skipIf(noDisks)("(needs unshare and mount)", () => {
    const main = join(import.meta.dirname, "../../dist/cli/main.js");
    const command = (out: string) => [process.execPath, main, ...few(out)].map((part) => `'${part}'`).join(" ");

    test("that is full sends the files elsewhere, and the command says where", async () => {
      const out = join(folder, "full");
      const { status, stderr } = onDisk(out, "size=32k", command(out));
      expect({ status, stderr }).toMatchObject({ status: 1 });
      expect(stderr).toContain(
        `distillate: cannot write ${out}: no space left on the disk; the files of this run are in`,
      );
      expect(readdirSync(elsewhere(stderr)).sort()).toEqual(files);
    });

    test("that is full, as all others are, is waited for, until there is room", async () => {
      const out = join(folder, "waiting");
      const grow = `(sleep 2; mount -o remount,size=10m "$OUT") & TMPDIR="$OUT" HOME="$OUT" ${command(out)}; ls "$OUT"`;
      const { stdout, stderr } = onDisk(out, "size=32k", grow);
      expect(stderr).toContain(
        `note: cannot write ${out}: no space left on the disk; waiting for room to save the images`,
      );
      expect(stdout.trim().split("\n").slice(-files.length)).toEqual(files);
    });

    test("that is read-only is said so before the run starts", () => {
      const out = join(folder, "read-only");
      const { status, stderr } = onDisk(out, "ro", command(out));
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: `distillate: cannot write ${out}: the disk is read-only\n`,
      });
    });
  });

  test.skipIf(!existsSync("/dev/full"))("a log that takes no more does not end a run", async () => {
    const out = join(folder, "log");
    const main = join(import.meta.dirname, "../../dist/cli/main.js");
    const shell = `exec "$0" "$@" > /dev/full`;
    const { status } = spawnSync("sh", ["-c", shell, process.execPath, main, ...few(out)], { encoding: "utf8" });
    expect(status).toBe(1);
    expect(readdirSync(out).sort()).toEqual(files);
    expect(json(out, "result.json").outerSteps).toBe(2);
  });
});
