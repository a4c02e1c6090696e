// Reads a WebAssembly binary instruction by instruction: what it imports, and every opcode in its functions. It knows
// the core instructions, bulk memory, reference types, tail calls, SIMD, relaxed SIMD and threads, and refuses a byte
// that it does not know, so that nothing is passed over. (WebAssembly core specification, chapter 5.)

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: "function" | "table" | "memory" | "global" | "tag";
}

export interface Instruction {
  /** The number of the function, counted from the first that is not imported. */
  readonly function: number;
  /** The place of the opcode in the file. */
  readonly offset: number;
  /** 0xFC, 0xFD or 0xFE; 0 for opcodes of one byte. */
  readonly prefix: number;
  readonly code: number;
}

export interface Module {
  readonly imports: readonly Import[];
  readonly functions: number;
  readonly instructions: readonly Instruction[];
}

const importKinds = ["function", "table", "memory", "global", "tag"] as const;
const IMPORT_SECTION = 2;
const CODE_SECTION = 10;

/** Throws if the bytes are not a module or hold what this walker does not know. */
export function walk(bytes: Uint8Array): Module {
  const reader = new Reader(bytes);
  const magic = [...reader.take(8)];
  if (magic.join() !== "0,97,115,109,1,0,0,0") throw reader.error("the header of a module", magic.join());
  let imports: Import[] = [];
  const instructions: Instruction[] = [];
  let functions = 0;
  while (!reader.atEnd) {
    const id = reader.byte();
    const size = reader.u32();
    const end = reader.at + size;
    if (id === IMPORT_SECTION) imports = readImports(reader);
    else if (id === CODE_SECTION) functions = readCode(reader, instructions);
    else reader.take(size);
    if (reader.at !== end) throw reader.error(`section ${id} to end at ${end}`, String(reader.at));
  }
  return { imports, functions, instructions };
}

function readImports(reader: Reader): Import[] {
  return Array.from({ length: reader.u32() }, () => {
    const module = reader.name();
    const name = reader.name();
    const kind = importKinds[reader.byte()];
    if (kind === "function") reader.u32();
    else if (kind === "table") {
      reader.byte();
      reader.limits();
    } else if (kind === "memory") reader.limits();
    else if (kind === "global") reader.take(2);
    else if (kind === "tag") {
      reader.byte();
      reader.u32();
    } else throw reader.error("a kind of import", "another byte");
    return { module, name, kind };
  });
}

function readCode(reader: Reader, out: Instruction[]): number {
  const functions = reader.u32();
  for (let index = 0; index < functions; index++) {
    const size = reader.u32();
    const end = reader.at + size;
    for (let groups = reader.u32(); groups > 0; groups--) {
      reader.u32();
      reader.byte();
    }
    // The body ends with the `end` that matches no block; nothing may follow it.
    for (let depth = 1; depth > 0; ) {
      const offset = reader.at;
      const first = reader.byte();
      const prefix = first >= 0xfc ? first : 0;
      const code = prefix ? reader.u32() : first;
      out.push({ function: index, offset, prefix, code });
      skipImmediates(reader, prefix, code);
      if (prefix === 0 && code >= 0x02 && code <= 0x04) depth++;
      if (prefix === 0 && code === 0x0b) depth--;
    }
    if (reader.at !== end) throw reader.error(`function ${index} to end at ${end}`, String(reader.at));
  }
  return functions;
}

/** The last relaxed SIMD opcode; the first is 0x100. */
export const LAST_RELAXED = 0x113;

/** The immediates that follow an opcode in the instruction stream. */
type Immediate =
  | "index"
  | "type"
  | "i32"
  | "i64"
  | "byte"
  | "memory"
  | "4 bytes"
  | "8 bytes"
  | "16 bytes"
  | "labels"
  | "types";

