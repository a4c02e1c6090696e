// Pools of networks in folders: whole or refused, and continued where they were interrupted.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { parseSafetensors, writeSafetensors } from "../../src/codecs/safetensors.ts";
import { pretrained, randomInit } from "../../src/distill/weight-source.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { FormatError } from "../../src/errors.ts";
import { parametersToSafetensors } from "../../src/formats/state-dict.ts";
import { trajectoryToSafetensors } from "../../src/formats/trajectory-file.ts";
import { loadParameters, loadPool, trainPoolFolder } from "../../src/node.ts";
import { trainPool } from "../../src/run/in-place/train-pool.ts";
import type { TrainPoolOptions } from "../../src/run/options/train-pool.ts";
import { brightHalves, halvesNet } from "../distill/halves.ts";

const engine = await createEngine({ threads: 1 });
const root = mkdtempSync(join(tmpdir(), "distillate-pool-"));
afterAll(async () => {
  rmSync(root, { recursive: true });
  await engine.dispose();
});

let folder = "";
let made = 0;
beforeEach(() => {
  folder = join(root, `pool-${made++}`);
});

const data = brightHalves({ count: 50 });
const held = brightHalves({ count: 40, seed: 2 });
const model = halvesNet();
const options: TrainPoolOptions = { data, test: held, model, networks: 3, epochs: 2, batch: 20, seed: 5, engine };
const file = (k: number) => join(folder, `network-000${k}.safetensors`);

test("a folder gives back what trainPool gives, bit for bit, with accuracies and model", async () => {
  const { weights, evaluation } = await trainPool(options);
  const saved = await trainPoolFolder(folder, options);
  const loaded = await loadPool(folder);
  for (const pool of [saved, loaded]) {
    expect(pool.weights).toEqual(weights);
    expect(pool.evaluation).toEqual(evaluation);
    expect(pool.model.parameters).toEqual(model.parameters);
  }
  expect(pretrained(loaded)).toEqual(pretrained(weights));
  expect(readdirSync(folder).sort()).toEqual([
    "manifest.json",
    "network-0000.safetensors",
    "network-0001.safetensors",
    "network-0002.safetensors",
  ]);
  expect(await loadParameters(file(1), model)).toEqual(weights[1]);
});

test("training that was interrupted goes on with the networks that are missing, to the same bytes", async () => {
  const whole = await trainPool(options);
  const controller = new AbortController();
  const onNetwork = () => controller.abort(new Error("killed"));
  await expect(trainPoolFolder(folder, { ...options, onNetwork, signal: controller.signal })).rejects.toThrow("killed");
  const first = readFileSync(file(0));
  await expect(loadPool(folder)).rejects.toThrow(
    `${folder}: expected 3 networks, but network-0001.safetensors is missing, and 1 more: finish the training`,
  );
  const trained: number[] = [];
  const rest = await trainPoolFolder(folder, {
    ...options,
    onNetwork: ({ network }) => {
      trained.push(network);
    },
  });
  expect(trained).toEqual([1, 2]);
  expect(rest.weights).toEqual(whole.weights);
  expect(readFileSync(file(0))).toEqual(first);
});

