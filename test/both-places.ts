// Engines for tests that a call does the same in a worker as in place.
import { afterAll, beforeAll } from "vitest";
import { createEngine, type Engine } from "../src/index.ts";

/** Provides an engine in place and one in a worker, from the first test of a file to the last. */
export function enginesInBothPlaces(): { readonly here: Engine; readonly there: Engine } {
  const engines = {} as { here: Engine; there: Engine };
  beforeAll(async () => {
    engines.here = await createEngine({ threads: 1 });
    engines.there = await createEngine({ worker: true, threads: 1 });
  });
  afterAll(async () => {
    await engines.here?.dispose();
    await engines.there?.dispose();
  });
  return engines;
}
