// Compares with PyTorch, if a Python that has it is installed.
import { spawnSync } from "node:child_process";
import { inject } from "vitest";

const { path: python, missing } = inject("tools").torch;

/** The reason to skip a test with PyTorch, or undefined if it can run. */
export const noPyTorch: string | undefined = missing;

/** Defines `load` and `save` as the package safetensors does, after the description of the format. */
const prelude = `
import json, math, struct, sys, torch
import torch.nn as nn
import torch.nn.functional as F
torch.set_num_threads(1)
types = {"F32": torch.float32, "F64": torch.float64, "F16": torch.float16, "I64": torch.int64}
def load(path):
    data = open(path, "rb").read()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    def tensor(dtype, shape, data_offsets):
        begin, end = data_offsets
        return torch.frombuffer(bytearray(data[start + begin:start + end]), dtype=types[dtype]).reshape(shape)
    return {k: tensor(**v) for k, v in json.loads(data[8:start]).items() if k != "__metadata__"}
def save(tensors, path):
    header, body = {}, b""
    for name, t in tensors.items():
        dtype = next(k for k, v in types.items() if v == t.dtype)
        numbers = t.contiguous().numpy().tobytes()
        header[name] = {"dtype": dtype, "shape": list(t.shape), "data_offsets": [len(body), len(body) + len(numbers)]}
        body += numbers
    text = json.dumps(header).encode()
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + body)
given = json.load(sys.stdin)
`;

/** Returns typed arrays in the form of JSON. */
const plain = (_: string, value: unknown): unknown =>
  value instanceof Float64Array || value instanceof Float32Array ? Array.from(value) : value;

/** Runs a program on one thread, with `input` as JSON in its variable `given`. Returns the JSON that it prints. */
export function pytorch(program: string, input: unknown): unknown {
  const { stdout, stderr, status } = spawnSync(python!, ["-c", prelude + program], {
    input: JSON.stringify(input, plain),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout ? JSON.parse(stdout) : undefined;
}
