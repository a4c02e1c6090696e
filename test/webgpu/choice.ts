// Which tests run on a GPU, in the project `webgpu`: those of memory and operands, of single ops, of derivatives and of whole
// networks, with the bodies that the kernels pass, and those of the GPU alone. Other tests are about what lies above a backend.

export const gpuTests: readonly string[] = [
  "test/backend-memory.test.ts",
  "test/backend-operands.test.ts",
  "test/ops/*.test.ts",
  "test/gradients/*.test.ts",
  "test/engine/golden.test.ts",
  "test/distill/twenty-steps.test.ts",
  "test/distill/trajectory-gradient.test.ts",
  "test/distill/windows-gradient.test.ts",
  "test/webgpu/*.test.ts",
];

/** Tests among these that do not run there, and why. */
export const excluded: Readonly<Record<string, string>> = {
  "test/ops/winograd.test.ts":
    "it tests the kernels' way of convolutions with fewer products; those of a GPU are direct sums",
  "test/ops/norm-pool.test.ts": "it tests ops that the kernels alone have",
};
