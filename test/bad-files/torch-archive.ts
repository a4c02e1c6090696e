// Hostile and damaged files of torch.save: nothing in one is run, and no size in one is believed.
import { deflateRawSync } from "node:zlib";
import { parseTorchArchive, TorchTensor } from "../../src/codecs/torch-archive.ts";
import { crc32, writeZip } from "../../src/codecs/zip.ts";
import {
  archive,
  build,
  bytes,
  call,
  dict,
  emptyDict,
  emptyList,
  emptyTuple,
  get,
  int,
  list,
  name,
  no,
  none,
  type Opcodes,
  pickle,
  put,
  six,
  tensor,
  text,
  tuple,
  yes,
} from "../codecs/pickles.ts";
import { ascii, fileName, patched } from "../formats/hostile.ts";
import { forge } from "../formats/zip-forger.ts";
import { type BadFile, spliced, table } from "./bad-files.ts";

const good = archive(tensor());
const notRun = "because nothing in a file is run";
/** A pickle of any bytes in an archive. */
const raw = (...content: number[]): Uint8Array => pickled(Uint8Array.from(content));
const pickled = (content: Uint8Array): Uint8Array =>
  writeZip([
    ["net/data.pkl", content],
    ["net/data/0", six],
  ]);
const many = (n: number, value: Opcodes): Opcodes => Array.from({ length: n }, () => value).flat();
const f8 = (code = "f8"): Opcodes =>
  build(
    call(name("numpy", "dtype"), text(code), no, yes),
    tuple(int(3), text("<"), none, none, none, int(-1), int(-1), int(0)),
  );
const array = (shape: Opcodes, content: Opcodes, kind = f8()): Opcodes =>
  build(
    call(name("numpy.core.multiarray", "_reconstruct"), name("numpy", "ndarray"), tuple(int(0)), bytes(98)),
    tuple(int(1), shape, kind, no, content),
  );
const eight = bytes(0, 0, 0, 0, 0, 0, 0, 64);
/** Lists in lists: each doubles the one before. */
const doubled: Opcodes = [
  0x28,
  ...list(int(1)),
  ...put(0),
  ...Array.from({ length: 30 }, (_, i) => [...list(get(i), get(i)), ...put(i + 1)]).flat(),
  0x74,
];

const calls: BadFile<Uint8Array>[] = [
  ["os.system", notRun, archive(call(name("os", "system"), text("true")))],
  ["posix.system in a state_dict", notRun, archive(dict([text("a"), call(name("posix", "system"), text("true"))]))],
  ["builtins.eval", 'got "builtins.eval"', archive(call(name("builtins", "eval"), text("1")))],
  ["a name that is never called", notRun, archive(name("os", "environ"))],
  ["a class of the user's", 'got "models.Net"', archive(list(name("models", "Net")))],
  ["a name of two parts that is allowed as another", notRun, archive(name("torch._utils._rebuild", "tensor_v2"))],
  ["a name from the stack", notRun, archive([...text("os"), ...text("system"), 0x93])],
  ["an attribute from the stack", notRun, archive([...text("torch"), ...text("_utils.os.system"), 0x93])],
  ["numbers as a name", "expected a module and a name", archive([...int(1), ...int(2), 0x93])],
  ["a name without an end", "expected a name of less than 200 bytes", raw(0x80, 2, 0x63, ...ascii("a".repeat(300)))],
  ["a storage as a function", "expected a function to call", archive(call(name("torch", "FloatStorage"), int(3)))],
  ["text as a function", "expected a function to call at byte", archive(call(text("eval"), int(3)))],
  [
    "arguments that are no tuple",
    "expected a tuple of arguments",
    archive([...name("torch", "Size"), ...int(1), 0x52]),
  ],
  ["NEWOBJ", "got NEWOBJ", archive([...name("torch", "Size"), ...emptyTuple, 0x81])],
  ["INST", "got INST", archive([0x28, 0x69, ...ascii("os\nsystem\n")])],
  ["OBJ", "got OBJ", archive([0x28, ...name("torch", "Size"), 0x6f])],
  ["an extension", "got EXT1", archive([0x82, 1])],
  ["a persistent id as a line", "got PERSID", archive([0x50, ...ascii("storage\n")])],
  ["an unknown opcode", "got opcode 0xff", archive([0xff])],
  ["a state for a tensor", "expected an object that has a state", archive(build(tensor(), emptyDict))],
  [
    "attributes of a dictionary",
    "expected an object that has a state at byte",
    archive(build(call(name("collections", "OrderedDict")), dict([text("__class__"), int(1)]))),
  ],
  ["a dictionary made of arguments", "filled later", archive(call(name("collections", "OrderedDict"), emptyList))],
  ["bytes of a length", "bytes without arguments", archive(call(name("__builtin__", "bytes"), int(2 ** 30)))],
  ["another encoding", "to encode", archive(call(name("_codecs", "encode"), text("a"), text("rot13")))],
  ["text that is not Latin-1", "text of Latin-1", archive(call(name("_codecs", "encode"), text("Ω"), text("latin1")))],
];

