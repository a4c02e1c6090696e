// LeNet against values that PyTorch computed in float64 (../shared/golden/lenet, absent from a user's clone).
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { lenet } from "../../src/nn/zoo.ts";

const folder = new URL("../../../shared/golden/lenet/", import.meta.url);
const present = existsSync(folder);
if (!present) console.log(`skipped: no golden values at ${folder.pathname}`);

const bytes = (name: string): ArrayBuffer => {
  const file = readFileSync(new URL(`lenet.${name}.bin`, folder));
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
};
const f32 = (name: string): Float32Array => new Float32Array(bytes(name));
const f64 = (name: string): Float64Array => new Float64Array(bytes(name));

/** ‖actual − expected‖ / ‖expected‖ */
function normError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let error = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    error += (actual[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(error / norm);
}

/** Float64 loops differ from PyTorch's by the order of sums; float32 kernels by rounding. Relative, in norm. */
const TOLERANCE = { reference: 1e-9, wasm: 1e-4 };

describe.skipIf(!present).each(["reference", "wasm"] as const)("LeNet on %s agrees with PyTorch", (backend) => {
  const tolerance = TOLERANCE[backend];
  const labels = Uint8Array.from({ length: 10 }, (_, i) => i);
  const block = (s: number) => ({ images: f32("x").subarray(s * 7840, (s + 1) * 7840), targets: labels });
  const withEngine = async <T>(use: (engine: Engine) => Promise<T>): Promise<T> => {
    const engine = await createEngine({ backend, threads: 2 });
    try {
      return await use(engine);
    } finally {
      await engine.dispose();
    }
  };

  test("in the weights' gradient and the inner loss", () =>
    withEngine(async (engine) => {
      const net = await engine.bind(lenet());
      const { loss, parameters } = await net.gradients({ parameters: f32("w0"), ...block(0) });
      expect(Math.abs(loss - 2.3920956478199105)).toBeLessThan(tolerance * 3);
      expect(normError(parameters, f64("grad_w0"))).toBeLessThan(tolerance);
    }));

  test("in the Hessian-vector products", () =>
    withEngine(async (engine) => {
      const net = await engine.bind(lenet());
      const product = await net.hessianVectorProduct({ parameters: f32("w0"), vector: f32("v"), ...block(0) });
      expect(normError(product.parameters, f64("hv"))).toBeLessThan(tolerance);
      expect(normError(product.images, f64("mixed_x"))).toBeLessThan(tolerance);
    }));

  test.each(["store", "recompute", 4 * 2 ** 20] as const)(
    "in the meta-gradient of four inner steps (memory %s)",
    (memory) =>
      withEngine(async (engine) => {
        const net = await engine.bind(lenet());
        const raw = f64("raw_lr");
        const result = await net.metaGradient({
          parameters: f32("w0"),
          steps: [block(0), block(1)],
          epochs: 2,
          learningRates: raw.map((r) => Math.log1p(Math.exp(r))),
          real: { images: f32("real_x"), targets: new Int32Array(bytes("real_y")) },
          memory,
        });
        expect(Math.abs(result.loss - 2.378006622708471)).toBeLessThan(tolerance * 3);
        expect(normError(result.parameters, f64("wT"))).toBeLessThan(tolerance);
        const images = Float64Array.from([...result.images[0]!, ...result.images[1]!]);
        expect(normError(images, f64("grad_x"))).toBeLessThan(tolerance);
        const rawGradient = Float64Array.from(result.learningRates, (g, t) => g / (1 + Math.exp(-raw[t]!)));
        expect(normError(rawGradient, f64("grad_raw_lr"))).toBeLessThan(tolerance);
      }),
  );
});
