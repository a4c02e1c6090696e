// A distilled set as one file, .safetensors or .npz, that a Python program can open without this package. This file handles
// bytes; src/node.ts has the paths.
//
//   images          float32 [steps, n, c, h, w]      mean, std   float64 [c]
//   targets         float32 [steps, n, classes]
//   learning_rates  float32 [steps × epochs], in the order of use; absent if the metadata have `training`
//   whitening_mean  float32 [c, h, w], and whitening_matrix float32 [c·h·w, c·h·w]: only if the images are whitened
//
// All else is a map of strings: `__metadata__` of the .safetensors, JSON in a uint8 array `metadata` of the
// .npz. It holds format, format_version, steps, epochs, the recipe as JSON, and momentum, weight_decay, training (as JSON) and
// whitening_epsilon where the set names them.
import { bytes as checkBytes, text } from "../checks/checks.ts";
import { parseJson } from "../codecs/json.ts";
import type { NumericArray } from "../codecs/npy.ts";
import { parseNpz, writeNpz } from "../codecs/npz.ts";
import { parseSafetensors, writeSafetensors } from "../codecs/safetensors.ts";
import { isTorchArchive, refusePickle } from "../codecs/torch-file.ts";
import { mostWhitenedValues } from "../data/whitening.ts";
import { checkDistilledSet, valueFault } from "../distill/check-set.ts";
import type { DistilledSet, StoredDecoder } from "../distill/distilled-set.ts";
import { checkDecoder, decoderArrays, decoderShapes } from "../distill/stored-decoder.ts";
import { checkFit, type FitTraining } from "../distill/training.ts";
import { FormatError } from "../errors.ts";
import { arrayKind, isBytes } from "../kinds.ts";
import { quote } from "../quote.ts";

const metadataName = "metadata";

/**
 * Writes a set as a .safetensors file. The same set gives the same bytes; reading it gives the same set, bit for bit.
 *
 * @throws TypeError or RangeError that names the field when the arrays of `set` do not fit its sizes or hold an invalid
 * value: one that is not finite, a learning rate or std that is not above 0, a momentum or weight decay out of
 * range.
 * @example
 * await writeFile("digits.safetensors", distilledToSafetensors(set));
 */
export function distilledToSafetensors(set: DistilledSet): Uint8Array {
  checkDistilledSet("set", set);
  return writeSafetensors(tensorsOf(set), metadataOf(set));
}

/**
 * Writes a set as an .npz file for `numpy.load`. The same set gives the same bytes; reading it gives the same set, bit for bit.
 *
 * @throws TypeError or RangeError as `distilledToSafetensors` does.
 * @example
 * await writeFile("digits.npz", distilledToNpz(set));
 */
export function distilledToNpz(set: DistilledSet): Uint8Array {
  checkDistilledSet("set", set);
  const data = new TextEncoder().encode(JSON.stringify(Object.fromEntries(metadataOf(set))));
  return writeNpz([...tensorsOf(set), [metadataName, { shape: [data.length], data }]]);
}

/**
 * Reads the set in a .safetensors or .npz file, told apart by the first bytes.
 *
 * @param name What errors call the file.
 * @throws FormatError, naming the file and what is wrong: damage, tensors whose shapes disagree, values that are not
 * finite, learning rates that are not above 0, an invalid protocol of training.
 * @example
 * const set = await distilledFromBytes(await readFile("digits.safetensors"), "digits.safetensors");
 */
export async function distilledFromBytes(bytes: Uint8Array, name: string): Promise<DistilledSet> {
  checkBytes("bytes", bytes);
  text("name", name);
  refusePickle(bytes, name);
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) {
    const { tensors, metadata } = parseSafetensors(bytes, { name });
    return assemble(tensors, metadata, name);
  }
  if (isTorchArchive(bytes)) {
    throw new FormatError(
      `${name}: is a file of torch.save: loadForeignSet of distillate/node reads sets of other programs`,
    );
  }
  const tensors = await parseNpz(bytes, { name });
  const packed = tensors.get(metadataName);
  tensors.delete(metadataName);
  return assemble(tensors, parseMetadata(packed, name), name);
}

type Sizes = Pick<DistilledSet, "steps" | "epochs" | "imagesPerStep" | "channels" | "height" | "width" | "classes">;

/** The shape of each tensor of a set; one that networks train on by a protocol has no learning rates. */
function shapesOf(s: Sizes, isWhitened: boolean, decoder?: StoredDecoder): Map<string, number[]> {
  const values = s.channels * s.height * s.width;
  const white: [string, number[]][] = [
    ["whitening_mean", [s.channels, s.height, s.width]],
    ["whitening_matrix", [values, values]],
  ];
  const rates: [string, number[]][] = s.epochs === 0 ? [] : [["learning_rates", [s.steps * s.epochs]]];
  const stored = Object.entries(decoder ? decoderShapes(decoder, s) : {});
  return new Map([
    ["images", [s.steps, s.imagesPerStep, s.channels, s.height, s.width]],
    ["targets", [s.steps, s.imagesPerStep, s.classes]],
    ...rates,
    ["mean", [s.channels]],
    ["std", [s.channels]],
    ...stored.map(([name, shape]): [string, number[]] => [decoderPrefix + name, [...shape]]),
    ...(isWhitened ? white : []),
  ]);
}