const damage: BadFile<Uint8Array>[] = [
  ["an empty pickle", "expected a pickle of protocol 2 to 5", raw()],
  ["protocol 0", "expected a pickle of protocol 2 to 5", raw(...ascii("I1\n."))],
  ["protocol 6", "expected a pickle of protocol 2 to 5", pickled(pickle(int(1), 6))],
  ["a pickle without STOP", "expected 1 more bytes", raw(0x80, 2, ...int(1))],
  ["bytes behind STOP", "expected STOP at the end", raw(...pickle(int(1)), 0x2e)],
  ["no value", "expected one value", raw(0x80, 2, 0x2e)],
  ["two values", "expected one value at byte 12, got 2", archive([...int(1), ...int(2)])],
  ["a mark that is left", "expected one value", archive([0x28, ...int(1)])],
  ["a tuple without a mark", "expected a mark on the stack", archive([...int(1), 0x74])],
  ["a tuple of a value below the mark", "expected a value on the stack", archive([...int(1), 0x28, 0x85])],
  ["an empty stack", "expected a value on the stack", archive([0x52])],
  ["an empty stack to remember", "expected a value on the stack", archive(put(1))],
  ["a value that is not in the memo", "expected a value of the memo", archive(get(7))],
  ["text longer than the pickle", "more bytes at byte", raw(0x80, 2, 0x58, 255, 255, 255, 127)],
  ["text of 2^63 bytes", "more bytes at byte", raw(0x80, 4, 0x8d, 0, 0, 0, 0, 0, 0, 0, 128)],
  ["bytes of 2^40", "more bytes at byte", raw(0x80, 4, 0x8e, 0, 0, 0, 0, 0, 1, 0, 0)],
  ["text that is not UTF-8", "expected text in UTF-8", raw(0x80, 2, 0x58, 1, 0, 0, 0, 0xff, 0x2e)],
  ["a number of 255 bytes", "at most 8 bytes", raw(0x80, 2, 0x8a, 255, ...new Array(255).fill(1), 0x2e)],
  ["a list that is a number", "expected a list to append to", archive([...int(1), ...int(2), 0x61])],
  ["a dictionary that is a list", "expected a dictionary to fill", archive([...emptyList, ...int(1), ...int(2), 0x73])],
  ["a key without a value", "expected a value for each key", archive([...emptyDict, 0x28, ...int(1), 0x75])],
  ["a key that is a tuple", "keys that are text or whole numbers", archive(dict([emptyTuple, int(1)]))],
  ["a key twice", "expected each key once at byte", archive(dict([text("a"), int(1)], [text("a"), int(2)]))],
];

