// Decompresses with the platform's DecompressionStream: it checks CRCs and can be stopped at a limit, while the gzip libraries
// trust the size that the file claims. The caller knows the size that must come out, so memory is taken once.
import { FormatError } from "../errors.ts";
import { thrown } from "../kinds.ts";
import { decompressor, ReadableStream } from "../platform/platform.ts";

/** Which file is read (every error names it), and how large its content may be. */
export interface GunzipOptions {
  readonly name: string;
  /** A file that states a larger size is refused. Default 1 GiB. */
  readonly maximumBytes?: number;
}

/** The largest ratio by which DEFLATE can expand. */
export const maximumRatio = 1032;
/** A ratio that data sets do not reach: images compress to a half or less, text to a fifth, drawings to a thirtieth. */
const usualRatio = 256;
const smallBytes = 2 ** 24;

/** Limits the size of what so many compressed bytes become: far above that of data, far below that of a bomb. */
export function unpackedLimit(packed: number): number {
  return Math.max(smallBytes, usualRatio * packed);
}

const gibibyte = 2 ** 30;
/** Some engines inflate a whole chunk before they can be stopped: 16 KiB can become 16 MiB at most. */
const sliceBytes = 2 ** 14;
/** The chunk for reading only a beginning: 1 KiB can become 1 MiB at most. */
const prefixSliceBytes = 2 ** 10;

/** Yields the decompressed bytes chunk by chunk. Leaving the loop early stops the decompression. */
async function* inflated(
  bytes: Uint8Array,
  format: CompressionFormat,
  name: string,
  slice: number = sliceBytes,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  const source = new ReadableStream<BufferSource>({
    pull(controller): void {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.subarray(at, at + slice) as Uint8Array<ArrayBuffer>);
      at += slice;
    },
  });
  const reader = source.pipeThrough(decompressor(format)).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    const { message: reason } = thrown(cause);
    throw new FormatError(`${name}: expected ${format} data, but it does not decompress (${reason})`, { cause });
  } finally {
    // Without a reason Node makes its own, which fails in a program that has frozen the prototypes of errors.
    await reader.cancel(new Error("no more is wanted")).catch(() => {});
  }
}

function join(chunks: readonly Uint8Array[], total: number): Uint8Array {
  const out = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}

/**
 * Decompresses exactly `size` bytes.
 *
 * @throws FormatError when more or fewer bytes come out, when `size` is impossible (before memory is taken), and when
 * anything follows the compressed data.
 */
export async function inflate(
  bytes: Uint8Array,
  format: CompressionFormat,
  { name, size }: { readonly name: string; readonly size: number },
): Promise<Uint8Array> {
  const wrong = (got: string): FormatError =>
    new FormatError(`${name}: expected ${size} bytes after decompression, got ${got}`);
  if (size > maximumRatio * bytes.length) throw wrong(`${bytes.length} bytes that cannot become as many`);
  const out = new Uint8Array(size);
  let length = 0;
  for await (const chunk of inflated(bytes, format, name)) {
    if (length + chunk.length > size) throw wrong("more");
    out.set(chunk, length);
    length += chunk.length;
  }
  if (length < size) throw wrong(`${length}`);
  const [from, to] = format === "gzip" ? [gzipHeader(bytes), bytes.length - 8] : [0, bytes.length];
  const kind = format === "gzip" ? "deflate-raw" : format;
  if (await endsBefore(bytes.subarray(from, to), kind, name)) {
    throw new FormatError(`${name}: expected nothing after the end of the ${format} data, got more bytes`);
  }
  return out;
}

let passesOverJunk: Promise<boolean> | undefined;

/**
 * Returns whether the compressed data end before `bytes` do, which some hosts (Node 20) do not report. There the data end
 * where `bytes` do if they are incomplete without their last byte.
 */
async function endsBefore(bytes: Uint8Array, format: CompressionFormat, name: string): Promise<boolean> {
  const isWhole = async (part: Uint8Array, kind: CompressionFormat): Promise<boolean> => {
    try {
      for await (const _ of inflated(part, kind, name));
      return true;
    } catch {
      return false;
    }
  };
  // The probe is an empty block with one byte after it.
  passesOverJunk ??= isWhole(Uint8Array.of(3, 0, 0), "deflate-raw");
  return (await passesOverJunk) && isWhole(bytes.subarray(0, -1), format);
}

/** Returns where the compressed data of a gzip file begin (RFC 1952); the platform has checked the header before. */
function gzipHeader(bytes: Uint8Array): number {
  const flags = bytes[3]!;
  let at = 10;
  if (flags & 4) at += 2 + bytes[at]! + 256 * bytes[at + 1]!;
  for (const text of [8, 16]) if (flags & text) at = bytes.indexOf(0, at) + 1;
  return flags & 2 ? at + 2 : at;
}

/** Returns the first `count` decompressed bytes, or all if there are fewer; later data are not looked at. */
export async function inflatePrefix(
  bytes: Uint8Array,
  format: CompressionFormat,
  count: number,
  name: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of inflated(bytes, format, name, prefixSliceBytes)) {
    total += chunk.length;
    chunks.push(chunk);
    if (total >= count) break;
  }
  return join(chunks, total).subarray(0, count);
}

/** Returns whether the bytes start like a gzip file. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses one gzip member that fills `bytes` exactly.
 *
 * @throws FormatError that names the file when the data are damaged, cut short, followed by something else, or larger
 * than `maximumBytes` or than `unpackedLimit`.
 */
export async function gunzip(bytes: Uint8Array, { name, maximumBytes = gibibyte }: GunzipOptions): Promise<Uint8Array> {
  if (!isGzip(bytes)) throw new FormatError(`${name}: expected the gzip magic 1f 8b at byte 0`);
  if (bytes.length < 18) {
    throw new FormatError(`${name}: expected a gzip file of at least 18 bytes, got ${bytes.length}`);
  }
  // The last four bytes state the size.
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(bytes.length - 4, true);
  if (size > maximumRatio * bytes.length) {
    throw new FormatError(
      `${name}: expected a size that ${bytes.length} bytes of gzip can become, got ${size} at byte ${bytes.length - 4}: the ` +
        "file is damaged, cut short or goes on after its end",
    );
  }
  const most = Math.min(maximumBytes, unpackedLimit(bytes.length));
  if (size > most) {
    throw new FormatError(
      `${name}: expected at most ${most} bytes after decompression of ${bytes.length}, got ${size} at byte ${bytes.length - 4}`,
    );
  }
  return inflate(bytes, "gzip", { name, size });
}

/** Like `gunzip` for bytes that start with 1f 8b; any others are returned as they are. */
export async function maybeGunzip(bytes: Uint8Array, options: GunzipOptions): Promise<Uint8Array> {
  return isGzip(bytes) ? gunzip(bytes, options) : bytes;
}
