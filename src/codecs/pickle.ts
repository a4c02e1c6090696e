// Reads Python's pickles of protocols 2 to 5 and runs nothing. A pickle is a program for a stack machine (the opcodes are those of
// Lib/pickletools.py, PEP 307, 3154 and 574), whose REDUCE calls any function of Python. Here the values are plain (None, bools,
// numbers, text, bytes, lists, tuples, dictionaries), a name is one of a table of the caller, and every other name and opcode is
// refused with its offset. Work and memory are in proportion to the bytes, and the value is a tree of limited depth and size.
import { quote } from "../quote.ts";
import { opcodeName, PickleBytes } from "./pickle-bytes.ts";
import { checkTree, kindOf, type Pickled, PickledMap, PickledName, PickledObject, type Reading } from "./pickled.ts";

/** What a function of Python does here with its arguments. */
export type PickledCall = (args: readonly Pickled[], reading: Reading) => Pickled;

/** What a pickle may name, by module and name with a dot between them. */
export interface PickleNames {
  readonly calls: ReadonlyMap<string, PickledCall>;
  /** Names that are values and are never called. */
  readonly values?: ReadonlySet<string> | undefined;
  /** Returns what a persistent id stands for, which lies outside the pickle. */
  readonly persistent?: ((id: Pickled, reading: Reading) => Pickled) | undefined;
}

/** More bytes than any pickle beside which tensors have files of their own. */
const maximumBytes = 2 ** 28;
/** The limit on lists, tuples, dictionaries and calls: a dictionary takes one byte in the file and 200 in memory. */
const maximumObjects = 2 ** 17;
/** The limit on the values on the stack, on its marks and in the memo. */
const maximumStack = 2 ** 18;

/** What every pickle may call: OrderedDict is a dictionary, and encode is how protocol 2 writes bytes, or bytes for none. */
const plainCalls: ReadonlyMap<string, PickledCall> = new Map<string, PickledCall>([
  [
    "collections.OrderedDict",
    (args, { refuse }) => {
      if (args.length > 0) throw refuse("an OrderedDict that is filled later", `${args.length} arguments`);
      return new PickledMap();
    },
  ],
  [
    "__builtin__.bytes",
    (args, { refuse }) => {
      if (args.length > 0) throw refuse("bytes without arguments", `${args.length} arguments`);
      return new Uint8Array();
    },
  ],
  [
    "_codecs.encode",
    ([text, encoding, ...more], reading) => {
      if (typeof text !== "string" || encoding !== "latin1" || more.length > 0) {
        throw reading.refuse('text and "latin1" to encode', quote(encoding));
      }
      return latin1Bytes(text, reading);
    },
  ],
]);

/** Returns the bytes that a text of Latin-1 stands for. */
export function latin1Bytes(text: string, { refuse, spend }: Reading): Uint8Array {
  spend(text.length);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255) throw refuse("text of Latin-1", `U+${code.toString(16)}`);
    bytes[i] = code;
  }
  return bytes;
}

/**
 * Reads the one value of a pickle.
 *
 * @throws FormatError with the file's name and the offset for an opcode or name that is not read here, for damage, a value that
 * holds itself, and for more depth or size than the limits.
 */
export function parsePickle(bytes: Uint8Array, { name }: { readonly name: string }, names: PickleNames): Pickled {
  return new Machine(bytes, name, names).run();
}

class Machine extends PickleBytes {
  readonly names: PickleNames;
  stack: Pickled[] = [];
  /** Heights of the stack at its marks. */
  readonly marks: number[] = [];
  readonly memo: Map<number, Pickled> = new Map<number, Pickled>();
  /** Where each list, tuple, dictionary and object was made. */
  readonly places: Map<object, number> = new Map<object, number>();

  constructor(bytes: Uint8Array, file: string, names: PickleNames) {
    super(bytes, file);
    this.names = names;
  }

