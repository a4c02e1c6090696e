// `npm run bench -- cluster`: what a cluster adds to a step on one machine, and by a model of what was measured, how much faster a step is
// on 4 to 256 workers. It needs redis-server, and Linux, which tells the CPU time of other processes.
import { spawnSync } from "node:child_process";
import { clockTimes, computeTimes, costsOf } from "./cluster/fit.mjs";
import { stepTime } from "./cluster/simulate.mjs";
import { clusterWorkloads } from "./cluster/workloads.mjs";
import { hash } from "./inputs.mjs";
import { median } from "./measure.mjs";
import { row, title } from "./print.mjs";

/** Networks of a step, as many as there are workers at most. */
const NETWORKS = 256;
const WORKERS = [1, 4, 8, 16, 32, 64, 128, 256];
/** Networks of the step that is measured too. */
const MEASURED = 8;

/** Lines of a server: bytes a millisecond, and milliseconds of a way. */
const lines = {
  "1 Gbit/s": { perByte: 8 / 1e6, way: 0.1 },
  "10 Gbit/s": { perByte: 8 / 1e7, way: 0.1 },
};
const noLine = { perByte: 0, way: 0 };

/** Returns the median of simulated steps. Each network takes one of the measured times. */
function simulated({ costs, bytes, computed }, networks, workers, network) {
  const times = Array.from({ length: 5 }, (_, seed) => {
    let drawn = 0;
    const compute = () => computed[Math.floor(((1 + hash(drawn++, seed)) / 2) * computed.length)];
    return stepTime({ networks, workers, costs, compute, bytes, network });
  });
  return median(times);
}

export async function cluster({ quick }) {
  if (process.platform !== "linux" || spawnSync("redis-server", ["--version"]).error) {
    console.log("cluster: not measured, it needs redis-server on Linux");
    return undefined;
  }
  const rows = [];
  title(["run", "workers", "step ms", "speed-up"]);
  for (const workload of clusterWorkloads) {
    const computed = await computeTimes({ ...workload, samples: quick ? 6 : workload.samples });
    const fitted = { computed, ...(await costsOf(workload)) };
    const clock = await clockTimes({ ...workload, rounds: quick ? 2 : workload.rounds }, MEASURED);
    const expected = simulated(fitted, MEASURED, 2, noLine);
    row([workload.id, "2 of its own", clock.alone, 1]);
    row([workload.id, "2 measured", clock.cluster, clock.alone / clock.cluster]);
    row([workload.id, "2 simulated", expected, clock.alone / expected]);
    const curves = Object.entries(lines).map(([line, network]) => {
      const one = simulated(fitted, NETWORKS, 1, network);
      const points = WORKERS.map((workers) => {
        const ms = simulated(fitted, NETWORKS, workers, network);
        row([`${workload.id}, ${line}`, workers, ms, one / ms]);
        return { workers, ms, speedUp: one / ms };
      });
      return { line, points };
    });
    const { id, title: name } = workload;
    const { costs, bytes } = fitted;
    rows.push({ id, title: name, compute: median(computed), costs, bytes, clock, expected, curves });
  }
  return { quick, networks: NETWORKS, measured: MEASURED, rows };
}
