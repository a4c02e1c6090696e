// θ as a PyTorch state_dict: bit for bit there and back, what does not fit refused by name, and PyTorch as a witness.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NumericArray } from "../../src/codecs/npy.ts";
import { writeNpz } from "../../src/codecs/npz.ts";
import { parseSafetensors, writeSafetensors } from "../../src/codecs/safetensors.ts";
import { writeZip } from "../../src/codecs/zip.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { distilledFromBytes } from "../../src/formats/distilled-file.ts";
import {
  parametersFromBytes,
  parametersFromSafetensors,
  parametersToSafetensors,
} from "../../src/formats/state-dict.ts";
import { relu } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { type Model, named, sequential } from "../../src/nn/model.ts";
import { batchNorm2d, instanceNorm2d } from "../../src/nn/norm.ts";
import { alexNet, lenet } from "../../src/nn/zoo.ts";
import { expectClose, float32Tolerance, float64Tolerance, paint } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { expectOnlyFormatErrors } from "./hostile.ts";

const name = "evil.bin";
const tiny = sequential(
  [1, 2, 2],
  [flatten(), named("fc", linear({ out: 3 })), relu(), linear({ out: 2, bias: false })],
);
const theta = paint(tiny.parameterCount, 1);

/** A good file with its tensors changed. */
function altered(change: (tensors: Map<string, NumericArray>) => void): Uint8Array {
  const { tensors, metadata } = parseSafetensors(parametersToSafetensors(tiny, theta), { name });
  change(tensors);
  return writeSafetensors(tensors, metadata);
}

test("a file holds the tensors under PyTorch's names and shapes, as safetensors.torch marks its files", () => {
  const { tensors, metadata } = parseSafetensors(parametersToSafetensors(tiny, theta), { name });
  expect([...tensors].map(([key, { shape, data }]) => [key, shape, [...data]])).toEqual([
    ["fc.weight", [3, 4], [...theta.subarray(0, 12)]],
    ["fc.bias", [3], [...theta.subarray(12, 15)]],
    ["3.weight", [2, 3], [...theta.subarray(15)]],
  ]);
  expect([...metadata]).toEqual([["format", "pt"]]);
});

test.each([
  ["float32", paint(61_706, 2)],
  ["float64", Float64Array.from(paint(61_706, 2), (value) => value / 3)],
])("reading gives the %s parameters that were written, bit for bit", (_, parameters) => {
  const model = lenet();
  const bytes = parametersToSafetensors(model, parameters);
  expect(parametersToSafetensors(model, parameters)).toEqual(bytes);
  expect(parametersFromSafetensors(bytes, model, { name })).toEqual(parameters);
});

test("tensors are found by name in any order; one in float64 makes all of θ float64", () => {
  const reversed = altered((tensors) => {
    const entries = [...tensors].reverse();
    tensors.clear();
    for (const [key, tensor] of entries) tensors.set(key, tensor);
  });
  expect(parametersFromSafetensors(reversed, tiny, { name })).toEqual(theta);
  const mixed = altered((tensors) => tensors.set("fc.bias", { shape: [3], data: Float64Array.of(0.1, 0.2, 0.3) }));
  const expected = Float64Array.from(theta);
  expected.set([0.1, 0.2, 0.3], 12);
  expect(parametersFromSafetensors(mixed, tiny, { name })).toEqual(expected);
});

test("names other than the model's are written and read where they are given", () => {
  const names = tiny.parameters.map((parameter) => `net.${parameter.name}`);
  const bytes = parametersToSafetensors(tiny, theta, { names });
  expect([...parseSafetensors(bytes, { name }).tensors.keys()]).toEqual(names);
  expect(parametersFromSafetensors(bytes, tiny, { name, names })).toEqual(theta);
  expect(() => parametersFromSafetensors(bytes, tiny, { name })).toThrow(
    `${name}: expected "fc.weight" [3, 4], "fc.bias" [3], "3.weight" [2, 3], got unexpected "net.fc.weight" [3, 4]`,
  );
  const wrong = '"names" expected 3 different names, one for each parameter, got ["a", "a", "b"]';
  expect(() => parametersToSafetensors(tiny, theta, { names: ["a", "a", "b"] })).toThrow(new RangeError(wrong));
  expect(() => parametersFromSafetensors(bytes, tiny, { name, names: ["a", "a", "b"] })).toThrow(new RangeError(wrong));
});

