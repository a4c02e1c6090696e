// A server and workers on this machine, each a process of its own, and the CPU time that each has used.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";

const command = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** The milliseconds of a tick of the kernel's clock in /proc, which Linux has the same on every machine. */
const TICK = 10;

/** Returns the milliseconds of CPU time that a process has used. Linux only. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return TICK * (Number(fields[11]) + Number(fields[12]));
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a server, set up as docs/cluster.md says. */
export async function startServer() {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "distillate-bench-"));
  const options = ["--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes"];
  const server = spawn("redis-server", options.map(String), { stdio: "ignore" });
  const failed = new Promise((_, reject) => server.once("error", reject));
  const redis = new Redis(port, "127.0.0.1", { maxRetriesPerRequest: null });
  redis.on("error", () => {});
  await Promise.race([redis.ping(), failed]);
  return {
    url: `redis://127.0.0.1:${port}`,
    cpu: () => cpuOf(server.pid),
    /** Returns the bytes that came to it and that it sent. */
    async traffic() {
      const stats = await redis.info("stats");
      const figure = (name) => Number(new RegExp(`${name}:(\\d+)`).exec(stats)[1]);
      return { came: figure("total_net_input_bytes"), sent: figure("total_net_output_bytes") };
    },
    async stop() {
      redis.disconnect();
      const ended = new Promise((resolve) => server.once("close", resolve));
      server.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** Starts a worker of one slot and one thread. */
export async function startWorker(url) {
  const options = ["worker", "--cluster", url, "--slots", "1"];
  const worker = spawn(process.execPath, [command, ...options], { stdio: ["ignore", "ignore", "pipe"] });
  await new Promise((resolve, reject) => {
    worker.stderr.on("data", (text) => String(text).includes("is there") && resolve());
    worker.once("close", (code) => reject(new Error(`a worker ended with ${code}`)));
  });
  return {
    cpu: () => cpuOf(worker.pid),
    async stop() {
      const ended = new Promise((resolve) => worker.once("close", resolve));
      worker.kill("SIGTERM");
      await ended;
    },
  };
}