/** By prefix: the first and last opcode of a range, and the immediates of each. Opcodes in no range are unknown. */
const layouts: Readonly<Record<number, readonly (readonly [number, number, ...Immediate[]])[]>> = {
  0: [
    [0x00, 0x01], // unreachable, nop
    [0x02, 0x04, "type"], // block, loop, if
    [0x05, 0x05], // else
    [0x0b, 0x0b], // end
    [0x0c, 0x0d, "index"], // br, br_if
    [0x0e, 0x0e, "labels"], // br_table
    [0x0f, 0x0f], // return
    [0x10, 0x10, "index"], // call
    [0x11, 0x11, "index", "index"], // call_indirect
    [0x12, 0x12, "index"], // return_call
    [0x13, 0x13, "index", "index"], // return_call_indirect
    [0x1a, 0x1b], // drop, select
    [0x1c, 0x1c, "types"], // select with types
    [0x20, 0x26, "index"], // local, global, table
    [0x28, 0x3e, "memory"], // loads and stores
    [0x3f, 0x40, "index"], // memory.size, memory.grow
    [0x41, 0x41, "i32"],
    [0x42, 0x42, "i64"],
    [0x43, 0x43, "4 bytes"],
    [0x44, 0x44, "8 bytes"],
    [0x45, 0xc4], // arithmetic
    [0xd0, 0xd0, "type"], // ref.null
    [0xd1, 0xd1], // ref.is_null
    [0xd2, 0xd2, "index"], // ref.func
  ],
  252: [
    [0, 7], // saturating conversions
    [8, 8, "index", "index"], // memory.init
    [9, 9, "index"], // data.drop
    [10, 10, "index", "index"], // memory.copy
    [11, 11, "index"], // memory.fill
    [12, 12, "index", "index"], // table.init
    [13, 13, "index"], // elem.drop
    [14, 14, "index", "index"], // table.copy
    [15, 17, "index"], // table.grow, size, fill
  ],
  253: [
    [0, 11, "memory"], // loads and stores
    [12, 13, "16 bytes"], // v128.const, i8x16.shuffle
    [14, 20], // swizzle, splat
    [21, 34, "byte"], // lanes
    [35, 83], // comparisons, bits
    [84, 91, "memory", "byte"], // lanes of memory
    [92, 93, "memory"], // loads with zero
    [94, 255], // arithmetic
    [256, LAST_RELAXED],
  ],
  254: [
    [0x00, 0x02, "memory"], // notify, wait
    [0x03, 0x03, "byte"], // fence
    [0x10, 0x4e, "memory"], // loads, stores, read-modify-write
  ],
};

function skipImmediates(reader: Reader, prefix: number, code: number): void {
  const layout = layouts[prefix]?.find(([first, last]) => code >= first && code <= last);
  if (!layout) throw reader.error("an instruction", `${prefix.toString(16)} ${code.toString(16)}`);
  const [, , ...immediates] = layout;
  for (const immediate of immediates) skip(reader, immediate);
}

function skip(reader: Reader, immediate: Immediate): void {
  if (immediate === "index") reader.u32();
  else if (immediate === "type" || immediate === "i32") reader.signed(5);
  else if (immediate === "i64") reader.signed(10);
  else if (immediate === "byte") reader.byte();
  else if (immediate === "memory") reader.memoryArgument();
  else if (immediate === "types") reader.take(reader.u32());
  else if (immediate === "labels") for (let labels = reader.u32() + 1; labels > 0; labels--) reader.u32();
  else reader.take(Number.parseInt(immediate, 10));
}

/** Reads bytes, one after the other. */
class Reader {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.at === this.#bytes.length;
  }

  error(expected: string, got: string): Error {
    return new Error(`byte ${this.at}: expected ${expected}, got ${got}`);
  }

  take(n: number): Uint8Array {
    if (this.at + n > this.#bytes.length) throw this.error(`${n} more bytes`, "the end");
    this.at += n;
    return this.#bytes.subarray(this.at - n, this.at);
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  /** Reads LEB128 without sign, of at most five bytes. */
  u32(): number {
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw this.error("a number of 32 bits", "a longer one");
  }

  /** Skips a LEB128 number with sign, of at most `most` bytes. */
  signed(most: number): void {
    for (let i = 0; i < most; i++) if (this.byte() < 0x80) return;
    throw this.error(`a number of at most ${most} bytes`, "a longer one");
  }

  /** Skips alignment, which may say that a memory's index follows, and offset. */
  memoryArgument(): void {
    if (this.u32() & 0x40) this.u32();
    this.signed(10);
  }

  limits(): void {
    const flags = this.byte();
    this.signed(10);
    if (flags & 1) this.signed(10);
  }

  name(): string {
    return new TextDecoder("utf-8", { fatal: true }).decode(this.take(this.u32()));
  }
}
