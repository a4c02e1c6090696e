// What a cluster cannot use is refused, or replaced, with one clear line.
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, inject, test, vi } from "vitest";
import { ClusterError, cluster, clusterStatus, serveCluster } from "../../src/cluster.ts";
import { freePort, Program, smallRecipe, startWorker, TestServer } from "./servers.ts";

const { redis } = inject("tools");
const folder = await mkdtemp(join(tmpdir(), "distillate-refusals-"));
const servers: TestServer[] = [];
const programs: Program[] = [];

async function server(...options: readonly string[]): Promise<TestServer> {
  const made = await TestServer.start(redis.path!, ...options);
  servers.push(made);
  return made;
}

afterEach(async () => {
  for (const program of programs.splice(0)) program.kill("SIGKILL");
  for (const made of servers.splice(0)) await made.stop();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  [1, "got 1"],
  ["queue.example", "got another text"],
  ["http://user:secret@queue.example", 'got one that begins with "http:"'],
])("%s is no address of a cluster, and a password is not repeated", (url, got) => {
  expect(() => cluster(url as string)).toThrow(got);
  expect(() => cluster(url as string)).not.toThrow("secret");
});

test("where no server answers, the line names the address", async () => {
  const port = await freePort();
  const refused = clusterStatus(`redis://127.0.0.1:${port}`);
  await expect(refused).rejects.toThrow(ClusterError);
  await expect(refused).rejects.toThrow(`redis://127.0.0.1:${port}: no Redis or Valkey server answers there`);
});

/** Speaks as much of the protocol as an old server's INFO takes. */
async function oldServer(version: string): Promise<{ readonly url: string; readonly server: Server }> {
  const info = `# Server\r\nredis_version:${version}\r\n`;
  const server = createServer((socket) => {
    socket.on("data", (chunk) => {
      for (const command of chunk.toString().match(/\$\d+\r\n(?:info|client|hello|quit)/gi) ?? []) {
        socket.write(/info/i.test(command) ? `$${info.length}\r\n${info}\r\n` : "+OK\r\n");
      }
    });
    socket.on("error", () => {});
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { url: `redis://127.0.0.1:${port}`, server };
}

test("an old server is refused with its version", async () => {
  const old = await oldServer("5.0.7");
  try {
    await expect(serveCluster(old.url)).rejects.toThrow('expected Redis 6.2 or newer, or Valkey, got "5.0.7"');
  } finally {
    old.server.close();
  }
});

describe.skipIf(redis.missing !== undefined)("on Redis", () => {
  test("a wrong password is refused and not repeated", async () => {
    const { url } = await server("--requirepass", "right");
    const wrong = url.replace("//", "//:wrong@");
    for (const tried of [url, wrong]) {
      await expect(clusterStatus(tried)).rejects.toThrow(
        `${url}: the server refuses the user or the password of the URL`,
      );
    }
    await expect(clusterStatus(wrong)).rejects.not.toThrow("wrong@");
    expect(await clusterStatus(url.replace("//", "//:right@"))).toEqual({ runs: [], workers: [] });
  });

  test("a server that has no memory left is refused", async () => {
    const { url } = await server("--maxmemory", "100kb");
    await expect(clusterStatus(url)).rejects.toThrow("the server has no memory left");
  });

  test("a server that throws keys away when it is full is refused", async () => {
    const { url } = await server("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru");
    await expect(clusterStatus(url)).rejects.toThrow("set maxmemory-policy from allkeys-lru to noeviction");
  });

  test("a worker of another release is refused by its name, and one of this release computes", async () => {
    const { url, redis: client } = await server();
    const other = { worker: "other-1", host: "other", pid: 1, version: "0.0.9", kernels: "0123456789abcdef" };
    const record = { ...other, slots: 1, threads: 1, doing: [], done: 0, draining: false };
    await client.set("distillate:worker:other-1", JSON.stringify(record));
    const run = new Program(["run", await smallRecipe(folder, 1), "--cluster", url, "--out", join(folder, "other")]);
    programs.push(run);
    await run.says("other-1 is refused: it has release 0.0.9 with kernels 0123456789abcdef");
    await run.says(`no worker is there; start one with: distillate worker --cluster ${url}`);
    programs.push(await startWorker(url));
    expect(await run.digest()).toMatch(/^[0-9a-f]{64}$/);
  });

  test("data that somebody changed on the server are put there again", async () => {
    const { url, redis: client } = await server();
    const recipe = await smallRecipe(folder, 1);
    const alone = await new Program(["run", recipe, "--out", join(folder, "alone")]).digest();
    const run = new Program(["run", recipe, "--cluster", url, "--out", join(folder, "changed")]);
    programs.push(run);
    const largest = await vi.waitUntil(
      async () => {
        const keys = await client.keys("distillate:blob:*");
        const lengths = await Promise.all(keys.map((key) => client.strlen(key)));
        return keys[lengths.findIndex((length) => length > 1e6)];
      },
      { timeout: 30_000 },
    );
    await client.setrange(largest!, 1000, "changed");
    programs.push(await startWorker(url));
    expect(await run.digest()).toBe(alone);
    expect(run.stderr).toContain(`${largest} is not what its name says`);
  });
});
