// The parameters of a network as a PyTorch state_dict. In .safetensors it is what `safetensors.torch.save_file` writes for
// `model.state_dict()` and `load_file` reads, in .npz what `numpy.savez` writes, in .pt what `torch.save` writes. θ is cut into
// its named tensors, and joined from them.
import type { Floats } from "../backend/buffer.ts";
import { type Check, bytes as checkBytes, flag, floats, kind, listOf, optional, text } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { type NumericArray, numberTypeOf } from "../codecs/npy.ts";
import { parseNpz } from "../codecs/npz.ts";
import { parseSafetensors, writeSafetensors } from "../codecs/safetensors.ts";
import { isTorchArchive, refusePickle } from "../codecs/torch-file.ts";
import { FormatError } from "../errors.ts";
import { arrayKind, isFloats } from "../kinds.ts";
import { checkModel, type Model, type Parameter } from "../nn/model.ts";
import { quote } from "../quote.ts";

/** The options of {@link parametersToSafetensors} and of the readers. */
export interface StateDictOptions {
  /** The names of the tensors, one for each of `model.parameters`, in order. Default: the parameters' own names. */
  readonly names?: readonly string[] | undefined;
}

/** The options of {@link parametersFromBytes} and {@link parametersFromSafetensors}. */
export interface ReadStateDictOptions extends StateDictOptions {
  /** The file's name in errors. */
  readonly name: string;
  /**
   * Makes the last layer new, with weight 0 and bias 1, as the paper's reference code does with networks trained on
   * ImageNet. Whatever the file holds for it, and for how many classes, is ignored. Default false.
   */
  readonly freshLastLayer?: boolean | undefined;
}

const stateDictChecks: Checks<StateDictOptions> = { names: optional(listOf("an array of names", text)) };

/** The options of a reader, without the name of the file. */
export const readStateDictChecks: Checks<Omit<ReadStateDictOptions, "name">> = {
  ...stateDictChecks,
  freshLastLayer: optional(flag),
};
const namedChecks: Checks<ReadStateDictOptions> = { ...readStateDictChecks, name: text };

function checkReading(bytes: Uint8Array, model: Model, options: ReadStateDictOptions): void {
  checkBytes("bytes", bytes);
  checkModel("model", model);
  checkOptions(options, namedChecks);
}

const isIterable = (value: unknown): boolean => {
  return typeof value === "object" && typeof (value as Iterable<unknown> | null)?.[Symbol.iterator] === "function";
};
const checkNotes: Check = kind("a list of [key, value]", isIterable);

/**
 * Writes θ as a state_dict in .safetensors, for `model.load_state_dict(safetensors.torch.load_file(path))`: F32 from a
 * Float32Array, F64 from a Float64Array.
 *
 * @throws TypeError and RangeError for parameters that do not fit the model or are not finite, and unless there is one name
 * for each.
 * @example
 * const { parameters } = await trainOn(set, { model });
 * await writeFile("lenet.safetensors", parametersToSafetensors(model, parameters));
 */
export function parametersToSafetensors(
  model: Model,
  parameters: Floats,
  options: StateDictOptions = {},
  notes: Iterable<readonly [key: string, value: string]> = [],
): Uint8Array {
  checkModel("model", model);
  floats("parameters", parameters);
  checkOptions(options, stateDictChecks);
  checkNotes("notes", notes);
  const { names } = options;
  if (parameters.length !== model.parameterCount) {
    throw new RangeError(
      `"parameters" expected ${model.parameterCount} floats, as the model has, got ${parameters.length}`,
    );
  }
  const at = parameters.findIndex((value: number) => !Number.isFinite(value));
  if (at >= 0) throw new RangeError(`"parameters" expected finite values, got ${parameters[at]} at ${at}`);
  const tensors = renamed(model, names).map(({ name, shape, offset, size }): [string, NumericArray] => [
    name,
    { shape, data: parameters.subarray(offset, offset + size) },
  ]);
  // Hugging Face's readers ask for this entry.
  return writeSafetensors(tensors, [["format", "pt"], ...notes]);
}

/**
 * Reads θ from a state_dict in .safetensors: a Float32Array, or a Float64Array if a tensor is F64; F16 and BF16 become
 * float32. Tensors may come in any order, and with the prefixes `module.` of DataParallel and `_orig_mod.` of torch.compile,
 * but must be those of the model and no others. Only statistics of PyTorch's norms are ignored: `num_batches_tracked`, and
 * running statistics if the model has batchNorm2d or instanceNorm2d layers, which take theirs from the batch or the image.
 *
 * @throws FormatError that names the file for damage, for tensors that are missing, unexpected, of another shape or type,
 * and for values that are not finite; RangeError unless there is one name for each tensor.
 * @example
 * const bytes = await readFile("lenet.safetensors");
 * const parameters = parametersFromSafetensors(bytes, lenet(), { name: "lenet.safetensors" });
 */
export function parametersFromSafetensors(bytes: Uint8Array, model: Model, options: ReadStateDictOptions): Floats {
  checkReading(bytes, model, options);
  refusePickle(bytes, options.name);
  if (isTorchArchive(bytes)) {
    throw new FormatError(`${options.name}: is a file of torch.save: parametersFromBytes reads it`);
  }
  return parametersOf(parseSafetensors(bytes, options).tensors, model, options);
}

/**
 * Reads θ from a state_dict in .safetensors, .npz or a file of torch.save (.pt, .pth), told apart by the first bytes. Nothing in
 * a file is run. The state_dict of a .pt may stand beside other values, under `state_dict`, `model_state_dict`, `model` or `net`.
 *
 * @throws FormatError and RangeError as {@link parametersFromSafetensors} does.
 * @example
 * // Python: numpy.savez("alexnet.npz", **{k: v.numpy() for k, v in torchvision_model.state_dict().items()})
 * const options = { name: "alexnet.npz", freshLastLayer: true };
 * const weights = await parametersFromBytes(bytes, alexNet({ classes: 20 }), options);
 * const init = pretrained([weights]);
 */
