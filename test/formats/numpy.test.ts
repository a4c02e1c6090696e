import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type NumericArray, parseNpy, writeNpy } from "../../src/codecs/npy.ts";
import { parseNpz } from "../../src/codecs/npz.ts";
import { loadArrays } from "../../src/data/layouts/arrays.ts";
import { datasetFromFiles } from "../../src/data/layouts/layouts.ts";
import { distilledFromBytes, distilledToNpz, distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { makeSet } from "./sets.ts";

const { path: python, missing: noNumpy } = inject("tools").numpy;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program in the folder of the test's files; its output is JSON. */
function run(program: string): unknown {
  const { stdout, stderr, status } = spawnSync(python!, ["-c", `import json, numpy as np\n${program}`], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout ? JSON.parse(stdout) : undefined;
}

const arrays: Record<string, NumericArray> = {
  f4: { shape: [2, 3], data: Float32Array.of(0.1, -0, 1e-45, 3e38, 5, 6) },
  f8: { shape: [1, 1, 2], data: Float64Array.of(0.1, Math.PI) },
  u1: { shape: [3], data: Uint8Array.of(0, 127, 255) },
  i4: { shape: [], data: Int32Array.of(-7) },
  i8: { shape: [0, 4], data: new BigInt64Array(0) },
};

describe("NumPy", () => {
  test("reads our .npy files and would write the same numbers, types and shapes", (context) => {
    context.skip(!python, noNumpy);
    for (const [name, array] of Object.entries(arrays)) writeFileSync(join(folder, `${name}.npy`), writeNpy(array));
    const out = run(`
arrays = {k: np.load(k + ".npy", allow_pickle=False) for k in ["f4", "f8", "u1", "i4", "i8"]}
print(json.dumps({k: [a.dtype.str, list(a.shape), a.tobytes().hex()] for k, a in arrays.items()}))`);
    const expected = Object.entries(arrays).map(([name, { shape, data }]) => [
      name,
      [name === "u1" ? "|u1" : `<${name}`, shape, Buffer.from(data.buffer).toString("hex")],
    ]);
    expect(out).toEqual(Object.fromEntries(expected));
  });

  test("writes .npy files that we read: versions 1.0 and 2.0, every type, contiguous or not", (context) => {
    context.skip(!python, noNumpy);
    run(`
np.save("a.npy", np.arange(6, dtype="<f4").reshape(2, 3))
np.save("t.npy", np.ascontiguousarray(np.arange(6, dtype="<f8").reshape(2, 3).T))
np.save("b.npy", np.array([[[255]]], dtype="u1"))
np.save("c.npy", np.int32(-5))
np.save("d.npy", np.zeros((3, 0), dtype="<i8"))
np.save("fortran.npy", np.asfortranarray(np.arange(6, dtype="<f4").reshape(2, 3)))
np.save("half.npy", np.array([0, 1.5, -65504], dtype="<f2"))
with open("v2.npy", "wb") as f: np.lib.format.write_array(f, np.arange(3, dtype="<i4"), version=(2, 0))`);
    const load = (name: string) => parseNpy(readFileSync(join(folder, `${name}.npy`)), { name });
    expect(load("a")).toEqual({ shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) });
    expect(load("t")).toEqual({ shape: [3, 2], data: Float64Array.of(0, 3, 1, 4, 2, 5) });
    expect(load("b")).toEqual({ shape: [1, 1, 1], data: Uint8Array.of(255) });
    expect(load("c")).toEqual({ shape: [], data: Int32Array.of(-5) });
    expect(load("d")).toEqual({ shape: [3, 0], data: new BigInt64Array(0) });
    expect(load("v2")).toEqual({ shape: [3], data: Int32Array.of(0, 1, 2) });
    expect(load("fortran")).toEqual(load("a"));
    expect(load("half")).toEqual({ shape: [3], data: Float32Array.of(0, 1.5, -65_504) });
  });

  test("writes every number type in both byte orders and both orders of axes, and we read the same values", (context) => {
    context.skip(!python, noNumpy);
    const values = run(`
out = {}
for kind in ["b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]:
    for order in "<>":
        for axes in "CF":
            a = np.array(np.random.default_rng(7).integers(0, 2 if kind == "b1" else 100, (2, 3, 4)), order + kind, order=axes)
            if kind[0] in "if": a = np.array(-a, order + kind, order=axes)
            name = kind + ("le" if order == "<" else "be") + axes
            np.save(name + ".npy", a)
            out[name] = a.astype(float).ravel().tolist()
print(json.dumps(out))`) as Record<string, number[]>;
    expect(Object.keys(values)).toHaveLength(48);
    for (const [name, expected] of Object.entries(values)) {
      const { shape, data } = parseNpy(readFileSync(join(folder, `${name}.npy`)), { name });
      expect([name, shape, ...Array.from(data as Float64Array, (v) => Number(v) + 0)]).toEqual([
        name,
        [2, 3, 4],
        ...expected.map((v) => v + 0),
      ]);
    }
  });

  test("writes data sets that we read: colour and grey, every type of images and labels, one set each", async (context) => {
    context.skip(!python, noNumpy);
    const [levels, names] = run(`
g = np.random.default_rng(3).integers(0, 256, (20, 4, 4, 3), "u1")
g[0, 0, 0, 0] = 255
y = np.arange(20) % 4
images = {
    "last": g, "second": g.transpose(0, 3, 1, 2), "fortran": np.asfortranarray(g), "view": g[::-1][::-1],
    "zero_to_one": g / 255, "zero_to_255": g.astype("f4"), "half": g.astype("f2"),
    "i2": g.astype("i2"), "u2": g.astype("u2"), "i8": g.astype("i8"), "u8": g.astype("u8"), "big": g.astype(">f8"),
}
labels = {
    "i1": y.astype("i1"), "u1": y.astype("u1"), "i2": y.astype("i2"), "u2": y.astype("u2"), "u4": y.astype("u4"), "i8": y,
    "u8": y.astype("u8"), "column": y[:, None], "float": y.astype("f8"), "big": y.astype(">i4"),
    "one_hot": np.eye(4)[y], "one_hot_i8": np.eye(4, dtype="i8")[y], "one_hot_bool": np.eye(4, dtype=bool)[y],
}
names = []
for k, v in images.items():
    np.savez_compressed("set-images-" + k + ".npz", x_train=v, y_train=y, x_test=v, y_test=y, note="text")
    names.append("set-images-" + k)
for k, v in labels.items():
    np.savez("set-labels-" + k + ".npz", x_train=g, y_train=v, x_test=g, y_test=v, note=np.array([{}], dtype=object))
    names.append("set-labels-" + k)
print(json.dumps([g.transpose(0, 3, 1, 2).ravel().tolist(), names]))`) as [number[], string[]];
    expect(names).toHaveLength(25);
    for (const name of names) {
      const { train } = await loadArrays([{ path: `${name}.npz`, bytes: readFileSync(join(folder, `${name}.npz`)) }]);
      const { channels, height, width, classes } = train;
      expect([name, channels, height, width, classes]).toEqual([name, 3, 4, 4, 4]);
      expect([name, ...train.labels]).toEqual([name, ...Array.from({ length: 20 }, (_, i) => i % 4)]);
      expect([name, ...train.pixels]).toEqual([name, ...levels]);
    }
  });

  test("saves CIFAR's pickled batches as arrays that we read, by the line of Python in the refusal", async (context) => {
    context.skip(!python, noNumpy);
    run(`
import pickle
for i, name in enumerate(["data_batch_1", "data_batch_2", "test_batch"]):
    batch = {"data": (np.arange(4 * 3072) * (i + 3) % 256).astype("u1").reshape(4, 3072), "labels": [i, 1, 2, 1]}
    pickle.dump(batch, open(name, "wb"), 2)`);
    const file = (path: string) => ({ path, bytes: readFileSync(join(folder, path)) });
    const advice = (...paths: string[]) =>
      datasetFromFiles(paths.map(file)).then(
        () => "accepted",
        (error: Error) => error.message.replace(/^.* in Python: /, ""),
      );
    const pixels = (batch: number, n: number) => Array.from({ length: n }, (_, i) => (i * (batch + 3)) % 256);
    run(await advice("data_batch_1", "data_batch_2", "test_batch"));
    const { train, test: held } = await loadArrays([file("cifar-10.npz")]);
    expect([...train.labels, ...held.labels]).toEqual([0, 1, 2, 1, 1, 1, 2, 1, 2, 1, 2, 1]);
    expect([...train.pixels]).toEqual([...pixels(0, 4 * 3072), ...pixels(1, 4 * 3072)]);
    expect([train.channels, train.height, [...held.pixels]]).toEqual([3, 32, pixels(2, 4 * 3072)]);
    run(await advice("data_batch_2"));
    const one = await loadArrays([file("cifar-10.npz")]);
    expect([one.train.count + one.test.count, one.train.channels]).toEqual([4, 3]);
  });

  test("writes .npz files that we read, compressed, uncompressed and streamed", async (context) => {
    context.skip(!python, noNumpy);
    run(`
import io
data = dict(x=np.arange(1000, dtype="<f4") % 7, y=np.array([1, 2], dtype="<i8"))
np.savez("plain.npz", **data)
np.savez_compressed("packed.npz", **data)
class Pipe(io.RawIOBase):
    def __init__(self): self.f = open("streamed.npz", "wb")
    def writable(self): return True
    def write(self, b): return self.f.write(b)
np.savez(Pipe(), **data)`);
    for (const name of ["plain.npz", "packed.npz", "streamed.npz"]) {
      const back = await parseNpz(readFileSync(join(folder, name)), { name });
      expect(back.get("x")).toEqual({ shape: [1000], data: Float32Array.from({ length: 1000 }, (_, i) => i % 7) });
      expect(back.get("y")).toEqual({ shape: [2], data: BigInt64Array.of(1n, 2n) });
    }
  });

  test("reads a distilled set of ours, from .npz and from .safetensors, and saves it so that we read it again", async (context) => {
    context.skip(!python, noNumpy);
    const set = makeSet();
    writeFileSync(join(folder, "set.npz"), distilledToNpz(set));
    writeFileSync(join(folder, "set.safetensors"), distilledToSafetensors(set));
    const out = run(`
import zipfile
assert zipfile.ZipFile("set.npz").testzip() is None
a = dict(np.load("set.npz", allow_pickle=False))
meta = json.loads(a["metadata"].tobytes())
np.savez_compressed("again.npz", **a)
raw = open("set.safetensors", "rb").read()
n = int.from_bytes(raw[:8], "little")
header = json.loads(raw[8:8 + n])
same = header.pop("__metadata__") == meta
for k, t in header.items():
    b, e = t["data_offsets"]
    x = np.frombuffer(raw[8 + n + b:8 + n + e], dtype={"F32": "<f4", "F64": "<f8"}[t["dtype"]]).reshape(t["shape"])
    same = same and x.dtype == a[k].dtype and np.array_equal(x, a[k])
print(json.dumps([same, meta["format"], json.loads(meta["recipe"]), {k: [str(v.dtype), *v.shape] for k, v in a.items() if k != "metadata"}]))`);
    expect(out).toEqual([
      true,
      "distillate",
      set.recipe,
      {
        images: ["float32", 2, 3, 1, 4, 5],
        targets: ["float32", 2, 3, 3],
        learning_rates: ["float32", 6],
        mean: ["float64", 1],
        std: ["float64", 1],
      },
    ]);
    expect(await distilledFromBytes(readFileSync(join(folder, "again.npz")), "again.npz")).toEqual(set);
  });
});
