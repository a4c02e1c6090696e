// libjpeg in WebAssembly: mozjpeg as @jsquash/jpeg compiles it. It decodes in integers (the "islow" DCT), so the same bytes
// give the same pixels on every host, and they are Pillow's. The JavaScript of that package is not used: it defines globals,
// and it assigns to objects that a program may have frozen. This file is the host that the decoder needs,
// with the names of Emscripten and its "embind".

import { FormatError } from "../errors.ts";
import { thrown } from "../kinds.ts";
import { moreAddressSpace } from "../platform/platform.ts";
import { checkWebAssembly, compileModule } from "../platform/web-assembly.ts";
import { gunzip } from "./gzip.ts";
import { mozjpeg } from "./mozjpeg.gen.ts";

/** The names of the WebAssembly's imports; the test compares them with the JavaScript of the package. */
export const importNames = {
  _embind_register_memory_view: "a",
  _embind_register_integer: "b",
  _embind_register_std_wstring: "c",
  _emval_decref: "d",
  _embind_register_std_string: "e",
  _embind_register_function: "f",
  _emval_run_destructors: "g",
  _emval_get_method_caller: "h",
  _emval_call: "i",
  _embind_register_float: "j",
  _emval_get_global: "k",
  _embind_register_emval: "l",
  _embind_register_bool: "m",
  _embind_register_void: "n",
  __cxa_throw: "o",
  fd_seek: "p",
  _embind_register_bigint: "q",
  abort: "r",
  emscripten_resize_heap: "s",
  environ_get: "t",
  environ_sizes_get: "u",
  _emscripten_memcpy_js: "v",
  fd_close: "w",
  fd_write: "x",
  _emval_incref: "y",
  exit: "z",
} as const;

/** The names of its exports. */
export const exportNames = { memory: "A", __wasm_call_ctors: "B", malloc: "D", free: "E", table: "F" } as const;

type Import = (...values: number[]) => number | undefined;
type Imports = Readonly<Record<keyof typeof importNames, Import>>;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly table: WebAssembly.Table;
  __wasm_call_ctors(): void;
  malloc(size: number): number;
  free(address: number): void;
}

/** A picture whose header has been checked. */
export interface Picture {
  /** The file's name in errors. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** 1 for grey, 3 for RGB. */
  readonly channels: 1 | 3;
}

/** A decoder is kept for other pictures if its memory is no larger, because a memory grows and never shrinks. */
const mostBytesKept = 2 ** 26;
const pageBytes = 2 ** 16;
/** All messages of libjpeg are shorter. */
const longestMessage = 200;

/** The decoder refers to values of JavaScript by numbers: `null`, two classes, and one instance of each. */
const handles = { null: 4, Uint8ClampedArray: 10, ImageData: 12, array: 14, image: 16 } as const;

/** A decoder with a memory of its own. An error leaves the memory in disorder, so another decoder must be made then. */
class Decoder {
  #exports!: Exports;
  /** The number of the function that calls the decoder's `decode`. */
  #invoker = 0;
  #decode = 0;
  #message = "";
  #lacksMemory = false;
  #picture: Picture | undefined;
  #pixels: Uint8Array | undefined;