describe("parameters that are not the model's are not written", () => {
  test.each<[string, unknown, Error]>([
    ["a list", [1, 2], new TypeError('"parameters" expected Float32Array, got Array of length 2')],
    ["too few", theta.subarray(1), new RangeError('"parameters" expected 21 floats, as the model has, got 20')],
    ["NaN", theta.with(4, Number.NaN), new RangeError('"parameters" expected finite values, got NaN at 4')],
  ])("%s", (_, parameters, error) => {
    expect(() => parametersToSafetensors(tiny, parameters as Float32Array)).toThrow(error);
  });
});

describe("a file that does not fit is refused, with the tensor and both shapes", () => {
  const f32 = (...shape: number[]): NumericArray => ({
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  });
  const cases: readonly [string, (tensors: Map<string, NumericArray>) => void, string][] = [
    ["a tensor missing", (t) => t.delete("fc.bias"), 'expected "fc.bias" [3], got none'],
    [
      "a tensor of another name",
      (t) => t.set("fc.shift", f32(3)).delete("fc.bias"),
      'expected "fc.bias" [3], got unexpected "fc.shift" [3]',
    ],
    ["all missing", (t) => t.clear(), 'expected "fc.weight" [3, 4], "fc.bias" [3], "3.weight" [2, 3], got none'],
    ["one tensor more", (t) => t.set("x", f32(7)), 'expected the 3 tensors of the model, got beside them "x" [7]'],
    [
      "five tensors more",
      (t) => {
        for (const key of "abcde") t.set(key, f32(1));
      },
      'expected the 3 tensors of the model, got beside them "a" [1], "b" [1], "c" [1] and 2 more',
    ],
    ["another shape", (t) => t.set("fc.weight", f32(4, 3)), 'expected "fc.weight" [3, 4], got [4, 3]'],
    ["another rank", (t) => t.set("fc.bias", f32(3, 1)), 'expected "fc.bias" [3], got [3, 1]'],
    [
      "whole numbers",
      (t) => t.set("fc.bias", { shape: [3], data: new BigInt64Array(3) }),
      'expected "fc.bias" in F32 or F64, got I64',
    ],
    [
      "infinity",
      (t) => t.set("fc.bias", { shape: [3], data: Float32Array.of(0, 1, Number.POSITIVE_INFINITY) }),
      'expected "fc.bias" to be finite, got Infinity at 2',
    ],
    ["statistics of a batch norm", (t) => t.set("fc.running_mean", f32(3)), 'got beside them "fc.running_mean" [3]'],
  ];
  test.each(cases)("%s", (_, change, message) => {
    const bytes = altered(change);
    const read = () => parametersFromSafetensors(bytes, tiny, { name });
    expect(read).toThrow(expect.objectContaining({ name: "FormatError" }));
    expect(read).toThrow(message);
    expect(read).toThrow(/^evil.bin: /);
  });

  test("mutants give FormatErrors only", async () => {
    const files = [parametersToSafetensors(tiny, theta), parametersToSafetensors(tiny, Float64Array.from(theta))];
    await expectOnlyFormatErrors(
      "state_dict",
      files,
      (bytes) => parametersFromSafetensors(bytes, tiny, { name }),
      3000,
    );
  });
});

/** A .safetensors file of tensors of 16 bits. */
function halves(
  dtype: string,
  tensors: readonly (readonly [key: string, shape: number[], bits: number[]])[],
): Uint8Array {
  let end = 0;
  const header = tensors.map(([key, shape, bits]) => {
    const begin = end;
    end += 2 * bits.length;
    return [key, { dtype, shape, data_offsets: [begin, end] }];
  });
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const out = new Uint8Array(8 + text.length + end);
  out[0] = text.length & 255;
  out[1] = text.length >> 8;
  out.set(text, 8);
  const bits = tensors.flatMap(([, , values]) => values);
  for (const [i, value] of bits.entries()) out.set([value & 255, value >> 8], 8 + text.length + 2 * i);
  return out;
}

