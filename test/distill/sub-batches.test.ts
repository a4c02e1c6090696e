// The images of inner steps: which of the set's a step has, what an augmentation makes of them, and that gradients go back by its
// adjoint.
import { describe, expect, test } from "vitest";
import { Arena } from "../../src/backend/arena.ts";
import { write } from "../../src/backend/backend.ts";
import { none } from "../../src/backend/buffer.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { allIn } from "../../src/inner/allocators.ts";
import { type AugmentStrategy, strategyNames } from "../../src/inner/augment-strategies.ts";
import { AugmentedImages } from "../../src/inner/augmented-images.ts";
import { SubBatches } from "../../src/inner/sub-batches.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { laneCount } from "../../src/nn/network.ts";
import { randomKey } from "../../src/numeric/random.ts";
import { expectClose, float64Tolerance, paint } from "../helpers.ts";

const model = sequential([2, 5, 5], [flatten(), linear({ out: 3 })]);
const [images, features, steps] = [6, 50, 4];
const keyOf = (t: number) => randomKey(7, "augment", 0, t);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, v, i) => sum + v * b[i]!, 0);

/** A set in a memory, and batches of it; `x`, if given, in the place of the painted images. */
function setOf(batch: number, augment: readonly AugmentStrategy[] | undefined, x?: ArrayLike<number>) {
  const backend = createReferenceBackend();
  const arena = new Arena(backend);
  const lanes = laneCount(model, images, backend.plan);
  const allocate = (floats: number, seed?: number) => {
    const place = arena.allocate(floats);
    const values = seed === undefined ? new Float64Array(floats) : paint(floats, seed);
    // Padding lanes are zero.
    write(
      backend,
      place,
      Array.from(values, (v, i) => (i % lanes < images ? v : 0)),
    );
    return place;
  };
  const imageFloats = features * lanes;
  const set = { images: allocate(imageFloats, 1), targets: allocate(3 * lanes, 2) };
  if (x) write(backend, set.images, x);
  const blocks = { ...set, imageFloats, targetFloats: 3 * lanes };
  const batches = new SubBatches(blocks, { images, batch, steps, augment }, model, backend, allIn(arena));
  const places = (t: number) => Array.from({ length: batch }, (_, i) => (5 * i + t) % images);
  batches.draw(steps, { places, augmentation: (t) => ({ key: keyOf(t) }) });
  return { backend, arena, set, batches, imageFloats, allocate };
}

describe.each([
  ["the whole set", 6],
  ["four of six images", 4],
] as const)("a step of %s", (_, batch) => {
  test("has the images augmented as its own stream says, and the same when it is chosen again", async () => {
    const { backend, set, batches, imageFloats } = setOf(batch, strategyNames);
    const plain = setOf(batch, undefined);
    const n = features * batches.lanes;
    const seen: (ArrayLike<number> | undefined)[] = [];
    for (const t of [0, 1, 2, 3, 0]) {
      plain.batches.choose(t);
      const out = plain.arena.allocate(n);
      const alone = new AugmentedImages(strategyNames, [2, 5, 5], batches.lanes, plain.backend, plain.arena);
      alone.draw(keyOf(t), { count: batch }).forward(out, plain.batches.images);
      batches.choose(t);
      seen.push(await backend.read(batches.images, n));
      expect(seen.at(-1), `step ${t}`).toEqual(await plain.backend.read(out, n));
      expect(await backend.read(batches.targets, 3 * batches.lanes)).toEqual(
        await plain.backend.read(plain.batches.targets, 3 * batches.lanes),
      );
    }
    expect(seen[4]).toEqual(seen[0]);
    expect(seen[1]).not.toEqual(seen[0]);
    // The set itself stays as it is.
    expect(await backend.read(set.images, imageFloats)).toEqual(
      await plain.backend.read(plain.set.images, imageFloats),
    );
  });

  test.each(strategyNames)("gives the set the gradient of its images: %s", async (strategy) => {
    const { backend, set, batches, imageFloats, allocate } = setOf(batch, [strategy]);
    const x = await backend.read(set.images, imageFloats);
    const direction = Float64Array.from(paint(imageFloats, 3), (v, i) => (x[i] === 0 ? 0 : v));
    const n = features * batches.lanes;
    const u = Float64Array.from(paint(n, 4), (v, i) => (i % batches.lanes < batch ? v : 0));
    const [ofSet, ofBatch] = [allocate(imageFloats), allocate(n)];
    for (const t of [0, 1]) {
      const moved = setOf(
        batch,
        [strategy],
        Array.from(x, (v, i) => v + direction[i]!),
      );
      const [before, after] = await Promise.all(
        [{ backend, batches }, moved].map((each) => {
          each.batches.choose(t);
          return each.backend.read(each.batches.images, n);
        }),
      );
      write(backend, ofBatch, u);
      const earlier = await backend.read(ofSet, imageFloats);
      batches.add({ images: ofSet, targets: none }, { images: ofBatch, targets: none });
      const added = (await backend.read(ofSet, imageFloats)).map((v, i) => v - earlier[i]!);
      // The map is affine: ⟨x′(x + d) − x′(x), u⟩ = ⟨d, Aᵀu⟩.
      const slope = dot(after!, u) - dot(before!, u);
      expect(Math.abs(slope)).toBeGreaterThan(1e-3);
      expectClose(
        [dot(added, direction)],
        [slope],
        float64Tolerance,
        `step ${t} of ${strategy}, seeds 1, 3 and 4`,
        100,
      );
    }
  });
});

test("without strategies the whole set is used where it lies", () => {
  for (const augment of [undefined, []]) {
    const { set, batches } = setOf(images, augment);
    expect([batches.images, batches.targets]).toEqual([set.images, set.targets]);
  }
});
