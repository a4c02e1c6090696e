// A JPEG written again without restart markers, coefficient by coefficient. jpeg-js reads scans of one component in whole
// restart intervals: where the last interval is shorter, as it is in most grey and progressive files that have any, it goes
// on behind the last block and fails. Such files, and no others, are handed to it as baseline JPEGs with the same
// quantised coefficients, which decode to the same pixels. Section numbers are those of ITU-T T.81.

/** A segment that has been checked: its marker, its content, and for scans where the coded data end. */
export interface Segment {
  readonly marker: number;
  readonly start: number;
  readonly end: number;
  readonly codedEnd: number;
}

/** A component: sampling factors, blocks that its own scans have, blocks that are stored, and all coefficients. */
interface Component {
  readonly h: number;
  readonly v: number;
  readonly columns: number;
  readonly rows: number;
  readonly stride: number;
  /** [block, 64], zigzag. */
  readonly coefficients: Int16Array;
  /** The mean of the block before. */
  before: number;
}

interface Frame {
  readonly components: ReadonlyMap<number, Component>;
  readonly progressive: boolean;
  /** Groups of blocks in scans of several components. */
  readonly columns: number;
  readonly rows: number;
}

/** Codes by length (C.2): the first code and first symbol of each, and how many there are. */
interface HuffmanTable {
  readonly counts: Uint8Array;
  readonly symbols: Uint8Array;
}

interface Scan {
  readonly parts: readonly { readonly component: Component; readonly dc: HuffmanTable; readonly ac: HuffmanTable }[];
  readonly first: number;
  readonly last: number;
  /** Whether this scan adds a bit to what others have begun, and which bit is the lowest. */
  readonly refines: boolean;
  readonly low: number;
}

const markers = { frames: [0xffc0, 0xffc1, 0xffc2], huffman: 0xffc4, scan: 0xffda, interval: 0xffdd } as const;
/** What jpeg-js needs beside the coefficients: JFIF, the tables of quantisation, and Adobe's note of the colours. */
const kept: readonly number[] = [0xffe0, 0xffdb, 0xffee];

/**
 * The JPEG in `bytes` as a baseline one of one scan without restart markers.
 *
 * @param segments All of the file, checked, in order.
 * @throws Error where the coded data are not what the tables and the frame say.
 */
export function withoutRestarts(bytes: Uint8Array, segments: readonly Segment[]): Uint8Array {
  const dc = new Map<number, HuffmanTable>();
  const ac = new Map<number, HuffmanTable>();
  let interval = 0;
  const header = segments.find(({ marker }) => (markers.frames as readonly number[]).includes(marker))!;
  const frame = readFrame(bytes, header);
  for (const { marker, start, end, codedEnd } of segments) {
    if (marker === markers.interval) interval = bytes[start]! * 256 + bytes[start + 1]!;
    else if (marker === markers.huffman) readTables(bytes.subarray(start, end), dc, ac);
    else if (marker === markers.scan) {
      const scan = readScan(bytes.subarray(start, end), frame, dc, ac);
      decodeScan(new Bits(bytes, end, codedEnd), scan, frame, interval);
    }
  }
  return written(bytes, segments, header, frame);
}

function readFrame(bytes: Uint8Array, { marker, start }: Segment): Frame {
  const [height, width] = [1, 3].map((k) => bytes[start + k]! * 256 + bytes[start + k + 1]!) as [number, number];
  const factors = Array.from({ length: bytes[start + 5]! }, (_, k) => {
    const at = start + 6 + 3 * k;
    return { id: bytes[at]!, h: bytes[at + 1]! >> 4, v: bytes[at + 1]! & 15 };
  });
  const [mostH, mostV] = [Math.max(...factors.map(({ h }) => h)), Math.max(...factors.map(({ v }) => v))];
  const [columns, rows] = [Math.ceil(width / 8 / mostH), Math.ceil(height / 8 / mostV)];
  const components = new Map<number, Component>();
  for (const { id, h, v } of factors) {
    const stride = columns * h;
    components.set(id, {
      ...{ h, v, stride, before: 0 },
      columns: Math.ceil(Math.ceil((width * h) / mostH) / 8),
      rows: Math.ceil(Math.ceil((height * v) / mostV) / 8),
      coefficients: new Int16Array(64 * stride * rows * v),
    });
  }
  return { components, columns, rows, progressive: marker === 0xffc2 };
}