describe("weights as people save them", () => {
  const one = sequential([1, 1, 4], [flatten(), named("fc", linear({ out: 2, bias: false }))]);

  test.each([
    // 0, 1, −2, the largest number, the smallest, the smallest normal one, 1/3, −0.
    [
      "F16",
      [0, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x3555, 0x8000],
      [0, 1, -2, 65504, 2 ** -24, 2 ** -14, 0.333251953125, -0],
    ],
    [
      "BF16",
      [0, 0x3f80, 0xc000, 0x7f7f, 0x0001, 0x0080, 0x3eab, 0x8000],
      [0, 1, -2, 255 * 2 ** 120, 2 ** -133, 2 ** -126, 0.333984375, -0],
    ],
  ])("%s becomes float32, exactly", (dtype, bits, values) => {
    const bytes = halves(dtype, [["fc.weight", [2, 4], bits]]);
    expect(parametersFromSafetensors(bytes, one, { name })).toEqual(Float32Array.from(values));
    const infinite = halves(dtype, [["fc.weight", [2, 4], [...bits.slice(1), dtype === "F16" ? 0x7c00 : 0x7f80]]]);
    expect(() => parametersFromSafetensors(infinite, one, { name })).toThrow(
      '"fc.weight" to be finite, got Infinity at 7',
    );
    const short = halves(dtype, [["fc.weight", [2, 3], bits.slice(1)]]);
    expect(() => parametersFromSafetensors(short, one, { name })).toThrow("data_offsets that are 12 apart");
  });

  const prefixed = (prefix: string, more: (tensors: Map<string, NumericArray>) => void = () => {}) =>
    altered((tensors) => {
      const entries = [...tensors];
      tensors.clear();
      for (const [key, tensor] of entries) tensors.set(prefix + key, tensor);
      more(tensors);
    });

  test.each(["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."])(
    "names begin with %s",
    async (prefix) => {
      const counter = { shape: [], data: BigInt64Array.of(7n) };
      const bytes = prefixed(prefix, (tensors) => tensors.set(`${prefix}bn.num_batches_tracked`, counter));
      expect(parametersFromSafetensors(bytes, tiny, { name })).toEqual(theta);
      const { tensors } = parseSafetensors(bytes, { name });
      expect(await parametersFromBytes(writeNpz(tensors), tiny, { name })).toEqual(theta);
      expect(await parametersFromBytes(bytes, tiny, { name, freshLastLayer: true })).toEqual(
        Float32Array.from([...theta.subarray(0, 15), ...new Float32Array(6)]),
      );
    },
  );

  test("a module that is called so itself keeps its name, and a name that comes with a prefix and without is refused", () => {
    const own = sequential([1, 2, 2], [flatten(), named("module", linear({ out: 3 }))]);
    const given = paint(own.parameterCount, 5);
    expect(parametersFromSafetensors(parametersToSafetensors(own, given), own, { name })).toEqual(given);
    const twice = altered((tensors) => tensors.set("module.fc.bias", tensors.get("fc.bias")!));
    expect(() => parametersFromSafetensors(twice, tiny, { name })).toThrow(
      'evil.bin: expected "fc.bias" once, got it with a prefix and without',
    );
    const other = prefixed("net.");
    expect(() => parametersFromSafetensors(other, tiny, { name })).toThrow('got unexpected "net.fc.weight" [3, 4]');
  });

  test("running statistics and counters of norms are passed over", () => {
    const norms = sequential([2, 2, 2], [instanceNorm2d({ affine: true }), flatten(), linear({ out: 2 })]);
    const given = paint(norms.parameterCount, 6);
    const { tensors } = parseSafetensors(parametersToSafetensors(norms, given), { name });
    for (const key of ["running_mean", "running_var"])
      tensors.set(`0.${key}`, { shape: [2], data: new Float32Array(2) });
    tensors.set("0.num_batches_tracked", { shape: [], data: BigInt64Array.of(1n) });
    expect(parametersFromSafetensors(writeSafetensors(tensors), norms, { name })).toEqual(given);
  });

  test("a bare pickle is refused with the line of Python that mends it, and an archive is recognised wherever its pickle is", async () => {
    const magic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
    for (const bytes of [Uint8Array.from(magic), Uint8Array.of(0x80, 4, 0x95, 0)]) {
      const said =
        /^a\/b\/net\.pt: is a bare pickle, .* by torch\.save\(torch\.load\("net\.pt", map_location="cpu", weights_only=True\), "net\.new\.pt"\)/;
      await expect(parametersFromBytes(bytes, tiny, { name: "a/b/net.pt" })).rejects.toThrow(said);
      expect(() => parametersFromSafetensors(bytes, tiny, { name: "a/b/net.pt" })).toThrow(said);
      await expect(distilledFromBytes(bytes, "a/b/net.pt")).rejects.toThrow(said);
    }
    const long = `${"n".repeat(1000)}".pth`;
    await expect(parametersFromBytes(Uint8Array.from(magic), tiny, { name: long })).rejects.toThrow(
      /torch\.load\("n+…n+\?\.pth"/,
    );
    const archive = writeZip([
      ["net/data.pkl", Uint8Array.from(magic)],
      ["net/data/0", new Uint8Array(20_000)],
    ]);
    const many = writeZip(
      Array.from({ length: 900 }, (_, i) => [i < 899 ? `net/data/${i}` : "net/data.pkl", new Uint8Array(9)]),
    );
    for (const bytes of [archive, many]) {
      await expect(parametersFromBytes(bytes, tiny, { name: "a/b/net.pt" })).rejects.toThrow(
        'a/b/net.pt: "net/data.pkl": expected',
      );
      await expect(distilledFromBytes(bytes, "a/b/net.pt")).rejects.toThrow("a/b/net.pt: is a file of torch.save: ");
    }
  });
});

/** Modules as their authors write them; `named` in our own models follows the attributes. */
const lenetModule = `
class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))
module = LeNet()`;
const sequentialModule = `
module = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2, bias=False))`;
const cases: readonly [string, Model, string][] = [
  ["LeNet as in the reference code of the paper", lenet(), lenetModule],
  [
    "nn.Sequential",
    sequential([1, 2, 2], [flatten(), linear({ out: 3 }), relu(), linear({ out: 2, bias: false })]),
    sequentialModule,
  ],
];

describe.skipIf(noPyTorch)("PyTorch", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "distillate-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(cases)("loads what we write and writes what we load: %s", async (_, model, module) => {
    const [ours, theirs] = [join(folder, "ours.safetensors"), join(folder, "theirs.safetensors")];
    const parameters = paint(model.parameterCount, 3, 0.1);
    const images = Float64Array.from(paint(5 * model.inputShape.reduce((a, b) => a * b, 1), 4));
    writeFileSync(ours, parametersToSafetensors(model, parameters));
    const logits = pytorch(
      `${module}
x = torch.tensor(given["images"], dtype=torch.float64).view([-1] + given["shape"])
save(module.state_dict(), given["theirs"])
start = module.double()(x)
module.load_state_dict(load(given["ours"]))
loaded = module.double()(x)
print(json.dumps([loaded.flatten().tolist(), start.flatten().tolist()]))`,
      { images, shape: model.inputShape, ours, theirs },
    ) as [number[], number[]];

    const loaded = parametersFromSafetensors(readFileSync(theirs), model, { name: "theirs" });
    await using reference = await createEngine({ backend: "reference" });
    await using engine = await createEngine({ threads: 1 });
    for (const [i, theta] of [parameters, loaded].entries()) {
      const label = `${i === 0 ? "ours" : "theirs"}, seed 3`;
      const exact = await (await reference.bind(model)).forward({ parameters: theta, images });
      expectClose(exact.logits, logits[i]!, float64Tolerance, label);
      const fast = await (await engine.bind(model)).forward({ parameters: theta, images: Float32Array.from(images) });
      expectClose(fast.logits, logits[i]!, float32Tolerance, label);
    }
  });
});

