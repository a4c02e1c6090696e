// Inputs that JavaScript and Python compute bit for bit alike (twin: peers/torch_step.py): a 32-bit integer hash of the
// index, scaled in float64 and rounded once to float32.

/** Returns h(seed)[i] in [−1, 1), a multiple of 2⁻²³. */
export function hash(i, seed) {
  let u = (Math.imul(i, 0x9e3779b1) + Math.imul(seed, 0x85ebca77) + 0x165667b1) | 0;
  u ^= u >>> 15;
  u = Math.imul(u, 0x2c1b3c6d);
  u ^= u >>> 12;
  u = Math.imul(u, 0x297a2d39);
  u ^= u >>> 15;
  return (u >>> 8) / 8388608 - 1;
}

/** Returns n floats: offset + scale·h(seed). */
export function fill(n, seed, scale = 1, offset = 0) {
  const out = new Float32Array(n);
  for (let i = 0; i < n; i++) out[i] = offset + scale * hash(i, seed);
  return out;
}

/** Returns θ of a model: parameter k has seed 100 + k, and scale and offset by its role. */
export function weights(model) {
  const theta = new Float32Array(model.parameterCount);
  model.parameters.forEach(({ role, offset, size, fanIn, fanOut }, k) => {
    // A normalisation scales by about 1 and shifts by about 0.
    if (role === "scale") theta.set(fill(size, 100 + k, 0.1, 1), offset);
    else if (role === "shift") theta.set(fill(size, 100 + k, 0.1), offset);
    else if (role === "bias") theta.set(fill(size, 100 + k, 0.05), offset);
    else theta.set(fill(size, 100 + k, Math.sqrt(6 / (fanIn + fanOut))), offset);
  });
  return theta;
}

/** 0, 1, …, classes − 1, 0, 1, … */
export const cyclic = (n, classes) => Int32Array.from({ length: n }, (_, i) => i % classes);

/** 0, 0, …, 1, 1, …: equally many of each class. */
export const byClass = (n, classes) => Int32Array.from({ length: n }, (_, i) => Math.floor((i * classes) / n));

/** η_t = base·(1 + t/T) */
export const risingRates = (base, T) => Float64Array.from({ length: T }, (_, t) => base * (1 + t / T));

/** Images [n, …] and class indices [n] as the outer loss takes them (src/inner/real-batch.ts). */
export function labelledBatch(images, targets) {
  const count = targets.length;
  const features = images.length / count;
  return {
    count,
    hard: true,
    imagesInto: (out, from) => out.set(images.subarray(from * features, from * features + out.length)),
    targetsInto: (out, from) => out.set(targets.subarray(from, from + out.length)),
  };
}
