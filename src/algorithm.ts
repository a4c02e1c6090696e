// What an algorithm of one's own takes beside an engine: the entry `distillate/algorithm`. Addressed random draws, initial
// weights, batches and arithmetic on flat arrays, the same bits on every host. A page that only distils does not download it.
export { type NormalizedBatch, normalizedBatch } from "./data/normalized-batch.ts";
export { type InitialWeightsOptions, initialWeights } from "./distill/initial-weights.ts";
export { randomNormal, randomPermutation, randomUniform } from "./numeric/draws.ts";
export type { RandomKey } from "./numeric/philox.ts";
export { randomKey } from "./numeric/random.ts";
export { axpy, dot, norm, scale } from "./numeric/vectors.ts";
