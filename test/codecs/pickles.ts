// Writes pickles and archives as torch.save does, or as an attacker would: each function gives the opcodes that leave one value on
// the stack. Protocol 2 has no other opcodes than these.
import { writeZip } from "../../src/codecs/zip.ts";

export type Opcodes = readonly number[];

const little = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, k) => Math.floor(value / 256 ** k) % 256);
const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)];

export const none: Opcodes = [0x4e];
export const yes: Opcodes = [0x88];
export const no: Opcodes = [0x89];
export const emptyList: Opcodes = [0x5d];
export const emptyDict: Opcodes = [0x7d];
export const emptyTuple: Opcodes = [0x29];
/** A whole number, of up to 8 bytes. */
export const int = (value: number): Opcodes => {
  if (value >= 0 && value < 2 ** 31) return [0x4a, ...little(value, 4)];
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  return [0x8a, 8, ...bytes];
};
export const text = (value: string): Opcodes => [0x58, ...little(utf8(value).length, 4), ...utf8(value)];
export const bytes = (...content: number[]): Opcodes => [0x43, content.length, ...content];
export const list = (...items: Opcodes[]): Opcodes => [...emptyList, 0x28, ...items.flat(), 0x65];
export const tuple = (...items: Opcodes[]): Opcodes => [0x28, ...items.flat(), 0x74];
export const dict = (...pairs: (readonly [Opcodes, Opcodes])[]): Opcodes => [
  ...emptyDict,
  0x28,
  ...pairs.flat(2),
  0x75,
];
export const name = (module: string, attribute: string): Opcodes => [0x63, ...utf8(`${module}\n${attribute}\n`)];
export const call = (callable: Opcodes, ...args: Opcodes[]): Opcodes => [...callable, ...tuple(...args), 0x52];
export const build = (target: Opcodes, state: Opcodes): Opcodes => [...target, ...state, 0x62];
export const put = (index: number): Opcodes => [0x72, ...little(index, 4)];
export const get = (index: number): Opcodes => [0x6a, ...little(index, 4)];

/** A pickle of protocol 2 of one value. */
export const pickle = (value: Opcodes, protocol = 2): Uint8Array => Uint8Array.from([0x80, protocol, ...value, 0x2e]);

export interface TensorParts {
  readonly key?: string;
  readonly type?: string;
  readonly length?: Opcodes;
  readonly offset?: Opcodes;
  readonly shape?: Opcodes;
  readonly strides?: Opcodes;
}

/** A tensor of 2×3 float32 in storage 0, in which any part can be made to lie. */
export function tensor(parts: TensorParts = {}): Opcodes {
  const { key = "0", type = "FloatStorage", length = int(6), offset = int(0) } = parts;
  const { shape = tuple(int(2), int(3)), strides = tuple(int(3), int(1)) } = parts;
  const storage = [...tuple(text("storage"), name("torch", type), text(key), text("cpu"), length), 0x51];
  const hooks = call(name("collections", "OrderedDict"));
  return call(name("torch._utils", "_rebuild_tensor_v2"), storage, offset, shape, strides, no, hooks);
}

/** The bytes of storage 0. */
export const six: Uint8Array = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);

/** An archive of torch.save: the pickle of a value and its storages. */
export function archive(
  value: Opcodes,
  files: readonly (readonly [name: string, bytes: Uint8Array])[] = [["data/0", six]],
): Uint8Array {
  return writeZip([
    ["net/data.pkl", pickle(value)],
    ...files.map(([name, bytes]) => [`net/${name}`, bytes] as const),
    ["net/version", Uint8Array.of(0x33, 0x0a)],
  ]);
}