function readTables(content: Uint8Array, dc: Map<number, HuffmanTable>, ac: Map<number, HuffmanTable>): void {
  for (let at = 0; at + 17 <= content.length; ) {
    const kind = content[at]!;
    const counts = content.slice(at + 1, at + 17);
    const size = counts.reduce((sum, n) => sum + n, 0);
    (kind >> 4 === 0 ? dc : ac).set(kind & 15, { counts, symbols: content.slice(at + 17, at + 17 + size) });
    at += 17 + size;
  }
}

const noTable: HuffmanTable = { counts: new Uint8Array(16), symbols: new Uint8Array() };

function readScan(
  content: Uint8Array,
  frame: Frame,
  dc: ReadonlyMap<number, HuffmanTable>,
  ac: ReadonlyMap<number, HuffmanTable>,
): Scan {
  const count = content[0]!;
  const parts = Array.from({ length: count }, (_, k) => {
    const component = frame.components.get(content[1 + 2 * k]!);
    if (component === undefined) throw new Error("a scan of a component that the frame does not have");
    const tables = content[2 + 2 * k]!;
    return { component, dc: dc.get(tables >> 4) ?? noTable, ac: ac.get(tables & 15) ?? noTable };
  });
  const [first, last, bits] = Array.from(content.subarray(1 + 2 * count, 4 + 2 * count)) as [number, number, number];
  if (!frame.progressive) return { parts, first: 0, last: 63, refines: false, low: 0 };
  if (!(first <= last && last <= 63 && (first > 0 || last === 0) && (first === 0 || count === 1))) {
    throw new Error("a scan of coefficients that cannot be");
  }
  return { parts, first, last, refines: bits >> 4 > 0, low: bits & 15 };
}

