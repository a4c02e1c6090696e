import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openMat } from "../../src/codecs/mat.ts";
import { ascii, concat, expectOnlyFormatErrors, fileName, patched } from "./hostile.ts";
import { type MatData, mat, packed, variable } from "./mat-writer.ts";

const name = fileName;
const read = async (bytes: Uint8Array) => {
  const arrays: Record<string, unknown> = {};
  for (const [key, found] of await openMat(bytes, { name })) arrays[key] = await found.read();
  return arrays;
};
const x = Uint8Array.of(1, 2, 3, 4, 5, 6);
const plain = mat([variable("X", [2, 3], x), variable("y", [2, 1], Float64Array.of(1, 10), { kind: 6 })]);
const compressed = mat([
  variable("long_name", [2, 3], x, { compressed: true }),
  variable("y", [1, 1], x.subarray(0, 1)),
]);

const python = [process.env.PYTHON ?? "python3", "/usr/bin/python3"].find(
  (command) => spawnSync(command, ["-c", "import scipy.io"]).status === 0,
);

describe(".mat of version 5", () => {
  test("arrays of every number type are read, in both byte orders, packed and not", async () => {
    for (const bigEndian of [false, true]) {
      for (const compressed of [false, true]) {
        for (const data of [
          Int8Array.of(-1, 2, 3),
          Uint8Array.of(1, 2, 255),
          Int16Array.of(-1, 2, 300),
          Uint16Array.of(1, 2, 65_535),
          Int32Array.of(-1, 2, 70_000),
          Uint32Array.of(1, 2, 2 ** 32 - 1),
          Float32Array.of(0.5, 2, 3),
          Float64Array.of(0.1, 2, 3),
          BigInt64Array.of(-1n, 2n, 3n),
          BigUint64Array.of(1n, 2n, 3n),
        ] satisfies MatData[]) {
          const choices = { bigEndian, compressed };
          const file = mat([variable("a", [3, 1], data, choices), variable("b2", [1, 3], data, choices)], choices);
          expect(await read(file)).toEqual({ a: { shape: [3, 1], data }, b2: { shape: [1, 3], data } });
        }
      }
    }
  });

  test("a variable is unpacked when it is asked for, and what is no array of real numbers is refused then", async () => {
    const strange = [
      ["cell", 1, 0],
      ["struct", 2, 0],
      ["char", 4, 0],
      ["sparse", 5, 0],
    ] as const;
    const file = mat([
      ...strange.map(([key, kind, flag]) => variable(key, [1, 6], x, { kind, flag })),
      variable("complex", [1, 6], x, { flag: 8 }),
      variable("good", [1, 6], x),
    ]);
    const variables = await openMat(file, { name });
    expect((await variables.get("good")!.read()).data).toEqual(x);
    for (const [key] of strange) {
      await expect(variables.get(key)!.read()).rejects.toThrow(
        `evil.bin: found "${key}" of class ${key}; expected numbers`,
      );
    }
    await expect(variables.get("complex")!.read()).rejects.toThrow('real numbers in "complex"');
  });

  test("versions 4 and 7.3 are told apart and refused with what to do", async () => {
    const hdf = concat(
      ascii("MATLAB 7.3 MAT-file, Platform: GLNXA64".padEnd(124)),
      [0, 2, 0x49, 0x4d],
      new Uint8Array(400),
    );
    await expect(read(hdf)).rejects.toThrow(
      'evil.bin: found a .mat file of version 7.3, which is HDF5; expected version 5: save it again in MATLAB with save(file, "X", "y", "-v7")',
    );
    await expect(read(concat([0, 0, 0, 0, 1, 0, 0, 0], new Uint8Array(200)))).rejects.toThrow("perhaps of version 4");
    await expect(read(ascii("label,pixel0"))).rejects.toThrow("found 12 bytes; expected a .mat file of version 5");
  });

  test("what a packed variable claims is checked before it is unpacked", async () => {
    const bomb = variable("X", [2 ** 15, 2 ** 15], x);
    // The tag says 1 GiB; the packed bytes, some hundred of them, cannot give that.
    const claims = patched(bomb, 4, 0, 0, 0, 0x40);
    await expect(read(mat([packed(claims)]))).rejects.toThrow(/a size that \d\d bytes can give .*, got 1073741832$/);
    // 64 MiB of zeros behind an honest-looking start stop at the size that it claims.
    const zeros = deflateSync(concat(variable("X", [2, 3], x), new Uint8Array(2 ** 16)));
    const file = mat([concat([15, 0, 0, 0, zeros.length & 255, zeros.length >> 8, 0, 0], zeros)]);
    await expect(read(file)).rejects.toThrow("evil.bin: expected 64 bytes after decompression, got more");
  });

  test("a name that is longer than MATLAB allows is refused, however long", async () => {
    await expect(read(mat([variable("X".repeat(200_000), [2, 3], x)]))).rejects.toThrow(
      /expected a name of at most 63 characters at byte \d+, got 200000$/,
    );
    // DEFLATE could make 20 MB of 20 kB, data sets do not.
    const noise = Uint8Array.from({ length: 20_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24);
    const claims = patched(variable("X", [2, 3], x), 4, 0, 0x2d, 0x31, 1);
    await expect(read(mat([packed(concat(claims, noise))]))).rejects.toThrow(
      /a size that \d+ bytes can give .* got 20000008$/,
    );
  });

  test("mutants give FormatErrors only", async () => {
    await expectOnlyFormatErrors("mat", [plain, compressed], read, 3000);
  });

  test("SciPy writes files that we read, packed and not", async (context) => {
    context.skip(!python, "no python3 with scipy found (set PYTHON)");
    const folder = mkdtempSync(join(tmpdir(), "distillate-"));
    try {
      const program = `
import numpy as np, scipy.io
a = {"X": np.arange(24, dtype="u1").reshape(2, 3, 4), "y": np.array([[1.0], [10.0]]), "s": {"a": 1}, "t": "text",
     "w": np.array([[-5, 2 ** 40]], dtype="i8")}
scipy.io.savemat("plain.mat", a)
scipy.io.savemat("packed.mat", a, do_compression=True)`;
      expect(spawnSync(python!, ["-c", program], { cwd: folder, encoding: "utf8" }).stderr).toBe("");
      for (const file of ["plain.mat", "packed.mat"]) {
        const variables = await openMat(readFileSync(join(folder, file)), { name: file });
        expect(Array.from(variables, ([key, { kind }]) => [key, kind])).toEqual([
          ["X", "uint8"],
          ["y", "double"],
          ["s", "struct"],
          ["t", "char"],
          ["w", "int64"],
        ]);
        const { shape, data } = await variables.get("X")!.read();
        expect(shape).toEqual([2, 3, 4]);
        // Element [i, j, k], which NumPy counted 12 i + 4 j + k, lies at i + 2 j + 6 k.
        expect([...data].slice(0, 8)).toEqual([0, 12, 4, 16, 8, 20, 1, 13]);
        expect([...(await variables.get("y")!.read()).data].map(Number)).toEqual([1, 10]);
        expect([...(await variables.get("w")!.read()).data].map(Number)).toEqual([-5, 2 ** 40]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
