// The engine of a command: on the kernels, on a GPU, or on the faster of both.
import { Option } from "commander";
import { createEngine, type Engine } from "../../index.ts";
import { fasterEngine, type Sample } from "../../run/faster-engine.ts";
import { UsageError } from "../errors.ts";

/** The options of a command that decide its engine. */
export interface EngineFlags {
  readonly backend: "wasm" | "webgpu" | "auto";
  readonly threads: number | "auto";
  readonly workers: number;
}

/** The option `--backend`. */
export function backendOption(): Option {
  return new Option("--backend <name>", "wasm: the same bits everywhere; webgpu: a GPU; auto: the faster one here")
    .choices(["wasm", "webgpu", "auto"])
    .default("wasm");
}

/** Opens it. `sample` is the part of the work that is timed to choose between the kernels and a GPU. */
export async function openEngine(
  { backend, threads, workers }: EngineFlags,
  onNotice: (text: string) => void,
  sample?: Sample,
): Promise<Engine> {
  if (workers > 0 && backend !== "wasm") {
    throw new UsageError(
      `expected --workers 0 with --backend ${backend}: a GPU computes the networks of a step together`,
    );
  }
  const options = { threads: workers > 0 ? 1 : threads, onNotice };
  if (backend === "auto" && sample) return (await fasterEngine(options, sample)) as Engine;
  return createEngine({ ...options, backend });
}
