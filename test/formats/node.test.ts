import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadDistilled, loadIdxFolder, saveDistilled, writeFileAtomic } from "../../src/node.ts";
import { makeSet } from "./sets.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("writeFileAtomic", () => {
  test("creates and replaces a file and leaves nothing beside it", async () => {
    const path = join(folder, "a.bin");
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    await writeFileAtomic(path, Uint8Array.of(4));
    expect([...readFileSync(path)]).toEqual([4]);
    expect(readdirSync(folder)).toEqual(["a.bin"]);
  });

  test("where it fails the old content stays and no temporary file is left", async () => {
    mkdirSync(join(folder, "taken"));
    writeFileSync(join(folder, "taken", "x"), "old");
    await expect(writeFileAtomic(join(folder, "taken"), Uint8Array.of(1))).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(["taken"]);
    await expect(writeFileAtomic(join(folder, "missing", "a"), Uint8Array.of(1))).rejects.toThrow("ENOENT");
  });

  test("writers at the same time leave the whole content of one of them", async () => {
    const path = join(folder, "a.bin");
    await Promise.all(Array.from({ length: 8 }, (_, i) => writeFileAtomic(path, new Uint8Array(100_000).fill(i))));
    expect(new Set(readFileSync(path)).size).toBe(1);
    expect(readdirSync(folder)).toEqual(["a.bin"]);
  });
});

describe("saveDistilled and loadDistilled", () => {
  test("give back the set by either extension; the content decides when loading", async () => {
    for (const file of ["a.safetensors", "a.npz", "B.NPZ"]) {
      await saveDistilled(join(folder, file), makeSet());
      expect(await loadDistilled(join(folder, file))).toEqual(makeSet());
    }
    writeFileSync(join(folder, "renamed.safetensors"), readFileSync(join(folder, "a.npz")));
    expect(await loadDistilled(join(folder, "renamed.safetensors"))).toEqual(makeSet());
  });

  test("another extension is a RangeError, a damaged file a FormatError with its path", async () => {
    await expect(saveDistilled(join(folder, "a.png"), makeSet())).rejects.toThrow(
      '"path" expected to end in .safetensors or .npz',
    );
    const path = join(folder, "bad.npz");
    writeFileSync(path, "PK but no zip");
    await expect(loadDistilled(path)).rejects.toThrow(path);
    await expect(loadDistilled(join(folder, "none.npz"))).rejects.toThrow("ENOENT");
  });
});

describe("loadIdxFolder", () => {
  const images = (n: number, size = 2) =>
    Uint8Array.from([
      0,
      0,
      8,
      3,
      0,
      0,
      0,
      n,
      0,
      0,
      0,
      size,
      0,
      0,
      0,
      size,
      ...Array.from({ length: n * size * size }, (_, i) => i * 9),
    ]);
  const labels = (...values: number[]) => Uint8Array.from([0, 0, 8, 1, 0, 0, 0, values.length, ...values]);
  const put = (name: string, bytes: Uint8Array) => writeFileSync(join(folder, name), bytes);

  test("finds the four files, gzipped or not, and normalises both parts as the training part", async () => {
    put("train-images-idx3-ubyte.gz", gzipSync(images(3)));
    put("train-labels.idx1-ubyte", labels(0, 1, 4));
    put("t10k-images.idx3-ubyte.gz", gzipSync(images(2)));
    put("t10k-labels-idx1-ubyte", labels(1, 0));
    const split = await loadIdxFolder(folder);
    expect(split.train).toMatchObject({ count: 3, classes: 5, height: 2 });
    expect(split.test).toMatchObject({ count: 2, classes: 5, mean: split.train.mean, std: split.train.std });
  });

  test("names the missing file, what was looked for and what is there", async () => {
    put("train-images-idx3-ubyte", images(1));
    const error: Error = await loadIdxFolder(folder).then(
      () => expect.fail("loaded"),
      (e) => e,
    );
    expect(error.name).toBe("FormatError");
    expect(error.message).toContain(`${folder}: expected train-labels-idx1-ubyte, but it is missing; looked for`);
    expect(error.message).toContain("train-labels.idx1-ubyte.gz and found train-images-idx3-ubyte");
    await expect(loadIdxFolder(join(folder, "none"))).rejects.toThrow("ENOENT");
  });

  test("names the file that does not fit the others", async () => {
    put("train-images-idx3-ubyte", images(2));
    put("train-labels-idx1-ubyte", labels(0, 1));
    put("t10k-images-idx3-ubyte", images(1, 3));
    put("t10k-labels-idx1-ubyte", labels(1));
    await expect(loadIdxFolder(folder)).rejects.toThrow(/t10k-images-idx3-ubyte: expected images of 1×2×2.*got 1×3×3/);
    put("t10k-images-idx3-ubyte", images(1));
    put("t10k-labels-idx1-ubyte", labels(2));
    await expect(loadIdxFolder(folder)).rejects.toThrow(
      /t10k-labels-idx1-ubyte: expected labels below 2, got 2 at byte 8/,
    );
  });
});
