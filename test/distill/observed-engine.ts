// An engine that remembers what is written into its memory: which images a run or a baseline really takes.

import type { Backend, Floats, Ops } from "../../src/backend/backend.ts";
import { createEngine, Engine } from "../../src/engine/engine.ts";
import { peek } from "../helpers.ts";

/** Returns the engine, everything that was written, and all rows that were packed for kernels, each in order. */
export async function observedEngine(): Promise<{ engine: Engine; writes: Float32Array[]; packs: Float32Array[] }> {
  const { backend } = await createEngine({ threads: 1 });
  const writes: Float32Array[] = [];
  const packs: Float32Array[] = [];
  const ops: Ops = {
    ...backend.ops,
    packImages(out, images, shape) {
      packs.push(Float32Array.from(peek(backend, images, shape.images * shape.features)));
      backend.ops.packImages(out, images, shape);
    },
  };
  const spy = new Proxy<Backend>(backend, {
    get(target, name) {
      if (name === "ops") return ops;
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
  return { engine: new Engine(spy), writes, packs };
}
