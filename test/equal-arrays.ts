// Compares typed arrays by their bytes before `toEqual` looks at each number by itself, which takes a hundred times as long.
import { expect } from "vitest";

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** True for two arrays of one type and of the same bytes; else undefined, which leaves the answer to `toEqual`. */
function haveEqualBytes(a: unknown, b: unknown): boolean | undefined {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b)) return undefined;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return undefined;
  return bytesOf(a).equals(bytesOf(b)) || undefined;
}

expect.addEqualityTesters([haveEqualBytes]);
