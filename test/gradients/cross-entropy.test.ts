// The loss: cross-entropy with class indices and with soft targets, which need not be distributions.
import { describe, expect, test } from "vitest";
import { relu } from "../../src/nn/activation.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { checkDerivatives, drawPoint, engines, floats, reference, softTargets } from "./differences.ts";

const model = (classes: number) =>
  sequential([1, 2, 3], [flatten(), linear({ out: 5 }), relu(), linear({ out: classes })]);

/** Classes, images. The last batch is longer than a vector of lanes, the first one image. */
const sizes = [
  [2, 1],
  [2, 4],
  [3, 2],
  [3, 5],
  [5, 3],
  [7, 4],
  [10, 9],
] as const;

describe("cross-entropy matches central differences", () => {
  const kinds: readonly (readonly [
    kind: string,
    targets: (images: number, classes: number, seed: number) => Float64Array,
  ])[] = [
    ["distributions", softTargets],
    ["sums other than 1", (images, classes, seed) => floats(images * classes, seed).map((value) => 1.5 + value)],
    [
      "negative targets and zeros",
      (images, classes, seed) => floats(images * classes, seed).map((value, i) => (i % 3 ? value : 0)),
    ],
    [
      "one-hot rows",
      (images, classes) =>
        oneHot(
          Array.from({ length: images }, (_, i) => (i * 2 + 1) % classes),
          classes,
        ),
    ],
  ];
  for (const [kind, targets] of kinds) {
    test.each(sizes)(`${kind}: %s classes, %s images`, async (classes, images) => {
      const { point, seed } = await drawPoint(model(classes), images, 800 + 10 * classes + images);
      const soft = { ...point, targets: targets(images, classes, seed + 2) };
      await checkDerivatives(model(classes), soft, seed, `${classes} classes, ${images} images, ${kind}, seed ${seed}`);
    });
  }
});

describe("class indices", () => {
  // With one-hot rows checked above, this covers class indices.
  test.each(sizes)("give the numbers of one-hot rows: %s classes, %s images", async (classes, images) => {
    const { point, seed } = await drawPoint(model(classes), images, 900 + 10 * classes + images);
    const labels = Array.from({ length: images }, (_, i) => (i * 3 + 2) % classes);
    const vector = floats(point.parameters.length, seed + 3);
    const soft = { ...point, vector, targets: oneHot(labels, classes) };
    for (const engine of [reference, ...engines]) {
      const net = await engine.bind(model(classes));
      for (const targets of [Uint8Array.from(labels), Int32Array.from(labels)]) {
        const hard = { ...point, vector, targets };
        const label = `on ${engine.backend.name}, seed ${seed}`;
        expect(await net.gradients(hard), label).toEqual(await net.gradients(soft));
        expect(await net.hessianVectorProduct(hard), label).toEqual(await net.hessianVectorProduct(soft));
      }
    }
  });
});

test("the loss is the mean over images of −Σ y·log softmax(z)", async () => {
  const { point, seed } = await drawPoint(model(3), 2, 1000);
  const net = await reference.bind(model(3));
  const { loss, logits } = await net.gradients(point);
  let expected = 0;
  for (let image = 0; image < 2; image++) {
    const z = Float64Array.from(logits).subarray(image * 3, image * 3 + 3);
    const sum = z.reduce((total, value) => total + Math.exp(value), 0);
    z.forEach((value, k) => {
      expected -= (point.targets[image * 3 + k]! * (value - Math.log(sum))) / 2;
    });
  }
  expect(loss, `seed ${seed}`).toBeCloseTo(expected, 12);
});

test("one class has no loss and no gradient", async () => {
  const net = await reference.bind(sequential([2, 1, 1], [linear({ out: 1 })]));
  const { loss, parameters } = await net.gradients({
    parameters: floats(3, 1),
    images: floats(4, 2),
    targets: Uint8Array.of(0, 0),
  });
  expect(loss).toBe(0);
  expect([...parameters].map(Math.abs)).toEqual([0, 0, 0]);
});

function oneHot(labels: readonly number[], classes: number): Float64Array {
  const out = new Float64Array(labels.length * classes);
  labels.forEach((label, i) => {
    out[i * classes + label] = 1;
  });
  return out;
}
