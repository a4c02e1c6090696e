// Turns changed content into files whose outer layers are sound: packed, with lengths and checksums that fit.
import { createHash } from "node:crypto";
import { crc32, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { ascii, concat } from "../formats/hostile.ts";

export const gzipped = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: 1 });

const block = 512;

/** Writes the right checksum into every header of a tar archive, as far as its sizes lead to headers. */
export function withChecksums(tar: Uint8Array): Uint8Array {
  const out = tar.slice();
  for (let at = 0; at + block <= out.length; ) {
    const header = out.subarray(at, at + block);
    const size = Number.parseInt(String.fromCharCode(...header.subarray(124, 136)), 8) || 0;
    if (header.some((byte) => byte !== 0)) {
      header.fill(0x20, 148, 156);
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.set(ascii(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
    }
    at += block + Math.ceil(size / block) * block;
  }
  return out;
}

/** Makes a tar archive of these files. */
export function tarOf(files: readonly (readonly [path: string, bytes: Uint8Array])[]): Promise<Uint8Array> {
  return packTar(
    files.map(([name, bytes]) => ({
      header: { name, size: bytes.length, type: "file" as const },
      body: bytes as Uint8Array<ArrayBuffer>,
    })),
  );
}

function word(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

export function pngChunk(type: string, body: Uint8Array): Uint8Array {
  const typed = concat(ascii(type), body);
  return Buffer.concat([word(body.length), typed, word(crc32(typed))]);
}

export const pngSignature: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Returns what wraps rows of pixels, each led by its filter, as a PNG with this header. */
export function pngOf(
  width: number,
  height: number,
  depth: number,
  colour: number,
  before: readonly Uint8Array[] = [],
) {
  const header = Uint8Array.of(...word(width), ...word(height), depth, colour, 0, 0, 0);
  return (rows: Uint8Array): Uint8Array =>
    Buffer.concat([
      Uint8Array.from(pngSignature),
      pngChunk("IHDR", header),
      ...before,
      pngChunk("IDAT", deflateSync(rows, { level: 1 })),
      pngChunk("IEND", new Uint8Array()),
    ]);
}

/** Writes the right CRC into every chunk of a PNG, as far as its lengths lead to chunks. */
export function withCrcs(png: Uint8Array): Uint8Array {
  const out = png.slice();
  const view = new DataView(out.buffer);
  for (let at = 8; at + 12 <= out.length; ) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > out.length) break;
    view.setUint32(end, crc32(out.subarray(at + 4, end)));
    at = end + 4;
  }
  return out;
}

/** Wraps the content of the entry `name` as a zip archive, deflated, beside entries that stay. */
export function zipOf(name: string, others: readonly (readonly [string, Uint8Array])[] = []) {
  return (content: Uint8Array): Uint8Array => deflatedZip([[name, content], ...others]);
}

/** Writes a zip archive of deflated entries; names may be anything. */
export function deflatedZip(entries: readonly (readonly [name: string, bytes: Uint8Array])[]): Uint8Array {
  const locals: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, bytes] of entries) {
    const [encoded, packed] = [new TextEncoder().encode(name), deflateRawSync(bytes, { level: 1 })];
    const common = new DataView(new ArrayBuffer(26));
    common.setUint16(0, 20, true);
    common.setUint16(4, 8, true);
    common.setUint32(10, crc32(bytes), true);
    common.setUint32(14, packed.length, true);
    common.setUint32(18, bytes.length, true);
    common.setUint16(22, encoded.length, true);
    const shared = new Uint8Array(common.buffer);
    const local = Buffer.concat([Uint8Array.of(0x50, 0x4b, 3, 4), shared, encoded, packed]);
    const offset = new DataView(new ArrayBuffer(14));
    offset.setUint32(10, at, true);
    const central = [Uint8Array.of(0x50, 0x4b, 1, 2, 20, 3), shared, new Uint8Array(offset.buffer), encoded];
    directory.push(Buffer.concat(central));
    locals.push(local);
    at += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  for (const place of [8, 10]) end.setUint16(place, entries.length, true);
  end.setUint32(12, listed.length, true);
  end.setUint32(16, at, true);
  return Buffer.concat([...locals, listed, new Uint8Array(end.buffer)]);
}

/** Wraps the header of a .safetensors file: its length before it, padding and `data` after it. */
export function safetensorsOf(data: Uint8Array) {
  return (header: Uint8Array): Uint8Array => {
    const length = Math.ceil(header.length / 8) * 8;
    const out = new Uint8Array(8 + length + data.length).fill(0x20, 8, 8 + length);
    new DataView(out.buffer).setUint32(0, length, true);
    out.set(header, 8);
    out.set(data, 8 + length);
    return out;
  };
}

/** Splits a .safetensors file into its header and its data. */
export function safetensorsParts(file: Uint8Array): { readonly header: Uint8Array; readonly data: Uint8Array } {
  const start = 8 + new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  return { header: file.slice(8, start), data: file.slice(start) };
}

/** Signs a checkpoint: the SHA-256 of the file with zeros in its place. */
export function signed(checkpoint: Uint8Array): Uint8Array {
  const text = Buffer.from(checkpoint).toString("latin1");
  const at = text.indexOf('"sha256":"') + 10;
  if (at < 10 || at + 64 > text.length) return checkpoint;
  const out = checkpoint.slice();
  out.set(ascii("0".repeat(64)), at);
  out.set(ascii(createHash("sha256").update(out).digest("hex")), at);
  return out;
}
