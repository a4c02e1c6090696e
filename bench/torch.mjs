// Runs PyTorch from Debian's python3-torch, at its best settings.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MeasuredProcess } from "./process.mjs";

/** Another python3 earlier in the PATH would not see Debian's packages. */
const python = "/usr/bin/python3";
const script = fileURLToPath(new URL("peers/torch_step.py", import.meta.url));

/** Returns PyTorch's version, or undefined if it is not installed. */
export function torchVersion() {
  if (!existsSync(python)) return undefined;
  try {
    const text = execFileSync(python, ["-c", "import torch; print(torch.__version__)"], { stdio: "pipe" });
    return text.toString().trim();
  } catch {
    return undefined;
  }
}

/** The python3 that PyTorch for a GPU is looked for in. */
const pythonOnGpu = process.env.PYTHON ?? "python3";

/** Returns the name of a GPU that PyTorch computes on by CUDA and PyTorch's version, or undefined if there is none. */
export function cudaTorch() {
  const program = [
    "import json, torch",
    "assert torch.cuda.is_available()",
    "print(json.dumps({'name': torch.cuda.get_device_name(), 'version': torch.__version__}))",
  ];
  try {
    return JSON.parse(execFileSync(pythonOnGpu, ["-c", program.join("\n")], { stdio: "pipe" }).toString());
  } catch {
    return undefined;
  }
}

/** OpenBLAS chooses its own kernels; freed tensors stay in the process, because giving them back costs page faults. */
function environment(threads) {
  const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...env } = process.env;
  return {
    ...env,
    OMP_NUM_THREADS: String(threads),
    OPENBLAS_NUM_THREADS: String(threads),
    MALLOC_MMAP_THRESHOLD_: "4294967296",
    MALLOC_TRIM_THRESHOLD_: "4294967296",
    MALLOC_TOP_PAD_: "134217728",
  };
}

/** Starts PyTorch taking steps of a workload on a GPU. */
export function cudaProcess(workload, form, device = "cuda") {
  return new MeasuredProcess(pythonOnGpu, [script], { ...workload, form, device, threads: 1, dtype: "float32" });
}

/** Starts PyTorch taking steps of a workload. */
export function torchProcess(workload, { form, threads, dtype = "float32" }) {
  return new MeasuredProcess(python, [script], { ...workload, form, threads, dtype }, environment(threads));
}
