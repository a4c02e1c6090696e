// A pool of trained networks as a folder: manifest.json, which says how they were trained, and a state_dict for each,
// network-0000.safetensors and so on, with its test accuracy. If the weights of each epoch are kept, network-0000-epochs.safetensors
// has those of network 0. Every file that exists is complete, so an interrupted pool can be continued.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Floats } from "../backend/buffer.ts";
import { flag, optional, text } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { jsonFromBytes } from "../codecs/json.ts";
import { parseSafetensors } from "../codecs/safetensors.ts";
import { hexadecimal, sha256 } from "../codecs/sha256.ts";
import type { Trajectory } from "../distill/experts.ts";
import type { PretrainedPool } from "../distill/weight-source.ts";
import { inexact } from "../engine/inexact.ts";
import { placeChecks } from "../engine/options.ts";
import { FormatError } from "../errors.ts";
import type { Evaluation } from "../evaluate/evaluation.ts";
import {
  parametersFromBytes,
  parametersToSafetensors,
  type ReadStateDictOptions,
  readStateDictChecks,
} from "../formats/state-dict.ts";
import { trajectoryFromSafetensors, trajectoryToSafetensors } from "../formats/trajectory-file.ts";
import { describeModel, modelFromDescription } from "../nn/describe.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { summary } from "../numeric/summary.ts";
import { quote, shortName } from "../quote.ts";
import { trainingConfig, trainPool } from "../run/in-place/train-pool.ts";
import { trainPoolChecks } from "../run/options/call-checks.ts";
import type { TrainedPool, TrainPoolOptions } from "../run/options/train-pool.ts";
import { version } from "../version.gen.ts";
import { makeFolder, readBytes, writeFileAtomic } from "./files.ts";
import { locked } from "./lock.ts";

const manifestName = "manifest.json";
const format = "distillate pool 1";
const maximumManifest = 2 ** 22;
/** The most networks that the manifest may state. */
const mostNetworks = 9999;
/** The most epochs whose weights are read. */
const mostEpochs = 99_999;

const { engine, threads } = placeChecks;
const poolChecks: Checks<TrainPoolOptions> = { ...trainPoolChecks, engine, threads };

/** Options of {@link loadPool}. */
export interface LoadPoolOptions {
  /** Loads the weights of each epoch too, which a pool has that was trained with `keepEpochs`. Default false. */
  readonly trajectories?: boolean | undefined;
}

const loadChecks: Checks<LoadPoolOptions> = { trajectories: optional(flag) };

/** A pool from a folder, with the model of its networks. */
export interface LoadedPool extends PretrainedPool {
  readonly model: Model;
  /** The test accuracy, if the networks were tested. */
  readonly evaluation?: Evaluation | undefined;
}

/**
 * Does what `trainPool` does, into a folder, with one file for each network as soon as it is trained. Called again with the
 * same options it trains what is missing; with more `networks` it adds to those that exist, because network k does not
 * depend on their number.
 *
 * @throws RangeError that names what differs when the folder holds a pool trained otherwise; Error that names another process
 * that is training into it; DivergedError, after which the networks trained before are in the folder; else as `trainPool`
 * and `loadPool` do.
 * @example
 * const { train, test } = await loadIdxFolder("data/mnist");
 * await trainPoolFolder("pools/mnist/train", { data: train, test, model: lenet(), networks: 100, epochs: 10, workers: 2 });
 */
