// Values of another realm are taken for what they are: those of a frame, of node:vm, of a test environment like jsdom.
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { loadArrays } from "../../src/data/layouts/arrays.ts";
import { filesInArchive } from "../../src/data.ts";
import {
  backGradient,
  createEngine,
  type DistilledSet,
  distill,
  distilledFromBytes,
  distilledToNpz,
  distilledToSafetensors,
  type Engine,
  evaluate,
  loadIdx,
  parametersToSafetensors,
  pretrained,
  randomInit,
  setDigest,
  trainOn,
} from "../../src/index.ts";
import { brightHalves, halvesNet } from "../distill/halves.ts";
import { paint } from "../helpers.ts";
import { digest, entry, program, run } from "./program.ts";

type Realm = Pick<
  typeof globalThis,
  "ArrayBuffer" | "Uint8Array" | "Int32Array" | "Float32Array" | "Float64Array" | "Object" | "Array"
>;
const names = ["ArrayBuffer", "Uint8Array", "Int32Array", "Float32Array", "Float64Array", "Object", "Array"];
const there: Realm = runInNewContext(`({ ${names.join()} })`);

/** The same value, made of the other realm's objects and arrays. */
function foreign<T>(value: T): T {
  if (ArrayBuffer.isView(value)) {
    const Kind = there[value.constructor.name as "Uint8Array"];
    return Kind.from(value as unknown as Uint8Array) as T;
  }
  if (Array.isArray(value)) return there.Array.from(value, foreign) as T;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(([key, part]) => [key, foreign(part)] as const);
  return there.Object.fromEntries(entries) as T;
}

const model = halvesNet();
const data = brightHalves({ count: 120 });
const held = brightHalves({ count: 30, seed: 2 });
const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.1 });
const options = { data, model, method, outer: { steps: 2, batch: 50 }, seed: 1, threads: 1 };
const set = await distill(options).result();

test("the values of these tests are of another realm", () => {
  const { pixels, mean } = foreign(data);
  expect([pixels instanceof Uint8Array, pixels.buffer instanceof ArrayBuffer]).toEqual([false, false]);
  expect([Object.getPrototypeOf(mean) === Array.prototype, foreign({}) instanceof Object]).toEqual([false, false]);
});

