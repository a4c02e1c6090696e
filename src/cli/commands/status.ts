// `distillate status`: the runs and workers of a cluster.
import { createServer } from "node:http";
import { type Command, InvalidArgumentError } from "commander";
import { metricsText } from "../../cluster/metrics.ts";
import { type ClusterStatus, clusterStatus } from "../../cluster.ts";
import { thrown } from "../../kinds.ts";
import { visibleJson } from "../../quote.ts";
import { printable } from "../errors.ts";
import { watchInterrupts } from "../input/interrupt.ts";
import { plural, table } from "../output/text.ts";

interface StatusOptions {
  readonly cluster: string;
  readonly metrics?: Listening;
  readonly json?: true;
}

const help = `
A run or worker is there if it said so in the last fifteen seconds. A worker
computes for runs of its own release only.

With --metrics it serves the same as metrics for Prometheus under /metrics,
until it is stopped. Only programs on this machine reach them, unless a host is
given too.

Examples:
  $ distillate status --cluster redis://queue.example:6379
  $ distillate status --cluster redis://queue.example:6379 --metrics 0.0.0.0:9464
`;

export function addStatus(program: Command): void {
  program
    .command("status")
    .description("show the runs and workers of a cluster")
    .requiredOption("--cluster <url>", "the Redis or Valkey server of the cluster, such as redis://host:6379")
    .option("--json", "print one JSON object")
    .option("--metrics <port>", "serve metrics for Prometheus on this port, or host:port", listening)
    .addHelpText("after", help)
    .action(async ({ cluster, json, metrics }: StatusOptions) => {
      if (metrics) return serveMetrics(cluster, metrics);
      const status = await clusterStatus(cluster);
      const text = json ? visibleJson(status) : linesOf(status).map(printable).join("\n");
      process.stdout.write(`${text}\n`);
    });
}

/** Where metrics are served. */
interface Listening {
  readonly host: string;
  readonly port: number;
}

function listening(text: string): Listening {
  const [, host = "127.0.0.1", port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new InvalidArgumentError("Expected a port from 0 to 65535, or host:port.");
  }
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

/** Serves the status as metrics until a signal. Throws if the cluster cannot be used. */
async function serveMetrics(url: string, { host, port }: Listening): Promise<void> {
  await clusterStatus(url);
  const server = createServer(async ({ url: path }, response) => {
    if (path !== "/metrics") return response.writeHead(404).end("metrics are under /metrics\n");
    try {
      const text = metricsText(await clusterStatus(url));
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(text);
    } catch (error) {
      response.writeHead(503).end(`${thrown(error).message}\n`);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const at = server.address() as { readonly address: string; readonly port: number };
  process.stderr.write(`${printable(`metrics at http://${host}:${at.port}/metrics`)}\n`);
  const interrupt = watchInterrupts();
  await new Promise<void>((resolve) => interrupt.signal.addEventListener("abort", () => resolve()));
  server.closeAllConnections();
  server.close();
  interrupt.release();
}

function linesOf({ runs, workers }: ClusterStatus): string[] {
  const releases = new Set([...runs, ...workers].map(releaseOf));
  const which = (of: { readonly version: string; readonly kernels: string }): string[] =>
    releases.size > 1 ? [releaseOf(of)] : [];
  const heads = releases.size > 1 ? ["release"] : [];
  return [
    ...(runs.length === 0
      ? ["no run"]
      : table([
          ["run", "on", "outer step", "answered", "waiting", "a second", ...heads],
          ...runs.map((run) => [
            run.title,
            `${run.host} ${run.pid}`,
            run.step === undefined ? "" : String(run.step + 1),
            String(run.answered),
            String(run.waiting),
            run.rate.toFixed(1),
            ...which(run),
          ]),
        ])),
    ...(workers.length === 0
      ? ["no worker"]
      : table([
          ["worker", "slots × threads", "done", "does", ...heads],
          ...workers.map((worker) => [
            worker.worker,
            `${worker.slots} × ${worker.threads}`,
            String(worker.done),
            doingOf(worker),
            ...which(worker),
          ]),
        ])),
  ];
}

function doingOf({ doing, draining }: ClusterStatus["workers"][number]): string {
  const [first, ...others] = doing;
  const what =
    first === undefined ? "nothing" : others.length === 0 ? first : `${first} and ${plural(others.length, "other")}`;
  return draining ? `${what}, then ends` : what;
}

function releaseOf({ version, kernels }: { readonly version: string; readonly kernels: string }): string {
  return `${version} ${kernels}`;
}
