// `distillate worker`: computes networks for the runs of a cluster.
import type { Command } from "commander";
import { serveCluster } from "../../cluster.ts";
import { printable, writeNote } from "../errors.ts";
import { watchInterrupts } from "../input/interrupt.ts";
import { wholeNumber } from "../input/options.ts";
import { plural } from "../output/text.ts";

interface WorkerOptions {
  readonly cluster: string;
  readonly threads: number;
  readonly slots?: number;
}

const help = `
Takes networks from the queue of the server and computes them, until it is
stopped. It computes for runs of its own release only, because others give other
bits. SIGTERM or Ctrl-C ends it after the networks that it has begun; a second
one ends it at once, and others compute its networks some seconds later.

Examples:
  $ distillate worker --cluster redis://queue.example:6379
  $ distillate worker --cluster rediss://user:password@queue.example:6380 --slots 4 --threads 2
`;

export function addWorker(program: Command): void {
  program
    .command("worker")
    .description("compute networks for the runs of a cluster")
    .requiredOption("--cluster <url>", "the Redis or Valkey server of the cluster, such as redis://host:6379")
    .option("--threads <n>", "kernel threads of each network", wholeNumber(1, 64), 1)
    .option("--slots <n>", "networks computed at once (default: processors divided by --threads)", wholeNumber(1, 1024))
    .addHelpText("after", help)
    .action(work);
}

async function work({ cluster, threads, slots }: WorkerOptions): Promise<void> {
  const worker = await serveCluster(cluster, { threads, slots, onNotice: writeNote });
  say(`${worker.name} is there: ${plural(worker.slots, "slot")} of ${plural(worker.threads, "thread")}`);
  await stopped();
  say(`${worker.name} ends what it has begun`);
  await worker.drain();
  say(`${worker.name} is gone after ${plural(worker.done, "network")}`);
}

/** Resolves at the first signal to stop; a second one ends the process. */
async function stopped(): Promise<void> {
  const interrupt = watchInterrupts();
  await new Promise<void>((resolve) => {
    if (interrupt.signal.aborted) resolve();
    else interrupt.signal.addEventListener("abort", () => resolve());
  });
}

function say(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}
