// Mean squared error with class indices and with soft targets.
import { describe, expect, test } from "vitest";
import { tanh } from "../../src/nn/activation.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { checkDerivatives, drawPoint, engines, floats, inner, reference } from "./differences.ts";

const model = (classes: number) =>
  sequential([1, 2, 3], [flatten(), linear({ out: 5 }), tanh(), linear({ out: classes })]);
const bound = (classes: number, engine = reference) => engine.bind(model(classes), { loss: "mse" });

/** Classes, images. The last batch is longer than a vector of lanes, the first one image. */
const sizes = [
  [1, 3],
  [2, 1],
  [2, 4],
  [3, 2],
  [3, 5],
  [5, 3],
  [7, 4],
  [10, 9],
] as const;

describe("mean squared error matches central differences", () => {
  test.each(sizes)("distributions: %s classes, %s images", async (classes, images) => {
    const { point, seed } = await drawPoint(model(classes), images, 3000 + 10 * classes + images);
    const label = `${classes} classes, ${images} images, seed ${seed}`;
    await checkDerivatives(model(classes), point, seed, label, { loss: "mse" });
  });

  test.each(sizes)("any real targets: %s classes, %s images", async (classes, images) => {
    const { point, seed } = await drawPoint(model(classes), images, 3100 + 10 * classes + images);
    const soft = { ...point, targets: floats(images * classes, seed + 2, 3) };
    const label = `${classes} classes, ${images} images, seed ${seed}`;
    await checkDerivatives(model(classes), soft, seed, label, { loss: "mse" });
  });
});

test.each(sizes)("class indices give the numbers of one-hot rows: %s classes, %s images", async (classes, images) => {
  const { point, seed } = await drawPoint(model(classes), images, 3200 + 10 * classes + images);
  const labels = Uint8Array.from({ length: images }, (_, i) => (i * 3 + 2) % classes);
  const rows = new Float64Array(images * classes);
  labels.forEach((label, i) => {
    rows[i * classes + label] = 1;
  });
  const at = { ...point, vector: floats(point.parameters.length, seed + 3) };
  const [hard, soft] = [
    { ...at, targets: labels },
    { ...at, targets: rows },
  ];
  for (const engine of [reference, ...engines]) {
    const net = await bound(classes, engine);
    const label = `on ${engine.backend.name}, seed ${seed}`;
    expect(await net.gradients(hard), label).toEqual(await net.gradients(soft));
    expect(await net.hessianVectorProduct(hard), label).toEqual(await net.hessianVectorProduct(soft));
  }
});

test("the loss is the mean over images of half the squared distance", async () => {
  const { point, seed } = await drawPoint(model(3), 2, 3300);
  const { loss, logits } = await (await bound(3)).gradients(point);
  const errors = Float64Array.from(logits, (z, i) => z - point.targets[i]!);
  const expected = inner(errors, errors) / 4;
  expect(loss, `seed ${seed}`).toBeCloseTo(expected, 12);
});