const bombs: BadFile<Uint8Array>[] = [
  [
    "a list in itself",
    "no list or dictionary within itself at byte 2",
    archive([...emptyList, ...put(0), ...get(0), 0x61]),
  ],
  [
    "a list in a dictionary in itself",
    "within itself",
    archive([...emptyList, ...put(0), ...dict([text("a"), get(0)]), 0x61]),
  ],
  ["lists in lists", "at most 64 levels", archive([...many(100, emptyList), ...many(99, [0x61])])],
  [
    "a deep list that is shared deep down",
    "at most 64 levels",
    archive([
      ...[0x28, ...many(40, emptyList), ...many(39, [0x61]), ...put(0)],
      ...[...many(40, emptyList), ...get(0), ...many(40, [0x61]), 0x74],
    ]),
  ],
  ["lists that double 30 times", "at most 1048576 values, repeated ones too", archive(doubled)],
  ["a million dictionaries", "at most 131072 lists and objects", archive([0x28, ...many(140_000, emptyDict), 0x74])],
  ["a million values on the stack", "at most 262144 values at a time", archive([0x28, ...many(270_000, none), 0x74])],
  ["a million marks", "at most 262144 marks", archive(many(270_000, [0x28]))],
  [
    "a large memo",
    "values in the memo",
    archive([...none, ...Array.from({ length: 270_000 }, (_, i) => put(i)).flat()]),
  ],
  [
    "text that is encoded again and again",
    "bytes of arrays",
    archive([
      ...[...text("x".repeat(20_000)), ...put(0), 0x28],
      ...many(200, call(name("_codecs", "encode"), get(0), text("latin1"))),
      ...[0x74, 0x86],
    ]),
  ],
];

const tensors: BadFile<Uint8Array>[] = [
  ["a storage that is missing", 'expected a file "net/data/1"', archive(tensor({ key: "1" }))],
  ["a storage in another folder", 'expected a file "net/data/../data.pkl"', archive(tensor({ key: "../data.pkl" }))],
  ["a huge storage", "expected as many elements as 24 bytes", archive(tensor({ length: int(2 ** 40) }))],
  ["a storage of -1 elements", "expected as many elements as 24 bytes", archive(tensor({ length: int(-1) }))],
  ["a storage that is longer than its file", "as many elements", archive(tensor({ length: int(7) }))],
  ["a storage of another type", "as many elements", archive(tensor({ type: "DoubleStorage" }))],
  ["a storage of complex numbers", 'got "torch.ComplexFloatStorage"', archive(tensor({ type: "ComplexFloatStorage" }))],
  [
    "a storage of two types",
    "of the type and length that it had before",
    archive(list(tensor(), tensor({ type: "IntStorage" }))),
  ],
  [
    "a storage that is no name",
    "expected the type of a storage",
    archive([...tuple(text("storage"), text("x"), text("0"), text("cpu"), int(6)), 0x51]),
  ],
  ["an id that is no storage", "expected the id of a storage", archive([...text("0"), 0x51])],
  [
    "a shape beyond the storage",
    "within the 6 elements of its storage",
    archive(tensor({ shape: tuple(int(3), int(3)) })),
  ],
  ["a stride beyond the storage", "within the 6 elements", archive(tensor({ strides: tuple(int(4), int(1)) }))],
  ["an offset beyond the storage", "within the 6 elements", archive(tensor({ offset: int(1) }))],
  ["a negative offset", "expected an offset of at least 0", archive(tensor({ offset: int(-1) }))],
  ["a negative stride", "expected 2 strides, none below 0", archive(tensor({ strides: tuple(int(-3), int(1)) }))],
  ["a stride too few", "expected 2 strides", archive(tensor({ strides: tuple(int(3)) }))],
  ["a negative size", "expected a shape of sizes", archive(tensor({ shape: tuple(int(-1), int(3)) }))],
  ["a shape whose product is 2^60", "in all below 2^31", archive(tensor({ shape: tuple(int(2 ** 30), int(2 ** 30)) }))],
  [
    "a huge size beside a size of 0",
    "in all below 2^31",
    archive(tensor({ shape: tuple(int(2 ** 40), int(0)), strides: tuple(int(1), int(1)) })),
  ],
  [
    "one number repeated 2^30 times",
    "expected tensors of at most",
    archive(tensor({ shape: tuple(int(2 ** 15), int(2 ** 15)), strides: tuple(int(0), int(0)) })),
  ],
  [
    "many views of one storage",
    "expected tensors of at most",
    archive(
      list(
        ...Array.from({ length: 3 }, () =>
          tensor({ shape: tuple(int(2 ** 20), int(2)), strides: tuple(int(0), int(0)) }),
        ),
      ),
    ),
  ],
  [
    "a shape of 33 sizes",
    "expected a shape of sizes",
    archive(tensor({ shape: tuple(...new Array(33).fill(int(1))) })),
  ],
  [
    "a tensor of no storage",
    "expected a tensor of a storage",
    archive(call(name("torch._utils", "_rebuild_tensor_v2"), int(1))),
  ],
  [
    "a parameter of a number",
    "expected a tensor as a parameter",
    archive(call(name("torch._utils", "_rebuild_parameter"), int(1))),
  ],
  ["a size of text", "expected a list of sizes", archive(call(name("torch", "Size"), text("a")))],
  [
    "an array of objects",
    "a type of whole numbers or floats of NumPy",
    archive(array(tuple(int(1)), emptyList, f8("O8"))),
  ],
  ["an array longer than its bytes", "expected 16 bytes of 2 numbers", archive(array(tuple(int(2)), eight))],
  ["an array of 2^40 numbers", "in all below 2^31", archive(array(tuple(int(2 ** 40)), eight))],
  ["an array without bytes", "expected the bytes of an array", archive(array(tuple(int(1)), emptyList))],
  [
    "an array of a type without order",
    "expected a byte order",
    archive(build(call(name("numpy", "dtype"), text("f8")), none)),
  ],
  ["an array without a type", "expected the type of an array", archive(array(tuple(int(1)), eight, text("f8")))],
  [
    "an array of another class",
    "expected numpy.ndarray",
    archive(call(name("numpy.core.multiarray", "_reconstruct"), text("a"))),
  ],
  [
    "a number without a type",
    "expected the type of a number",
    archive(call(name("numpy.core.multiarray", "scalar"), int(1))),
  ],
  ["a type that is a number", "expected the name of a type", archive(call(name("numpy", "dtype"), int(1)))],
  [
    "an array in no order",
    "in order C or F",
    archive(call(name("numpy.core.numeric", "_frombuffer"), eight, f8(), tuple(int(1)), text("K"))),
  ],
];

