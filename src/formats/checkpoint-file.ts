// The state of a run as one .safetensors file with a checksum. This file handles bytes; src/node/checkpoints.ts has the paths.
//
// The tensors are those of the state, flat, float32 or float64. The metadata have format, format_version, version, step, the
// specification, the halvings and the GPU if there were any, and the note as JSON, and sha256: that of the whole file with 64 zeros in its place.
import { checkGpu } from "../backend/gpu.ts";
import { type Check, bytes as checkBytes, kind, listOf, text, whole } from "../checks/checks.ts";
import { type Checks, checkOptions, thing } from "../checks/options.ts";
import { parseJson } from "../codecs/json.ts";
import { parseSafetensors, writeSafetensors } from "../codecs/safetensors.ts";
import { hexadecimal, sha256 } from "../codecs/sha256.ts";
import { checkRunState, type RunState } from "../distill/run-state.ts";
import { FormatError } from "../errors.ts";
import { isFloats, isObject } from "../kinds.ts";
import { quote } from "../quote.ts";

/** What a file of a run's state holds. */
export interface Checkpoint {
  readonly state: RunState;
  /** What the program that runs notes for itself, as plain data: where its images came from, how long it has run. */
  readonly note: Readonly<Record<string, unknown>>;
}

const checkpointChecks: Checks<Checkpoint> = { state: checkRunState, note: kind("an object", isObject) };

const checkHalvings = listOf(
  "an array",
  thing("a divergence after which a run went back", { step: whole(1), tensor: text, value: text, backTo: whole(0) }),
);

const format = "distillate-checkpoint";
const formatVersion = "1";
const unsigned = "0".repeat(64);
/** The key and its value as they stand in the header. In the text of another value the quotation marks are escaped. */
const signature = /"sha256":"([0-9a-f]{64})"/;

/**
 * Writes a checkpoint. The same state and note give the same bytes.
 *
 * @throws TypeError for what is no state; RangeError for a note that is too long; UnsupportedError if the host offers no
 * SHA-256.
 */
export async function checkpointToBytes(checkpoint: Checkpoint): Promise<Uint8Array> {
  checkOptions(checkpoint, checkpointChecks, "checkpoint");
  const { state, note } = checkpoint;
  const tensors = Array.from(state.tensors, ([name, data]) => [name, { shape: [data.length], data }] as const);
  const bytes = writeSafetensors(tensors, [
    ["format", format],
    ["format_version", formatVersion],
    ["sha256", unsigned],
    ["version", state.version],
    ["step", String(state.step)],
    ["spec", JSON.stringify(state.spec)],
    ...(state.halvings ? [["halvings", JSON.stringify(state.halvings)] as const] : []),
    ...(state.gpu ? [["gpu", JSON.stringify(state.gpu)] as const] : []),
    ["note", JSON.stringify(note)],
  ]);
  const { at } = signatureIn(bytes)!;
  bytes.set(new TextEncoder().encode(hexadecimal(await sha256([bytes]))), at);
  return bytes;
}

/**
 * Reads what `checkpointToBytes` wrote.
 *
 * @param name What errors call the file.
 * @throws FormatError that names the file, if it is damaged, cut or something else; UnsupportedError if the host offers no
 * SHA-256.
 */
export async function checkpointFromBytes(bytes: Uint8Array, name: string): Promise<Checkpoint> {
  checkBytes("bytes", bytes);
  text("name", name);
  const { tensors, metadata } = parseSafetensors(bytes, { name });
  const bad = (expected: string, got: string): FormatError =>
    new FormatError(`${name}: expected ${expected}, got ${got}`);
  const value = (key: string): string => {
    const found = metadata.get(key);
    if (found === undefined) throw bad(`${key} in the metadata of a checkpoint`, "none");
    return found;
  };
  const object = (key: string): Readonly<Record<string, unknown>> => {
    const found = parseJson(value(key), `${name}: ${key}`);
    if (!isObject(found)) throw bad(`${key} as a JSON object`, quote(found));
    return found;
  };
  if (value("format") !== format) throw bad(`format "${format}"`, quote(value("format")));
  if (value("format_version") !== formatVersion) {
    throw bad(`format_version "${formatVersion}"`, quote(value("format_version")));
  }
  await checkSignature(bytes, bad);
  const step = Number(value("step"));
  if (!Number.isSafeInteger(step) || step < 0 || String(step) !== value("step")) {
    throw bad("step as a whole number", quote(value("step")));
  }
  const read = new Map(
    Array.from(tensors, ([key, { data, shape }]) => {
      if (!isFloats(data) || shape.length !== 1) throw bad(`${quote(key)} as a list of floats`, "something else");
      return [key, data] as const;
    }),
  );
  const state = { version: value("version"), spec: object("spec"), step, tensors: read };
  const halvings = optionalIn<RunState["halvings"]>(metadata.get("halvings"), checkHalvings, `${name}: halvings`);
  const gpu = optionalIn<RunState["gpu"]>(metadata.get("gpu"), checkGpu, `${name}: gpu`);
  return { state: { ...state, ...(halvings && { halvings }), ...(gpu && { gpu }) }, note: object("note") };
}

function optionalIn<T>(json: string | undefined, check: Check, what: string): T | undefined {
  if (json === undefined) return undefined;
  const found = parseJson(json, what);
  try {
    check(what, found);
  } catch (error) {
    throw new FormatError((error as Error).message, { cause: error });
  }
  return found as T;
}

async function checkSignature(bytes: Uint8Array, bad: (expected: string, got: string) => FormatError): Promise<void> {
  const found = signatureIn(bytes);
  if (!found) throw bad("a SHA-256 in the metadata", "none");
  const copy = new Uint8Array(bytes);
  copy.set(new TextEncoder().encode(unsigned), found.at);
  const digest = hexadecimal(await sha256([copy]));
  if (digest !== found.digest) throw bad(`content with the SHA-256 ${found.digest}`, `${digest}: the file is damaged`);
}

/** Finds the checksum of a .safetensors file, and the byte at which it begins. */
function signatureIn(bytes: Uint8Array): { readonly digest: string; readonly at: number } | undefined {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  // A character for each byte, whatever it is.
  const header = new TextDecoder("latin1").decode(bytes.subarray(8, 8 + length));
  const found = signature.exec(header);
  return found ? { digest: found[1]!, at: 8 + found.index + found[0].indexOf(found[1]!) } : undefined;
}
