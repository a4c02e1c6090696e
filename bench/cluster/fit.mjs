// What run, server, workers and network do for a step and for a network, measured on this machine.
import { fileURLToPath } from "node:url";
import { median } from "../measure.mjs";
import { MeasuredProcess } from "../process.mjs";
import { startServer, startWorker } from "./machines.mjs";
import { few, many } from "./workloads.mjs";

const script = fileURLToPath(new URL("run-process.mjs", import.meta.url));

/** Starts a run whose steps are asked for one by one. */
export const startRun = (job) => new MeasuredProcess(process.execPath, [script], job);

/** Returns the milliseconds of CPU time that each of some networks takes in a process of its own, the shortest first. */
export async function computeTimes({ computing, samples }) {
  const run = startRun({ workload: { ...computing, networks: 1 } });
  await run.ready;
  for (let i = 0; i < samples / 4; i++) await run.ask("step");
  const times = [];
  for (let i = 0; i < samples; i++) times.push((await run.ask("step")).cpu);
  await run.finish();
  return times.sort((a, b) => a - b);
}

/** Returns what a step with so many networks takes, on one worker: CPU milliseconds, of the run the median and of others the mean, and bytes. */
async function parts(workload, networks, steps) {
  const server = await startServer();
  const worker = await startWorker(server.url);
  const run = startRun({ workload: { ...workload, networks }, url: server.url });
  await run.ready;
  for (let i = 0; i < 5; i++) await run.ask("step");
  const own = [];
  const before = { server: server.cpu(), worker: worker.cpu(), ...(await server.traffic()) };
  for (let i = 0; i < steps; i++) own.push((await run.ask("step")).cpu);
  const after = { server: server.cpu(), worker: worker.cpu(), ...(await server.traffic()) };
  await run.finish();
  await worker.stop();
  await server.stop();
  const each = (name) => (after[name] - before[name]) / steps;
  return { run: median(own), server: each("server"), worker: each("worker"), came: each("came"), sent: each("sent") };
}

/** Returns what is needed for a step and for each network beside computing it. */
export async function costsOf({ moving }) {
  const steps = 40;
  const [a, b] = [await parts(moving, few, steps), await parts(moving, many, steps)];
  const perNetwork = (name) => (b[name] - a[name]) / (many - few);
  const costs = {
    run: perNetwork("run"),
    step: Math.max(0, a.run - few * perNetwork("run")),
    server: perNetwork("server"),
    worker: perNetwork("worker"),
  };
  // A network's gradient goes to the server and from there to the run; the learned values go to each worker once a step.
  return { costs, bytes: { reply: perNetwork("came"), values: Math.max(0, a.sent - few * perNetwork("sent")) } };
}

/** Returns the median milliseconds by the clock of steps with so many networks: on two workers of the run itself, and on two of a cluster. */
export async function clockTimes({ computing, rounds }, networks) {
  const workload = { ...computing, networks };
  const server = await startServer();
  const workers = [await startWorker(server.url), await startWorker(server.url)];
  const runs = [startRun({ workload, workers: 2 }), startRun({ workload, url: server.url })];
  const losses = await Promise.all(runs.map(({ ready }) => ready.then(({ loss }) => loss)));
  if (losses[0] !== losses[1]) throw new Error(`the first loss on a cluster is ${losses[1]}, expected ${losses[0]}`);
  const times = runs.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, run] of runs.entries()) {
      const { ms } = await run.ask("step");
      if (round >= 0) times[i].push(ms);
    }
  }
  for (const run of runs) await run.finish();
  for (const worker of workers) await worker.stop();
  await server.stop();
  return { alone: median(times[0]), cluster: median(times[1]), rounds };
}