describe("with the weights of each epoch", () => {
  const keeping = { ...options, keepEpochs: true };
  const epochsFile = (k: number) => join(folder, `network-000${k}-epochs.safetensors`);

  test("a folder gives back the trajectories of trainPool, and the same networks as without", async () => {
    const { weights, trajectories } = await trainPool(keeping);
    expect(weights).toEqual((await trainPool(options)).weights);
    const saved = await trainPoolFolder(folder, keeping);
    const loaded = await loadPool(folder, { trajectories: true });
    for (const pool of [saved, loaded]) expect(pool).toMatchObject({ weights, trajectories });
    expect(readdirSync(folder)).toHaveLength(7);
    const { tensors } = parseSafetensors(readFileSync(epochsFile(1)), { name: "it" });
    for (const { name, shape, offset, size } of model.parameters) {
      const stack = tensors.get(name)!;
      expect(stack.shape).toEqual([3, ...shape]);
      for (const e of [0, 1, 2]) {
        const there = Array.from(stack.data.slice(e * size, (e + 1) * size) as Float32Array);
        expect(there).toEqual([...trajectories![1]![e]!.slice(offset, offset + size)]);
      }
    }
    expect(await loadPool(folder)).not.toHaveProperty("trajectories");
  });

  test("training that was interrupted goes on, to the same bytes, and trains again what lost its epochs", async () => {
    const whole = await trainPool(keeping);
    const controller = new AbortController();
    const onNetwork = () => controller.abort(new Error("killed"));
    const stopped = trainPoolFolder(folder, { ...keeping, onNetwork, signal: controller.signal });
    await expect(stopped).rejects.toThrow("killed");
    rmSync(epochsFile(0));
    const trained: number[] = [];
    const note = ({ network }: { readonly network: number }) => void trained.push(network);
    const rest = await trainPoolFolder(folder, { ...keeping, onNetwork: note });
    expect(trained).toEqual([0, 1, 2]);
    expect(rest.trajectories).toEqual(whole.trajectories);
    rmSync(epochsFile(2));
    await expect(loadPool(folder, { trajectories: true })).rejects.toThrow(
      "network-0002-epochs.safetensors is missing",
    );
    expect((await loadPool(folder)).weights).toEqual(whole.weights);
  });

  test("a pool without them is left alone, and is refused by name where they are wanted", async () => {
    await trainPoolFolder(folder, { ...options, networks: 1 });
    await expect(trainPoolFolder(folder, { ...keeping, networks: 1 })).rejects.toThrow("expected keepEpochs undefined");
    await expect(loadPool(folder, { trajectories: true })).rejects.toThrow(
      "manifest.json: expected a pool that has kept the weights of each epoch, got one without: train another",
    );
  });

  const bytesOf = (change: (theta: Float32Array[]) => Float32Array[]) => {
    const theta = Array.from({ length: 3 }, (_, e) => new Float32Array(model.parameterCount).fill(e));
    return trajectoryToSafetensors(model, change(theta));
  };
  const manifest = (change: object) => {
    const path = join(folder, "manifest.json");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...change }));
  };

  test.each<[string, () => void, RegExp]>([
    [
      "of another number of epochs",
      () =>
        writeFileSync(
          epochsFile(0),
          bytesOf((all) => all.slice(1)),
        ),
      /0-epochs\.saf.*: expected "0.weight" as F32 \[3, 4, 1, 3, 3\], the states of 2 epochs, got Float32Array \[2, 4, 1, 3, 3\]/,
    ],
    [
      "with a value that is not finite",
      () =>
        writeFileSync(
          epochsFile(0),
          bytesOf((all) => [all[0]!, all[1]!, all[2]!.fill(Number.NaN)]),
        ),
      /expected "0.weight" to be finite, got NaN at 72/,
    ],
    [
      "of one network alone",
      () => writeFileSync(epochsFile(0), readFileSync(file(0))),
      /0-epochs.*expected "0.weight" as F32/,
    ],
    [
      "with other tensors",
      () => writeFileSync(epochsFile(0), writeSafetensors([["extra", { shape: [1], data: Float32Array.of(1) }]])),
      /got beside them "extra"/,
    ],
    [
      "that was cut off",
      () => writeFileSync(epochsFile(0), readFileSync(epochsFile(0)).subarray(0, 300)),
      /network-0000-epochs\.safetensors: expected /,
    ],
    [
      "of a pool with too many epochs",
      () => manifest({ training: { epochs: 1e9 } }),
      /manifest\.json: expected training\.epochs from 1 to 99999, got 1000000000/,
    ],
    ["of a pool with no training", () => manifest({ training: null }), /manifest\.json: expected training\.epochs/],
  ])("a file %s is refused", async (_, change, message) => {
    await trainPoolFolder(folder, { ...keeping, networks: 1 });
    change();
    const refused = loadPool(folder, { trajectories: true });
    await expect(refused).rejects.toThrow(FormatError);
    await expect(refused).rejects.toThrow(message);
  });
});

test("more networks are added to those there, and fewer are refused", async () => {
  const { weights } = await trainPool({ ...options, networks: 4 });
  await trainPoolFolder(folder, { ...options, networks: 2 });
  expect((await trainPoolFolder(folder, { ...options, networks: 4 })).weights).toEqual(weights);
  await expect(trainPoolFolder(folder, { ...options, networks: 3 })).rejects.toThrow(
    "expected at least the 4 networks there, got 3",
  );
});

test.each([
  [{ seed: 6 }, "expected seed 5, as the networks there were trained with, got 6; choose another folder"],
  [{ pool: "test" as const }, 'expected pool "train"'],
  [{ epochs: 3 }, 'expected training {"epochs":2,'],
  [{ init: randomInit("pytorch") }, "expected init "],
  [{ data: brightHalves({ count: 50, seed: 4 }) }, "expected data "],
])("a pool trained otherwise is left alone: %o", async (other, message) => {
  await trainPoolFolder(folder, { ...options, networks: 1 });
  const before = readFileSync(file(0));
  const refused = trainPoolFolder(folder, { ...options, ...other });
  await expect(refused).rejects.toThrow(RangeError);
  await expect(refused).rejects.toThrow(message);
  expect(readFileSync(file(0))).toEqual(before);
});

describe("a damaged folder is refused with the file that is wrong:", () => {
  const damaged = async (change: () => void) => {
    await trainPoolFolder(folder, { ...options, networks: 1 });
    change();
    return expect(loadPool(folder)).rejects;
  };
  const manifest = (change: object) => {
    const path = join(folder, "manifest.json");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...change }));
  };

  test.each([
    ["no JSON", () => writeFileSync(join(folder, "manifest.json"), "{"), "manifest.json: expected JSON"],
    ["another format", () => manifest({ format: 7 }), 'manifest.json: expected format "distillate pool 1", got 7'],
    ["absurdly many networks", () => manifest({ networks: 1e12 }), "expected networks from 1 to 9999"],
    ["no model", () => manifest({ model: { layers: 3 } }), "manifest.json: model: "],
    [
      "a short network",
      () => writeFileSync(file(0), readFileSync(file(0)).subarray(0, 99)),
      "network-0000.safetensors",
    ],
    [
      "a network of another model",
      () => writeFileSync(file(0), parametersToSafetensors(halvesNet({ classes: 2 }), new Float32Array(114))),
      "network-0000.safetensors: expected",
    ],
  ])("%s", async (_, change, message) => {
    const refused = await damaged(change);
    await refused.toThrow(expect.objectContaining({ name: "FormatError", message: expect.stringContaining(message) }));
  });
});
