// The one exact oracle: distilled data of linear regression, known in closed form, on both backends.
import { afterAll, describe, expect, test } from "vitest";
import { type LinearCase, linearCase, linearLowerBound } from "../../src/distill/linear-case.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { orthonormalize } from "../../src/nn/orthogonal.ts";
import { expectClose, largest, paint } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";

const reference = await createEngine({ backend: "reference" });
const kernels = await createEngine({ threads: 2 });
afterAll(() => kernels.dispose());

const [count, features, outputs] = [40, 9, 2];
const inputs = Float64Array.from(paint(count * features, 1));
const targets = Float64Array.from(paint(count * outputs, 2));
const real = { inputs, targets, features };
const model = sequential([1, 1, features], [flatten(), linear({ out: outputs, bias: false })]);

/** Orthonormal rows that no axis is parallel to. */
function directions(points: number): Float64Array {
  const basis = Float64Array.from(paint(points * features, 3));
  orthonormalize(basis, points);
  return basis;
}

/** One engine step on the distilled points from θ_0, and what the outer loss on the real data says of it. */
async function step(engine: Engine, distilled: LinearCase, parameters: Float64Array | Float32Array) {
  const exact = engine === reference;
  const floats = (values: Float64Array) => (exact ? values : Float32Array.from(values));
  const net = await engine.bind(model, { loss: "mse" });
  return net.metaGradient({
    parameters,
    steps: [{ images: floats(distilled.inputs), targets: floats(distilled.targets) }],
    learningRates: [distilled.learningRate],
    real: { images: floats(inputs), targets: floats(targets) },
  });
}

const starts = [4, 5, 6].map((seed) => paint(features * outputs, seed, 25));

describe.each([
  ["unit vectors", undefined],
  ["a basis askew", directions(features)],
])("D points along %s", (_, basis) => {
  const distilled = linearCase({ ...real, learningRate: 0.3, ...(basis && { basis }) });

  test.each(starts.map((start, i) => [i, start] as const))(
    "reach θ* in one step from θ_0 number %i",
    async (_, start) => {
      const exact = await step(reference, distilled, Float64Array.from(start));
      expectClose(exact.parameters, distilled.optimum, 1e-12, "reference", largest(start));
      const fast = await step(kernels, distilled, start);
      // A step from weights near 25: what is left is their rounding to float32, 25·6e-8 a term.
      expectClose(fast.parameters, distilled.optimum, 1e-6, "kernels", largest(start));
    },
  );

  test("leave nothing to learn: all meta-gradients are 0, that of θ_0 too", async () => {
    const { images, targets, learningRates, initial } = await step(reference, distilled, Float64Array.from(starts[0]!));
    for (const gradient of [images[0]!, targets[0]!, learningRates, initial]) {
      expect(largest(gradient)).toBeLessThan(1e-11);
    }
    expect(distilled.untouched).toHaveLength(0);
  });
});

describe("D − 1 points", () => {
  const points = features - 1;
  const distilled = linearCase({ ...real, points, learningRate: 2, basis: directions(points) });
  const along = (theta: ArrayLike<number>, k: number, row: Float64Array) =>
    row.reduce((sum, value, j) => sum + value * theta[k * features + j]!, 0);

  test("leave one direction of θ as it was, and bring all others to θ*", async () => {
    const row = distilled.untouched;
    expect(row).toHaveLength(features);
    expectClose([along(row, 0, row)], [1], 1e-14, "a unit vector");
    for (const start of starts) {
      const { parameters } = await step(reference, distilled, Float64Array.from(start));
      for (let k = 0; k < outputs; k++) {
        const [before, after] = [along(start, k, row), along(parameters, k, row)];
        expectClose([after], [before], 1e-12, `output ${k}`, 25);
        expect(Math.abs(before - along(distilled.optimum, k, row))).toBeGreaterThan(0.1);
        // Without that direction the rest is θ*.
        const rest = (theta: ArrayLike<number>) =>
          Array.from(row, (value, j) => theta[k * features + j]! - value * along(theta, k, row));
        expectClose(rest(parameters), rest(distilled.optimum), 1e-12, `output ${k}`, 25);
      }
    }
  });

  test("so the outer loss still depends on θ_0, along that direction alone", async () => {
    const { initial } = await step(reference, distilled, Float64Array.from(starts[0]!));
    for (let k = 0; k < outputs; k++) {
      const slope = along(initial, k, distilled.untouched);
      expect(Math.abs(slope)).toBeGreaterThan(0.1);
      const expected = Array.from(distilled.untouched, (value) => slope * value);
      expectClose(initial.subarray(k * features, (k + 1) * features), expected, 1e-12, `output ${k}`);
    }
  });
});

test("the lower bound is the number of features: 784 for MNIST", () => {
  expect(linearLowerBound(784)).toBe(784);
  expect(linearCase(real).lowerBound).toBe(features);
  expect(() => linearLowerBound(0)).toThrow(RangeError);
});

test("θ* is a minimum: its residuals are orthogonal to all inputs", () => {
  const { optimum } = linearCase(real);
  for (let k = 0; k < outputs; k++) {
    const residual = Array.from({ length: count }, (_, i) => {
      const row = inputs.subarray(i * features, (i + 1) * features);
      return row.reduce((sum, value, j) => sum + value * optimum[k * features + j]!, -targets[i * outputs + k]!);
    });
    const slopes = Array.from({ length: features }, (_, j) =>
      residual.reduce((sum, r, i) => sum + r * inputs[i * features + j]!, 0),
    );
    expect(largest(slopes)).toBeLessThan(1e-13 * count);
  }
});

test.skipIf(noPyTorch)("θ* is that of torch.linalg.lstsq", () => {
  const program = `
d, t = (torch.tensor(given[k], dtype=torch.float64).reshape(40, -1) for k in ("inputs", "targets"))
print(json.dumps(torch.linalg.lstsq(d, t).solution.T.reshape(-1).tolist()))
`;
  expectClose(linearCase(real).optimum, pytorch(program, { inputs, targets }) as number[], 1e-13, "seeds 1 and 2");
});

test.each([
  [{ points: features + 1 }, RangeError, `"points" expected at most ${features}, one for each feature, got 10`],
  [{ learningRate: 0 }, RangeError, '"learningRate" expected a number > 0, got 0'],
  [{ inputs: inputs.subarray(1) }, undefined, `"inputs" expected n × ${features} numbers`],
  [{ inputs: inputs.subarray(0, 8 * 9) }, undefined, `"inputs" expected n × ${features} numbers`],
  [{ targets: targets.subarray(1) }, undefined, `"targets" expected ${count} × outputs numbers, got 79`],
  [{ basis: new Float64Array(5) }, undefined, `"basis" expected 9 × ${features} numbers, got 5`],
  [{ basis: new Float64Array(81).fill(1) }, RangeError, '"basis" expected orthonormal rows, got 9 as the product'],
  [
    { inputs: inputs.map((value, at) => (at % 9 === 8 ? inputs[at - 1]! - inputs[at - 2]! : value)) },
    RangeError,
    `"inputs" expected rank ${features}, but feature 8 is a combination of those before it`,
  ],
])("what does not fit is refused: %#", (wrong, Class, message) => {
  expect(() => linearCase({ ...real, ...wrong })).toThrow(message);
  if (Class) expect(() => linearCase({ ...real, ...wrong })).toThrow(Class);
});
