// An engine that remembers what is written into its memory: which images a run or a baseline really takes.
import type { Backend } from "../../src/backend/backend.ts";
import { createEngine, Engine } from "../../src/engine/engine.ts";

/** The engine, and all that was written, in order. */
export async function observedEngine(): Promise<{ engine: Engine; writes: Float32Array[] }> {
  const { backend } = await createEngine({ threads: 1 });
  const writes: Float32Array[] = [];
  const spy = new Proxy<Backend>(backend, {
    get(target, name) {
      if (name === "write") {
        return (at: number, values: ArrayLike<number>) => {
          writes.push(Float32Array.from(values));
          target.write(at, values);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { engine: new Engine(spy), writes };
}
