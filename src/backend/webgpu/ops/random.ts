// Random numbers on a GPU: Philox is exact, so draws are those of every backend. One thread a block of four.
import type { RandomKey } from "../../../numeric/philox.ts";
import type { Buffer } from "../../buffer.ts";
import type { Ops } from "../../ops.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";
import { philox, turnFunctions } from "../wgsl/math.ts";

/** A network has a stream of its own, so a stream is given as an operand is. */
const stream = ["out", "seed0", "seed1", "stream"] as const;

const perDraw = (value: string): string => `
  let draws = philox(id, seed0, seed1, stream);
  for (var i = 0u; i < min(4u, n - 4u * id); i++) {
    let top = draws[i] >> 8u;
    m[out + 4u * id + i] = ${value};
  }`;

const uniform = {
  name: "uniform",
  numbers: { n: "u", low: "f", span: "f" },
  operands: stream,
  functions: philox,
  body: perDraw("low + span * (f32(top) / 16777216.0)"),
} as const satisfies Shader;

const dropoutMask = {
  name: "dropoutMask",
  numbers: { n: "u", dropped: "u", kept: "f" },
  operands: stream,
  functions: philox,
  body: perDraw("select(kept, 0.0, top < dropped)"),
} as const satisfies Shader;

const normal = {
  name: "normal",
  numbers: { n: "u", mean: "f", deviation: "f" },
  operands: stream,
  functions: philox + turnFunctions,
  body: `
  let draws = philox(id, seed0, seed1, stream);
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
  const streamOf = (out: Buffer, { seed, stream }: RandomKey) => ({ out, seed0: seed[0], seed1: seed[1], stream });
  const blocks = (n: number): number => Math.ceil(n / 4);
  return {
    uniform: (out, n, key, low, high) => record(uniform, blocks(n), { n, low, span: high - low }, streamOf(out, key)),
    normal: (out, n, key, mean, std) => record(normal, blocks(n), { n, mean, deviation: std }, streamOf(out, key)),
    dropoutMask: (out, n, key, p) => {
      const numbers = { n, dropped: Math.ceil(p * 2 ** 24), kept: 1 / (1 - p) };
      record(dropoutMask, blocks(n), numbers, streamOf(out, key));
    },
  };
}
