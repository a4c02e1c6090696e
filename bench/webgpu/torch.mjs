// The same steps in PyTorch on a GPU by CUDA, where there is one: by Hessian-vector products of each inner step, one network
// after the other, at the sizes of the whole bench.
import { median } from "../measure.mjs";
import { cudaProcess, cudaTorch } from "../torch.mjs";
import { checkAgainst, expected } from "../workloads.mjs";
import { gpuWorkloads } from "./workloads.mjs";

const ROUNDS = 9;

/** Takes steps of a workload in PyTorch, after its result was compared. `device`: "cuda", or "cpu" in tests. */
export async function torchStep(workload, device = "cuda") {
  const form = workload.method === "matching" ? "matching" : "hvp";
  const torch = cudaProcess(workload, form, device);
  const { result } = await torch.ready;
  checkAgainst(`${workload.id} in PyTorch`, result, expected[workload.expected ?? workload.id]);
  const samples = [];
  for (let round = 0; round < ROUNDS; round++) samples.push((await torch.ask("step")).ms);
  await torch.finish();
  return { id: workload.id, form, ms: median(samples), best: Math.min(...samples) };
}

/** Returns what each step takes on PyTorch's GPU, or undefined if it has none. */
export async function torchSteps() {
  const about = cudaTorch();
  if (!about) return undefined;
  const rows = [];
  for (const workload of gpuWorkloads) rows.push(await torchStep(workload));
  return { ...about, rows };
}
