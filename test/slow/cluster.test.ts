// A run on a cluster to which everything happens: it ends with the bytes of one machine, and nothing is left behind.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Queue } from "bullmq";
import { afterAll, afterEach, describe, expect, inject, test } from "vitest";
import { queueName } from "../../src/cluster/release.ts";
import { Host } from "../cluster/hosts.ts";
import { Line, Program, smallRecipe, startWorker, TestServer } from "../cluster/servers.ts";
import { randomIntegers } from "../formats/hostile.ts";

const { redis, valkey, namespaces } = inject("tools");
const folder = await mkdtemp(join(tmpdir(), "distillate-slow-cluster-"));
const seed = 1;
let count = 0;

const programs = new Set<Program>();
const ends: (() => Promise<void> | void)[] = [];

function run(recipe: string, ...options: readonly string[]): Program {
  const program = new Program(["run", recipe, "--out", join(folder, `run-${count++}`), "--threads", "1", ...options]);
  programs.add(program);
  return program;
}

async function server(path: string, ...options: readonly string[]): Promise<TestServer> {
  const made = await TestServer.start(path, ...options);
  ends.push(() => made.stop());
  return made;
}

async function worker(url: string, before: readonly string[] = []): Promise<Program> {
  const program = await startWorker(url, before);
  programs.add(program);
  return program;
}

