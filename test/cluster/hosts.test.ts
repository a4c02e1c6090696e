// Runs whose workers are on hosts of their own, which are cut off from the server.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, inject, test } from "vitest";
import { Host } from "./hosts.ts";
import { Program, smallRecipe, startWorker, TestServer } from "./servers.ts";

const { redis, namespaces } = inject("tools");
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

test.skipIf(redis.missing !== undefined || namespaces.missing !== undefined)(
  "hosts that are cut off, one after the other and the run's too, change no byte",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "distillate-hosts-"));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const recipe = await smallRecipe(folder, 12);
    const hosts = [0, 1, 2].map(() => new Host(namespaces.path!));
    for (const host of hosts) ends.push(() => host.remove());
    const server = await TestServer.start(
      redis.path!,
      ...["--bind", "127.0.0.1", ...hosts.map(({ here }) => here), "--protected-mode", "no"],
    );
    ends.push(() => server.stop());
    const program = (...args: readonly string[]) => new Program(["run", recipe, "--threads", "1", ...args]);
    const alone = program("--workers", "2", "--out", join(folder, "alone")).digest();

    const [one, two, own] = hosts as [Host, Host, Host];
    for (const host of [one, two]) {
      const worker = await startWorker(server.urlAt(host.here), host.before);
      ends.push(() => worker.kill("SIGKILL"));
    }
    const url = server.urlAt(own.here);
    const out = join(folder, "hosts");
    const going = new Program(["run", recipe, "--threads", "1", "--cluster", url, "--out", out], own.before);
    ends.push(() => going.kill("SIGKILL"));
    const ended = going.digest();
    for (const [i, host] of [one, two, own].entries()) {
      await going.reaches(3 * i + 2);
      host.cut();
      // For longer than a worker that is not heard of keeps its jobs.
      await pause(5000);
      host.mend();
    }
    expect(await ended).toBe(await alone);
  },
);
