// The entry `distillate/cluster`: networks on other machines, by way of a queue on Redis or Valkey. It needs the packages bullmq and
// ioredis, which are imported when a function of this file is called.
import { callback, optional, text, whole } from "./checks/checks.ts";
import { type Checks, checkOptions } from "./checks/options.ts";
import { Coordinator } from "./cluster/coordinator.ts";
import { type RunRecord, runsThere, type WorkerRecord, workersThere } from "./cluster/registry.ts";
import { addressOf, Server } from "./cluster/server.ts";
import { Service } from "./cluster/service.ts";
import type { Elsewhere } from "./engine/elsewhere.ts";
import { hardwareThreads } from "./platform/platform.ts";
import { sayOnce } from "./run/place.ts";

export { ClusterError } from "./cluster/errors.ts";
export type { RunRecord, WorkerRecord } from "./cluster/registry.ts";
export type { Release } from "./cluster/release.ts";
export type { Elsewhere } from "./engine/elsewhere.ts";

/** Options of {@link cluster}. */
export interface ClusterOptions {
  /** What the run is, for whoever asks for the status. Default "a run". */
  readonly title?: string | undefined;
  /** Called with a message when the server is away or full, or no worker is there. Default: each message goes to `console.info` once. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

const clusterChecks: Checks<ClusterOptions> = { title: optional(text), onNotice: optional(callback) };

/**
 * Computes networks on the workers of a cluster, in place of workers of this process: as the option `networks` of `distill`, and as the
 * option `on` of `evaluate`, `judge`, `baseline` and `trainPool`. Results are the same, bit for bit, whoever computes them and how often. It waits
 * as long as the server is away or full, or no worker is there, and says so.
 *
 * @param url The server, such as redis://user:password@host:6379, or rediss:// for TLS.
 * @throws TypeError for another URL or option. The call that it is given to rejects with UnsupportedError without the packages bullmq
 * and ioredis, and with {@link ClusterError} for a server that cannot be used when the call begins.
 * @example
 * const run = distill({ data, model: lenet(), method, networksPerStep: 64, networks: cluster("redis://queue.example:6379") });
 */
export function cluster(url: string, options: ClusterOptions = {}): Elsewhere {
  const address = addressOf("url", url);
  checkOptions(options, clusterChecks);
  const { title = "a run", onNotice = sayOnce } = options;
  return {
    async start(wanted) {
      const server = await Server.connect(address, onNotice);
      try {
        return await Coordinator.start(server, { ...wanted, title, onNotice });
      } catch (error) {
        server.close();
        throw error;
      }
    },
  };
}

/** Options of {@link serveCluster}. */
export interface ServeOptions {
  /** How many networks are computed at once. Default: as many as there are processors, divided by `threads`. */
  readonly slots?: number | undefined;
  /** The kernel threads of each. Default 1. */
  readonly threads?: number | undefined;
  /** As for {@link cluster}; and called when a job fails. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

const serveChecks: Checks<ServeOptions> = {
  slots: optional(whole(1, 1024)),
  threads: optional(whole(1, 1024)),
  onNotice: optional(callback),
};

/** A worker of a cluster. */
export interface ClusterWorker {
  /** Its name, which no other has. */
  readonly name: string;
  readonly slots: number;
  readonly threads: number;
  /** Jobs that it has done. */
  readonly done: number;
  /** Ends the jobs that it has begun, takes no others, and closes. */
  drain(): Promise<void>;
  /** Stops at once. Its jobs are given to others some seconds later. */
  stop(): Promise<void>;
}

/**
 * Makes this process a worker of a cluster: it computes networks for whoever asks on the same server with the same release, until it is drained
 * or stopped. It runs no code that it is sent, and checks all that it is sent.
 *
 * @throws TypeError and RangeError for options out of range; UnsupportedError and {@link ClusterError} as for {@link cluster}.
 * @example
 * const worker = await serveCluster("redis://queue.example:6379", { slots: 8 });
 * process.once("SIGTERM", () => worker.drain());
 */
export async function serveCluster(url: string, options: ServeOptions = {}): Promise<ClusterWorker> {
  const address = addressOf("url", url);
  checkOptions(options, serveChecks);
  const { threads = 1, onNotice = sayOnce } = options;
  const { slots = Math.max(1, Math.floor(hardwareThreads() / threads)) } = options;
  const service = new Service(await Server.connect(address, onNotice), { slots, threads, onNotice });
  return {
    ...{ name: service.name, slots, threads },
    get done() {
      return service.done;
    },
    drain: () => service.drain(),
    stop: () => service.stop(),
  };
}

/** Who is there on a cluster. */
export interface ClusterStatus {
  readonly runs: readonly RunRecord[];
  readonly workers: readonly WorkerRecord[];
}

/**
 * Returns the runs and workers that said in the last fifteen seconds that they are there.
 *
 * @throws as {@link serveCluster}.
 * @example
 * const { runs, workers } = await clusterStatus("redis://queue.example:6379");
 */
export async function clusterStatus(url: string): Promise<ClusterStatus> {
  const server = await Server.connect(addressOf("url", url), () => {});
  try {
    const [runs, workers] = await Promise.all([runsThere(server.redis), workersThere(server.redis)]);
    return { runs, workers };
  } finally {
    server.close();
  }
}