export async function trainPoolFolder(folder: string, options: TrainPoolOptions): Promise<LoadedPool> {
  text("folder", folder);
  checkOptions(options, poolChecks);
  const { networks, model, onNetwork, keepEpochs = false } = options;
  if (networks > mostNetworks) throw new RangeError(`"networks" expected <= ${mostNetworks}, got ${networks}`);
  const manifest = await manifestOf(options);
  await makeFolder(folder);
  return locked(folder, async () => {
    const present = new Set(await readdir(folder));
    const path = join(folder, manifestName);
    if (present.has(manifestName)) checkSame(path, await readManifest(path), manifest);
    else if ([...present].some((name) => name.startsWith("network-"))) {
      throw new RangeError(`${folder}: expected ${manifestName} beside the networks there; choose another folder`);
    }
    const files = new Map<string, Uint8Array>([
      [manifestName, new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`)],
    ]);
    await writeFileAtomic(path, files.get(manifestName)!);
    const only = Array.from({ length: networks }, (_, k) => k).filter((k) =>
      filesOf(k, keepEpochs).some((name) => !present.has(name)),
    );
    if (only.length > 0) {
      await trainPool({
        ...options,
        only,
        async onNetwork(trained) {
          const { network, parameters, accuracy, trajectory } = trained;
          const notes: [string, string][] = accuracy === undefined ? [] : [["accuracy", String(accuracy)]];
          if (trajectory) files.set(epochsFileOf(network), trajectoryToSafetensors(model, trajectory));
          files.set(fileOf(network), parametersToSafetensors(model, parameters, {}, notes));
          await writeMissing(folder, files);
          // These are too large to be held in case somebody deletes the folder; they would be trained again.
          files.delete(epochsFileOf(network));
          await onNetwork?.(trained);
        },
      });
    }
    return loadPool(folder, { trajectories: keepEpochs });
  });
}

/** Writes those of the files that do not exist: all of them if somebody deleted the folder. */
async function writeMissing(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const write = async (): Promise<void> => {
    await makeFolder(folder);
    const present = new Set(await readdir(folder));
    for (const [name, bytes] of files) if (!present.has(name)) await writeFileAtomic(join(folder, name), bytes);
  };
  // Tries once more if the folder was deleted while it was written to.
  await write().catch((error) => (error.code === "ENOENT" ? write() : Promise.reject(error)));
}

/**
 * Loads the networks of a folder that `trainPoolFolder` or `distillate train` filled, for `pretrained` or, with the weights of each
 * epoch, for `experts`.
 *
 * @throws FormatError that names the file for damage, for a pool whose training was not finished, and for one that has not kept the
 * weights that are wanted; else the file system's error.
 * @example
 * const init = pretrained(await loadPool("pools/mnist/train"));
 * const same = experts(await loadPool("pools/experts/train", { trajectories: true }), "pytorch");
 */
export async function loadPool(folder: string, options: LoadPoolOptions = {}): Promise<LoadedPool> {
  text("folder", folder);
  checkOptions(options, loadChecks);
  const path = join(folder, manifestName);
  const manifest = await readManifest(path);
  let model: Model;
  try {
    model = modelFromDescription(manifest.model);
  } catch (error) {
    throw new FormatError(`${path}: model: ${shortName((error as Error).message, 400)}`, { cause: error });
  }
  const present = new Set(await readdir(folder));
  const { networks } = manifest;
  const epochs = options.trajectories ? keptEpochs(manifest, path) : undefined;
  const all = Array.from({ length: networks }, (_, k) => filesOf(k, epochs !== undefined)).flat();
  const missing = all.filter((name) => !present.has(name));
  if (missing.length > 0) {
    throw new FormatError(
      `${folder}: expected ${networks} networks, but ${missing[0]} is missing, and ${missing.length - 1} more: ` +
        "finish the training by the same command",
    );
  }
  const weights: TrainedPool["weights"][number][] = [];
  const trajectories: Trajectory[] = [];
  const accuracies: number[] = [];
  for (let k = 0; k < networks; k++) {
    const name = join(folder, fileOf(k));
    const bytes = await readBytes(name);
    weights.push(await parametersFromBytes(bytes, model, { name }));
    if (epochs !== undefined) trajectories.push(await readTrajectory(folder, k, model, epochs));
    const written = parseSafetensors(bytes, { name }).metadata.get("accuracy");
    if (written === undefined) continue;
    const accuracy = Number(written);
    if (!(accuracy >= 0 && accuracy <= 1) || String(accuracy) !== written) {
      throw new FormatError(`${name}: expected accuracy from 0 to 1, got ${quote(written)}`);
    }
    accuracies.push(accuracy);
  }
  // Either all networks were tested or none, unless somebody changed the options in between.
  const evaluation = { networks, ...summary(accuracies), accuracies };
  return {
    model,
    weights,
    ...(epochs !== undefined && { trajectories }),
    ...(accuracies.length === networks && { evaluation }),
  };
}

async function readTrajectory(folder: string, k: number, model: Model, epochs: number): Promise<Trajectory> {
  const name = join(folder, epochsFileOf(k));
  return trajectoryFromSafetensors(await readBytes(name), model, epochs, name);
}

/**
 * Loads the parameters of one network from a PyTorch state_dict, .safetensors, .npz or .pt, for `pretrained` or `trainOn`.
 *
 * @throws FormatError as `parametersFromBytes` does; else the file system's error.
 * @example
 * const init = pretrained([await loadParameters("alexnet.safetensors", alexNet({ classes: 20 }), { freshLastLayer: true })]);
 */
export async function loadParameters(
  path: string,
  model: Model,
  options: Omit<ReadStateDictOptions, "name"> = {},
): Promise<Floats> {
  text("path", path);
  checkModel("model", model);
  checkOptions(options, readStateDictChecks);
  return parametersFromBytes(await readBytes(path), model, { ...options, name: path });
}

/** Everything that decides the networks, and their number. */
type Manifest = { readonly networks: number } & Readonly<Record<string, unknown>>;

async function manifestOf(options: TrainPoolOptions): Promise<Manifest> {
  const { data, model, init, loss, training, seed, pool, keepEpochs } = trainingConfig(options);
  const { name, count, mean, std } = data;
  return {
    format,
    version,
    pool,
    seed,
    networks: options.networks,
    data: { name, count, mean, std, sha256: hexadecimal(await sha256([data.pixels, data.labels])) },
    model: describeModel(model),
    init,
    loss,
    training,
    ...(keepEpochs && { keepEpochs }),
    ...inexact(options.engine),
  };
}

async function readManifest(path: string): Promise<Manifest> {
  const manifest = jsonFromBytes(await readBytes(path, maximumManifest), path);
  const { format: found, networks } = (manifest ?? {}) as Partial<Manifest>;
  if (found !== format) throw new FormatError(`${path}: expected format "${format}", got ${quote(found)}`);
  if (!Number.isInteger(networks) || networks! < 1 || networks! > mostNetworks) {
    throw new FormatError(`${path}: expected networks from 1 to ${mostNetworks}, got ${quote(networks)}`);
  }
  return manifest as Manifest;
}

/** Returns for how many epochs the networks were trained. Throws FormatError if their weights were not kept. */
function keptEpochs({ keepEpochs, training }: Manifest, path: string): number {
  if (keepEpochs !== true) {
    const advice = "train another with keepEpochs: true, or by distillate train --keep-epochs";
    throw new FormatError(
      `${path}: expected a pool that has kept the weights of each epoch, got one without: ${advice}`,
    );
  }
  const { epochs } = (training ?? {}) as { readonly epochs?: unknown };
  if (Number.isInteger(epochs) && (epochs as number) >= 1 && (epochs as number) <= mostEpochs) return epochs as number;
  throw new FormatError(`${path}: expected training.epochs from 1 to ${mostEpochs}, got ${quote(epochs)}`);
}

/** Throws RangeError unless training may continue the existing pool with these options. */
function checkSame(path: string, there: Manifest, wanted: Manifest): void {
  if (wanted.networks < there.networks) {
    throw new RangeError(`${path}: expected at least the ${there.networks} networks there, got ${wanted.networks}`);
  }
  for (const key of new Set([...Object.keys(there), ...Object.keys(wanted)])) {
    const [before, now] = [JSON.stringify(there[key]), JSON.stringify(wanted[key])];
    if (key === "networks" || before === now) continue;
    const [name, was, is] = [shortName(key), ...[before, now].map((text) => shortName(String(text), 400))];
    throw new RangeError(
      `${path}: expected ${name} ${was}, as the networks there were trained with, got ${is}; choose another folder`,
    );
  }
}

function fileOf(k: number): string {
  return `network-${String(k).padStart(4, "0")}.safetensors`;
}

function epochsFileOf(k: number): string {
  return fileOf(k).replace(".", "-epochs.");
}

/** Returns the files of a network, that of its epochs first if there is one. */
function filesOf(k: number, epochs: boolean): string[] {
  return epochs ? [epochsFileOf(k), fileOf(k)] : [fileOf(k)];
}
