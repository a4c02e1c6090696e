// An engine that records what is written into its memory, to show which images a run or a baseline uses.
import type { Backend, Ops } from "../../src/backend/backend.ts";
import { createEngine, Engine } from "../../src/engine/engine.ts";

/** Returns the engine, everything that was written, and all rows that were packed for kernels, each in order. */
export async function observedEngine(): Promise<{ engine: Engine; writes: Float32Array[]; packs: Float32Array[] }> {
  const { backend } = await createEngine({ threads: 1 });
  const writes: Float32Array[] = [];
  const packs: Float32Array[] = [];
  const ops: Ops = {
    ...backend.ops,
    packImages(out, images, shape) {
      packs.push(Float32Array.from(backend.view(images, shape.images * shape.features)));
      backend.ops.packImages(out, images, shape);
    },
  };
  const spy = new Proxy<Backend>(backend, {
    get(target, name) {
      if (name === "ops") return ops;
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
  return { engine: new Engine(spy), writes, packs };
}