  run(): Pickled {
    const { bytes, refuse } = this;
    if (bytes.length > maximumBytes) throw refuse(`a pickle of at most ${maximumBytes} bytes`, bytes.length);
    if (bytes[0] !== 0x80 || !(bytes[1]! >= 2 && bytes[1]! <= 5)) throw refuse("a pickle of protocol 2 to 5", "none");
    for (this.at = 2; ; ) {
      this.start = this.at;
      const code = this.u8();
      if (code === stop) break;
      const run = operations.get(code);
      if (!run) throw refuse("an opcode that makes plain values or tensors", opcodeName(code));
      run(this);
    }
    if (this.stack.length !== 1 || this.marks.length > 0) throw refuse("one value", this.stack.length);
    if (this.at !== bytes.length) throw refuse("STOP at the end", `${bytes.length - this.at} bytes behind it`);
    const value = this.stack[0]!;
    checkTree(value, (inner, expected, got) => {
      this.start = this.places.get(inner) ?? this.start;
      return refuse(expected, got);
    });
    return value;
  }

  push(value: Pickled): void {
    if (this.stack.length >= maximumStack) throw this.refuse(`at most ${maximumStack} values at a time`, "more");
    this.stack.push(value);
  }

  /** Pushes a value that takes memory of its own. */
  pushObject(value: Pickled & object): void {
    if (!this.places.has(value)) this.places.set(value, this.start);
    if (this.places.size > maximumObjects) throw this.refuse(`at most ${maximumObjects} lists and objects`, "more");
    this.push(value);
  }

  mark(): void {
    if (this.marks.length >= maximumStack) throw this.refuse(`at most ${maximumStack} marks`, "more");
    this.marks.push(this.stack.length);
  }

  pop(): Pickled {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw this.refuse("a value on the stack", "none");
    return this.stack.pop()!;
  }

  top(): Pickled {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw this.refuse("a value on the stack", "none");
    return this.stack.at(-1)!;
  }

  /** The values above the last mark. */
  popMark(): Pickled[] {
    const height = this.marks.pop();
    if (height === undefined) throw this.refuse("a mark on the stack", "none");
    return this.stack.splice(height);
  }

  tuple(length: number): void {
    const items: Pickled[] = [];
    for (let i = 0; i < length; i++) items.unshift(this.pop());
    this.pushObject(items);
  }

  append(items: readonly Pickled[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.refuse("a list to append to", kindOf(list));
    for (const item of items) list.push(item);
  }

  setItems(items: readonly Pickled[]): void {
    const map = this.top();
    if (!(map instanceof PickledMap)) throw this.refuse("a dictionary to fill", kindOf(map));
    if (items.length % 2 !== 0) throw this.refuse("a value for each key", "none for the last");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]!;
      if (typeof key !== "string" && !Number.isSafeInteger(key)) {
        throw this.refuse("keys that are text or whole numbers", kindOf(key));
      }
      if (map.has(key as string | number)) throw this.refuse("each key once", `${quote(key)} again`);
      map.set(key as string | number, items[i + 1]!);
    }
  }

  name(module: string, name: string): void {
    const whole = `${module}.${name}`;
    const { calls, values } = this.names;
    if (!calls.has(whole) && !plainCalls.has(whole) && !values?.has(whole)) {
      throw this.refuse("no name but those of which tensors are made, because nothing in a file is run", quote(whole));
    }
    this.pushObject(new PickledName(whole));
  }

  reduce(): void {
    const args = this.pop();
    const callable = this.pop();
    const whole = callable instanceof PickledName ? callable.name : undefined;
    const call = whole === undefined ? undefined : (this.names.calls.get(whole) ?? plainCalls.get(whole));
    if (!call) throw this.refuse("a function to call", kindOf(callable));
    if (!Array.isArray(args)) throw this.refuse("a tuple of arguments", kindOf(args));
    const made = call(args, this);
    if (typeof made === "object" && made !== null) this.pushObject(made);
    else this.push(made);
  }

  build(): void {
    const state = this.pop();
    const target = this.top();
    // An OrderedDict has its attributes as a state: a state_dict has the versions of its modules there.
    const isPlain = target instanceof PickledMap && state instanceof PickledMap;
    if (isPlain && [...state.keys()].every((key) => key === "_metadata")) return;
    if (!(target instanceof PickledObject)) throw this.refuse("an object that has a state", kindOf(target));
    target.build(state, this);
  }

  put(index: number): void {
    if (this.memo.size >= maximumStack) throw this.refuse(`at most ${maximumStack} values in the memo`, "more");
    this.memo.set(index, this.top());
  }

  get(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.refuse("a value of the memo", `none at ${index}`);
    this.push(value);
  }

  persistent(): void {
    const { persistent } = this.names;
    if (!persistent) throw this.refuse("no persistent id", "one");
    const value = persistent(this.pop(), this);
    if (typeof value === "object" && value !== null) this.pushObject(value);
    else this.push(value);
  }

  /** STACK_GLOBAL: a module and a name, both from the stack. */
  namedByText(): void {
    const [name, module] = [this.pop(), this.pop()];
    if (typeof module !== "string" || typeof name !== "string" || module.length + name.length > this.longestName) {
      throw this.refuse("a module and a name", `${kindOf(module)} and ${kindOf(name)}`);
    }
    this.name(module, name);
  }
}

