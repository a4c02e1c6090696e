// Means of features of real images, class by class: over many chunks, on any number of threads.

import { expect, test } from "vitest";
import { write } from "../../src/backend/backend.ts";
import { batchInto, classIndex } from "../../src/data/dataset.ts";
import { ClassMeans } from "../../src/distill/class-images.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { allIn } from "../../src/inner/allocators.ts";
import { chunkImages } from "../../src/inner/chunks.ts";
import { featureLayer, modelUpTo } from "../../src/nn/model-up-to.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { randomKey, randomOrder } from "../../src/numeric/random.ts";
import { atOnce } from "../../src/platform/parts.ts";
import { expectClose, float32Tolerance, paint } from "../helpers.ts";
import { noise } from "./noise.ts";

const data = noise({ count: 700, classes: 10 });
const model = lenet();
const upTo = modelUpTo(model, featureLayer(model));
const parameters = paint(model.parameterCount, 1, 0.1);
const key = (label: number) => randomKey(3, "real", 2, label);

async function means(options: object): Promise<{ readonly means: Float32Array; readonly chunk: number }> {
  await using engine = await createEngine(options);
  const { backend, arena } = engine;
  const theta = arena.allocate(model.parameterCount);
  const into = arena.allocate(upTo.classes * 10);
  const real = new ClassMeans(data, upTo, { classes: 10, perClass: 50 }, backend, allIn(arena));
  write(backend, theta, parameters);
  atOnce(real.record(theta, key, into));
  const read = (await backend.read(into, upTo.classes * 10)) as Float32Array;
  return { means: read, chunk: chunkImages(upTo, backend.plan) };
}

test("they are the means over the images that the keys draw, with the same bits on any number of threads", async () => {
  const one = await means({ threads: 1 });
  // Several chunks, the last one smaller.
  expect(500).toBeGreaterThan(2 * one.chunk);
  expect(500 % one.chunk).toBeGreaterThan(0);
  expect((await means({ threads: 2 })).means).toEqual(one.means);
  expect((await means({ threads: 3 })).means).toEqual(one.means);
  await using engine = await createEngine({ backend: "reference" });
  const network = await engine.bind(model);
  const expected = new Float64Array(upTo.classes * 10);
  for (const [c, images] of classIndex(data).entries()) {
    const drawn = randomOrder(images.length, 50, key(c)).map((place) => images[place]!);
    const pixels = new Float64Array(50 * 784);
    batchInto(data, drawn, pixels);
    const { features: rows } = await network.features({ parameters, images: pixels });
    rows.forEach((value, at) => {
      expected[(at % upTo.classes) * 10 + c]! += value / 50;
    });
  }
  expectClose(one.means, expected, float32Tolerance, "means, seed 1");
});