  static async start(module: WebAssembly.Module): Promise<Decoder> {
    const decoder = new Decoder();
    const host = Object.entries<Import>(decoder.#host());
    const imports = Object.fromEntries(host.map(([name, f]) => [importNames[name as keyof Imports], f]));
    const { exports } = await WebAssembly.instantiate(module, { a: imports as WebAssembly.ModuleImports });
    const named = Object.entries(exportNames).map(([name, letter]) => [name, exports[letter]]);
    decoder.#exports = Object.fromEntries(named) as unknown as Exports;
    decoder.#exports.__wasm_call_ctors();
    return decoder;
  }

  /** Set if its memory is small enough to be kept for other pictures. */
  get isSmall(): boolean {
    return this.#exports.memory.buffer.byteLength <= mostBytesKept;
  }

  /**
   * Returns the pixels, [height, width, channels].
   *
   * @throws FormatError for everything that libjpeg refuses or warns about; RangeError if the host gives no memory.
   */
  decode(bytes: Uint8Array, picture: Picture): Uint8Array {
    const { malloc, free, table } = this.#exports;
    this.#message = "";
    this.#lacksMemory = false;
    this.#picture = picture;
    try {
      // embind passes a std::string as its length and then its bytes.
      const text = malloc(4 + bytes.length);
      if (text === 0) throw new Error("no memory");
      this.#view().setUint32(text, bytes.length, true);
      this.#bytes().set(bytes, text + 4);
      const invoke = table.get(this.#invoker) as (decode: number, text: number, keepOrientation: number) => number;
      if (invoke(this.#decode, text, 0) !== handles.image) throw new Error("there is no picture in it");
      free(text);
      return this.#pixels!;
    } catch (cause) {
      if (this.#lacksMemory) {
        throw new RangeError(
          `${picture.name}: the host gives no memory for ${picture.width}×${picture.height} pixels: ${moreAddressSpace}`,
        );
      }
      const { message } = thrown(cause);
      throw new FormatError(`${picture.name}: expected a JPEG, but it does not decode (${message})`, { cause });
    } finally {
      this.#pixels = undefined;
    }
  }

  // A memory that grows gets another buffer, so views of it are made when they are needed.
  #bytes(): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer);
  }

  #view(): DataView {
    return new DataView(this.#exports.memory.buffer);
  }

  /** Reads the two words at an address. */
  #pair(address: number): [number, number] {
    const view = this.#view();
    return [view.getUint32(address, true), view.getUint32(address + 4, true)];
  }

  #text(address: number): string {
    const bytes = this.#bytes();
    return String.fromCharCode(...bytes.subarray(address, bytes.indexOf(0, address)));
  }

  /** Makes the functions that the decoder calls. */
  #host(): Imports {
    const nothing = (): undefined => undefined;
    const zero = (): number => 0;
    const stop = (): never => {
      throw new Error("the decoder gives up");
    };
    return {
      // The decoder states the types of its values, which are known here.
      _embind_register_memory_view: nothing,
      _embind_register_integer: nothing,
      _embind_register_std_wstring: nothing,
      _embind_register_std_string: nothing,
      _embind_register_float: nothing,
      _embind_register_emval: nothing,
      _embind_register_bool: nothing,
      _embind_register_void: nothing,
      _embind_register_bigint: nothing,
      _embind_register_function: (name, _count, _types, _signature, invoker, decode) => {
        if (this.#text(name!) === "decode") [this.#invoker, this.#decode] = [invoker!, decode!];
        return undefined;
      },
      _emval_incref: nothing,
      _emval_decref: nothing,
      _emval_run_destructors: nothing,
      _emval_get_global: (name) => handles[this.#text(name!) as "ImageData" | "Uint8ClampedArray"] ?? stop(),
      _emval_get_method_caller: zero,
      _emval_call: (_caller, handle, _destructors, values) => {
        if (handle === handles.ImageData) return handles.image;
        this.#take(values!);
        return handles.array;
      },
      _emscripten_memcpy_js: (to, from, count) => {
        this.#bytes().copyWithin(to!, from!, from! + count!);
        return undefined;
      },
      emscripten_resize_heap: (size) => this.#grow(size! >>> 0),
      fd_write: (_file, parts, count, written) => this.#write(parts!, count!, written!),
      // The decoder has no files, and no environment.
      fd_close: () => 52,
      fd_seek: () => 70,
      environ_get: zero,
      environ_sizes_get: (count, size) => {
        this.#view().setUint32(count!, 0, true);
        this.#view().setUint32(size!, 0, true);
        return 0;
      },
      __cxa_throw: stop,
      abort: stop,
      exit: stop,
    };
  }

  /** Takes the pixels out of the decoder's RGBA, whose size and address are at `values`. */
  #take(values: number): void {
    const { width, height, channels } = this.#picture!;
    const [size, address] = this.#pair(values);
    if (size !== 4 * width * height) throw new Error(`it has ${size / 4} pixels instead of ${width}×${height}`);
    this.#pixels = withoutAlpha(this.#bytes().subarray(address, address + size), channels);
  }

  #grow(size: number): number {
    const { memory } = this.#exports;
    try {
      memory.grow(Math.ceil((size - memory.buffer.byteLength) / pageBytes));
      return 1;
    } catch {
      this.#lacksMemory = true;
      return 0;
    }
  }