const stop = 0x2e;
const operations: ReadonlyMap<number, (machine: Machine) => void> = new Map<number, (machine: Machine) => void>([
  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  [0x4b, (m) => m.push(m.u8())], // BININT1
  [0x4d, (m) => m.push(m.view.getUint16(m.take(2), true))],
  [0x4a, (m) => m.push(m.view.getInt32(m.take(4), true))],
  [0x8a, (m) => m.push(m.long(m.u8()))],
  [0x47, (m) => m.push(m.view.getFloat64(m.take(8)))], // BINFLOAT, the most significant byte first
  [0x8c, (m) => m.push(m.text(m.u8()))], // SHORT_BINUNICODE
  [0x58, (m) => m.push(m.text(m.u32()))],
  [0x8d, (m) => m.push(m.text(m.u64()))],
  [0x43, (m) => m.pushObject(m.copy(m.u8()))], // SHORT_BINBYTES
  [0x42, (m) => m.pushObject(m.copy(m.u32()))],
  [0x8e, (m) => m.pushObject(m.copy(m.u64()))],
  [0x96, (m) => m.pushObject(m.copy(m.u64()))], // BYTEARRAY8
  [0x5d, (m) => m.pushObject([])],
  [0x29, (m) => m.pushObject([])], // EMPTY_TUPLE
  [0x7d, (m) => m.pushObject(new PickledMap())],
  [0x28, (m) => m.mark()],
  [0x74, (m) => m.pushObject(m.popMark())], // TUPLE
  [0x85, (m) => m.tuple(1)],
  [0x86, (m) => m.tuple(2)],
  [0x87, (m) => m.tuple(3)],
  [0x61, (m) => m.append([m.pop()])],
  [0x65, (m) => m.append(m.popMark())],
  [0x73, (m) => m.setItems([m.pop(), m.pop()].reverse())],
  [0x75, (m) => m.setItems(m.popMark())],
  [0x71, (m) => m.put(m.u8())],
  [0x72, (m) => m.put(m.u32())],
  [0x94, (m) => m.put(m.memo.size)],
  [0x68, (m) => m.get(m.u8())],
  [0x6a, (m) => m.get(m.u32())],
  [0x63, (m) => m.name(m.line(), m.line())], // GLOBAL
  [0x93, (m) => m.namedByText()],
  [0x52, (m) => m.reduce()],
  [0x62, (m) => m.build()],
  [0x51, (m) => m.persistent()],
  [0x95, (m) => void m.take(8)], // FRAME, a hint for reading ahead
]);
