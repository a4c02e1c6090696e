// Provides the engine that a call runs on: the given one, or one of its own.
import type { Floats } from "../backend/buffer.ts";
import { wrongKind } from "../checks/refusal.ts";
import type { Engine as EngineHere } from "../engine/engine.ts";
import { auto } from "../engine/options.ts";
import { fasterEngine, type Sample } from "./faster-engine.ts";
import { RemoteEngine } from "./orchestrator/engine.ts";
import type { Engine } from "./orchestrator/interfaces.ts";
import { createEngine, type PlaceOptions } from "./place.ts";

export type { EngineHere };

/**
 * Returns the engine of a call: the given one, or one of its own that must be disposed of after it. Of a call without a `sample`
 * nothing is timed, and the backend "auto" is the default one.
 */
export async function engineOf(
  options: CallOptions,
  sample?: Sample,
): Promise<{ engine: EngineHere | RemoteEngine; owned: boolean }> {
  const { engine: given, backend, worker, onNotice, threads = "auto", workers = 0 } = options;
  if (given !== undefined) return { engine: known(given), owned: false };
  const wanted = {
    ...(worker !== undefined && { worker }),
    ...(onNotice && { onNotice }),
    // When workers compute, little is left for the engine to do.
    threads: workers > 0 ? 1 : threads,
  };
  const timed = backend === auto && sample && workers === 0;
  const engine = timed
    ? await fasterEngine(wanted, sample)
    : await createEngine({ ...wanted, backend: backend === auto ? undefined : backend });
  return { engine: known(engine), owned: true };
}

/** Runs `work` on the engine of a call. */
export async function onEngine<T>(
  options: CallOptions,
  work: (engine: EngineHere | RemoteEngine, owned: boolean) => Promise<T>,
  sample?: Sample,
): Promise<T> {
  const { engine, owned } = await engineOf(options, sample);
  try {
    return await work(engine, owned);
  } finally {
    if (owned) await engine.dispose();
  }
}

/** The options that say where a call runs. */
interface CallOptions extends PlaceOptions {
  readonly engine?: Engine<Floats> | undefined;
  readonly threads?: number | "auto" | undefined;
  readonly workers?: number | undefined;
}

/** Returns an engine as its implementation, which users do not see. */
export function known(engine: Engine<Floats>): EngineHere | RemoteEngine {
  if (engine instanceof RemoteEngine) return engine;
  if (typeof engine === "object" && engine !== null && "arena" in engine) return engine as EngineHere;
  throw wrongKind("engine", "what createEngine() gives", engine);
}
