// Kernels of infinitely wide ReLU networks on a GPU, by the formulas of reference/arc-cosine.ts, in numbers of 64 bits
// (wgsl/wide.ts): the angle between two images that are nearly the same is the root of a difference.
// docs/math.md §12 has the formulas.
import type { Ops } from "../../ops.ts";
import type { Recorder } from "../recorder.ts";
import type { Shader } from "../shader.ts";
import { wide, wideConstant } from "../wgsl/wide.ts";
import { cholesky, gram, triangle } from "./ridge.ts";

/** The digits of π and of 1/π, as whole numbers over a power of 2. */
const PI = wideConstant(0xc90fdaa22168c235n, 1n << 62n);
const INVERSE_PI = wideConstant(0xa2f9836e4e44152an, 1n << 65n);

/** 1, 1/3, … 1/23: atan t = t·Σ (−t²)^n / (2n + 1), and t is below 0.199. */
const reciprocals = Array.from({ length: 12 }, (_, n) => wideConstant(1n, BigInt(2 * n + 1)));

const kernel = `
const SAME = 1e-12;
var<private> RECIPROCALS: array<Wide, 12> = array<Wide, 12>(${reciprocals.join(", ")});

/** The angle in [0, π] whose cosine is k/q and whose sine is r/q. */
fn wide_angle(k: Wide, r: Wide, q: Wide) -> Wide {
  let one = wide_of(1.0);
  // The tangent of half the angle, or of half of what it lacks to π; then of a quarter and of an eighth.
  var t = wide_divide(r, wide_add(q, Wide(k.high, k.low, k.exponent, false)));
  for (var i = 0; i < 2; i++) {
    t = wide_divide(t, wide_add(one, wide_sqrt(wide_add(one, wide_multiply(t, t)))));
  }
  let z = wide_minus(wide_multiply(t, t));
  var sum = RECIPROCALS[11];
  for (var n = 10; n >= 0; n--) { sum = wide_add(RECIPROCALS[n], wide_multiply(z, sum)); }
  var angle = wide_multiply(t, sum);
  angle.exponent += select(3, 0, angle.high == 0u);
  if (k.negative) { return wide_add(${PI}, wide_minus(angle)); }
  return angle;
}

struct Kernel { value: Wide, ds: Wide, da: Wide }

fn kernel_of(s: Wide, a_: Wide, b_: Wide, depth: u32, tangent: bool) -> Kernel {
  let none_ = wide_of(0.0);
  let half = wide_of(0.5);
  var a = a_;
  var b = b_;
  var k = s;
  var t = s;
  var ks = wide_of(1.0);
  var ka = none_;
  var ts = ks;
  var ta = none_;
  for (var layer = 0u; layer < depth; layer++) {
    let ab = wide_multiply(a, b);
    var square = wide_add(ab, wide_minus(wide_multiply(k, k)));
    if (square.negative) { square = none_; }
    let r = wide_sqrt(square);
    let angle = wide_angle(k, r, wide_sqrt(ab));
    let open = wide_add(wide_of(1.0), wide_minus(wide_multiply(angle, ${INVERSE_PI})));
    var steep = none_;
    if (float_of(wide_divide(square, ab)) > SAME) { steep = wide_multiply(wide_divide(t, r), ${INVERSE_PI}); }
    let half_a = wide_divide(half, a);
    let before = wide_add(ka, wide_minus(wide_multiply(k, half_a)));
    ka = wide_add(wide_multiply(open, ka), wide_multiply(wide_multiply(r, half_a), ${INVERSE_PI}));
    ta = wide_add(wide_add(ka, wide_multiply(open, ta)), wide_multiply(steep, before));
    ts = wide_add(wide_multiply(open, wide_add(ks, ts)), wide_multiply(steep, ks));
    ks = wide_multiply(open, ks);
    let lost = wide_multiply(wide_add(r, wide_minus(wide_multiply(angle, k))), ${INVERSE_PI});
    k = wide_add(wide_add(k, lost), BIAS);
    t = wide_add(k, wide_multiply(open, t));
    a = wide_add(a, BIAS);
    b = wide_add(b, BIAS);
  }
  if (tangent) { return Kernel(t, ts, ta); }
  return Kernel(k, ks, ka);
}
`;

/** Σ of the first layer from a product of images. */
const covariance = `
/** The variance of biases; that of weights is 2 over the number of inputs. */
const BIAS = ${wideConstant(1n, 100n)};
fn covariance_of(product: Wide, features: u32) -> Wide {
  return wide_add(wide_divide(wide_multiply(wide_of(2.0), product), wide_of(f32(features))), BIAS);
}
`;

