// The files of torch.save since PyTorch 1.6: a zip archive with data.pkl, a pickle in which each tensor names its storage, and
// data/0, data/1 and so on, the bytes of the storages (torch/serialization.py and torch/_utils.py say what they write). Nothing in
// the pickle is run. A tensor is a view of its storage, with an offset and strides, which are checked against the storage's size
// before memory is taken; its numbers are read when they are asked for.
import { FormatError } from "../errors.ts";
import { quote } from "../quote.ts";
import { brainsToFloats, halvesToFloats } from "./half.ts";
import { type ArrayData, copyNumbers, elementCount, type NumericArray } from "./npy.ts";
import { type PickledCall, type PickleNames, parsePickle } from "./pickle.ts";
import { kindOf, type Pickled, PickledName, PickledObject, type Reading } from "./pickled.ts";
import { arrayCalls, arrayValues } from "./pickled-arrays.ts";
import { openZip, type ZipEntry } from "./zip.ts";

/** How one type of storage is read: 16-bit floats become float32, which is exact. */
interface Numbers {
  readonly size: number;
  readonly read: (bytes: Uint8Array, bigEndian: boolean) => ArrayData;
  readonly bool?: true;
}

function numbers<T extends ArrayData>(Data: { new (buffer: ArrayBuffer): T; readonly BYTES_PER_ELEMENT: number }) {
  const size = Data.BYTES_PER_ELEMENT;
  return { size, read: (bytes: Uint8Array, big: boolean): T => copyNumbers({ Data }, bytes, 0, bytes.length, big) };
}

const halves = numbers(Uint16Array);
const storages: ReadonlyMap<string, Numbers> = new Map<string, Numbers>([
  ["torch.FloatStorage", numbers(Float32Array)],
  ["torch.DoubleStorage", numbers(Float64Array)],
  ["torch.HalfStorage", { size: 2, read: (...span) => halvesToFloats(halves.read(...span)) }],
  ["torch.BFloat16Storage", { size: 2, read: (...span) => brainsToFloats(halves.read(...span)) }],
  ["torch.ByteStorage", numbers(Uint8Array)],
  ["torch.CharStorage", numbers(Int8Array)],
  ["torch.ShortStorage", numbers(Int16Array)],
  ["torch.IntStorage", numbers(Int32Array)],
  ["torch.LongStorage", numbers(BigInt64Array)],
  ["torch.BoolStorage", { ...numbers(Uint8Array), bool: true }],
]);

const maximumRank = 32;
/** The archive of a large network has a file for each tensor. */
const maximumEntries = 20_000;
/** So much memory tensors may take whatever the length of the archive, and so many times its length. */
const freeBytes = 2 ** 24;
const mostCopies = 4;

class Storage extends PickledObject {
  readonly type: string;
  readonly kind: Numbers;
  readonly length: number;
  readonly bigEndian: boolean;
  readonly #entry: ZipEntry;
  #bytes: Promise<Uint8Array> | undefined;

  constructor(type: string, length: number, entry: ZipEntry, bigEndian: boolean) {
    super();
    this.type = type;
    this.kind = storages.get(type)!;
    this.length = length;
    this.bigEndian = bigEndian;
    this.#entry = entry;
  }

  bytes(): Promise<Uint8Array> {
    this.#bytes ??= this.#entry.read();
    return this.#bytes;
  }
}