export async function parametersFromBytes(
  bytes: Uint8Array,
  model: Model,
  options: ReadStateDictOptions,
): Promise<Floats> {
  checkReading(bytes, model, options);
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) return parametersFromSafetensors(bytes, model, options);
  // Few pages read such files, so the others need not download what reads them.
  const read = isTorchArchive(bytes) ? (await import("./torch-parameters.ts")).tensorsFromTorch : parseNpz;
  return parametersOf(await read(bytes, options), model, options);
}

function parametersOf(
  found: ReadonlyMap<string, NumericArray>,
  model: Model,
  { name: file, names, freshLastLayer = false }: ReadStateDictOptions,
): Floats {
  const parameters = renamed(model, names);
  const tensors = unwrapped(found, new Set(parameters.map(({ name }) => name)), file);
  const last = freshLastLayer ? lastLayer(parameters) : [];
  const passedOver = new Set(last.map(({ name }) => name));
  const wanted = parameters.filter(({ name }) => !passedOver.has(name));
  checkTensors(new Map([...tensors].filter(([name]) => !passedOver.has(name))), wanted, model, file);
  const exact = wanted.some(({ name }) => arrayKind(tensors.get(name)!.data) === "Float64Array");
  const theta = exact ? new Float64Array(model.parameterCount) : new Float32Array(model.parameterCount);
  for (const { name, offset } of wanted) theta.set(tensors.get(name)!.data as Floats, offset);
  for (const { role, offset, size } of last) theta.fill(role === "bias" ? 1 : 0, offset, offset + size);
  return theta;
}

/** The prefixes that DataParallel and torch.compile put before every name of the module that they wrap. */
const wrapper = /^(module\.|_orig_mod\.)+/;

/** Returns the tensors by the names of the module itself, unless the names in the file are the wanted ones. */
function unwrapped(
  tensors: ReadonlyMap<string, NumericArray>,
  wanted: ReadonlySet<string>,
  file: string,
): ReadonlyMap<string, NumericArray> {
  const all = new Map<string, NumericArray>();
  for (const [name, tensor] of tensors) {
    const own = wanted.has(name) ? name : name.replace(wrapper, "");
    if (all.has(own)) throw new FormatError(`${file}: expected ${quote(own)} once, got it with a prefix and without`);
    all.set(own, tensor);
  }
  return all;
}

/** Returns the parameters of the last layer that has any. */
function lastLayer(parameters: readonly Parameter[]): readonly Parameter[] {
  const { length } = parameters;
  return parameters.slice(parameters[length - 1]?.role === "bias" ? length - 2 : length - 1);
}

/** Returns the model's parameters with the names that they have in a file. */
function renamed(model: Model, names: readonly string[] | undefined): readonly Parameter[] {
  if (names === undefined) return model.parameters;
  const { length } = model.parameters;
  if (names.length !== length || new Set(names).size !== length) {
    throw new RangeError(`"names" expected ${length} different names, one for each parameter, got ${quote(names)}`);
  }
  return model.parameters.map((parameter, i) => ({ ...parameter, name: names[i]! }));
}

/** The statistics that PyTorch's norms hold beside their parameters. */
const runningStatistics = /(^|\.)(running_mean|running_var)$/;
/** A number that no result depends on. */
const counter = /(^|\.)num_batches_tracked$/;

function checkTensors(
  tensors: ReadonlyMap<string, NumericArray>,
  wanted: readonly Parameter[],
  model: Model,
  file: string,
): void {
  const names = new Set(wanted.map(({ name }) => name));
  const norms = model.layers.some(({ kind }) => kind === "batchNorm2d" || kind === "instanceNorm2d");
  const isPassedOver = (name: string): boolean => counter.test(name) || (norms && runningStatistics.test(name));
  const others = Array.from(tensors, ([name, { shape }]) => ({ name, shape })).filter(
    ({ name }) => !names.has(name) && !isPassedOver(name),
  );
  const missing = wanted.filter(({ name }) => !tensors.has(name));
  if (missing.length > 0) {
    const got = others.length > 0 ? `unexpected ${listed(others)}` : "none";
    throw new FormatError(`${file}: expected ${listed(missing)}, got ${got}`);
  }
  for (const { name, shape } of wanted) {
    const { shape: got, data } = tensors.get(name)!;
    if (got.join() !== shape.join()) {
      throw new FormatError(`${file}: expected ${listed([{ name, shape }])}, got ${quote(got)}`);
    }
    if (!isFloats(data)) {
      throw new FormatError(
        `${file}: expected ${quote(name)} in F32 or F64, got ${numberTypeOf({ shape, data }).safetensors}`,
      );
    }
    const at = data.findIndex((value: number) => !Number.isFinite(value));
    if (at >= 0) throw new FormatError(`${file}: expected ${quote(name)} to be finite, got ${data[at]} at ${at}`);
  }
  if (others.length > 0) {
    throw new FormatError(
      `${file}: expected the ${wanted.length} tensors of the model, got beside them ${listed(others)}`,
    );
  }
}

/** Lists names and shapes of the first few tensors. */
function listed(tensors: readonly { readonly name: string; readonly shape: readonly number[] }[]): string {
  const first = tensors.slice(0, 3).map(({ name, shape }) => `${quote(name)} ${quote(shape)}`);
  return `${first.join(", ")}${tensors.length > 3 ? ` and ${tensors.length - 3} more` : ""}`;
}
