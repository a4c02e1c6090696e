// Readers of what the library itself writes: sets, parameters, checkpoints, recipes.
import { crc32 } from "node:zlib";
import { initOf, modelOf } from "../../../src/cli/input/saved-set.ts";
import { writeNpz } from "../../../src/codecs/npz.ts";
import { checkpointFromBytes, checkpointToBytes } from "../../../src/formats/checkpoint-file.ts";
import { distilledFromBytes, distilledToNpz, distilledToSafetensors } from "../../../src/formats/distilled-file.ts";
import { foreignSet } from "../../../src/formats/foreign/foreign-set.ts";
import { packSet, unpackSet } from "../../../src/formats/packed-set.ts";
import {
  parametersFromBytes,
  parametersFromSafetensors,
  parametersToSafetensors,
} from "../../../src/formats/state-dict.ts";
import { describeModel } from "../../../src/nn/describe.ts";
import { lenet } from "../../../src/nn/zoo.ts";
import { findRecipe, recipeFromBytes } from "../../../src/recipes.ts";
import * as pickles from "../../codecs/pickles.ts";
import { halvesNet } from "../../distill/halves.ts";
import { makeFitSet, makeSet } from "../../formats/sets.ts";
import type { Seed } from "../mutate.ts";
import { safetensorsOf, safetensorsParts, signed, zipOf } from "../wraps.ts";
import { headerOf } from "./codecs.ts";
import { fileName, type Reader, text, whole } from "./reader.ts";

const name = fileName;
export const model = halvesNet();

/** Pseudo-random parameters of the model. */
export const parameters: Float32Array = Float32Array.from({ length: model.parameterCount }, (_, i) => (i % 7) / 7);

export const checkpoint: Uint8Array = await checkpointToBytes({
  state: {
    version: "0.1.0",
    spec: { seed: 5, outer: { batch: 30 } },
    step: 412,
    tensors: new Map<string, Float32Array | Float64Array>([
      ["learned/images", Float32Array.of(1.5, -0, 1e-45)],
      ["clip/mean", Float64Array.of(0.1, Number.NaN)],
    ]),
  },
  note: { seconds: 3.25, steps: 500, recipe: findRecipe("digits-random") },
});

/** The header of a checkpoint, changed as text; its lengths, data and signature fit. */
export function signedHeader(file: Uint8Array): Seed {
  const { header, data } = safetensorsParts(file);
  return { bytes: header, wrap: (changed) => signed(safetensorsOf(data)(changed)) };
}

const described = JSON.stringify(describeModel(model));
const init = '{"kind":"random","scheme":"xavier-normal","gain":1.5}';

/** Pickles of state_dicts, alone and beside an epoch. */
const stateDicts = [
  pickles.dict([pickles.text("1.weight"), pickles.tensor()], [pickles.text("1.bias"), pickles.tensor()]),
  pickles.dict([pickles.text("epoch"), pickles.int(3)], [pickles.text("model"), pickles.dict()]),
].map((value) => pickles.pickle(value));