const packed = new Uint8Array(deflateRawSync(new Uint8Array(2 ** 25)));
const archives: BadFile<Uint8Array>[] = [
  ["no pickle", "expected one file data.pkl in the folder of the archive, got 0", writeZip([["net/data/0", six]])],
  ["a pickle that is in no folder", "got 0", writeZip([["data.pkl", pickle(none)]])],
  [
    "two pickles",
    "got 2",
    writeZip([
      ["a/data.pkl", pickle(none)],
      ["b/data.pkl", pickle(none)],
    ]),
  ],
  [
    "a name twice",
    "expected each name once",
    forge([
      { name: "a/data.pkl", data: pickle(none) },
      { name: "a/data.pkl", data: pickle(int(1)) },
    ]),
  ],
  [
    "another byte order",
    "expected little or big, got",
    archive(tensor(), [
      ["data/0", six],
      ["byteorder", Uint8Array.from(ascii("middle"))],
    ]),
  ],
  [
    "an empty byte order",
    'got ""',
    archive(tensor(), [
      ["data/0", six],
      ["byteorder", new Uint8Array()],
    ]),
  ],
  [
    "a bomb as a storage",
    "bytes in all from",
    forge([
      { name: "a/data.pkl", data: pickle(tensor()) },
      { name: "a/data/0", data: packed, method: 8, crc: crc32(new Uint8Array(2 ** 25)), size: 2 ** 25 },
    ]),
  ],
  [
    "a storage of 1 MB that is not there",
    "a size that 24 packed bytes can give",
    forge([
      { name: "a/data.pkl", data: pickle(tensor()) },
      { name: "a/data/0", data: six, size: 2 ** 20 },
    ]),
  ],
  ["a storage with a changed byte", "expected CRC", patched(good, Buffer.from(good).indexOf(six), 1)],
  ["an archive that is cut short", "the end record of a zip file", good.slice(0, -10)],
  ["a byte too many", "the end record of a zip file", spliced(good, good.length, 0, [0])],
];

export const torchArchive = table<Uint8Array>({
  format: "torch archive",
  async read(file) {
    const value = await parseTorchArchive(file, { name: fileName });
    // The numbers of a tensor are read when they are asked for.
    if (value instanceof TorchTensor) await value.read();
  },
  good: [good, archive(list(array(tuple(int(1)), eight), none))],
  bad: [...calls, ...damage, ...bombs, ...tensors, ...archives],
});