function tensorsOf(set: DistilledSet): [string, NumericArray][] {
  const { images, targets, learningRates, whitening } = set;
  const [mean, std] = [Float64Array.from(set.mean), Float64Array.from(set.std)];
  const stored = Object.entries(set.decoder ? decoderArrays(set.decoder) : {});
  const white = whitening && { whitening_mean: whitening.mean, whitening_matrix: whitening.matrix };
  const data: Readonly<Record<string, Float32Array | Float64Array>> = {
    ...{ images, targets, learning_rates: learningRates, mean, std },
    ...Object.fromEntries(stored.map(([name, values]) => [decoderPrefix + name, values])),
    ...white,
  };
  const shapes = shapesOf(set, whitening !== undefined, set.decoder);
  return Array.from(shapes, ([name, shape]) => [name, { shape, data: data[name]! }]);
}

/** The numbers that a set may have, and their keys in the metadata. */
const optionalNumbers = [
  ["momentum", "momentum"],
  ["weightDecay", "weight_decay"],
] as const;
/** The fields that have another name in a file. */
const keys: Readonly<Record<string, string>> = {
  learningRates: "learning_rates",
  weightDecay: "weight_decay",
  "whitening.epsilon": "whitening_epsilon",
  "whitening.mean": "whitening_mean",
  "whitening.matrix": "whitening_matrix",
};

function metadataOf(set: DistilledSet): Map<string, string> {
  const named = optionalNumbers.filter(([field]) => set[field] !== undefined);
  return new Map([
    ["format", "distillate"],
    ["format_version", "1"],
    ["steps", String(set.steps)],
    ["epochs", String(set.epochs)],
    ...named.map(([field, key]): [string, string] => [key, String(set[field])]),
    ...(set.decoder ? [["decoder", JSON.stringify(settingsOf(set.decoder))] as const] : []),
    ...(set.training ? [["training", JSON.stringify(set.training)] as const] : []),
    ...(set.whitening ? [["whitening_epsilon", String(set.whitening.epsilon)] as const] : []),
    ["recipe", JSON.stringify(set.recipe)],
  ]);
}

/** What tensors of a decoder are called, before their own names. */
const decoderPrefix = "decoder_";

/** The decoder without its tensors. */
function settingsOf(decoder: StoredDecoder): object {
  const { name } = decoder;
  return decoder.name === "formation" ? { name, factor: decoder.factor } : { name, scale: decoder.scale };
}

/** Returns the decoder that the metadata describe, with its tensors; their shapes are checked with all others. */
function decoderOf(
  text: string | undefined,
  tensors: ReadonlyMap<string, NumericArray>,
  sizes: Sizes,
  name: string,
): StoredDecoder | undefined {
  if (text === undefined) return undefined;
  const settings = parseObject(text, `${name}: decoder`);
  const arrays = Array.from(tensors)
    .filter(([key]) => key.startsWith(decoderPrefix))
    .map(([key, { data }]) => [key.slice(decoderPrefix.length), data] as const);
  const decoder: unknown = { ...settings, ...Object.fromEntries(arrays) };
  try {
    checkDecoder("decoder", decoder, sizes);
  } catch (cause) {
    throw new FormatError(`${name}: ${(cause as Error).message}`, { cause });
  }
  return decoder as StoredDecoder;
}

/** Parses the JSON object in `text`. */
function parseObject(text: string, what: string): Record<string, unknown> {
  const value = parseJson(text, what);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new FormatError(`${what}: expected a JSON object, got ${quote(value)}`);
  }
  return value as Record<string, unknown>;
}

function parseMetadata(array: NumericArray | undefined, name: string): Map<string, string> {
  const what = `${name}: ${metadataName}`;
  if (!isBytes(array?.data)) throw new FormatError(`${what}: expected an array of uint8`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(array.data);
  } catch (cause) {
    throw new FormatError(`${what}: expected UTF-8`, { cause });
  }
  const metadata = new Map<string, string>();
  for (const [key, value] of Object.entries(parseObject(text, what))) {
    if (typeof value !== "string") throw new FormatError(`${what}: expected a string for ${quote(key)}`);
    metadata.set(key, value);
  }
  return metadata;
}

/** The protocol in the JSON text, if there is one. */
function trainingOf(text: string | undefined, name: string): FitTraining | undefined {
  if (text === undefined) return undefined;
  const training = parseObject(text, `${name}: training`);
  try {
    checkFit("training", training);
  } catch (cause) {
    throw new FormatError(`${name}: ${(cause as Error).message}`, { cause });
  }
  return training as unknown as FitTraining;
}

function numberOf(written: string, key: string, name: string): number {
  if (String(Number(written)) === written) return Number(written);
  throw new FormatError(`${name}: expected ${key} as a number, got ${quote(written)}`);
}

