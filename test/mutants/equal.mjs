// Slips in the kernels that change no result, each with the reason: no test can see them.

/** A file of assembly/, the line as it is written, the change of which the id tells ("*": all), and why. */
const equal = [
  {
    file: "layout",
    line: "const first = begin * PACK_FEATURES;",
    change: "* → /",
    why: "a chunk also does tiles of the chunks before it, which write the same values",
  },
  {
    file: "avg-pool2d",
    line: "const tiled = quads && 2 * oh === h && 2 * ow === w;",
    change: "2 → 1",
    why: "planes that 2×2 windows cover wholly are filled with zeros before all of them is written",
  },
  {
    file: "winograd-backward-weights",
    line: "const ldv = <usize>block.cells * ldc + ((<usize>WINOGRAD_SKEW) << 2);",
    change: "*",
    why: "the floats between two matrices of the scratch lie there for the cache alone",
  },
  {
    file: "conv2d",
    line: "for (let from = 0; from < depth; from += FORWARD_TAPS) {",
    change: "< → <=",
    why: "where it takes one more pass, that pass has no taps and adds 0",
  },
  {
    file: "gemm",
    line: "for (; left >= 16; left -= 16, yr += 64, xr += 64) tile1x16(yr, a, lda, xr, offsets, end, b, accumulate);",
    change: "16 → 17",
    why: "narrower tiles take the last 16 columns, with the same order of each sum",
  },
];

/** Why a mutant is equal to the kernels; undefined if it is not known to be. */
export function whyEqual({ id, path, line }) {
  const found = equal.find(
    (each) =>
      path === `assembly/${each.file}.ts` && line === each.line && (each.change === "*" || id.endsWith(each.change)),
  );
  return found?.why;
}