/** A tensor of an archive: element [i, j, …] is number offset + i·strides[0] + j·strides[1] + … of its storage. */
export class TorchTensor extends PickledObject {
  readonly shape: readonly number[];
  readonly #strides: readonly number[];
  readonly #offset: number;
  readonly #storage: Storage;

  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    super();
    this.#storage = storage;
    this.#offset = offset;
    this.shape = shape;
    this.#strides = strides;
  }

  /** Copies the numbers in C order. Throws FormatError for a damaged archive. */
  async read(): Promise<NumericArray> {
    const { kind, bigEndian } = this.#storage;
    const bytes = await this.#storage.bytes();
    const [shape, strides] = [this.shape, this.#strides];
    const count = elementCount(shape)!;
    const isDense = shape.every((size, axis) => size <= 1 || strides[axis] === elementCount(shape.slice(axis + 1)));
    const first = this.#offset * kind.size;
    const own =
      isDense || count === 0
        ? bytes.subarray(first, first + count * kind.size)
        : gathered(bytes, kind.size, this.#offset, shape, strides);
    return { shape, data: kind.read(own, bigEndian), ...(kind.bool && { bool: true }) };
  }
}

/** Copies the elements of `size` bytes that the strides lead to, the last axis fastest. */
function gathered(
  bytes: Uint8Array,
  size: number,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
): Uint8Array {
  const out = new Uint8Array(size * elementCount(shape)!);
  const index = shape.map(() => 0);
  for (let at = 0, from = offset; at < out.length; at += size) {
    for (let k = 0; k < size; k++) out[at + k] = bytes[from * size + k]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

/** An archive as its pickle is read. */
class Archive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly root: string;
  readonly bigEndian: boolean;
  readonly #known = new Map<string, Storage>();
  readonly #most: number;
  #taken = 0;

  constructor(entries: ReadonlyMap<string, ZipEntry>, root: string, bigEndian: boolean, length: number) {
    this.entries = entries;
    this.root = root;
    this.bigEndian = bigEndian;
    this.#most = freeBytes + mostCopies * length;
  }

  /** The storage that a persistent id names: ("storage", type, key, device, number of elements). */
  storage(id: Pickled, { refuse }: Reading): Storage {
    const [word, type, key, , length] = Array.isArray(id) ? (id as readonly Pickled[]) : [];
    if (word !== "storage" || typeof key !== "string") throw refuse("the id of a storage", kindOf(id));
    const kind = type instanceof PickledName ? storages.get(type.name) : undefined;
    if (!kind) throw refuse("the type of a storage", kindOf(type));
    const { name } = type as PickledName;
    const before = this.#known.get(key);
    const file = `${this.root}data/${key}`;
    if (before) {
      if (before.type === name && before.length === length) return before;
      throw refuse(`${quote(file)} of the type and length that it had before`, `${name} of ${kindOf(length!)}`);
    }
    const entry = this.entries.get(file);
    if (!entry) throw refuse(`a file ${quote(file)} in the archive`, "none");
    if (!Number.isSafeInteger(length) || (length as number) * kind.size !== entry.size) {
      throw refuse(
        `as many elements as ${entry.size} bytes of ${quote(file)} are`,
        `${kindOf(length!)} of ${kind.size}`,
      );
    }
    const storage = new Storage(name, length as number, entry, this.bigEndian);
    this.#known.set(key, storage);
    return storage;
  }

  /** The tensor of torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks). */
  tensor([storage, offset, shape, strides]: readonly Pickled[], { refuse }: Reading): TorchTensor {
    if (!(storage instanceof Storage)) throw refuse("a tensor of a storage", kindOf(storage));
    const count = isSizes(shape) ? elementCount(shape) : undefined;
    if (!isSizes(shape) || count === undefined) throw refuse("a shape of sizes, in all below 2^31", shownSizes(shape));
    if (!isSizes(strides) || strides.length !== shape.length) {
      throw refuse(`${shape.length} strides, none below 0`, shownSizes(strides));
    }
    if (!isSize(offset)) throw refuse("an offset of at least 0", kindOf(offset));
    // Strides are below 2^53, so this sum may be rounded, but not to less than the length of a storage.
    const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, offset);
    if (count === 0 ? offset > storage.length : last >= storage.length) {
      throw refuse(`a tensor within the ${storage.length} elements of its storage`, `element ${last}`);
    }
    this.#taken += count * storage.kind.size;
    if (this.#taken > this.#most) throw refuse(`tensors of at most ${this.#most} bytes in all`, this.#taken);
    return new TorchTensor(storage, offset, shape, strides);
  }

  names(): PickleNames {
    const tensor: PickledCall = (args, reading) => this.tensor(args, reading);
    const parameter: PickledCall = ([data], { refuse }) => {
      if (!(data instanceof TorchTensor)) throw refuse("a tensor as a parameter", kindOf(data));
      return data;
    };
    const size: PickledCall = ([sizes], { refuse }) => {
      if (!isSizes(sizes)) throw refuse("a list of sizes", kindOf(sizes));
      return sizes;
    };
    const own: [string, PickledCall][] = [
      ["torch._utils._rebuild_tensor_v2", tensor],
      ["torch._utils._rebuild_parameter", parameter],
      ["torch.Size", size],
    ];
    return {
      calls: new Map([...arrayCalls, ...own]),
      values: new Set([...arrayValues, ...storages.keys()]),
      persistent: (id, reading) => this.storage(id, reading),
    };
  }
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= maximumRank && value.every(isSize);
}

function shownSizes(value: Pickled | undefined): string {
  return Array.isArray(value) ? quote(value) : kindOf(value);
}

/**
 * Reads what torch.save wrote: plain values, with a `TorchTensor` or an array of NumPy for each array.
 *
 * @throws FormatError with file name and offset for a damaged archive, for anything that loading would run, and for tensors that
 * do not lie in their storages.
 */
export async function parseTorchArchive(bytes: Uint8Array, { name }: { readonly name: string }): Promise<Pickled> {
  const entries = openZip(bytes, { name, maximumEntries });
  const pickles = [...entries.keys()].filter((entry) => /^[^/]+\/data\.pkl$/.test(entry));
  if (pickles.length !== 1) {
    throw new FormatError(`${name}: expected one file data.pkl in the folder of the archive, got ${pickles.length}`);
  }
  const root = pickles[0]!.slice(0, -"data.pkl".length);
  const order = await entries.get(`${root}byteorder`)?.read();
  const text = order === undefined ? "little" : new TextDecoder("latin1").decode(order.subarray(0, 100));
  if (text !== "little" && text !== "big") {
    throw new FormatError(`${name}: ${quote(`${root}byteorder`)}: expected little or big, got ${quote(text)}`);
  }
  const archive = new Archive(entries, root, text === "big", bytes.length);
  const pickle = await entries.get(pickles[0]!)!.read();
  return parsePickle(pickle, { name: `${name}: ${quote(pickles[0])}` }, archive.names());
}