describe("values of another realm", () => {
  let engines: Engine[];
  beforeAll(async () => {
    engines = [await createEngine({ threads: 1 }), await createEngine({ threads: 1, worker: true })];
  });
  afterAll(() => Promise.all((engines ?? []).map((engine) => engine.dispose())));

  test("are read as files", async () => {
    const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4);
    const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 0, 1);
    const blob = (bytes: Uint8Array): Blob => foreign({ arrayBuffer: async () => bytes.buffer }) as unknown as Blob;
    const kinds: ((bytes: Uint8Array) => Uint8Array | ArrayBuffer | Blob)[] = [
      foreign,
      (bytes) => foreign(bytes).buffer as ArrayBuffer,
      blob,
    ];
    for (const kind of kinds) {
      const { count, pixels } = await loadIdx({ images: kind(images), labels: kind(labels) });
      expect([count, ...pixels]).toEqual([2, 1, 2, 3, 4]);
    }
    const archive = await filesInArchive(foreign(distilledToNpz(set)), "set.npz");
    expect(archive.map(({ path }) => path)).toContain("images.npy");
  });

  test("are read as arrays", async () => {
    const bytes = distilledToNpz(set);
    for (const file of [bytes, foreign(bytes), foreign(distilledToSafetensors(set))]) {
      expect(await setDigest(await distilledFromBytes(file, "set"))).toBe(await setDigest(set));
    }
    await expect(loadArrays([{ path: "set.npz", bytes: foreign(bytes) }])).rejects.toThrow(
      "images: found [2, 3, 1, 6, 6]; expected [n, h, w]",
    );
  });

  test("are written, with the same bytes", async () => {
    const same: DistilledSet = foreign(set);
    expect(distilledToSafetensors(same)).toEqual(distilledToSafetensors(set));
    expect(distilledToNpz(same)).toEqual(distilledToNpz(set));
    expect(await setDigest(same)).toBe(await setDigest(set));
    const parameters = paint(model.parameterCount, 1);
    const file = parametersToSafetensors(model, parameters);
    expect(parametersToSafetensors(model, foreign(parameters))).toEqual(file);
  });

  test.each([0, 1])("are computed with, in place and in a worker: %i", async (which) => {
    const network = await engines[which]!.bind(model);
    const input = {
      parameters: paint(model.parameterCount, 1),
      images: paint(2 * 36, 2),
      vector: paint(model.parameterCount, 3),
    };
    const blocks = [{ images: input.images, targets: Uint8Array.of(2, 1) }];
    const meta = { parameters: input.parameters, steps: blocks, epochs: 1, learningRates: [0.1], real: blocks[0]! };
    for (const targets of [Uint8Array.of(0, 2), Int32Array.of(0, 2), paint(6, 4), Float64Array.of(1, 0, 0, 0, 1, 0)]) {
      const here = await network.hessianVectorProduct({ ...input, targets });
      expect(await network.hessianVectorProduct(foreign({ ...input, targets }))).toEqual(here);
    }
    expect(await network.metaGradient(foreign(meta))).toEqual(await network.metaGradient(meta));
    const engine = engines[which]!;
    const init = pretrained([input.parameters]);
    const again = await distill({ ...options, data: foreign(data), method: foreign(method), engine }).result();
    expect(await setDigest(again)).toBe(await setDigest(set));
    const adapted = await distill({ ...options, init, engine }).result();
    const foreignInit = pretrained([foreign(input.parameters)]);
    expect(await setDigest(await distill({ ...options, init: foreignInit, engine }).result())).toBe(
      await setDigest(adapted),
    );
    const judged = { model, init: randomInit(), networks: 2 };
    const here = await evaluate({ ...judged, set, test: held, engine });
    expect(await evaluate({ ...judged, set: foreign(set), test: foreign<Dataset>(held), engine })).toEqual(here);
    const { parameters } = await trainOn(set, { model, engine });
    expect((await trainOn(foreign(set), { model, engine })).parameters).toEqual(parameters);
  });
});

test("bytes that are of no kind are refused by their name", async () => {
  for (const images of [undefined, null, "bytes", [1, 2], new DataView(new ArrayBuffer(2))]) {
    await expect(loadIdx({ images: images as never, labels: new Uint8Array(1) })).rejects.toThrow(
      /^"images" expected Uint8Array, ArrayBuffer, Blob or File, got /,
    );
  }
});

test("where a program's own classes are another realm's, as under jsdom, it distils, also on threads and workers", async () => {
  const output = await program(`
    import { runInNewContext } from "node:vm";
    const names = "ArrayBuffer,Uint8Array,Uint8ClampedArray,Int32Array,Uint32Array,Float32Array,Float64Array,Error,TypeError,RangeError";
    Object.assign(globalThis, runInNewContext("({" + names + "})"));
    // jsdom passes on no streams, some others no ports of messages and no timers of Node's.
    for (const name of ["ReadableStream", "DecompressionStream", "MessageChannel", "setImmediate"]) delete globalThis[name];
    Object.defineProperty(globalThis, "crypto", { value: {} });
    const library = await import(${entry("index")});
    ${run}
    for (const more of [{ threads: 1 }, { threads: 2 }, { worker: true, threads: 2 }, { workers: 2 }]) {
      console.log(await library.setDigest(await run(more)));
    }
    const engine = await library.createEngine({ worker: true, threads: 1 });
    const network = await engine.bind(options.model);
    const wrong = network.forward({ parameters: new Float32Array(3), images: new Float32Array(784) });
    console.log(await wrong.catch(({ name, message }) => name + ": " + message));
    await engine.dispose();
  `);
  const refused = 'RangeError: "parameters" expected Float32Array of length 61706, got 3';
  expect(output.trim().split("\n")).toEqual([digest, digest, digest, digest, refused]);
});
