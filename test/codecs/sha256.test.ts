// SHA-256 of arrays, against Node's own and FIPS 180-2.
import { createHash } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { hexadecimal, sha256, sha256OfPieces } from "../../src/codecs/sha256.ts";
import { UnsupportedError } from "../../src/errors.ts";
import { bytes } from "../data/samples.ts";

const host = vi.hoisted(() => ({ has: true }));
vi.mock("../../src/platform/platform.ts", async (original) => {
  const real = await original<typeof import("../../src/platform/platform.ts")>();
  return { ...real, subtleCrypto: () => (host.has ? real.subtleCrypto() : undefined) };
});
afterEach(() => Object.assign(host, { has: true }));

const nodes = (...parts: Uint8Array[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex");

describe("SHA-256", () => {
  test("of nothing and of abc is that of the standard", async () => {
    const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    expect(hexadecimal(await sha256([]))).toBe(empty);
    expect(hexadecimal(await sha256([new Uint8Array(0)]))).toBe(empty);
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(hexadecimal(await sha256([Uint8Array.of(97), Uint8Array.of(98, 99)]))).toBe(abc);
  });

  test("of arrays is that of their bytes, one after the other, whatever memory they are in", async () => {
    const [a, b] = [Float32Array.of(1.5, -2), BigInt64Array.of(-1n, 7n)];
    const shared = new Uint8Array(new SharedArrayBuffer(9), 2, 5).fill(3);
    const part = bytes(40).subarray(7, 31);
    expect(hexadecimal(await sha256([a, shared, b, part]))).toBe(
      nodes(new Uint8Array(a.buffer), shared.slice(), new Uint8Array(b.buffer), part),
    );
  });

  test.each([0, 1, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 3 * 2 ** 20])(
    "of %s bytes in pieces is that of the SHA-256s of each mebibyte",
    async (count) => {
      const content = bytes(count);
      const pieces: Buffer[] = [];
      for (let at = 0; at < count; at += 2 ** 20) {
        pieces.push(
          createHash("sha256")
            .update(content.subarray(at, at + 2 ** 20))
            .digest(),
        );
      }
      expect(await sha256OfPieces(content)).toBe(nodes(...pieces));
    },
  );

  test("of a host that offers none is refused, with what to do", async () => {
    host.has = false;
    const error = new UnsupportedError("no SHA-256 here: serve the page over https or from localhost");
    await expect(sha256([])).rejects.toThrow(error);
    await expect(sha256OfPieces(bytes(1))).rejects.toThrow(error);
  });
});
