// Pickles made by hand, opcode by opcode: what each leaves, and where an error says that it stands. Nothing here needs Python.
import { describe, expect, test } from "vitest";
import { type PickleNames, parsePickle } from "../../src/codecs/pickle.ts";
import { type Pickled, PickledMap, PickledName } from "../../src/codecs/pickled.ts";
import { PickledArray } from "../../src/codecs/pickled-arrays.ts";
import { parseTorchArchive, TorchTensor } from "../../src/codecs/torch-archive.ts";
import { ascii, fileName as name } from "../formats/hostile.ts";
import { withWideEnd } from "../formats/zip-forger.ts";
import {
  archive,
  build,
  bytes,
  call,
  dict,
  emptyDict,
  emptyTuple,
  get,
  int,
  list,
  name as named,
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
} from "./pickles.ts";

const noNames: PickleNames = { calls: new Map() };
const parse = (value: Opcodes, protocol = 2, names = noNames): Pickled =>
  parsePickle(pickle(value, protocol), { name }, names);
const eight = (value: number): number[] => [...new Uint8Array(new BigUint64Array([BigInt(value)]).buffer)];

describe("opcodes", () => {
  test.each([
    ["None", none, null],
    ["true", yes, true],
    ["false", no, false],
    ["BININT1", [0x4b, 200], 200],
    ["BININT2", [0x4d, 1, 2], 513],
    ["BININT", [0x4a, 0xff, 0xff, 0xff, 0xff], -1],
    ["LONG1 of 0 bytes", [0x8a, 0], 0],
    ["LONG1 of 1 byte", [0x8a, 1, 0x80], -128],
    ["LONG1 of 3 bytes", [0x8a, 3, 1, 2, 3], 0x030201],
    ["2^53 − 1", int(2 ** 53 - 1), 2 ** 53 - 1],
    ["2^53", int(2 ** 53), 2n ** 53n],
    ["−2^63", [0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x80], -(2n ** 63n)],
    ["BINFLOAT", [0x47, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5],
    ["text of two bytes a letter", text("ü\ufeff"), "ü\ufeff"],
    ["SHORT_BINUNICODE", [0x8c, 2, ...ascii("ab")], "ab"],
    ["BINUNICODE8", [0x8d, ...eight(2), ...ascii("ab")], "ab"],
    ["SHORT_BINBYTES", bytes(0, 255), Uint8Array.of(0, 255)],
    ["BINBYTES", [0x42, 2, 0, 0, 0, 3, 4], Uint8Array.of(3, 4)],
    ["BINBYTES8", [0x8e, ...eight(1), 9], Uint8Array.of(9)],
    ["BYTEARRAY8", [0x96, ...eight(1), 9], Uint8Array.of(9)],
    ["an empty tuple", emptyTuple, []],
    ["TUPLE1", [...int(1), 0x85], [1]],
    ["TUPLE2", [...int(1), ...int(2), 0x86], [1, 2]],
    ["TUPLE3", [...int(1), ...int(2), ...int(3), 0x87], [1, 2, 3]],
    ["a tuple of a mark", tuple(int(1), tuple(), int(2)), [1, [], 2]],
    ["a list", list(int(1), list(none)), [1, [null]]],
    ["APPEND", [0x5d, ...int(7), 0x61], [7]],
    [
      "a dictionary",
      dict([text("__proto__"), int(1)], [int(5), yes]),
      new PickledMap([
        ["__proto__", 1],
        [5, true],
      ] as [string, number][]),
    ],
    ["SETITEM", [...emptyDict, ...text("a"), ...int(1), 0x73], new PickledMap([["a", 1]])],
    ["a memo by BINPUT", [0x28, ...int(7), 0x71, 3, 0x68, 3, 0x74], [7, 7]],
    ["a memo by LONG_BINPUT", [0x28, ...int(7), ...put(300), ...get(300), 0x74], [7, 7]],
    ["MEMOIZE", [0x28, ...int(7), 0x94, ...int(8), 0x94, 0x68, 1, 0x68, 0, 0x74], [7, 8, 8, 7]],
    ["a frame", [0x95, ...eight(5), ...int(3)], 3],
    ["an OrderedDict", call(named("collections", "OrderedDict")), new PickledMap()],
    [
      "an OrderedDict with versions of modules",
      build(call(named("collections", "OrderedDict")), dict([text("_metadata"), none])),
      new PickledMap(),
    ],
    ["bytes in Latin-1", call(named("_codecs", "encode"), text("aÿ"), text("latin1")), Uint8Array.of(97, 255)],
    ["no bytes", call(named("__builtin__", "bytes")), new Uint8Array()],
  ] as const)("%s", (_, value, expected) => {
    expect(parse(value, 4)).toEqual(expected);
  });

  test("a list that stands in two places is one list, 64 levels are read, and 65 are not", () => {
    const [first, second] = parse([0x28, ...list(int(1)), ...put(0), ...get(0), 0x74]) as Pickled[];
    expect(first).toBe(second);
    const deep = (n: number): Opcodes => [...Array(n).fill(0x5d), ...Array(n - 1).fill(0x61)];
    expect(parse(deep(64))).toHaveLength(1);
    expect(() => parse(deep(65))).toThrow(`${name}: expected at most 64 levels of lists at byte 66, got more`);
  });

  test("names are those of the table, from the pickle or from the stack, and functions get their arguments", () => {
    const names: PickleNames = {
      calls: new Map([["own.pair", (args) => [...args].reverse()]]),
      values: new Set(["own.kind"]),
      persistent: (id) => `<${id}>`,
    };
    expect(parse(call(named("own", "pair"), int(1), int(2)), 2, names)).toEqual([2, 1]);
    const kind = parse([...text("own"), ...text("kind"), 0x93], 4, names);
    expect(kind).toBeInstanceOf(PickledName);
    expect((kind as PickledName).name).toBe("own.kind");
    expect(parse([...int(5), 0x51], 2, names)).toBe("<5>");
    const refused = (value: Opcodes) => expect(() => parse(value, 2, names));
    refused(call(named("own", "kind"))).toThrow(
      `${name}: expected a function to call at byte 14, got the name "own.kind"`,
    );
    refused(named("own", "other")).toThrow('at byte 2, got "own.other"');
    expect(() => parse([...int(5), 0x51])).toThrow(`${name}: expected no persistent id at byte 7, got one`);
  });

  test.each([
    [none, "None"],
    [list(), "a list or tuple"],
    [bytes(1), "bytes"],
    [emptyDict, "a dictionary"],
    [text("a\u202eb"), String.raw`"a\u202eb"`],
    [int(-3), "-3"],
  ])("messages call values what Python calls them: %#", (value, said) => {
    expect(() => parse([...value, ...emptyTuple, 0x52])).toThrow(
      `expected a function to call at byte ${2 + value.length + 1}, got ${said}`,
    );
  });

  test("copies of one text are limited by the length of the pickle, and smaller ones are free", () => {
    const encoded = (n: number, times: number): Opcodes => {
      const one = call(named("_codecs", "encode"), get(0), text("latin1"));
      return tuple([...text("x".repeat(n)), ...put(0)], ...Array.from({ length: times }, () => one));
    };
    expect(parse(encoded(1000, 65))).toHaveLength(66);
    expect(() => parse(encoded(1000, 200))).toThrow(/expected at most \d+ bytes of arrays at byte \d+, got more/);
  });
});

describe("NumPy's arrays", () => {
  const type = (code: string, order = "<"): Opcodes =>
    build(
      call(named("numpy", "dtype"), text(code), no, yes),
      tuple(int(3), text(order), none, none, none, int(-1), int(-1), int(0)),
    );
  const array = (module: string, shape: number[], kind: Opcodes, content: Opcodes, fortran = no): Opcodes =>
    build(
      call(named(`numpy.${module}.multiarray`, "_reconstruct"), named("numpy", "ndarray"), tuple(int(0)), text("b")),
      tuple(int(1), tuple(...shape.map(int)), kind, fortran, content),
    );
  const read = async (value: Opcodes) => parseTorchArchive(archive(value, []), { name });

  test.each(["core", "_core"])("of numpy.%s are read, in both orders of bytes and of axes", async (module) => {
    const wide = await read(array(module, [2], type("i2", ">"), bytes(1, 2, 255, 255)));
    expect(wide).toBeInstanceOf(PickledArray);
    expect(wide).toMatchObject({ shape: [2], data: Int16Array.of(258, -1) });
    const columns = await read(array(module, [2, 2], type("u1", "|"), bytes(1, 2, 3, 4), yes));
    expect(columns).toMatchObject({ shape: [2, 2], data: Uint8Array.of(1, 3, 2, 4) });
    const bools = (await read(array(module, [2], type("b1", "|"), text("\u0000\u0001")))) as PickledArray;
    expect(bools).toMatchObject({ shape: [2], data: Uint8Array.of(0, 1), bool: true });
    expect(((await read(array(module, [1], type("u1", "|"), bytes(1)))) as PickledArray).bool).toBeUndefined();
    const frame = (order: string) =>
      call(
        named(`numpy.${module}.numeric`, "_frombuffer"),
        bytes(1, 2, 3, 4),
        type("u1", "|"),
        tuple(int(2), int(2)),
        text(order),
      );
    expect(await read(frame("C"))).toMatchObject({ data: Uint8Array.of(1, 2, 3, 4) });
    expect(await read(frame("F"))).toMatchObject({ data: Uint8Array.of(1, 3, 2, 4) });
    const scalar = (kind: Opcodes, ...content: number[]) =>
      read(call(named(`numpy.${module}.multiarray`, "scalar"), kind, bytes(...content)));
    expect(await scalar(type("f4"), 0, 0, 0x80, 0x3f)).toBe(1);
    expect(await scalar(type("i8"), 5, 0, 0, 0, 0, 0, 0, 0)).toBe(5n);
    expect(await scalar(type("b1", "|"), 1)).toBe(true);
    expect(await scalar(type("b1", "|"), 0)).toBe(false);
  });
});

describe("tensors", () => {
  const numbers = async (value: Opcodes, files?: Parameters<typeof archive>[1]) => {
    const found = await parseTorchArchive(archive(value, files), { name });
    if (!(found instanceof TorchTensor)) throw new Error("no tensor");
    return found.read();
  };
  const sizes = (...of: number[]): Opcodes => tuple(...of.map(int));

  test.each([
    ["whole", [2, 3], [3, 1], 0, [1, 2, 3, 4, 5, 6]],
    ["transposed", [3, 2], [1, 3], 0, [1, 4, 2, 5, 3, 6]],
    ["a row", [3], [1], 3, [4, 5, 6]],
    ["a column", [2], [3], 2, [3, 6]],
    ["every other", [3], [2], 1, [2, 4, 6]],
    ["repeated", [2, 2], [0, 1], 4, [5, 6, 5, 6]],
    ["windows", [3, 2], [1, 1], 2, [3, 4, 4, 5, 5, 6]],
    ["one number", [], [], 5, [6]],
    ["axes of length 1", [1, 2, 1], [99, 3, 77], 0, [1, 4]],
    ["nothing", [0, 3], [3, 1], 6, []],
  ])("a view is read by its strides: %s", async (_, shape, strides, offset, expected) => {
    const value = tensor({ shape: sizes(...shape), strides: sizes(...strides), offset: int(offset) });
    expect(await numbers(value)).toEqual({ shape, data: Float32Array.from(expected) });
  });

  test.each([
    ["Float", 4, new Uint8Array(Float32Array.of(1.5, -2).buffer), Float32Array.of(1.5, -2)],
    ["Double", 8, new Uint8Array(Float64Array.of(1.5, -2).buffer), Float64Array.of(1.5, -2)],
    ["Half", 2, Uint8Array.of(0, 0x3e, 0, 0xc0), Float32Array.of(1.5, -2)],
    ["BFloat16", 2, Uint8Array.of(0xc0, 0x3f, 0, 0xc0), Float32Array.of(1.5, -2)],
    ["Byte", 1, Uint8Array.of(1, 254), Uint8Array.of(1, 254)],
    ["Char", 1, Uint8Array.of(1, 254), Int8Array.of(1, -2)],
    ["Short", 2, Uint8Array.of(1, 0, 254, 255), Int16Array.of(1, -2)],
    ["Int", 4, new Uint8Array(Int32Array.of(1, -2).buffer), Int32Array.of(1, -2)],
    ["Long", 8, new Uint8Array(BigInt64Array.of(1n, -2n).buffer), BigInt64Array.of(1n, -2n)],
    ["Bool", 1, Uint8Array.of(1, 0), Uint8Array.of(1, 0)],
  ] as const)("torch.%sStorage, in either order of bytes", async (type, size, little, expected) => {
    const value = tensor({ type: `${type}Storage`, length: int(2), shape: sizes(2), strides: sizes(1) });
    const bool = type === "Bool" ? { bool: true } : {};
    expect(await numbers(value, [["data/0", little]])).toEqual({ shape: [2], data: expected, ...bool });
    const order = (text: string) => ["byteorder", Uint8Array.from(ascii(text))] as const;
    expect(await numbers(value, [["data/0", little], order("little")])).toEqual({
      shape: [2],
      data: expected,
      ...bool,
    });
    const big = little.map((_, i) => little[i - (i % size) + size - 1 - (i % size)]!);
    expect(await numbers(value, [["data/0", big], order("big")])).toEqual({ shape: [2], data: expected, ...bool });
    // A stride of 0 is read element by element.
    const last = tensor({ type: `${type}Storage`, length: int(2), shape: sizes(3), strides: sizes(0), offset: int(1) });
    const { data } = await numbers(last, [["data/0", little]]);
    expect(data.constructor).toBe(expected.constructor);
    expect(Array.from(data as ArrayLike<unknown>)).toEqual([expected[1], expected[1], expected[1]]);
  });

  test("the files that PyTorch 2 adds to an archive, and a zip64 end, change nothing", async () => {
    const more = ["byteorder", ".format_version", ".storage_alignment", ".data/serialization_id"];
    const files = more.map((file) => [file, Uint8Array.from(ascii(file === "byteorder" ? "little" : "1"))] as const);
    const bytes = withWideEnd(archive(tensor(), [["data/0", six], ...files]));
    const found = (await parseTorchArchive(bytes, { name })) as TorchTensor;
    expect(await found.read()).toEqual({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
  });

  test("tensors share a storage, and parameters and sizes are what they hold", async () => {
    const parameter = call(named("torch._utils", "_rebuild_parameter"), tensor(), yes, emptyDict);
    const size = call(named("torch", "Size"), tuple(int(2), int(3)));
    const value = (await parseTorchArchive(archive(list(tensor(), parameter, size)), { name })) as Pickled[];
    const [a, b] = [await (value[0] as TorchTensor).read(), await (value[1] as TorchTensor).read()];
    expect(a).toEqual({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
    expect(b).toEqual(a);
    expect(a.data).not.toBe(b.data);
    expect(value[2]).toEqual([2, 3]);
  });

  test("tensors may take 16 MiB and four times the length of the archive, together", async () => {
    const large = (n: number) => tensor({ shape: sizes(2 ** 20, n), strides: sizes(0, 0) });
    expect(await parseTorchArchive(archive(list(large(2), large(2))), { name })).toHaveLength(2);
    await expect(parseTorchArchive(archive(list(large(2), large(3))), { name })).rejects.toThrow(
      /expected tensors of at most 167\d{5} bytes in all at byte \d+, got 20971520/,
    );
  });

  test("an error names the file, the pickle in it and the offset", async () => {
    const value = tensor({ shape: sizes(2, 4), strides: sizes(4, 1) });
    await expect(parseTorchArchive(archive(value), { name })).rejects.toThrow(
      /^evil\.bin: "net\/data\.pkl": expected a tensor within the 6 elements of its storage at byte \d+, got element 7$/,
    );
    expect(six).toHaveLength(24);
  });
});
