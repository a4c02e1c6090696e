// Random numbers on a GPU: Philox is exact, so draws are those of every backend. One thread a block of four.
import type { RandomKey } from "../../../numeric/philox.ts";
import type { Ops } from "../../ops.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";
import { philox, turnFunctions } from "../wgsl/math.ts";

const stream = { n: "u", seed0: "i", seed1: "i", stream: "i" } as const;

const perDraw = (value: string): string => `
  let draws = philox(id, u32(seed0), u32(seed1), u32(stream));
  for (var i = 0u; i < min(4u, n - 4u * id); i++) {
    let top = draws[i] >> 8u;
    m[out + 4u * id + i] = ${value};
  }`;

const uniform = {
  name: "uniform",
  numbers: { ...stream, low: "f", span: "f" },
  operands: ["out"],
  functions: philox,
  body: perDraw("low + span * (f32(top) / 16777216.0)"),
} as const satisfies Shader;

const dropoutMask = {
  name: "dropoutMask",
  numbers: { ...stream, dropped: "u", kept: "f" },
  operands: ["out"],
  functions: philox,
  body: perDraw("select(kept, 0.0, top < dropped)"),
} as const satisfies Shader;

const normal = {
  name: "normal",
  numbers: { ...stream, mean: "f", deviation: "f" },
  operands: ["out"],
  functions: philox + turnFunctions,
  body: `
  let draws = philox(id, u32(seed0), u32(seed1), u32(stream));
  for (var pair = 0u; pair < 2u; pair++) {
    let i = 4u * id + 2u * pair;
    if (i >= n) { break; }
    let u = f32((draws[2u * pair] >> 8u) + 1u) / 16777216.0;
    let turn = f32(draws[2u * pair + 1u] >> 8u) / 16777216.0;
    let radius = deviation * sqrt(-2.0 * log_(u));
    m[out + i] = mean + radius * sin_turns(turn, 1);
    if (i + 1u < n) { m[out + i + 1u] = mean + radius * sin_turns(turn, 0); }
  }`,
} as const satisfies Shader;

export function randomOps({ record }: Recorder): Pick<Ops, "uniform" | "normal" | "dropoutMask"> {
  const streamOf = (n: number, { seed, stream }: RandomKey) => ({ n, seed0: seed[0], seed1: seed[1], stream });
  const blocks = (n: number): number => Math.ceil(n / 4);
  return {
    uniform: (out, n, key, low, high) =>
      record(uniform, blocks(n), { ...streamOf(n, key), low, span: high - low }, { out }),
    normal: (out, n, key, mean, std) =>
      record(normal, blocks(n), { ...streamOf(n, key), mean, deviation: std }, { out }),
    dropoutMask: (out, n, key, p) => {
      const numbers = { ...streamOf(n, key), dropped: Math.ceil(p * 2 ** 24), kept: 1 / (1 - p) };
      record(dropoutMask, blocks(n), numbers, { out });
    },
  };
}
