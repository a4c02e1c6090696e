// LeNet against values that PyTorch computed in float64 (../shared/golden/lenet, absent from a user's clone).
import { describe, expect, test } from "vitest";
import { createEngine } from "../../src/engine/engine.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { enginesUnderTest, onGpu } from "../backends-under-test.ts";
import { golden, goldenPlace, goldenPresent } from "../golden.ts";
import { noteResidual } from "../residuals.ts";
import { networkTolerances } from "../tolerances.ts";

if (!goldenPresent) console.log(`skipped: no golden values at ${goldenPlace}`);

const f32 = (name: string): Float32Array => new Float32Array(golden(name));
const f64 = (name: string): Float64Array => new Float64Array(golden(name));

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

/** Float64 loops differ from PyTorch's by the order of sums; float32 engines by rounding. Relative, in norm. */
const referenceTolerance = 1e-9;
const engineTolerance = networkTolerances.lenet;

const labels = Uint8Array.from({ length: 10 }, (_, i) => i);
const block = (s: number) => ({ images: f32("x").subarray(s * 7840, (s + 1) * 7840), targets: labels });

const engines = [await createEngine({ backend: "reference" }), ...(await enginesUnderTest())];
// The reference is compared in the project `unit`.
const names = onGpu ? ["webgpu"] : ["reference", "wasm"];

describe.skipIf(!goldenPresent).each(names)("LeNet on %s agrees with PyTorch", (name) => {
  const engine = engines.find(({ backend }) => backend.name === name)!;
  const ofReference = name === "reference";
  const tolerance = ofReference ? referenceTolerance : engineTolerance;
  const close = (error: number): void => {
    if (!ofReference) noteResidual("lenet", error);
    expect(error).toBeLessThan(tolerance);
  };

  test("in the weights' gradient and the inner loss", async () => {
    const net = await engine.bind(lenet());
    const { loss, parameters } = await net.gradients({ parameters: f32("w0"), ...block(0) });
    close(Math.abs(loss - 2.3920956478199105) / 3);
    close(normError(parameters, f64("grad_w0")));
  });

  test("in the Hessian-vector products", async () => {
    const net = await engine.bind(lenet());
    const product = await net.hessianVectorProduct({ parameters: f32("w0"), vector: f32("v"), ...block(0) });
    close(normError(product.parameters, f64("hv")));
    close(normError(product.images, f64("mixed_x")));
  });

  test.each(["store", "recompute", 4 * 2 ** 20] as const)(
    "in the meta-gradient of four inner steps (memory %s)",
    async (memory) => {
      const net = await engine.bind(lenet());
      const raw = f64("raw_lr");
      const result = await net.metaGradient({
        parameters: f32("w0"),
        steps: [block(0), block(1)],
        epochs: 2,
        learningRates: raw.map((r) => Math.log1p(Math.exp(r))),
        real: { images: f32("real_x"), targets: new Int32Array(golden("real_y")) },
        memory,
      });
      close(Math.abs(result.loss - 2.378006622708471) / 3);
      close(normError(result.parameters, f64("wT")));
      const images = Float64Array.from([...result.images[0]!, ...result.images[1]!]);
      close(normError(images, f64("grad_x")));
      const rawGradient = Float64Array.from(result.learningRates, (g, t) => g / (1 + Math.exp(-raw[t]!)));
      close(normError(rawGradient, f64("grad_raw_lr")));
    },
  );
});
