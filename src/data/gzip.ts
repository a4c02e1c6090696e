// Compressed bytes to bytes, on the platform's own DecompressionStream: it checks CRCs and can be stopped at a cap,
// which the gzip libraries do not do (they trust the size that the file claims). Not a compressor.

import { FormatError } from "../errors.ts";

/** Which file is read (named in every error) and how far. */
export interface GunzipOptions {
  readonly name: string;
  /** Reading stops with a FormatError as soon as more than this came out. Default 1 GiB. */
  readonly maximumBytes?: number;
}

const gibibyte = 2 ** 30;
/** Some engines inflate a whole chunk before anybody can stop them: 16 KiB can become 16 MiB at most. */
const sliceBytes = 2 ** 14;
/** Where only a beginning is wanted: 1 KiB can become 1 MiB at most. */
const prefixSliceBytes = 2 ** 10;

/** The decompressed bytes, chunk by chunk. Leaving the loop early stops the decompression. */
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
  const reader = source.pipeThrough(new DecompressionStream(format)).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`${name}: expected ${format} data, but it does not decompress (${reason})`, { cause });
  } finally {
    await reader.cancel().catch(() => {});
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

/** All of the decompressed bytes, at most `maximumBytes` of them. */
export async function inflate(
  bytes: Uint8Array,
  format: CompressionFormat,
  { name, maximumBytes = gibibyte }: GunzipOptions,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of inflated(bytes, format, name)) {
    total += chunk.length;
    if (total > maximumBytes) {
      throw new FormatError(`${name}: expected at most ${maximumBytes} bytes after decompression, got more`);
    }
    chunks.push(chunk);
  }
  return join(chunks, total);
}

/** The first `count` decompressed bytes, or all where there are fewer; what comes later is not looked at. */
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

/** Whether the bytes start like a gzip file. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses one gzip member that fills `bytes` exactly.
 *
 * @throws FormatError, naming the file, where the data are damaged, cut short, followed by something else, or larger
 * than `maximumBytes`.
 */
export async function gunzip(bytes: Uint8Array, options: GunzipOptions): Promise<Uint8Array> {
  const { name } = options;
  if (!isGzip(bytes)) throw new FormatError(`${name}: expected the gzip magic 1f 8b at byte 0`);
  const out = await inflate(bytes, "gzip", options);
  // Engines differ in what they say to bytes after the end; the size in the last four bytes settles it for all.
  const stated = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(bytes.length - 4, true);
  if (stated !== out.length % 2 ** 32) {
    throw new FormatError(
      `${name}: expected the unpacked size ${out.length} at byte ${bytes.length - 4}, got ${stated}: ` +
        `the file goes on after its end`,
    );
  }
  return out;
}

/** `gunzip` for bytes that start with 1f 8b; any others are returned as they are. */
export async function maybeGunzip(bytes: Uint8Array, options: GunzipOptions): Promise<Uint8Array> {
  return isGzip(bytes) ? gunzip(bytes, options) : bytes;
}