describe.skipIf(noPyTorch)("PyTorch saves", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "distillate-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("state_dicts by torch.save, plain, wrapped, of 16 bits and in checkpoints of trainers, which are read as .safetensors", async () => {
    const model = sequential([1, 2, 2], [conv2d({ out: 2, kernel: 1 }), batchNorm2d(), flatten(), linear({ out: 3 })]);
    const path = (key: string) => join(folder, `${key}.pt`);
    const expected = pytorch(
      `torch.manual_seed(2)
module = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))
module.train()(torch.randn(4, 1, 2, 2))
state = module.state_dict()
optimizer = torch.optim.SGD(module.parameters(), 0.1, momentum=0.9)
half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
kept = dict(module.named_parameters())
saved = {"plain": state, "trainer": {"epoch": 3, "state_dict": state, "optimizer": optimizer.state_dict(), "best": 0.5},
         "net": {"net": nn.DataParallel(module).state_dict()}, "half": half, "parameters": kept}
for k, v in saved.items(): torch.save(v, given + f"/{k}.pt")
flat = lambda parts: torch.cat([p.float().flatten() for p in parts]).tolist()
print(json.dumps({k: flat(half[n] for n in kept) if k == "half" else flat(kept.values()) for k in saved}))`,
      folder,
    ) as Record<string, number[]>;
    for (const [key, values] of Object.entries(expected)) {
      const file = path(key);
      expect(await parametersFromBytes(readFileSync(file), model, { name: file }), key).toEqual(
        Float32Array.from(values),
      );
    }
    const plain = readFileSync(path("plain"));
    expect(() => parametersFromSafetensors(plain, model, { name })).toThrow(
      `${name}: is a file of torch.save: parametersFromBytes reads it`,
    );
    const other = sequential([1, 2, 2], [flatten(), linear({ out: 3 })]);
    await expect(parametersFromBytes(plain, other, { name })).rejects.toThrow(
      `${name}: expected "1.weight" [3, 4], got [2]`,
    );
  });

  test("a wrapped network with batch norm in half precision, which is read as PyTorch reads it", () => {
    const model = sequential([1, 2, 2], [conv2d({ out: 2, kernel: 1 }), batchNorm2d(), flatten(), linear({ out: 3 })]);
    const files = ["half", "bfloat16"].map((type) => ({ type, path: join(folder, `${type}.safetensors`) }));
    const expected = pytorch(
      `torch.manual_seed(1)
types["BF16"] = torch.bfloat16
def save(tensors, path):
    header, body = {}, b""
    for name, t in tensors.items():
        dtype = next(k for k, v in types.items() if v == t.dtype)
        numbers = (t.view(torch.int16) if dtype == "BF16" else t).contiguous().numpy().tobytes()
        header[name] = {"dtype": dtype, "shape": list(t.shape), "data_offsets": [len(body), len(body) + len(numbers)]}
        body += numbers
    text = json.dumps(header).encode()
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + body)
out = []
for file in given:
    module = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))
    module.train()(torch.randn(4, 1, 2, 2))
    module = nn.DataParallel(getattr(module, file["type"])())
    save(module.state_dict(), file["path"])
    out.append(torch.cat([p.flatten().float() for p in module.parameters()]).tolist())
print(json.dumps(out))`,
      files,
    ) as number[][];
    for (const [i, { path }] of files.entries()) {
      const got = parametersFromSafetensors(new Uint8Array(readFileSync(path)), model, { name: path });
      expect([...got]).toEqual(expected[i]);
    }
  });

  test("old files and whole modules, which are refused with what to do", async () => {
    const [old, module] = ["old.pth", "module.pt"].map((file) => join(folder, file)) as [string, string];
    pytorch(
      `torch.save(nn.Linear(2, 3).state_dict(), given[0], _use_new_zipfile_serialization=False)
torch.save(nn.Linear(2, 3), given[1])`,
      [old, module],
    );
    const read = (path: string) => parametersFromBytes(readFileSync(path), tiny, { name: path });
    await expect(read(old)).rejects.toThrow(/is a bare pickle, as torch\.save wrote before .*torch\.save\(torch\.load/);
    await expect(read(module)).rejects.toThrow('got "torch.nn.modules.linear.Linear"');
  });
});

