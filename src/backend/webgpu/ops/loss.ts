// Losses on a GPU, by the formulas of reference/loss.ts: one thread an image.
import type { Ops } from "../../ops.ts";
import type { LossShape } from "../../shapes.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";
import { expLog } from "../wgsl/math.ts";

const numbers = { classes: "u", images: "u", lanes: "u" } as const;

const oneHot = {
  name: "oneHot",
  numbers,
  operands: ["out", "labels"],
  body: `
  let image = id % lanes;
  var value = 0.0;
  if (image < images && u32(m[labels + image]) == id / lanes) { value = 1.0; }
  m[out + id] = value;`,
} as const satisfies Shader;

const overClasses = (inner: string): string => `
  for (var k = 0u; k < classes; k++) {
    let f = k * lanes + id;
    ${inner}
  }`;

const crossEntropy = {
  name: "crossEntropy",
  numbers,
  operands: ["losses", "chances", "dz", "dy", "z", "y"],
  functions: expLog,
  body: `
  let real = id < images;
  var largest = m[z + id];
  var target_sum = 0.0;${overClasses(`largest = max(largest, m[z + f]);
    target_sum += m[y + f];`)}
  var sum = 0.0;${overClasses("sum += exp_(m[z + f] - largest);")}
  let log_sum = log_(sum);
  var loss = 0.0;${overClasses(`let log_p = m[z + f] - largest - log_sum;
    let chance = exp_(log_p);
    let wanted = m[y + f];
    m[chances + f] = chance;
    loss -= wanted * log_p;
    m[dz + f] = select(0.0, (target_sum * chance - wanted) / f32(images), real);
    if (dy != NONE) { m[dy + f] = select(0.0, -log_p / f32(images), real); }`)}
  m[losses + id] = select(0.0, loss, real);`,
} as const satisfies Shader;

const crossEntropyR = {
  name: "crossEntropyR",
  numbers,
  operands: ["rdz", "rdy", "chances", "y", "rz"],
  body: `
  let real = id < images;
  var target_sum = 0.0;
  var mean = 0.0;${overClasses(`target_sum += m[y + f];
    mean += m[chances + f] * m[rz + f];`)}
  ${overClasses(`let centred = m[rz + f] - mean;
    m[rdz + f] = select(0.0, target_sum * m[chances + f] * centred / f32(images), real);
    if (rdy != NONE) { m[rdy + f] = select(0.0, -centred / f32(images), real); }`)}`,
} as const satisfies Shader;

const squaredError = {
  name: "squaredError",
  numbers,
  operands: ["losses", "dz", "dy", "z", "y"],
  body: `
  let real = id < images;
  var loss = 0.0;${overClasses(`let error = m[z + f] - m[y + f];
    loss += error * error / 2.0;
    m[dz + f] = select(0.0, error / f32(images), real);
    if (dy != NONE) { m[dy + f] = select(0.0, -error / f32(images), real); }`)}
  m[losses + id] = select(0.0, loss, real);`,
} as const satisfies Shader;

const squaredErrorR = {
  name: "squaredErrorR",
  numbers,
  operands: ["rdz", "rdy", "rz"],
  body: `
  let real = id < images;${overClasses(`let r = m[rz + f] / f32(images);
    m[rdz + f] = select(0.0, r, real);
    if (rdy != NONE) { m[rdy + f] = select(0.0, -r, real); }`)}`,
} as const satisfies Shader;

const labelMargin = {
  name: "labelMargin",
  numbers: { ...numbers, cap: "f" },
  operands: ["losses", "dy", "y"],
  body: `
  let real = id < images;
  var first = 0u;
  for (var k = 1u; k < classes; k++) { if (m[y + k * lanes + id] > m[y + first * lanes + id]) { first = k; } }
  var second = select(0u, 1u, first == 0u);
  for (var k = second + 1u; k < classes; k++) {
    if (k != first && m[y + k * lanes + id] > m[y + second * lanes + id]) { second = k; }
  }
  let gap = m[y + first * lanes + id] - m[y + second * lanes + id];
  for (var k = 0u; k < classes; k++) { m[dy + k * lanes + id] = 0.0; }
  m[losses + id] = select(0.0, -min(gap, cap), real);
  if (real && gap < cap) {
    m[dy + first * lanes + id] = -1.0 / f32(images);
    m[dy + second * lanes + id] = 1.0 / f32(images);
  }`,
} as const satisfies Shader;

export function lossOps({
  record,
}: Recorder): Pick<
  Ops,
  "oneHot" | "crossEntropy" | "crossEntropyR" | "squaredError" | "squaredErrorR" | "labelMargin"
> {
  const numbersOf = ({ classes, images, lanes }: LossShape) => ({ classes, images, lanes });
  return {
    oneHot: (out, labels, shape) => record(oneHot, shape.classes * shape.lanes, numbersOf(shape), { out, labels }),
    crossEntropy: (losses, p, dz, dy, z, y, shape) =>
      record(crossEntropy, shape.lanes, numbersOf(shape), { losses, chances: p, dz, dy, z, y }),
    crossEntropyR: (rdz, rdy, p, y, rz, shape) =>
      record(crossEntropyR, shape.lanes, numbersOf(shape), { rdz, rdy, chances: p, y, rz }),
    squaredError: (losses, dz, dy, z, y, shape) =>
      record(squaredError, shape.lanes, numbersOf(shape), { losses, dz, dy, z, y }),
    squaredErrorR: (rdz, rdy, rz, shape) => record(squaredErrorR, shape.lanes, numbersOf(shape), { rdz, rdy, rz }),
    labelMargin: (losses, dy, y, cap, shape) =>
      record(labelMargin, shape.lanes, { ...numbersOf(shape), cap }, { losses, dy, y }),
  };
}