afterEach(async () => {
  for (const program of programs) program.kill("SIGKILL");
  programs.clear();
  for (const end of ends.splice(0)) await end();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A way to a server that can be cut for some milliseconds. With `lose`, connections are broken then, if it can do that. */
interface Way {
  readonly url: string;
  /** The words before a command that goes this way. */
  readonly before: readonly string[];
  cut(milliseconds: number, lose: boolean): Promise<void>;
}

async function linesTo(made: TestServer): Promise<readonly Way[]> {
  const lines = [await Line.to(made.url), await Line.to(made.url), await Line.to(made.url)];
  ends.unshift(() => {
    for (const line of lines) line.close();
  });
  return lines.map((line) => ({ url: line.url, before: [], cut: (ms, lose) => line.cut(ms, lose) }));
}

async function hostsOf(made: TestServer): Promise<readonly Way[]> {
  const hosts = [0, 1, 2].map(() => new Host(namespaces.path!));
  for (const host of hosts) ends.push(() => host.remove());
  return hosts.map((host) => ({
    ...{ url: made.urlAt(host.here), before: host.before },
    async cut(ms) {
      host.cut();
      await pause(ms);
      host.mend();
    },
  }));
}

/** Ends workers, and expects that they leave no key. */
async function expectNothingLeft(made: TestServer, workers: readonly Program[]): Promise<void> {
  // Runs and workers that were killed are forgotten after fifteen seconds.
  await pause(16_000);
  for (const program of workers) program.kill("SIGTERM");
  await Promise.all(workers.map(({ ended }) => ended));
  expect(await made.keys()).toEqual([]);
}

for (const [name, tool] of [
  ["Redis", redis],
  ["Valkey", valkey],
] as const) {
  describe.skipIf(tool.missing !== undefined)(`on ${name}`, () => {
    test("100 kills of workers change no byte", async () => {
      const recipe = await smallRecipe(folder, 120);
      const alone = await run(recipe, "--workers", "2").digest();
      const made = await server(tool.path!);
      const workers = [await worker(made.url), await worker(made.url), await worker(made.url)];
      const going = run(recipe, "--cluster", made.url);
      const ended = going.digest();
      const integers = randomIntegers(seed);
      let kills = 0;
      let over = false;
      ended.finally(() => {
        over = true;
      });
      while (!over) {
        await pause(integers(500));
        if (over) break;
        const i = integers(workers.length);
        workers[i]!.kill("SIGKILL");
        kills++;
        workers[i] = await worker(made.url);
        if (kills === 100) break;
      }
      expect(await ended, `seed ${seed}`).toBe(alone);
      console.log(`${name}: ${kills} kills of workers`);
      expect(kills).toBe(100);
      await expectNothingLeft(made, workers);
    });

    test("10 kills of the server change no byte", async () => {
      const recipe = await smallRecipe(folder, 120);
      const alone = await run(recipe, "--workers", "2").digest();
      const made = await server(tool.path!);
      const workers = [await worker(made.url), await worker(made.url)];
      const going = run(recipe, "--cluster", made.url);
      for (let kill = 0; kill < 10; kill++) {
        await going.reaches(10 * kill + 2);
        await made.kill();
        await pause(200);
        await made.start();
      }
      expect(await going.digest()).toBe(alone);
      await expectNothingLeft(made, workers);
    });

    test("10 kills of the run change no byte", async () => {
      const recipe = await smallRecipe(folder, 120);
      const alone = await run(recipe, "--workers", "2").digest();
      const made = await server(tool.path!);
      const workers = [await worker(made.url), await worker(made.url)];
      const out = join(folder, `killed-${count++}`);
      const how = ["--cluster", made.url, "--checkpoint-every", "1"];
      let going = new Program(["run", recipe, "--out", out, ...how]);
      for (let kill = 0; kill < 10; kill++) {
        const before = going.step;
        await going.reaches(before + 8);
        while (!existsSync(join(out, "checkpoint.safetensors"))) await pause(50);
        going.kill("SIGKILL");
        await going.ended;
        going = new Program(["run", "--resume", out, ...how]);
      }
      expect(await going.digest()).toBe(alone);
      // What workers told a run that was killed ends a minute later.
      await pause(60_000);
      await expectNothingLeft(made, workers);
    });

    const { missing } = namespaces;
    for (const [where, skipped, waysTo] of [
      ["a line in between", false, linesTo],
      ["hosts of their own", missing !== undefined, hostsOf],
    ] as const) {
      test.skipIf(skipped)(`20 cuts of the network for seconds, by ${where}, change no byte`, async () => {
        const recipe = await smallRecipe(folder, 120);
        const alone = await run(recipe, "--workers", "2").digest();
        const made = await server(tool.path!, "--bind", "0.0.0.0", "--protected-mode", "no");
        const ways = await waysTo(made);
        const [one, two, own] = ways as [Way, Way, Way];
        const workers = [await worker(one.url, one.before), await worker(two.url, two.before)];
        const out = join(folder, `cut-${count++}`);
        const going = new Program(["run", recipe, "--cluster", own.url, "--out", out, "--threads", "1"], own.before);
        programs.add(going);
        const ended = going.digest();
        const integers = randomIntegers(seed);
        let cuts = 0;
        for (; cuts < 20; cuts++) {
          const step = going.step;
          await ways[integers(ways.length)]!.cut(1000 + integers(4000), integers(2) === 1);
          await going.reaches(Math.min(120, step + 2));
        }
        expect(await ended, `seed ${seed}`).toBe(alone);
        console.log(`${name}: ${cuts} cuts by ${where}`);
        await expectNothingLeft(made, workers);
      });
    }

    test("jobs that are delivered twice and in another order change no byte", async () => {
      const recipe = await smallRecipe(folder, 60);
      const alone = await run(recipe, "--workers", "2").digest();
      const made = await server(tool.path!);
      const workers = [await worker(made.url), await worker(made.url)];
      const going = run(recipe, "--cluster", made.url);
      const ended = going.digest();
      let over = false;
      ended.finally(() => {
        over = true;
      });
      const queue = new Queue(queueName(), { connection: { url: made.url }, prefix: "distillate" });
      ends.unshift(() => queue.close());
      const copied = new Set<string>();
      while (!over) {
        for (const job of await queue.getJobs(["waiting", "active"])) {
          if (!job?.id || job.id.includes("copy") || copied.has(job.id)) continue;
          copied.add(job.id);
          // The last one in is the first one out.
          const options = { jobId: `${job.id}-copy`, lifo: true, removeOnComplete: true, removeOnFail: true };
          await queue.add(job.name, job.data, options);
        }
        await pause(20);
      }
      expect(await ended).toBe(alone);
      console.log(`${name}: ${copied.size} of 360 jobs were delivered twice`);
      expect(copied.size).toBeGreaterThan(180);
      await expectNothingLeft(made, workers);
    });
  });
}
