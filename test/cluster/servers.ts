// A Redis or Valkey server of a test's own, on a free port of this machine, and programs that use it.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";

const command = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Returns a port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A server, whose data survive it. */
export class TestServer {
  readonly url: string;
  readonly redis: Redis;
  readonly #path: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(path: string, folder: string, port: number, options: readonly string[]) {
    this.#path = path;
    this.#folder = folder;
    this.#port = port;
    this.#options = options;
    this.url = `redis://127.0.0.1:${port}`;
    this.redis = new Redis(port, "127.0.0.1", { lazyConnect: true, maxRetriesPerRequest: null });
    this.redis.on("error", () => {});
  }

  static async start(path: string, ...options: readonly string[]): Promise<TestServer> {
    const folder = await mkdtemp(join(tmpdir(), "distillate-redis-"));
    const server = new TestServer(path, folder, await freePort(), options);
    await server.start();
    return server;
  }

  /** Starts it, again with the data that it had. */
  async start(): Promise<void> {
    const { "0": port, "1": dir } = [String(this.#port), this.#folder];
    const own = ["--port", port!, "--bind", "127.0.0.1", "--dir", dir!, "--save", "", "--appendonly", "yes"];
    this.#process = spawn(this.#path, [...own, ...this.#options], { stdio: "ignore" });
    for (let tried = 0; tried < 100; tried++) {
      if (await answers(this.#port)) return;
      await pause(50);
    }
    throw new Error(`${this.#path} does not answer on port ${this.#port}`);
  }

  /** Kills it at once, unless it has ended. */
  async kill(): Promise<void> {
    const { exitCode, signalCode } = this.#process!;
    if (exitCode !== null || signalCode !== null) return;
    const ended = new Promise((resolve) => this.#process!.once("exit", resolve));
    this.#process!.kill("SIGKILL");
    await ended;
  }

  /** Returns its URL for those to whom this machine has another address. */
  urlAt(address: string): string {
    return `redis://${address}:${this.#port}`;
  }

  /** Returns the names of all keys. */
  keys(): Promise<string[]> {
    return this.redis.keys("*");
  }

  async stop(): Promise<void> {
    this.redis.disconnect();
    await this.kill();
    await rm(this.#folder, { recursive: true });
  }
}

async function answers(port: number): Promise<boolean> {
  // One that loads its data answers with LOADING, and one with a password with NOAUTH.
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.once("data", (answer) => {
      socket.destroy();
      resolve(!answer.toString().includes("LOADING"));
    });
    socket.once("error", () => resolve(false));
  });
}

/** The command, in a process of its own. */
export class Program {
  readonly #process: ChildProcess;
  #stdout = "";
  #stderr = "";
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;

  /** Starts it with these arguments. `before` are words of a command that starts another one, as to place it on a {@link Host}. */
  constructor(args: readonly string[], before: readonly string[] = []) {
    const [program, ...words] = [...before, process.execPath, command, ...args] as [string, ...string[]];
    this.#process = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    this.#process.stdout!.on("data", (chunk) => {
      this.#stdout += chunk;
    });
    this.#process.stderr!.on("data", (chunk) => {
      this.#stderr += chunk;
    });
    this.ended = new Promise((resolve) => this.#process.once("close", (code, signal) => resolve(signal ?? code ?? -1)));
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The outer steps that it has told of. */
  get step(): number {
    return Math.max(0, ...this.#events().map(({ step }) => (typeof step === "number" ? step : 0)));
  }

  kill(signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT"): void {
    this.#process.kill(signal);
  }

  /** Waits until stderr says this. */
  async says(text: string): Promise<void> {
    for (let tried = 0; tried < 1200; tried++) {
      if (this.#stderr.includes(text)) return;
      await pause(25);
    }
    throw new Error(`the program did not say "${text}" but:\n${this.#stderr}`);
  }

  /** Waits until it has taken so many outer steps. */
  async reaches(step: number): Promise<void> {
    for (let tried = 0; tried < 4800 && this.step < step; tried++) await pause(25);
    if (this.step < step) throw new Error(`the run did not reach step ${step}:\n${this.#stderr}`);
  }

  /** Returns the digest of the set that a run made, or throws what it said. */
  async digest(): Promise<string> {
    const code = await this.ended;
    const result = this.#events().find(({ event }) => event === "result");
    if (code !== 0 || typeof result?.sha256 !== "string") throw new Error(`exit code ${code}:\n${this.#stderr}`);
    return result.sha256;
  }

  #events(): Readonly<Record<string, unknown>>[] {
    const lines = this.#stdout.split("\n").slice(0, -1);
    return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  }
}

/** Starts a worker and waits until it is there. */
export async function startWorker(url: string, before: readonly string[] = []): Promise<Program> {
  const worker = new Program(["worker", "--cluster", url, "--slots", "1"], before);
  await worker.says("is there");
  return worker;
}

/** Writes a small recipe of several networks a step, and returns its path. */
export async function smallRecipe(folder: string, steps: number, name = "small"): Promise<string> {
  const path = join(folder, `${name}.json`);
  const recipe = {
    name,
    summary: "Some steps of several networks",
    data: { name: "digits" },
    model: { name: "lenet" },
    init: { kind: "random", scheme: "xavier-normal" },
    method: { name: "back-gradient", steps: 1, epochs: 2, imagesPerClass: 1 },
    networksPerStep: 6,
    outer: { batch: 128, steps },
    evaluate: { networks: 0 },
  };
  await writeFile(path, JSON.stringify(recipe));
  return path;
}

/** A way to a server that can be cut, as a network is: what is sent meanwhile arrives later, or never. */
export class Line {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #whole = true;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `redis://127.0.0.1:${port}`;
  }

  static async to(url: string): Promise<Line> {
    const far = Number(new URL(url).port);
    const port = await freePort();
    const server = createServer((near) => line.#join(near, connect(far, "127.0.0.1")));
    const line = new Line(server, port);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return line;
  }

  #join(near: Socket, away: Socket): void {
    for (const [from, to] of [
      [near, away],
      [away, near],
    ] as const) {
      this.#sockets.add(from);
      from.on("data", (chunk) => to.write(chunk));
      from.on("error", () => {});
      from.on("close", () => {
        to.destroy();
        this.#sockets.delete(from);
      });
      if (!this.#whole) from.pause();
    }
  }

  /** Lets nothing through. With `lose`, connections break when it is whole again. */
  async cut(milliseconds: number, lose: boolean): Promise<void> {
    this.#whole = false;
    for (const socket of this.#sockets) socket.pause();
    await pause(milliseconds);
    this.#whole = true;
    for (const socket of [...this.#sockets]) {
      if (lose) socket.destroy();
      else socket.resume();
    }
  }

  close(): void {
    for (const socket of [...this.#sockets]) socket.destroy();
    this.#server.close();
  }
}
