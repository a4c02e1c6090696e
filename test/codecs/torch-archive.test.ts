// What torch.save writes is read as PyTorch loads it, with every number, and nothing in it is run.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NumericArray } from "../../src/codecs/npy.ts";
import { type Pickled, PickledMap } from "../../src/codecs/pickled.ts";
import { PickledArray } from "../../src/codecs/pickled-arrays.ts";
import { parseTorchArchive, TorchTensor } from "../../src/codecs/torch-archive.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-torch-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads the value that a program in Python gives as `value`, and what PyTorch says of it. */
async function saved(program: string): Promise<{ value: Pickled; said: unknown }> {
  const path = join(folder, "net.pt");
  const said = pytorch(`said = None\n${program}\ntorch.save(value, given)\nprint(json.dumps(said))`, path);
  return { value: await parseTorchArchive(readFileSync(path), { name: path }), said };
}

/** Reads the tensor at `key`. */
function tensor(value: Pickled, key: string | number): Promise<NumericArray> {
  const found = value instanceof PickledMap ? value.get(key) : (value as readonly Pickled[])[key as number];
  if (!(found instanceof TorchTensor)) throw new Error(`no tensor at ${key}`);
  return found.read();
}

const listed = ({ shape, data }: NumericArray) => ({ shape, data: Array.from(data as ArrayLike<unknown>, String) });

describe.skipIf(noPyTorch)("PyTorch's files", () => {
  test("numbers of all types are those that PyTorch saved, 16-bit floats as float32", async () => {
    const { value, said } = await saved(`
torch.manual_seed(1)
x = torch.randn(3, 4) * 50
types = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]
value = {str(t): (x.abs() if t == torch.uint8 else x).to(t) for t in types}
said = {k: [repr(n) for n in v.double().flatten().tolist()] for k, v in value.items()}
value["mask"] = x > 0
said["mask"] = [float(n) for n in value["mask"].flatten().tolist()]
`);
    const numbers = said as Record<string, string[]>;
    const kinds: Record<string, string> = {};
    for (const [key, expected] of Object.entries(numbers)) {
      const { shape, data, bool } = await tensor(value, key);
      expect(shape).toEqual([3, 4]);
      expect(Array.from(data as ArrayLike<number>, Number), key).toEqual(expected.map(Number));
      expect(bool).toBe(key === "mask" ? true : undefined);
      kinds[key.replace("torch.", "")] = data.constructor.name;
    }
    expect(kinds).toEqual({
      ...{ float32: "Float32Array", float64: "Float64Array", float16: "Float32Array", bfloat16: "Float32Array" },
      ...{ uint8: "Uint8Array", int8: "Int8Array", int16: "Int16Array", int32: "Int32Array", int64: "BigInt64Array" },
      mask: "Uint8Array",
    });
  });

  test("views of a shared storage are read by their offsets and strides, as PyTorch sees them", async () => {
    const { value, said } = await saved(`
x = torch.arange(120.).reshape(2, 3, 4, 5)
value = [x, x.transpose(0, 3), x[1], x[:, 1, ::2, 3:], x.permute(0, 2, 3, 1)[:, 1:], x.flatten()[7:11], x[0, 0, 0, 0],
         torch.ones(1, 3).expand(4, 3), x[:, :0], torch.tensor([]), x.as_strided((3, 3), (1, 2), 5)]
said = [[list(t.shape), [str(n) for n in map(int, t.flatten().tolist())]] for t in value]
`);
    const views = said as [number[], string[]][];
    for (const [i, [shape, data]] of views.entries()) {
      expect(listed(await tensor(value, i)), `view ${i}`).toEqual({ shape, data });
    }
    expect(views).toHaveLength(11);
  });

  test("values beside tensors are read: nested lists, dictionaries, NumPy's numbers and arrays, parameters, sizes", async () => {
    const { value } = await saved(`
import numpy as np, collections
value = {"data": [[torch.zeros(2), torch.ones(1)]], "accs_all_exps": {"ConvNet": [np.float64(0.25), np.float32(0.5)]},
         "n": np.int64(-7), "flag": np.bool_(True), "array": np.arange(6.).reshape(2, 3), "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
         "bits": np.array([True, False]), "big": np.array([258], ">u2"), "empty": np.zeros((0, 3), np.float32), "none": None, "yes": True,
         "tuple": (1, -2, 300, 70000, 2**40, 2**62, -2**62, 1.5, "ü"), 5: "five", "parameter": nn.Parameter(torch.ones(2, 2)),
         "size": torch.zeros(2, 3).shape, "ordered": collections.OrderedDict([("b", 1), ("a", 2)]), "raw": b"\\x00\\xff"}
`);
    const map = value as PickledMap;
    expect(map.get("accs_all_exps")).toEqual(new PickledMap([["ConvNet", [0.25, 0.5]]]));
    expect([map.get("n"), map.get("flag"), map.get("none"), map.get("yes"), map.get(5)]).toEqual([
      ...[-7n, true, null, true, "five"],
    ]);
    expect(map.get("tuple")).toEqual([1, -2, 300, 70000, 2 ** 40, 2n ** 62n, -(2n ** 62n), 1.5, "ü"]);
    expect(listed(map.get("array") as PickledArray)).toEqual({ shape: [2, 3], data: ["0", "1", "2", "3", "4", "5"] });
    expect(listed(map.get("fortran") as PickledArray)).toEqual({ shape: [2, 3], data: ["0", "1", "2", "3", "4", "5"] });
    expect(map.get("bits")).toMatchObject({ shape: [2], data: Uint8Array.of(1, 0), bool: true });
    expect(listed(map.get("big") as PickledArray)).toEqual({ shape: [1], data: ["258"] });
    expect(map.get("empty")).toMatchObject({ shape: [0, 3], data: new Float32Array(0) });
    expect(map.get("empty")).toBeInstanceOf(PickledArray);
    expect([...(map.get("ordered") as PickledMap)]).toEqual([
      ["b", 1],
      ["a", 2],
    ]);
    expect(map.get("size")).toEqual([2, 3]);
    expect(map.get("raw")).toEqual(Uint8Array.of(0, 255));
    expect(listed(await tensor(map, "parameter"))).toEqual({ shape: [2, 2], data: ["1", "1", "1", "1"] });
    expect(listed(await tensor((map.get("data") as Pickled[][])[0]!, 1))).toEqual({ shape: [1], data: ["1"] });
  });

  test("pickles of protocols 2 to 5 are read", async () => {
    const program = `
import numpy as np
value = {"x": torch.arange(3), "r": b"ab" * 200, "a": np.arange(2), "f": np.asfortranarray([[1, 2], [3, 4]]), "l": [[1], [2]], "t": "x" * 300}
for p in (2, 3, 4, 5): torch.save(value, f"{given}/{p}.pt", pickle_protocol=p)`;
    pytorch(program, folder);
    for (const protocol of [2, 3, 4, 5]) {
      const path = join(folder, `${protocol}.pt`);
      const value = (await parseTorchArchive(readFileSync(path), { name: path })) as PickledMap;
      expect(listed(await tensor(value, "x"))).toEqual({ shape: [3], data: ["0", "1", "2"] });
      expect(value.get("r")).toHaveLength(400);
      expect(value.get("t")).toBe("x".repeat(300));
      expect(value.get("l")).toEqual([[1], [2]]);
      expect(listed(value.get("a") as PickledArray)).toEqual({ shape: [2], data: ["0", "1"] });
      expect(listed(value.get("f") as PickledArray)).toEqual({ shape: [2, 2], data: ["1", "2", "3", "4"] });
    }
  });
});