describe("a state_dict in .npz", () => {
  const tensorsOf = (change: (tensors: Map<string, NumericArray>) => void = () => {}) => {
    const { tensors } = parseSafetensors(altered(change), { name });
    return writeNpz(tensors);
  };

  test("is read as one in .safetensors is", async () => {
    expect(await parametersFromBytes(tensorsOf(), tiny, { name })).toEqual(theta);
    expect(await parametersFromBytes(parametersToSafetensors(tiny, theta), tiny, { name })).toEqual(theta);
  });

  test("with another shape, or a tensor missing, is refused by its key", async () => {
    const reshaped = tensorsOf((tensors) => tensors.set("fc.bias", { shape: [4], data: new Float32Array(4) }));
    await expect(parametersFromBytes(reshaped, tiny, { name })).rejects.toThrow(
      'evil.bin: expected "fc.bias" [3], got [4]',
    );
    const missing = tensorsOf((tensors) => tensors.delete("fc.weight"));
    await expect(parametersFromBytes(missing, tiny, { name })).rejects.toThrow(
      'evil.bin: expected "fc.weight" [3, 4], got none',
    );
  });
});

describe("a fresh last layer", () => {
  // As ImageNet's thousand classes stand in the file of a network that is to tell two.
  const file = altered((tensors) => tensors.set("3.weight", { shape: [7, 3], data: new Float32Array(21) }));
  const options = { name, freshLastLayer: true };

  test("has weight 0, whatever the file holds for it; all else is the file's", () => {
    const expected = Float32Array.from([...theta.subarray(0, 15), ...new Float32Array(6)]);
    expect(parametersFromSafetensors(file, tiny, options)).toEqual(expected);
    expect(
      parametersFromSafetensors(
        altered((tensors) => tensors.delete("3.weight")),
        tiny,
        options,
      ),
    ).toEqual(expected);
    expect(() => parametersFromSafetensors(file, tiny, { name })).toThrow('expected "3.weight" [2, 3], got [7, 3]');
  });

  test("has bias 1 where it has one, in LeNet as in AlexNet", () => {
    const model = lenet();
    const given = paint(model.parameterCount, 4);
    const read = parametersFromSafetensors(parametersToSafetensors(model, given), model, options);
    const [weight, bias] = [model.parameters.at(-2)!, model.parameters.at(-1)!];
    expect(read.subarray(0, weight.offset)).toEqual(given.subarray(0, weight.offset));
    expect(read.subarray(weight.offset, bias.offset).every((value) => value === 0)).toBe(true);
    expect([...read.subarray(bias.offset)]).toEqual(new Array(10).fill(1));
  });

  test("leaves errors in the other layers as they are", () => {
    const broken = altered((tensors) => tensors.delete("fc.bias"));
    expect(() => parametersFromSafetensors(broken, tiny, options)).toThrow('expected "fc.bias" [3], got none');
  });
});

test("torchvision's names for AlexNet are those of alexNet, fresh or not", () => {
  // The keys of torchvision.models.alexnet().state_dict().
  const layers = ["features.0", "features.3", "features.6", "features.8", "features.10"];
  const linears = ["classifier.1", "classifier.4", "classifier.6"];
  const keys = [...layers, ...linears].flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]);
  expect(alexNet({ classes: 1000 }).parameters.map((parameter) => parameter.name)).toEqual(keys);
  expect(alexNet({ classes: 1000, dropout: true }).parameters.map((parameter) => parameter.name)).toEqual(keys);
});
