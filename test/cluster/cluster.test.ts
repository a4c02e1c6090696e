// Runs on a cluster make the bytes of one machine, whatever happens to the machines.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, inject, test, vi } from "vitest";
import { Program, smallRecipe, startWorker, TestServer } from "./servers.ts";

const { redis, valkey } = inject("tools");
const folder = await mkdtemp(join(tmpdir(), "distillate-cluster-"));
const steps = 12;
const recipe = await smallRecipe(folder, steps);

let runs = 0;
const run = (...options: readonly string[]): Program =>
  new Program(["run", recipe, "--threads", "1", "--out", join(folder, `run-${runs++}`), ...options]);

const started: Program[] = [];
const servers: TestServer[] = [];

async function server(path: string, ...options: readonly string[]): Promise<TestServer> {
  const made = await TestServer.start(path, ...options);
  servers.push(made);
  return made;
}

async function worker(url: string): Promise<Program> {
  const made = await startWorker(url);
  started.push(made);
  return made;
}

afterEach(async () => {
  for (const program of started.splice(0)) program.kill("SIGKILL");
  for (const made of servers.splice(0)) await made.stop();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const alone = run("--workers", "2").digest();

describe.skipIf(redis.missing !== undefined)("on Redis", () => {
  test("a run on one, two and three workers makes the bytes of one machine, and leaves no key", async () => {
    const { url } = await server(redis.path!);
    for (let workers = 1; workers <= 3; workers++) {
      await worker(url);
      expect(await run("--cluster", url).digest(), `${workers} workers`).toBe(await alone);
    }
    for (const program of started) program.kill("SIGTERM");
    expect(await Promise.all(started.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    expect(await servers[0]!.keys()).toEqual([]);
  });

  test("workers that are killed five times change no byte", async () => {
    const { url } = await server(redis.path!);
    const workers = [await worker(url), await worker(url)];
    const going = run("--cluster", url);
    for (let kill = 0; kill < 5; kill++) {
      await going.reaches(2 * kill + 1);
      workers[kill % 2]!.kill("SIGKILL");
      workers[kill % 2] = await worker(url);
    }
    expect(await going.digest()).toBe(await alone);
  });

  test("a server that is killed and started again changes no byte", async () => {
    const { url } = await server(redis.path!);
    await worker(url);
    const going = run("--cluster", url);
    await going.reaches(4);
    await servers[0]!.kill();
    await pause(500);
    await servers[0]!.start();
    expect(await going.digest()).toBe(await alone);
    expect(going.stderr).toContain("is away");
    expect(going.stderr).toContain("is back");
  });

  test("a server that lost everything changes no byte", async () => {
    const { url, redis: client } = await server(redis.path!);
    await worker(url);
    const going = run("--cluster", url);
    await going.reaches(4);
    await client.flushall();
    expect(await going.digest()).toBe(await alone);
  });

  test("a coordinator that is killed goes on from its checkpoint, to the same bytes", async () => {
    const { url } = await server(redis.path!);
    await worker(url);
    const out = join(folder, "killed");
    const going = new Program(["run", recipe, "--cluster", url, "--out", out, "--checkpoint-every", "1"]);
    await vi.waitUntil(() => existsSync(join(out, "checkpoint.safetensors")), 60_000);
    going.kill("SIGKILL");
    await going.ended;
    const again = new Program(["run", "--resume", out, "--cluster", url]);
    expect(await again.digest()).toBe(await alone);
  });
});

test.skipIf(valkey.missing !== undefined)("a run on Valkey makes the bytes of one machine", async () => {
  const { url } = await server(valkey.path!);
  await worker(url);
  await worker(url);
  expect(await run("--cluster", url).digest()).toBe(await alone);
});