/** Returns momentum and weight decay, where the metadata have them; a protocol of training has its own. */
function optionalOf(
  metadata: ReadonlyMap<string, string>,
  hasTraining: boolean,
  name: string,
): Pick<DistilledSet, "momentum" | "weightDecay"> {
  const found: { momentum?: number; weightDecay?: number } = {};
  for (const [field, key] of optionalNumbers) {
    const written = metadata.get(key);
    if (written === undefined) continue;
    if (hasTraining) {
      throw new FormatError(`${name}: expected no ${key} beside training, which has its own, got ${quote(written)}`);
    }
    found[field] = numberOf(written, key, name);
  }
  return found;
}

/** Returns the ε of the whitening, which says that there is one, of images of so many values; undefined where there is none. */
function epsilonOf(
  tensors: ReadonlyMap<string, NumericArray>,
  metadata: ReadonlyMap<string, string>,
  values: number,
  name: string,
): number | undefined {
  const written = metadata.get("whitening_epsilon");
  if (written === undefined) {
    const tensor = ["whitening_mean", "whitening_matrix"].find((key) => tensors.has(key));
    if (tensor === undefined) return undefined;
    throw new FormatError(`${name}: expected whitening_epsilon in the metadata beside ${tensor}, got none`);
  }
  if (values > mostWhitenedValues) {
    throw new FormatError(`${name}: expected whitened images of at most ${mostWhitenedValues} values, got ${values}`);
  }
  return numberOf(written, "whitening_epsilon", name);
}

/** Puts a set together from what a file holds, or says what does not fit. */
function assemble(
  tensors: ReadonlyMap<string, NumericArray>,
  metadata: ReadonlyMap<string, string>,
  name: string,
): DistilledSet {
  const bad = (expected: string, got: unknown): FormatError =>
    new FormatError(`${name}: expected ${expected}, got ${got}`);
  const text = (key: string): string => {
    const value = metadata.get(key);
    if (value === undefined) throw bad(`${key} in the metadata`, "none");
    return value;
  };
  const shape = (key: string, rank: number): readonly number[] => {
    const sizes = tensors.get(key)?.shape;
    if (sizes?.length !== rank || sizes.includes(0)) {
      throw bad(`a tensor ${key} of ${rank} dimensions, none of them 0`, sizes ? quote(sizes) : "none");
    }
    return sizes;
  };

  if (text("format") !== "distillate") throw bad('format "distillate"', quote(text("format")));
  if (text("format_version") !== "1") throw bad('format_version "1"', quote(text("format_version")));
  const [steps, imagesPerStep, channels, height, width] = shape("images", 5) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const classes = shape("targets", 3)[2]!;
  const training = trainingOf(metadata.get("training"), name);
  const epochs = training ? 0 : Math.ceil(shape("learning_rates", 1)[0]! / steps);
  if (training && steps !== 1) throw bad("one block of images beside training", steps);
  const sizes: Sizes = { steps, epochs, imagesPerStep, channels, height, width, classes };

  const decoder = decoderOf(metadata.get("decoder"), tensors, sizes, name);
  const epsilon = epsilonOf(tensors, metadata, channels * height * width, name);
  const shapes = shapesOf(sizes, epsilon !== undefined, decoder);
  for (const [key, expected] of shapes) {
    const tensor = tensors.get(key);
    if (tensor?.shape.join() !== expected.join()) {
      throw bad(
        `${key} of shape [${expected.join(", ")}] beside the other tensors`,
        `[${tensor?.shape.join(", ") ?? ""}]`,
      );
    }
    const wanted = key === "mean" || key === "std" ? "Float64Array" : "Float32Array";
    const kind = arrayKind(tensor.data);
    if (kind !== wanted) throw bad(`${key} as ${wanted}`, kind);
  }
  for (const key of tensors.keys())
    if (!shapes.has(key)) throw bad(`only ${[...shapes.keys()].join(", ")}`, quote(key));
  for (const key of ["steps", "epochs"] as const) {
    if (text(key) !== String(sizes[key])) throw bad(`${key} ${sizes[key]}, as the shapes say`, quote(text(key)));
  }
  const whitening = epsilon !== undefined && {
    epsilon,
    mean: tensors.get("whitening_mean")!.data as Float32Array,
    matrix: tensors.get("whitening_matrix")!.data as Float32Array,
  };
  const set: DistilledSet = {
    ...sizes,
    ...optionalOf(metadata, training !== undefined, name),
    ...(training && { training }),
    ...(decoder && { decoder }),
    images: tensors.get("images")!.data as Float32Array,
    targets: tensors.get("targets")!.data as Float32Array,
    learningRates: training ? new Float32Array(0) : (tensors.get("learning_rates")!.data as Float32Array),
    mean: Array.from(tensors.get("mean")!.data as Float64Array),
    std: Array.from(tensors.get("std")!.data as Float64Array),
    ...(whitening && { whitening }),
    recipe: parseObject(text("recipe"), `${name}: recipe`),
  };
  const fault = valueFault(set);
  if (fault) throw bad(`${keys[fault.field] ?? fault.field} to be ${fault.expected}`, fault.got);
  return set;
}
