import { describe, expect, test } from "vitest";
import type { NumericArray } from "../../src/codecs/npy.ts";
import { parseNpz } from "../../src/codecs/npz.ts";
import { parseSafetensors, writeSafetensors } from "../../src/codecs/safetensors.ts";
import type { Whitening } from "../../src/data/whitening.ts";
import { setDigest } from "../../src/distill/digest.ts";
import type { DistilledSet } from "../../src/distill/distilled-set.ts";
import { fitTraining } from "../../src/distill/training.ts";
import { distilledFromBytes, distilledToNpz, distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { expectOnlyFormatErrors, fileName } from "./hostile.ts";
import { makeDecodedSet, makeFitSet, makeSet } from "./sets.ts";

const name = fileName;
const writers = { safetensors: distilledToSafetensors, npz: distilledToNpz };
const bits = (data: Float32Array) => new Uint32Array(data.slice().buffer);

/** A whitening of images of so many values; no number of it is round. */
function makeWhitening(values: number): Whitening {
  const matrix = Float32Array.from(
    { length: values * values },
    (_, at) => 1 / (3 + Math.floor(at / values) + (at % values)),
  );
  return { epsilon: 0.1, mean: Float32Array.from({ length: values }, (_, i) => i / 7), matrix };
}

/** A good file with something in it changed. */
function altered(change: (tensors: Map<string, NumericArray>, metadata: Map<string, string>) => void): Uint8Array {
  const { tensors, metadata } = parseSafetensors(distilledToSafetensors(makeSet()), { name });
  change(tensors, metadata);
  return writeSafetensors(tensors, metadata);
}

describe.each(Object.entries(writers))("distilled sets as .%s", (_, write) => {
  test("reading gives the set that was written, bit for bit, mean and std in float64", async () => {
    const sets = [
      makeSet(),
      makeSet({ channels: 3, mean: [0.1, 1 / 3, 0.4465], std: [0.2470322, 0.1 + 0.2, 1e-9], steps: 1, epochs: 1 }),
      makeSet({ imagesPerStep: 6, recipe: {} }),
      makeSet({ momentum: 0.9, weightDecay: 5e-4 }),
      makeSet({ weightDecay: 1e-9 }),
      makeFitSet(),
      makeDecodedSet("formation"),
      makeDecodedSet("memories"),
      makeSet({ whitening: makeWhitening(20) }),
    ];
    for (const set of sets) {
      const back = await distilledFromBytes(write(set), name);
      expect(back).toEqual(set);
      for (const key of ["images", "targets", "learningRates"] as const)
        expect(bits(back[key])).toEqual(bits(set[key]));
      expect(await setDigest(back)).toBe(await setDigest(set));
    }
  });

  test("the same set gives the same bytes, also after a round trip", async () => {
    const bytes = write(makeSet());
    expect(write(makeSet())).toEqual(bytes);
    expect(write(await distilledFromBytes(bytes, name))).toEqual(bytes);
  });

  test("a recipe may hold __proto__ and lines of any text", async () => {
    const recipe = JSON.parse('{"__proto__":{"polluted":1},"text":"\\u0000\\n\\"é\\ud83d\\ude00"}');
    const back = await distilledFromBytes(write(makeSet({ recipe })), name);
    expect(JSON.stringify(back.recipe)).toBe(JSON.stringify(recipe));
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test("sets that no reader would take are not written", () => {
    const refuse = (wrong: Partial<DistilledSet>, message: string | RegExp) => {
      expect(() => write({ ...makeSet(), ...wrong })).toThrow(RangeError);
      expect(() => write({ ...makeSet(), ...wrong })).toThrow(message);
    };
    refuse({ images: new Float32Array(7) }, '"set.images" expected [2, 3, 1, 4, 5], 120 numbers, got 7');
    refuse({ epochs: 2 }, '"set.learningRates" expected [4], 4 numbers, got 6');
    refuse({ learningRates: new Float32Array(6) }, '"set.learningRates" expected values above 0, got 0 at 0');
    refuse({ images: new Float32Array(120).fill(Number.NaN, 7) }, '"set.images" expected finite values, got NaN at 7');
    refuse({ mean: [] }, '"set.mean" expected [1], 1 numbers, got 0');
    refuse({ std: [-1] }, '"set.std" expected values above 0, got -1 at 0');
    refuse({ momentum: 1 }, '"set.momentum" expected a number >= 0 and < 1, got 1');
    refuse({ weightDecay: Number.NaN }, '"set.weightDecay" expected a finite number >= 0, got NaN');
  });

  test("mutants give FormatErrors only", async () => {
    await expectOnlyFormatErrors("distilled set", [write(makeSet())], (bytes) => distilledFromBytes(bytes, name), 5000);
  });
});

test("a file without momentum and weight decay gives a set without them, and the other way round", async () => {
  const older = await distilledFromBytes(distilledToSafetensors(makeSet()), name);
  expect(older).not.toHaveProperty("momentum");
  expect(older).not.toHaveProperty("weightDecay");
  const bytes = altered((_, metadata) => metadata.set("momentum", "0.9").set("weight_decay", "0.0005"));
  expect(await distilledFromBytes(bytes, name)).toEqual(makeSet({ momentum: 0.9, weightDecay: 5e-4 }));
});

test("the tensors are those that the header of distilled-file.ts promises", async () => {
  const shapes = (tensors: Map<string, NumericArray>) =>
    Object.fromEntries([...tensors].map(([key, { shape, data }]) => [key, [data.constructor.name, ...shape]]));
  const expected = {
    images: ["Float32Array", 2, 3, 1, 4, 5],
    targets: ["Float32Array", 2, 3, 3],
    learning_rates: ["Float32Array", 6],
    mean: ["Float64Array", 1],
    std: ["Float64Array", 1],
  };
  const { tensors, metadata } = parseSafetensors(distilledToSafetensors(makeSet()), { name });
  expect(shapes(tensors)).toEqual(expected);
  expect(Object.fromEntries(metadata)).toEqual({
    format: "distillate",
    format_version: "1",
    steps: "2",
    epochs: "3",
    recipe: JSON.stringify(makeSet().recipe),
  });
  const npz = await parseNpz(distilledToNpz(makeSet()), { name });
  const packed = npz.get("metadata")!;
  npz.delete("metadata");
  expect(shapes(npz)).toEqual(expected);
  expect(JSON.parse(new TextDecoder().decode(packed.data as Uint8Array))).toEqual(Object.fromEntries(metadata));
});

describe("setDigest", () => {
  test("is the SHA-256 of the float32 bytes in the order images, targets, learning rates", async () => {
    const set = makeSet({
      images: Float32Array.of(1),
      targets: Float32Array.of(2),
      learningRates: Float32Array.of(0.5),
    });
    // printf '\0\0\200\77\0\0\0\100\0\0\0\77' | sha256sum
    expect(await setDigest(set)).toBe("fdd6aa4a2057d96e55c4c39c3048c44a5b8d508931201bcb4fc8b66771ae09f1");
  });

  test("does not depend on where the arrays lie, and on nothing but them", async () => {
    const set = makeSet();
    const shared = new Float32Array(new SharedArrayBuffer(4 * 130), 8, 120);
    shared.set(set.images);
    expect(await setDigest({ ...set, images: shared, recipe: {}, mean: [9] })).toBe(await setDigest(set));
    const other = set.images.slice();
    other[119] = Math.fround(other[119]! + 1e-6);
    expect(await setDigest({ ...set, images: other })).not.toBe(await setDigest(set));
  });
});

async function refused(reading: Promise<DistilledSet>, message: string): Promise<void> {
  await expect(reading).rejects.toThrow(
    expect.objectContaining({ name: "FormatError", message: expect.stringContaining(message) }),
  );
}

describe("a set with a decoder is refused", () => {
  test.each([
    ['{"name":"tiles"}', 'decoder.name" expected the decoder of a set, "formation" or "memories", got "tiles"'],
    ['{"name":"memories"}', '"decoder.scale" expected'],
    ['{"name":"memories","scale":3}', '"decoder.bases" expected [2, 1, 2, 2], 8 numbers, got 12'],
    ['{"name":"formation","factor":2}', '"decoder.tiles" expected Float32Array, got undefined'],
    ["[]", "decoder: expected a JSON object"],
  ])("whose metadata say %s", async (decoder, message) => {
    const { tensors, metadata } = parseSafetensors(distilledToSafetensors(makeDecodedSet("memories")), { name });
    metadata.set("decoder", decoder);
    await refused(distilledFromBytes(writeSafetensors(tensors, metadata), name), message);
  });

  test("whose metadata say nothing of it, or whose numbers are not finite", async () => {
    const { tensors, metadata } = parseSafetensors(distilledToSafetensors(makeDecodedSet("memories")), { name });
    const bases = tensors.get("decoder_bases")!;
    const other = new Map(tensors).set("decoder_bases", { ...bases, data: new Float32Array(12).fill(Number.NaN) });
    await refused(distilledFromBytes(writeSafetensors(other, metadata), name), "finite bases");
    metadata.delete("decoder");
    await refused(distilledFromBytes(writeSafetensors(tensors, metadata), name), "expected only images, targets");
  });
});

describe("a set that networks train on by a protocol", () => {
  test("has no learning rates in its file, and its protocol as JSON in the metadata", () => {
    const { tensors, metadata } = parseSafetensors(distilledToSafetensors(makeFitSet()), { name });
    expect([...tensors.keys()].sort()).toEqual(["images", "mean", "std", "targets"]);
    expect(JSON.parse(metadata.get("training")!)).toEqual(makeFitSet().training);
    expect([metadata.get("steps"), metadata.get("epochs")]).toEqual(["1", "0"]);
  });

  test("keeps every option of its protocol", async () => {
    const options = { optimizer: "adam", schedule: "cosine", warmupSteps: 5, finalShare: 0.01 } as const;
    const set = makeFitSet({ training: fitTraining({ ...options, augment: ["color", "rotate"] }) });
    for (const bytes of [distilledToSafetensors(set), distilledToNpz(set)]) {
      expect((await distilledFromBytes(bytes, name)).training).toEqual(set.training);
    }
  });

  test.each([
    [{ training: "[1]" }, "training: expected a JSON object, got [1]"],
    [{ training: "{" }, "training: "],
    [{ training: "{}" }, '"training.kind" expected'],
    [
      { training: JSON.stringify({ ...makeFitSet().training, epochs: 0 }) },
      '"training.epochs" expected integer >= 1, got 0',
    ],
    [{ training: JSON.stringify({ ...makeFitSet().training, rate: 1 }) }, '"training.rate" expected an option'],
    [
      { training: JSON.stringify({ ...makeFitSet().training, warmupSteps: 5 }) },
      '"training.warmupSteps" expected nothing unless "schedule" is "cosine", got 5',
    ],
    [{ epochs: "3" }, 'expected epochs 0, as the shapes say, got "3"'],
    [{ momentum: "0.9" }, 'expected no momentum beside training, which has its own, got "0.9"'],
  ])("is refused with %o", async (change, message) => {
    const { tensors, metadata } = parseSafetensors(distilledToSafetensors(makeFitSet()), { name });
    for (const [key, value] of Object.entries(change)) metadata.set(key, value);
    await refused(distilledFromBytes(writeSafetensors(tensors, metadata), name), message);
  });

  test("is refused with learning rates, and with more than one block", async () => {
    const { tensors, metadata } = parseSafetensors(distilledToSafetensors(makeFitSet()), { name });
    const rates = new Map(tensors).set("learning_rates", { shape: [1], data: Float32Array.of(1) });
    await refused(distilledFromBytes(writeSafetensors(rates, metadata), name), "expected only images, targets");
    metadata.set("training", JSON.stringify(makeFitSet().training));
    const two = parseSafetensors(distilledToSafetensors(makeSet()), { name }).tensors;
    await refused(
      distilledFromBytes(writeSafetensors(two, metadata), name),
      "expected one block of images beside training, got 2",
    );
  });
});

test("a whitening whose tensors are missing, of another size or type, not finite or without epsilon is refused", async () => {
  const { tensors, metadata } = parseSafetensors(distilledToSafetensors(makeSet({ whitening: makeWhitening(20) })), {
    name,
  });
  const refuse = (
    message: string | RegExp,
    changes: Readonly<Record<string, NumericArray | undefined>>,
    epsilon: string | undefined = "0.1",
  ) => {
    const other = new Map(tensors);
    for (const [key, tensor] of Object.entries(changes)) tensor ? other.set(key, tensor) : other.delete(key);
    const said = new Map(metadata);
    said.set("whitening_epsilon", epsilon);
    if (epsilon === "") said.delete("whitening_epsilon");
    return expect(distilledFromBytes(writeSafetensors(other, said), name)).rejects.toThrow(message);
  };
  const floats = (...shape: number[]): NumericArray => {
    return { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) };
  };
  await refuse("expected whitening_matrix of shape [20, 20] beside the other tensors, got []", {
    whitening_matrix: undefined,
  });
  await refuse("expected whitening_mean of shape [1, 4, 5] beside the other tensors, got []", {
    whitening_mean: undefined,
  });
  await refuse("expected whitening_matrix of shape [20, 20]", { whitening_matrix: floats(20, 19) });
  await refuse("expected whitening_matrix of shape [20, 20]", { whitening_matrix: floats(400) });
  await refuse("expected whitening_mean of shape [1, 4, 5]", { whitening_mean: floats(20) });
  await refuse("expected whitening_matrix as Float32Array, got Float64Array", {
    whitening_matrix: { shape: [20, 20], data: new Float64Array(400) },
  });
  await refuse("expected whitening_matrix to be finite values, got NaN at 3", {
    whitening_matrix: { shape: [20, 20], data: new Float32Array(400).fill(Number.NaN, 3, 4) },
  });
  await refuse("expected whitening_epsilon in the metadata beside whitening_mean, got none", {}, "");
  await refuse('expected whitening_epsilon as a number, got "much"', {}, "much");
  await refuse("expected whitening_epsilon to be a finite number above 0, got 0", {}, "0");
  const large = makeSet({ height: 65, width: 64, steps: 1, epochs: 1 });
  const bare = parseSafetensors(distilledToSafetensors(large), { name });
  bare.metadata.set("whitening_epsilon", "0.1");
  await expect(distilledFromBytes(writeSafetensors(bare.tensors, bare.metadata), name)).rejects.toThrow(
    "expected whitened images of at most 4096 values, got 4160",
  );
});
