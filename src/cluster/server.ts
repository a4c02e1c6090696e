// Connections to the Redis or Valkey server of a cluster. The first one fails at once with a sentence; once it stood, those that break
// are made again for as long as it takes.
import type { Redis } from "ioredis";
import { shown } from "../checks/refusal.ts";
import { thrown } from "../kinds.ts";
import { quote } from "../quote.ts";
import { version } from "../version.gen.ts";
import { ClusterError } from "./errors.ts";
import { PREFIX } from "./keys.ts";
import { importPeers, type Peers } from "./peers.ts";

/** The oldest server that has the commands of a cluster and of its queue. */
const OLDEST = [6, 2] as const;
/** Milliseconds after which a server that does not answer counts as absent. */
const CONNECT_MS = 10_000;
/** The longest pause between two attempts to connect again, in milliseconds. */
const PAUSE_MS = 2000;

/** Where a server is. */
export interface Address {
  readonly url: string;
  /** The address without its password, for messages. */
  readonly shown: string;
}

/** Returns the address in a URL. Throws TypeError for other values and for URLs of another kind, which it does not repeat. */
export function addressOf(name: string, value: unknown): Address {
  const expected = `"${name}" expected a URL such as redis://host:6379 or rediss://user:password@host:6380`;
  if (typeof value !== "string") throw new TypeError(`${expected}, got ${shown(value)}`);
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw new TypeError(`${expected}, got another text`);
  }
  if (url.protocol !== "redis:" && url.protocol !== "rediss:") {
    throw new TypeError(`${expected}, got one that begins with ${quote(url.protocol)}`);
  }
  return { url: value, shown: `${url.protocol}//${url.host === "" ? "localhost" : url.host}${url.pathname}` };
}

/** A server that answers. */
export class Server {
  readonly address: Address;
  readonly peers: Peers;
  /** The connection for commands that return at once. */
  readonly redis: Redis;
  readonly #connections: Redis[];
  readonly #onNotice: (message: string) => void;
  /** Whether it was said that the server is away, and why. */
  #away: string | undefined;

  private constructor(address: Address, peers: Peers, redis: Redis, onNotice: (message: string) => void) {
    this.address = address;
    this.peers = peers;
    this.redis = redis;
    this.#connections = [redis];
    this.#onNotice = onNotice;
    this.#watch(redis);
  }

  /**
   * Connects.
   *
   * @throws UnsupportedError without the packages that it needs; ClusterError for a server that is not there, refuses the password, is too old, has no
   * memory left or may throw away what it holds.
   */
  static async connect(address: Address, onNotice: (message: string) => void): Promise<Server> {
    const peers = await importPeers();
    await examine(address, peers);
    const redis = lasting(address, peers);
    return new Server(address, peers, redis, onNotice);
  }

  /** Opens another connection: a command that waits for something keeps one busy. */
  another(): Redis {
    const redis = lasting(this.address, this.peers);
    this.#connections.push(redis);
    redis.on("error", () => {});
    return redis;
  }

  /**
   * Repeats what a server refused because it is full or starting, until it does it. Throws what else is thrown, and `signal`'s reason.
   */
  async patiently<T>(command: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let said = false; ; ) {
      signal?.throwIfAborted();
      try {
        return await command();
      } catch (error) {
        const why = passing(thrown(error).message);
        if (why === undefined) throw error;
        if (!said) this.#onNotice(`${this.address.shown} ${why}; waiting until it does not`);
        said = true;
        await pause(1000);
      }
    }
  }

  /** Closes all connections. */
  close(): void {
    for (const redis of this.#connections) redis.disconnect();
  }

  #watch(redis: Redis): void {
    redis.on("error", (error: Error) => {
      const why = error.message || String(error);
      if (this.#away === why) return;
      this.#away = why;
      this.#onNotice(`${this.address.shown} is away (${why}); waiting for it`);
    });
    redis.on("ready", () => {
      if (this.#away !== undefined) this.#onNotice(`${this.address.shown} is back`);
      this.#away = undefined;
    });
  }
}

/** Returns what a full or starting server says of itself; undefined for errors that do not pass. */
function passing(message: string): string | undefined {
  if (message.includes("OOM")) return "has no memory left";
  if (message.includes("MISCONF")) return "cannot write to its disk";
  if (/LOADING|BUSY|READONLY|MASTERDOWN|TRYAGAIN|CLUSTERDOWN/.test(message)) return "is not ready to be written to";
  return undefined;
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function lasting(address: Address, { ioredis }: Peers): Redis {
  return new ioredis.Redis(address.url, {
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(PAUSE_MS, 50 * 2 ** Math.min(attempt, 10)),
    connectTimeout: CONNECT_MS,
  });
}

/** Throws ClusterError unless the server can be used. */
async function examine({ url, shown }: Address, { ioredis }: Peers): Promise<void> {
  const redis = new ioredis.Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
  });
  let lastError: unknown;
  redis.on("error", (error) => {
    lastError = error;
  });
  try {
    await redis.connect();
    checkInfo(shown, await redis.info());
    await redis.set(`${PREFIX}:probe`, version, "EX", 1);
  } catch (error) {
    if (error instanceof ClusterError) throw error;
    throw refused(shown, thrown(lastError ?? error).message, error);
  } finally {
    redis.disconnect();
  }
}

function refused(shown: string, message: string, cause: unknown): ClusterError {
  const because = (what: string): ClusterError => new ClusterError(`${shown}: ${what}`, { cause });
  if (/WRONGPASS|NOAUTH|NOPERM|invalid password/.test(message)) {
    return because(`the server refuses the user or the password of the URL (${message})`);
  }
  if (/certificate|ERR_TLS|altname/i.test(message)) {
    return because(
      `the certificate of the server is not one that is known here (${message}): name the file of its authority in NODE_EXTRA_CA_CERTS`,
    );
  }
  const why = passing(message);
  if (why !== undefined) return because(`the server ${why} (${message}): free some, or give it more with maxmemory`);
  return because(`no Redis or Valkey server answers there (${message})`);
}

/** Reads what a server says of itself. */
function checkInfo(shown: string, info: string): void {
  const fields = new Map(info.split("\r\n").map((line) => line.split(":", 2) as [string, string]));
  const has = fields.get("redis_version") ?? "0";
  const [major = 0, minor = 0] = has.split(".").map(Number);
  const [least, leastMinor] = OLDEST;
  if (major < least || (major === least && minor < leastMinor)) {
    throw new ClusterError(`${shown}: expected Redis ${OLDEST.join(".")} or newer, or Valkey, got ${quote(has)}`);
  }
  const policy = fields.get("maxmemory_policy") ?? "noeviction";
  if (Number(fields.get("maxmemory") ?? 0) > 0 && policy !== "noeviction") {
    throw new ClusterError(
      `${shown}: expected a server that keeps what it is given, got one that throws it away when it is full; ` +
        `set maxmemory-policy from ${policy} to noeviction`,
    );
  }
}