/** A pair of images a thread. */
const pairs = {
  name: "arcCosineKernel",
  numbers: { features: "u", images: "u", lanes: "u", yImages: "u", yLanes: "u", depth: "u", tangent: "u" },
  operands: ["k", "ds", "da", "x", "y"],
  functions: wide + covariance + kernel,
  body: `
  let i = id / yLanes;
  let j = id % yLanes;
  var value = 0.0;
  var by_s = 0.0;
  var by_a = 0.0;
  if (i < images && j < yImages) {
    var xy = wide_of(0.0);
    var xx = wide_of(0.0);
    var yy = wide_of(0.0);
    for (var d = 0u; d < features; d++) {
      let u = m[x + d * lanes + i];
      let v = m[y + d * yLanes + j];
      xy = wide_add(xy, wide_product(u, v));
      xx = wide_add(xx, wide_product(u, u));
      yy = wide_add(yy, wide_product(v, v));
    }
    let found = kernel_of(
      covariance_of(xy, features), covariance_of(xx, features), covariance_of(yy, features), depth, tangent == 1u,
    );
    value = float_of(found.value);
    by_s = float_of(found.ds);
    by_a = float_of(found.da);
  }
  m[k + id] = value;
  if (ds != NONE) { m[ds + id] = by_s; }
  if (da != NONE) { m[da + id] = by_a; }`,
} as const satisfies Shader;

/** Turns an entry below the diagonal of a triangle of products into that of the kernel. */
const rows = {
  name: "arcCosineRows",
  numbers: { features: "u", depth: "u", tangent: "u" },
  operands: ["factor"],
  functions: wide + triangle + covariance + kernel,
  body: `
  // Entry \`id\` of those below the diagonal: row i has i of them.
  var i = u32((sqrt(8.0 * f32(id) + 1.0) + 1.0) / 2.0);
  while (i * (i - 1u) / 2u > id) { i--; }
  while ((i + 1u) * i / 2u <= id) { i++; }
  let j = id - i * (i - 1u) / 2u;
  let a = covariance_of(wide_get(entry(factor, i, i)), features);
  let b = covariance_of(wide_get(entry(factor, j, j)), features);
  let s = covariance_of(wide_get(entry(factor, i, j)), features);
  wide_put(entry(factor, i, j), kernel_of(s, a, b, depth, tangent == 1u).value);`,
} as const satisfies Shader;

/** The diagonal, where the angle is 0: Σ grows by the variance of biases a layer, and Θ is the sum of all Σ. */
const diagonal = {
  name: "arcCosineDiagonal",
  numbers: { features: "u", depth: "u", tangent: "u" },
  operands: ["factor"],
  functions: wide + triangle + covariance,
  body: `
  var k = covariance_of(wide_get(entry(factor, id, id)), features);
  var t = k;
  for (var layer = 0u; layer < depth; layer++) {
    k = wide_add(k, BIAS);
    t = wide_add(k, t);
  }
  if (tangent == 1u) { k = t; }
  wide_put(entry(factor, id, id), k);`,
} as const satisfies Shader;

/** An element of a product a thread. */
const product = {
  name: "wideProduct",
  numbers: { length_: "u", lanes: "u" },
  operands: ["out", "a", "b"],
  functions: wide,
  body: `
  let row = a + (id / lanes) * length_;
  var place = b + id % lanes;
  var sum = wide_of(0.0);
  for (var t = 0u; t < length_; t++) {
    sum = wide_add(sum, wide_product(m[row + t], m[place]));
    place += lanes;
  }
  m[out + id] = float_of(sum);`,
} as const satisfies Shader;

type KernelOps = "arcCosineKernel" | "arcCosineFactor" | "wideProduct";

export function kernelOps({ record }: Recorder): Pick<Ops, KernelOps> {
  return {
    arcCosineKernel(k, ds, da, x, y, { features, images, lanes, yImages, yLanes, depth, tangent }) {
      const numbers = { features, images, lanes, yImages, yLanes, depth, tangent: tangent ? 1 : 0 };
      record(pairs, lanes * yLanes, numbers, { k, ds, da, x, y });
    },
    arcCosineFactor(factor, x, ridge, { features, images, lanes, depth, tangent }) {
      const numbers = { features, depth, tangent: tangent ? 1 : 0 };
      record(gram, (images * (images + 1)) / 2, { depth: features, lanes }, { factor, features: x });
      record(rows, (images * (images - 1)) / 2, numbers, { factor });
      record(diagonal, images, numbers, { factor });
      record(cholesky, 1, { images, ridge }, { factor });
    },
    wideProduct: (out, a, b, count, length, lanes) =>
      record(product, count * lanes, { length_: length, lanes }, { out, a, b }),
  };
}
