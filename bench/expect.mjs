// Makes expected.json: the float64 results of all workloads, from PyTorch. Needed only when a workload changes.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { torchProcess } from "./torch.mjs";
import { workloads } from "./workloads.mjs";

const results = {};
for (const workload of workloads) {
  const torch = torchProcess({ ...workload, warmUps: 0 }, { form: "recompute", threads: 2, dtype: "float64" });
  const { result } = await torch.ready;
  await torch.finish();
  results[workload.id] = result;
  console.log(workload.id, result.loss, result.images);
}
writeFileSync(fileURLToPath(new URL("expected.json", import.meta.url)), `${JSON.stringify(results, null, 1)}\n`);
