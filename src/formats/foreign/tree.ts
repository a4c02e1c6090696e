// The content of files in which other programs publish arrays, as one tree: .pt (torch-archive.ts), .npz, .npy and .safetensors.
// Every array has the place where it stands, as Python would write it: data[0][1].
import { type NumericArray, parseNpy } from "../../codecs/npy.ts";
import { openNpz } from "../../codecs/npz.ts";
import { type Pickled, PickledMap } from "../../codecs/pickled.ts";
import { PickledArray } from "../../codecs/pickled-arrays.ts";
import { parseSafetensors } from "../../codecs/safetensors.ts";
import { parseTorchArchive, TorchTensor } from "../../codecs/torch-archive.ts";
import { isTorchArchive, refusePickle } from "../../codecs/torch-file.ts";
import { type DataFile, nameOf, readDataFile } from "../../data/data-file.ts";
import { FormatError } from "../../errors.ts";
import { quote } from "../../quote.ts";

/** An array that is read when it is wanted. */
export interface ArrayNode {
  readonly kind: "array";
  readonly at: string;
  readonly shape: readonly number[];
  read(): Promise<NumericArray>;
}

export type Node =
  | ArrayNode
  | { readonly kind: "list"; readonly at: string; readonly items: readonly Node[] }
  | { readonly kind: "map"; readonly at: string; readonly items: ReadonlyMap<string, Node> }
  | { readonly kind: "other"; readonly at: string };

/** A file with its tree. */
export interface FileTree {
  /** What errors call the file. */
  readonly file: string;
  /** Its name without folder and extension. */
  readonly stem: string;
  readonly root: Node;
}

/** The limit on a set's file, far above the size of any distilled set. */
const maximumBytes = 2 ** 30;

/**
 * Reads a file as a tree of arrays; nothing in it is run.
 *
 * @throws FormatError that names the file, for damage and for what is read nowhere here.
 */
export async function treeOf(given: DataFile): Promise<FileTree> {
  const name = nameOf(given);
  const bytes = await readDataFile(given, maximumBytes);
  refusePickle(bytes, name);
  const stem = given.path
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.[^.]*$/, "");
  return { file: name, stem, root: await rootOf(bytes, name) };
}

async function rootOf(bytes: Uint8Array, name: string): Promise<Node> {
  if (isTorchArchive(bytes)) return nodeOf(await parseTorchArchive(bytes, { name }), "");
  if (bytes[0] === 0x93) return arrayNode("", parseNpy(bytes, { name }));
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    const arrays = await openNpz(bytes, { name });
    return mapNode(Array.from(arrays, ([key, parse]) => [key, arrayNode(key, parse())] as const));
  }
  const tensors = parseSafetensors(bytes, { name }).tensors;
  return mapNode(Array.from(tensors, ([key, tensor]) => [key, arrayNode(key, tensor)] as const));
}

function mapNode(items: Iterable<readonly [string, Node]>): Node {
  return { kind: "map", at: "", items: new Map(items) };
}

function arrayNode(at: string, array: NumericArray): ArrayNode {
  return { kind: "array", at, shape: array.shape, read: async () => array };
}

/** The tree of what a pickle holds, whose depth and size are limited. */
function nodeOf(value: Pickled, at: string): Node {
  if (value instanceof TorchTensor) return { kind: "array", at, shape: value.shape, read: () => value.read() };
  if (value instanceof PickledArray) return arrayNode(at, value);
  if (typeof value === "number") return arrayNode(at, { shape: [], data: Float64Array.of(value) });
  if (Array.isArray(value)) {
    return { kind: "list", at, items: value.map((item: Pickled, i) => nodeOf(item, `${at}[${i}]`)) };
  }
  if (!(value instanceof PickledMap)) return { kind: "other", at };
  const items = new Map<string, Node>();
  for (const [key, item] of value) items.set(String(key), nodeOf(item, at === "" ? String(key) : `${at}.${key}`));
  return { kind: "map", at, items };
}

/** Reads an array of floats or whole numbers as float64; a bigint becomes the nearest number. */
export async function numbersOf(array: ArrayNode, file: string): Promise<Float64Array> {
  const { data } = await array.read();
  const numbers = Float64Array.from(data as ArrayLike<number | bigint>, Number);
  checkFinite(numbers, array.at, file);
  return numbers;
}

/** Throws FormatError unless all numbers of the array at `at` are finite. */
export function checkFinite(numbers: Float32Array | Float64Array, at: string, file: string): void {
  const bad = numbers.findIndex((value: number) => !Number.isFinite(value));
  if (bad >= 0) throw new FormatError(`${file}: expected ${shownAt(at)} to be finite, got ${numbers[bad]} at ${bad}`);
}

/** How messages call a place in a file. */
export function shownAt(at: string): string {
  return at === "" ? "its array" : quote(at);
}
