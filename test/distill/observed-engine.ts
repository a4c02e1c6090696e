// An engine that remembers what is written into its memory: which images a run or a baseline really takes.

import type { Backend } from "../../src/backend/backend.ts";
import type { Floats } from "../../src/backend/buffer.ts";
import { createEngine, Engine } from "../../src/engine/engine.ts";

/** Returns the engine and everything that was written, in order. */
export async function observedEngine(): Promise<{ engine: Engine; writes: Float32Array[] }> {
  const { backend } = await createEngine({ threads: 1 });
  const writes: Float32Array[] = [];
  const spy = new Proxy<Backend>(backend, {
    get(target, name) {
      if (name === "upload") {
        return (at: number, n: number, fill: (host: Floats) => void) => {
          target.upload(at, n, (host) => {
            fill(host);
            writes.push(Float32Array.from(host));
          });
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { engine: new Engine(spy), writes };
}