  /** Ends the work at the first line that libjpeg prints: an error, or a warning that pixels are missing. */
  #write(parts: number, count: number, written: number): number {
    let total = 0;
    for (let k = 0; k < count; k++) {
      const [address, size] = this.#pair(parts + 8 * k);
      const text = this.#bytes().subarray(address, address + Math.min(size, longestMessage));
      this.#message += String.fromCharCode(...text);
      total += size;
    }
    const [line, rest] = this.#message.split("\n", 2);
    if (rest !== undefined || line!.length > longestMessage) throw new Error(line);
    this.#view().setUint32(written, total, true);
    return 0;
  }
}

/** Takes red alone, or red, green and blue, out of RGBA. */
function withoutAlpha(rgba: Uint8Array, channels: 1 | 3): Uint8Array {
  const count = rgba.length / 4;
  const pixels = new Uint8Array(channels * count);
  if (channels === 1) {
    for (let i = 0; i < count; i++) pixels[i] = rgba[4 * i]!;
    return pixels;
  }
  for (let i = 0; i < count; i++) {
    pixels[3 * i] = rgba[4 * i]!;
    pixels[3 * i + 1] = rgba[4 * i + 1]!;
    pixels[3 * i + 2] = rgba[4 * i + 2]!;
  }
  return pixels;
}

let compiled: Promise<WebAssembly.Module> | undefined;
/** The decoder that waits for the next picture. */
let idle: Decoder | undefined;

async function compile(): Promise<WebAssembly.Module> {
  const packed = Uint8Array.from(atob(mozjpeg), (character) => character.charCodeAt(0));
  return compileModule((await gunzip(packed, { name: "the JPEG decoder" })) as Uint8Array<ArrayBuffer>);
}

/**
 * Returns the compiled decoder, for this thread or a worker.
 *
 * @throws UnsupportedError if the host does not compile WebAssembly; RangeError if it gives no memory.
 */
export async function compiledDecoder(): Promise<WebAssembly.Module> {
  checkWebAssembly("the JPEG decoder is");
  compiled ??= compile();
  return compiled.catch(failed);
}

/** Takes the decoder that was compiled elsewhere. */
export function adoptDecoder(module: WebAssembly.Module): void {
  compiled ??= Promise.resolve(module);
}

/** Says what a host lacks that cannot start a decoder; it may be able to later. */
function failed(error: unknown): never {
  compiled = undefined;
  const { name, message } = thrown(error);
  if (name !== "RangeError") throw error;
  throw new RangeError(`the host gives no memory for the JPEG decoder (${message}): ${moreAddressSpace}`, {
    cause: error,
  });
}

async function startDecoder(): Promise<Decoder> {
  const module = await compiledDecoder();
  return Decoder.start(module).catch(failed);
}

/**
 * Decodes a JPEG of one or three components to [height, width, channels].
 *
 * @throws FormatError that names the file for everything that libjpeg refuses or warns about; UnsupportedError if the host
 * does not compile WebAssembly; RangeError if it gives no memory.
 */
export async function decodeMozjpeg(bytes: Uint8Array, picture: Picture): Promise<Uint8Array> {
  const decoder = idle ?? (await startDecoder());
  idle = undefined;
  const pixels = decoder.decode(bytes, picture);
  if (decoder.isSmall) idle = decoder;
  return pixels;
}
