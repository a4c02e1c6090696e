// Small files for the readers of data sets, and the paths of the real ones.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { encode as encodePng, type ImageData } from "fast-png";
import { packTar } from "modern-tar";
import type { DataFile } from "../../src/data/data-file.ts";
import { encodeJpeg } from "./jpeg-encoder.ts";

/** Returns `n` repeatable bytes. */
export function bytes(n: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length: n }, (_, i) => Math.imul(i + 1 + 7919 * seed, 0x9e3779b1) >>> 24);
}

/** Encodes a PNG of these samples, channels fastest. */
export function png(image: ImageData): Uint8Array {
  return encodePng(image);
}

/** Encodes a PNG of one colour. */
export function flatPng(width: number, height: number, [r, g, b]: readonly [number, number, number]): Uint8Array {
  return png({
    width,
    height,
    channels: 3,
    data: Uint8Array.from({ length: 3 * width * height }, (_, i) => [r, g, b][i % 3]!),
  });
}

/** Encodes a colour JPEG whose pixels come from `seed`. */
export function jpegFile(width: number, height: number, seed = 1): Uint8Array {
  return encodeJpeg({ width, height, channels: 3, data: bytes(3 * width * height, seed) });
}

export function file(path: string, content: Uint8Array): DataFile {
  return { path, bytes: content };
}

/** Makes a tar archive of these files. */
export async function tar(files: readonly DataFile[]): Promise<Uint8Array> {
  return packTar(
    files.map(({ path, bytes: body }) => ({
      header: { name: path, size: (body as Uint8Array).length, type: "file" as const },
      body: body as Uint8Array<ArrayBuffer>,
    })),
  );
}

/** The folder of real data, on machines that have them. */
export function realPath(path: string): string {
  return fileURLToPath(new URL(`../../../shared/data/${path}`, import.meta.url));
}

/** Returns a real data file, or undefined if this machine does not have it. */
export function realFile(path: string): Uint8Array | undefined {
  return existsSync(realPath(path)) ? readFileSync(realPath(path)) : undefined;
}

/** Counts the images of each class. */
export function histogram({ labels, classes }: { readonly labels: Uint8Array; readonly classes: number }): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]!++;
  return counts;
}
