// The public names of the entry `distillate/algorithm`: what an algorithm of one's own needs beside an engine. These are addressed
// random draws, initial weights, batches and arithmetic on flat arrays, which have the same bits on every host. A page that only
// distils does not download it.
export { type NormalizedBatch, normalizedBatch } from "./data/normalized-batch.ts";
export { type InitialWeightsOptions, initialWeights } from "./distill/initial-weights.ts";
export { randomNormal, randomPermutation, randomUniform } from "./numeric/draws.ts";
export type { RandomKey } from "./numeric/philox.ts";
export { randomKey } from "./numeric/random.ts";
export { axpy, dot, norm, scale } from "./numeric/vectors.ts";