export const formatReaders: readonly Reader[] = [
  {
    name: "distilled set",
    covers: ["distilledFromBytes"],
    seeds() {
      const [set, fit] = [distilledToSafetensors(makeSet()), distilledToSafetensors(makeFitSet())];
      const npz = distilledToNpz(makeSet({ momentum: 0.5 }));
      const metadata = text('{"format":"distillate","format_version":"1","steps":"2","epochs":"3","recipe":"{}"}');
      return [...whole(set, fit, npz), ...[set, fit].map(headerOf), { bytes: metadata, wrap: zipOf("metadata.npy") }];
    },
    read: (file) => distilledFromBytes(file, name),
    cases: 15_000,
  },
  {
    name: "packed set",
    covers: ["unpackSet", "codeText"],
    seeds() {
      const soft = makeSet({ targets: makeSet().targets.map((value, i) => value + (i % 7) / 10 - 0.3) });
      const texts = [
        packSet(soft, { bits: 4 }),
        packSet(makeFitSet()),
        packSet(makeSet({ momentum: 0.5 }), { bits: 4 }),
      ];
      const contents = texts.map((packed) => Buffer.from(packed, "base64url").subarray(0, -4));
      return [...whole(...texts.map(text)), ...contents.map((bytes) => ({ bytes, wrap: sealed }))];
    },
    read: (file) => unpackSet(Buffer.from(file).toString("latin1")),
    cases: 15_000,
  },
  {
    name: "parameters",
    covers: [
      ...["parametersFromBytes", "parametersFromSafetensors", "refusePickle", "isPickle", "isTorchArchive"],
      "tensorsFromTorch",
    ],
    seeds() {
      const plain = parametersToSafetensors(model, parameters);
      const tensors = model.parameters.map(
        ({ name, shape, offset, size }) =>
          [`module.${name}`, { shape, data: parameters.slice(offset, offset + size) }] as const,
      );
      return [
        ...whole(plain, writeNpz(tensors), Uint8Array.of(0x80, 2, 1, 2, 3, 4, 5, 6, 7, 8)),
        headerOf(plain),
        headerOf(plain),
        ...stateDicts.map((bytes) => ({ bytes, wrap: zipOf("net/data.pkl", [["net/data/0", pickles.six]]) })),
      ];
    },
    async read(file) {
      if (file[0] !== 0x50) parametersFromSafetensors(file, model, { name, freshLastLayer: true });
      await parametersFromBytes(file, model, { name });
    },
    cases: 15_000,
  },
  {
    name: "set of another program",
    covers: ["foreignSet", "treeOf"],
    seeds() {
      const images = Float32Array.from({ length: 24 }, (_, i) => (i % 5) / 4);
      const shape = pickles.tuple(...[2, 1, 3, 4].map(pickles.int));
      const strides = pickles.tuple(...[12, 12, 4, 1].map(pickles.int));
      const labels = { key: "1", length: pickles.int(6), shape: pickles.tuple(pickles.int(2)) };
      const pair = pickles.list(
        pickles.tensor({ length: pickles.int(24), shape, strides }),
        pickles.tensor({ ...labels, strides: pickles.tuple(pickles.int(1)) }),
      );
      const files = [
        ["net/data/0", new Uint8Array(images.buffer)],
        ["net/data/1", new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer)],
      ] as const;
      const npz = writeNpz([
        ["image", { shape: [2, 3, 4, 1], data: images }],
        ["label", { shape: [2, 3], data: Float32Array.of(0.6, -0.3, -0.3, 9, 1e9, -1e9) }],
        ["lr", { shape: [], data: Float32Array.of(0.1) }],
      ]);
      const wrap = zipOf("net/data.pkl", files);
      const experiments = pickles.dict([pickles.text("data"), pickles.list(pair)]);
      return [
        ...whole(npz, distilledToSafetensors(makeSet())),
        ...[pair, experiments, experiments].map((value) => ({ bytes: pickles.pickle(value), wrap })),
      ];
    },
    async read(file) {
      const options = { labels: "logits", normalization: "pixels", factor: 2 } as const;
      await foreignSet([{ path: name, bytes: file }], options).catch((error) => {
        if (error.name !== "FormatError") throw error;
      });
      await foreignSet([{ path: name, bytes: file }]);
    },
    cases: 15_000,
  },
  {
    name: "checkpoint",
    covers: ["checkpointFromBytes"],
    seeds: () => [...whole(checkpoint), signedHeader(checkpoint), signedHeader(checkpoint), signedHeader(checkpoint)],
    read: (file) => checkpointFromBytes(file, name),
    cases: 8_000,
  },
  {
    name: "recipe",
    covers: ["recipeFromBytes", "parseRecipe"],
    seeds: () =>
      whole(
        ...["digits-random", "mnist-known", "mnist-attack"].flatMap((known) => {
          try {
            return [text(JSON.stringify(findRecipe(known)))];
          } catch {
            return [];
          }
        }),
        text(
          JSON.stringify({ name: "own", data: { name: "digits" }, model: describeModel(lenet()), outer: { steps: 3 } }),
        ),
      ),
    read: (file) => recipeFromBytes(file, name),
    cases: 80_000,
  },
  {
    name: "the network that a set names",
    covers: ["modelFromDescription", "modelOf", "initOf"],
    seeds: () =>
      whole(text(`{"model":${described},"init":${init}}`), text(`{"model":${JSON.stringify(describeModel(lenet()))}}`)),
    async read(file) {
      const recipe = new TextDecoder().decode(file);
      const saved = { file: name, sha256: "", set: await distilledFromBytes(withRecipe(recipe), name) };
      for (const read of [modelOf, initOf]) {
        try {
          read(saved);
        } catch (error) {
          if ((error as Error).name !== "FormatError") throw error;
        }
      }
    },
    cases: 8_000,
  },
];

/** Writes the content of a packed set as its text, with a checksum that fits. */
function sealed(content: Uint8Array): Uint8Array {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(content));
  return text(Buffer.concat([content, crc]).toString("base64url"));
}

const setParts = safetensorsParts(distilledToSafetensors(makeSet({ recipe: { marker: 1 } })));

/** A distilled set whose record of its run is this text. */
function withRecipe(recipe: string): Uint8Array {
  const header = new TextDecoder().decode(setParts.header);
  const marker = JSON.stringify(JSON.stringify({ marker: 1 }));
  return safetensorsOf(setParts.data)(text(header.replace(marker, () => JSON.stringify(recipe))));
}