/** Bits of coded data; a byte of ff is followed by 0, restart markers lie between bytes. */
class Bits {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  #byte = 0;
  #left = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  bit(): number {
    if (this.#left === 0) {
      this.#byte = this.#bytes[this.#at]!;
      const marker = this.#byte === 0xff && this.#bytes[this.#at + 1] !== 0;
      if (this.#at >= this.#end || marker) throw new Error("coded data end before their last block");
      this.#at += this.#byte === 0xff ? 2 : 1;
      this.#left = 8;
    }
    return (this.#byte >> --this.#left) & 1;
  }

  bits(count: number): number {
    let value = 0;
    for (let k = 0; k < count; k++) value = value * 2 + this.bit();
    return value;
  }

  /** A signed value of `count` bits (F.2.2.1). */
  signed(count: number): number {
    const value = this.bits(count);
    return count > 0 && value < 1 << (count - 1) ? value - (1 << count) + 1 : value;
  }

  /** The next symbol (F.2.2.3). */
  symbol({ counts, symbols }: HuffmanTable): number {
    let [code, first, index] = [0, 0, 0];
    for (let length = 0; length < 16; length++) {
      code = 2 * code + this.bit();
      const count = counts[length]!;
      const symbol = symbols[index + code - first];
      if (code - first < count && symbol !== undefined) return symbol;
      index += count;
      first = 2 * (first + count);
    }
    throw new Error("a code that is not in its table");
  }

  /** Steps over the rest of a byte and a restart marker, which fill bytes may precede. */
  restart(): void {
    this.#left = 0;
    let at = this.#at;
    while (this.#bytes[at] === 0xff && this.#bytes[at + 1] === 0xff) at++;
    const code = this.#bytes[at + 1]!;
    if (this.#bytes[at] !== 0xff || code < 0xd0 || code > 0xd7) throw new Error("no restart marker where one must be");
    this.#at = at + 2;
  }
}

function decodeScan(bits: Bits, scan: Scan, frame: Frame, interval: number): void {
  const { parts } = scan;
  const [only] = parts;
  const alone = parts.length === 1 ? only!.component : undefined;
  const units = alone ? alone.columns * alone.rows : frame.columns * frame.rows;
  /** Blocks to come that have no more coefficients. */
  let run = 0;
  for (let unit = 0; unit < units; unit++) {
    if (interval > 0 ? unit % interval === 0 : unit === 0) {
      if (unit > 0) bits.restart();
      run = 0;
      for (const { component } of parts) component.before = 0;
    }
    for (const { component, dc, ac } of parts) {
      for (const block of blocksOf(component, unit, frame, alone !== undefined)) {
        if (!frame.progressive) {
          decodeMean(bits, component, block, dc, 0);
          decodeRest(bits, block, ac, scan);
        } else if (scan.first > 0 && scan.refines) run = refineRest(bits, block, ac, scan, run);
        else if (scan.first > 0) run = run > 0 ? run - 1 : decodeRest(bits, block, ac, scan);
        else if (scan.refines) block[0]! |= bits.bit() << scan.low;
        else decodeMean(bits, component, block, dc, scan.low);
      }
    }
  }
}

/** The blocks of a component in a unit of a scan: one by one in its own scans, h × v of them in those of several (A.2). */
function blocksOf(
  { h, v, columns, stride, coefficients }: Component,
  unit: number,
  frame: Frame,
  alone: boolean,
): Int16Array[] {
  const at = (row: number, column: number): Int16Array => {
    const start = 64 * (row * stride + column);
    return coefficients.subarray(start, start + 64);
  };
  if (alone) return [at(Math.floor(unit / columns), unit % columns)];
  const [row, column] = [Math.floor(unit / frame.columns) * v, (unit % frame.columns) * h];
  return Array.from({ length: h * v }, (_, k) => at(row + Math.floor(k / h), column + (k % h)));
}

function decodeMean(bits: Bits, component: Component, block: Int16Array, table: HuffmanTable, low: number): void {
  component.before += bits.signed(bits.symbol(table) & 15) * (1 << low);
  block[0] = component.before;
}

/** Coefficients after the mean (F.2.2.2, G.1.2.2); how many blocks after this one have none. */
function decodeRest(bits: Bits, block: Int16Array, table: HuffmanTable, { first, last, low }: Scan): number {
  for (let k = Math.max(1, first); k <= last; k++) {
    const symbol = bits.symbol(table);
    const [zeros, size] = [symbol >> 4, symbol & 15];
    if (size === 0 && zeros < 15) return (1 << zeros) - 1 + bits.bits(zeros);
    k += zeros;
    if (size > 0 && k <= 63) block[k] = bits.signed(size) * (1 << low);
  }
  return 0;
}

/** One more bit of coefficients that are there, and new ones among them (G.1.2.3). */
function refineRest(
  bits: Bits,
  block: Int16Array,
  table: HuffmanTable,
  { first, last, low }: Scan,
  run: number,
): number {
  const step = 1 << low;
  const refine = (k: number): void => {
    const value = block[k]!;
    if (bits.bit() === 1 && (value & step) === 0) block[k] = value + (value > 0 ? step : -step);
  };
  let k = first;
  let left = run;
  while (left === 0 && k <= last) {
    const symbol = bits.symbol(table);
    let zeros = symbol >> 4;
    const size = symbol & 15;
    if (size > 1) throw new Error("a new coefficient of more than one bit");
    if (size === 0 && zeros < 15) {
      left = (1 << zeros) + bits.bits(zeros);
      break;
    }
    const value = size === 0 ? 0 : bits.bit() === 1 ? step : -step;
    for (; k <= last; k++) {
      if (block[k] !== 0) refine(k);
      else if (zeros-- === 0) break;
    }
    if (value !== 0 && k <= last) block[k] = value;
    k++;
  }
  if (left === 0) return 0;
  for (; k <= last; k++) if (block[k] !== 0) refine(k);
  return left - 1;
}

/** Bytes that grow, and bits put into them. */
class Output {
  #bytes = new Uint8Array(2 ** 12);
  #length = 0;
  #held = 0;
  #count = 0;

  byte(value: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = value;
  }

  segment(marker: number, content: ArrayLike<number>): void {
    const size = content.length + 2;
    for (const value of [marker >> 8, marker & 255, size >> 8, size & 255]) this.byte(value);
    for (let k = 0; k < content.length; k++) this.byte(content[k]!);
  }

  bits(value: number, count: number): void {
    for (let k = count - 1; k >= 0; k--) {
      this.#held = 2 * this.#held + ((value >> k) & 1);
      if (++this.#count < 8) continue;
      this.byte(this.#held);
      if (this.#held === 0xff) this.byte(0);
      this.#held = this.#count = 0;
    }
  }

  /** Fills the last byte with ones, ends the image, and gives what has been written. */
  end(): Uint8Array {
    while (this.#count > 0) this.bits(1, 1);
    this.byte(0xff);
    this.byte(0xd9);
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Codes for every symbol there is: sizes 0 to 15 in 5 bits; runs and sizes in 8 bits or, from 128 on, in 9. */
const sizeCode = (size: number): readonly [number, number] => [size, 5];
const restCode = (symbol: number): readonly [number, number] => (symbol < 128 ? [symbol, 8] : [symbol + 128, 9]);
const sizeTable: readonly number[] = [0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const restTable: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 128, 128, 0, 0, 0, 0, 0, 0, 0];

function written(bytes: Uint8Array, segments: readonly Segment[], header: Segment, frame: Frame): Uint8Array {
  const out = new Output();
  out.byte(0xff);
  out.byte(0xd8);
  for (const { marker, start, end } of segments)
    if (kept.includes(marker)) out.segment(marker, bytes.subarray(start, end));
  out.segment(0xffc0, bytes.subarray(header.start, header.end));
  const symbols = (count: number): number[] => Array.from({ length: count }, (_, symbol) => symbol);
  out.segment(markers.huffman, [0x00, ...sizeTable, ...symbols(16), 0x10, ...restTable, ...symbols(256)]);
  const components = [...frame.components];
  out.segment(markers.scan, [components.length, ...components.flatMap(([id]) => [id, 0]), 0, 63, 0]);
  const alone = components.length === 1 ? components[0]![1] : undefined;
  const units = alone ? alone.columns * alone.rows : frame.columns * frame.rows;
  for (const [, component] of components) component.before = 0;
  for (let unit = 0; unit < units; unit++) {
    for (const [, component] of components) {
      for (const block of blocksOf(component, unit, frame, alone !== undefined)) writeBlock(out, component, block);
    }
  }
  return out.end();
}

function writeBlock(out: Output, component: Component, block: Int16Array): void {
  const sizeOf = (value: number): number => {
    const size = 32 - Math.clz32(Math.abs(value));
    if (size > 15) throw new Error("a coefficient of more than 15 bits");
    return size;
  };
  /** The bits that tell values of one size apart. */
  const put = (value: number, size: number): void => out.bits(value < 0 ? value + (1 << size) - 1 : value, size);
  const change = block[0]! - component.before;
  component.before = block[0]!;
  out.bits(...sizeCode(sizeOf(change)));
  put(change, sizeOf(change));
  let zeros = 0;
  for (let k = 1; k <= 63; k++) {
    const value = block[k]!;
    if (value === 0) {
      zeros++;
      continue;
    }
    for (; zeros > 15; zeros -= 16) out.bits(...restCode(0xf0));
    out.bits(...restCode(16 * zeros + sizeOf(value)));
    put(value, sizeOf(value));
    zeros = 0;
  }
  if (zeros > 0) out.bits(...restCode(0));
}
