// `distillate status`: the runs and workers of a cluster.
import type { Command } from "commander";
import { type ClusterStatus, clusterStatus } from "../../cluster.ts";
import { visibleJson } from "../../quote.ts";
import { printable } from "../errors.ts";
import { plural, table } from "../output/text.ts";

interface StatusOptions {
  readonly cluster: string;
  readonly json?: true;
}

const help = `
A run or worker is there if it said so in the last fifteen seconds. A worker
computes for runs of its own release only.

Example:
  $ distillate status --cluster redis://queue.example:6379
`;

export function addStatus(program: Command): void {
  program
    .command("status")
    .description("show the runs and workers of a cluster")
    .requiredOption("--cluster <url>", "the Redis or Valkey server of the cluster, such as redis://host:6379")
    .option("--json", "print one JSON object")
    .addHelpText("after", help)
    .action(async ({ cluster, json }: StatusOptions) => {
      const status = await clusterStatus(cluster);
      const text = json ? visibleJson(status) : linesOf(status).map(printable).join("\n");
      process.stdout.write(`${text}\n`);
    });
}

function linesOf({ runs, workers }: ClusterStatus): string[] {
  const releases = new Set([...runs, ...workers].map(releaseOf));
  const which = (of: { readonly version: string; readonly kernels: string }): string[] =>
    releases.size > 1 ? [releaseOf(of)] : [];
  const heads = releases.size > 1 ? ["release"] : [];
  return [
    ...(runs.length === 0 ? ["no run"] : []),
    ...(runs.length === 0
      ? []
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
