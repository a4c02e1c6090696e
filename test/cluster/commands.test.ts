// The commands of a cluster beside `run`: what `status` shows of it, and `sweep`, which makes many runs.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, inject, test, vi } from "vitest";
import { clusterStatus } from "../../src/cluster.ts";
import { Program, smallRecipe, startWorker, TestServer } from "./servers.ts";

const { redis } = inject("tools");
const folder = await mkdtemp(join(tmpdir(), "distillate-commands-"));
const recipe = await smallRecipe(folder, 6);

const started: Program[] = [];
const servers: TestServer[] = [];
afterEach(async () => {
  for (const program of started.splice(0)) program.kill("SIGKILL");
  for (const made of servers.splice(0)) await made.stop();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function program(...args: readonly string[]): Program {
  const made = new Program(args);
  started.push(made);
  return made;
}

async function server(): Promise<TestServer> {
  const made = await TestServer.start(redis.path!);
  servers.push(made);
  return made;
}

/** Writes a sweep of two seeds and returns its path. */
async function sweepOf(name: string, more: object = {}): Promise<string> {
  const path = join(folder, `${name}.json`);
  const sweep = { recipes: [recipe], options: { threads: "1" }, grid: { seed: [1, 2] }, ...more };
  await writeFile(path, JSON.stringify(sweep));
  return path;
}

interface SweepResult {
  readonly runs: readonly {
    readonly name: string;
    readonly failure?: string;
    readonly result?: { readonly sha256: string };
  }[];
}

async function resultOf(sweep: Program): Promise<SweepResult> {
  expect(await sweep.ended, sweep.stderr).toBe(0);
  return JSON.parse(sweep.stdout);
}

describe.skipIf(redis.missing !== undefined)("status", () => {
  test("shows nobody, then a worker and a run, and the run's step", async () => {
    const { url } = await server();
    const nobody = program("status", "--cluster", url);
    expect(await nobody.ended).toBe(0);
    expect(nobody.stdout).toBe("no run\nno worker\n");

    started.push(await startWorker(url));
    const long = await smallRecipe(folder, 10_000, "long");
    const going = program("run", long, "--cluster", url, "--out", join(folder, "long"));
    await going.reaches(3);
    // A run tells of itself every few seconds.
    await vi.waitUntil(async () => (await clusterStatus(url)).runs[0]?.step, 20_000);
    const shown = program("status", "--cluster", url);
    expect(await shown.ended).toBe(0);
    expect(shown.stdout).toMatch(/^run +on +outer step +answered +waiting +a second\n/);
    expect(shown.stdout).toMatch(/\nworker +slots × threads +done +does\n/);
    expect(shown.stdout).toMatch(/1 × 1 +\d+ +(share|nothing)/);

    const json = program("status", "--cluster", url, "--json");
    expect(await json.ended).toBe(0);
    const { runs, workers } = JSON.parse(json.stdout);
    expect(runs).toEqual([expect.objectContaining({ step: expect.any(Number), waiting: expect.any(Number) })]);
    expect(workers).toEqual([expect.objectContaining({ slots: 1, threads: 1, draining: false })]);
  });

  test("serves metrics, says when the server is away, and ends by a signal", async () => {
    const { url } = await server();
    started.push(await startWorker(url));
    const metrics = program("status", "--cluster", url, "--metrics", "0");
    await metrics.says("/metrics");
    const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(metrics.stderr)!;
    const response = await fetch(`${address}/metrics`);
    expect(response.headers.get("content-type")).toContain("text/plain");
    const text = await response.text();
    expect(text).toContain("# TYPE distillate_worker_slots gauge\ndistillate_worker_slots{worker=");
    const { workers } = await clusterStatus(url);
    expect(text).toContain(`distillate_worker_draining{worker="${workers[0]?.worker}"`);
    expect((await fetch(`${address}/other`)).status).toBe(404);
    await servers[0]!.kill();
    const away = await fetch(`${address}/metrics`);
    expect([away.status, await away.text()]).toEqual([
      503,
      expect.stringContaining("no Redis or Valkey server answers"),
    ]);
    metrics.kill("SIGTERM");
    expect(await metrics.ended).toBe(0);
  });

  test.each(["", "x", "70000", "host:", "a:b"])("refuses to serve metrics at %j", async (where) => {
    const refused = program("status", "--cluster", "redis://127.0.0.1:1", `--metrics=${where}`);
    expect(await refused.ended).toBe(2);
    expect(refused.stderr).toContain("Expected a port from 0 to 65535, or host:port.");
  });
});

describe.skipIf(redis.missing !== undefined)("sweep on a cluster", () => {
  test("makes the bytes of single runs, compares them, and makes none of them twice", async () => {
    const { url } = await server();
    started.push(await startWorker(url));
    const file = await sweepOf("seeds", { options: { threads: "1", evaluate: 1 } });
    const out = join(folder, "seeds");
    const command = ["sweep", file, "--cluster", url, "--out", out, "--json"];
    const { runs } = await resultOf(program(...command));
    expect(runs.map(({ name }) => name)).toEqual(["small,seed=1", "small,seed=2"]);
    for (const [i, { result }] of runs.entries()) {
      const alone = program("run", recipe, "--threads", "1", "--seed", `${i + 1}`, "--out", join(folder, `alone-${i}`));
      expect(result?.sha256).toBe(await alone.digest());
    }
    expect(existsSync(join(out, "comparison.html"))).toBe(true);
    expect(JSON.parse(await readFile(join(out, "sweep.json"), "utf8")).runs).toEqual(runs);

    const written = await stat(join(out, "small,seed=1", "result.json"));
    expect((await resultOf(program(...command))).runs).toEqual(runs);
    expect((await stat(join(out, "small,seed=1", "result.json"))).mtimeMs).toBe(written.mtimeMs);
  });
});

test.skipIf(redis.missing !== undefined)("baselines on a cluster are those of one machine", async () => {
  const { url } = await server();
  started.push(await startWorker(url));
  const command = ["baselines", recipe, "--evaluate", "3", "--baselines", "random-real", "--json"];
  const measured = program(...command, "--cluster", url);
  const alone = program(...command, "--threads", "1");
  expect([await measured.ended, await alone.ended], measured.stderr).toEqual([0, 0]);
  expect(measured.stdout).toBe(alone.stdout);
  const [worker] = (await clusterStatus(url)).workers;
  expect(worker?.done).toBeGreaterThanOrEqual(3);
});

describe("sweep", () => {
  test("goes on where it was killed", async () => {
    const long = await smallRecipe(folder, 40, "forty");
    const file = await sweepOf("killed", { recipes: [long], grid: { seed: [3] } });
    const out = join(folder, "killed");
    const command = ["sweep", file, "--out", out, "--json"];
    const first = program(...command);
    await vi.waitUntil(() => existsSync(join(out, "forty,seed=3", "checkpoint.safetensors")), 60_000);
    first.kill("SIGTERM");
    await first.ended;
    const { runs } = await resultOf(program(...command));
    const alone = program("run", long, "--threads", "1", "--seed", "3", "--out", join(folder, "alone-3"));
    expect(runs[0]?.result?.sha256).toBe(await alone.digest());
  });

  test("tells of a run that failed, and makes the others", async () => {
    const file = await sweepOf("failing", { grid: { seed: [1, "first"] } });
    const sweep = program("sweep", file, "--out", join(folder, "failing"), "--json");
    expect(await sweep.ended).toBe(1);
    const { runs } = JSON.parse(sweep.stdout) as SweepResult;
    expect(runs[0]?.result?.sha256).toHaveLength(64);
    expect(runs[1]?.failure).toContain("seed");
  });

  test("keeps runs of other options apart", async () => {
    const out = join(folder, "apart");
    const one = program("sweep", await sweepOf("apart", { grid: { seed: [1] } }), "--out", out);
    expect(await one.ended).toBe(0);
    const options = { threads: "1", "outer-steps": 2 };
    const other = program("sweep", await sweepOf("apart", { options, grid: { seed: [1] } }), "--out", out);
    expect(await other.ended).toBe(2);
    expect(other.stderr).toContain('has runs with other "options"; choose another folder by --out');
  });

  test.each([
    ["[]", "expected an object"],
    ['{ "recipes": [] }', '"recipes" to be a list of names'],
    ['{ "recipes": ["digits-dm"], "grids": {} }', 'got "grids"'],
    ['{ "recipes": ["digits-dm"], "grid": { "seed": [] } }', '"grid" to be an object'],
    ['{ "recipes": ["digits-dm"], "grid": { "--seed": [1] } }', "options without dashes"],
    ['{ "recipes": ["digits-dm"], "options": { "out": "x" } }', "which the sweep decides"],
    ['{ "recipes": ["digits-dm", "digits-dm"] }', "every run once"],
    ['{ "recipes": ["digits-dm"], "grid": { "data": ["../x"] } }', "values without slashes"],
  ])("refuses the file %s", async (text, why) => {
    const path = join(folder, "bad.json");
    await writeFile(path, text);
    const refused = program("sweep", path, "--out", join(folder, "bad"));
    expect(await refused.ended).toBe(1);
    expect(refused.stderr).toContain(`${path}: expected`);
    expect(refused.stderr).toContain(why);
  });
});
