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
  {
    file: "tiles",
    line: "export const LINEAR_FEW: i32 = 24;",
    change: "*",
    why: "a batch whose weights are packed and one that reads them in place have the same order of each sum",
  },
  {
    file: "gemm",
    line: "if (left >= 12 || left == 10) {",
    change: ">= → >",
    why: "narrower tiles take the last 12 columns, with the same order of each sum",
  },
  {
    file: "columns",
    line: "const high = i64x2.shuffle(v, v, 1, 1);",
    change: "1 → 0",
    why: "of the result only the first half is read",
  },
  {
    file: "thread",
    line: "let seen = 0;",
    change: "0 → 1",
    why: "a thread then looks once for work before there is any, or leaves the first job to the others",
  },
  {
    file: "pool2d-windows",
    line: "for (let i = 0; i < rows; i++) {",
    change: "< → <=",
    why: "no winner lies in the row after the window",
  },
  {
    file: "winograd-block",
    line: "export const FOUR: usize = ZEROS + 64;",
    change: "64 → 63",
    why: "of the line of zeros 16 bytes are read",
  },
  {
    file: "winograd-block",
    line: "const laneBlocks = (shape.lanes + laneBlock - 1) / laneBlock;",
    change: "1 → 2",
    why: "lanes are even, and so is a block of them: one lane is never left over",
  },
  {
    file: "winograd-weights",
    line: "for (let p: usize = 0; p < 36; p++) {",
    change: "36 → 37",
    why: "a 37th sum goes to a place of the scratch that nobody reads",
  },
  {
    file: "conv2d-backward-weights",
    line: "for (let j = 0; j < WEIGHT_TAPS; j++) {",
    change: "< → <=",
    why: "a fifth offset is overwritten by the next tile's first, and after the last tile by zeros",
  },
  {
    file: "columns",
    line: "for (let row: usize = 0; row < size; row += rows) {",
    change: "< → <=",
    why: "a round without positions adds 0",
  },
  {
    file: "columns",
    line: "const SPAN: usize = (<usize>NORM_SPAN) << 2;",
    change: "2 → 4",
    why: "it walks down more lanes at once, each with the same sums",
  },
  {
    file: "norm-apply",
    line: "const last = min(size, row + rows);",
    change: "+ → -",
    why: "the first round goes over all rows, and those after it over none",
  },
  {
    file: "rare/recolor",
    line: "high = f64x2.add(high, f64x2.promote_low_f32x4(i64x2.shuffle(sum, sum, 1, 1)));",
    change: "1 → 2",
    why: "only the lower half of what is shuffled is added",
  },
  {
    file: "rare/recolor",
    line: "high = f64x2.add(high, f64x2.promote_low_f32x4(i64x2.shuffle(sum, sum, 1, 1)));",
    change: "1 → 0",
    why: "only the lower half of what is shuffled is added",
  },
  {
    file: "thread",
    line: "atomic.notify(GENERATION, -1);",
    change: "1 → 2",
    why: "counts are unsigned, so it wakes all threads too",
  },
  {
    file: "conv2d-backward-weights",
    line: "const t = min(group * WEIGHT_TAPS + j, depth - 1);",
    change: "1 → 0",
    why: "the sums of taps that there are not are stored nowhere",
  },
  {
    file: "gemm",
    line: "} else if (rows >= 2) {",
    change: "2 → 4",
    why: "rows one by one have the same order of each sum",
  },
  {
    file: "gemm",
    line: "if (left >= 8) {",
    change: "8 → 7",
    why: "the columns that are left are an even number",
  },
  {
    file: "memory-map",
    line: "export const SHARED_SCRATCH: usize = 96 * 1024;",
    change: "96 → 192",
    why: "threads have more scratch than they use",
  },
  {
    file: "memory-map",
    line: "export const DONE: usize = 256;",
    change: "256 → 512",
    why: "the counter moves to a place that nothing else has",
  },
  {
    file: "rare/local-response-norm",
    line: "const TILE: usize = (<usize>RESPONSE_FLOATS) << 2;",
    change: "2 → 4",
    why: "tiles are larger, and those behind the end are empty",
  },
  {
    file: "gemm-narrow-tiles",
    line: "if (columns > 1) v = v128.load32_lane(y + 4, v, 1);",
    change: "1 → 0",
    why: "the second of two columns, where there is one, is stored nowhere",
  },
  {
    file: "linear",
    line: "const inPlace = lanes <= LINEAR_FEW && (twelves || lanes % 8 == 0);",
    change: "0 → -1",
    why: "a batch whose weights are packed and one that reads them in place have the same order of each sum",
  },
  {
    file: "winograd",
    line: "const place = changetype<OutputPlace>(tmp + 1024);",
    change: "1024 → 1023",
    why: "of the 1,024 bytes before it 576 are used",
  },
  {
    file: "tiles",
    line: "export const LINEAR_SIDE: i32 = 64;",
    change: "64 → 63",
    why: "other tiles have the same order of each sum",
  },
  {
    file: "pool2d",
    line: "const square = s.kernelHeight === 2 && s.kernelWidth === 2 && s.stride === 2 && s.padding === 0;",
    change: "*",
    why: "2×2 windows without padding go the way of all others then, and with a padding there are more than `quads` allows",
  },
  {
    file: "rare/warp2d",
    line: "warp(false, job.y, job.x, job.matrices, job, begin * WARP_LANES, min(job.lanes, end * WARP_LANES));",
    change: "* → /",
    why: "a chunk also does images of the chunks before it, which write the same values",
  },
  {
    file: "rare/warp2d",
    line: "if (!(row > -1 && row < <f64>height && column > -1 && column < <f64>width)) {",
    change: "> → >=",
    why: "a place exactly one pixel outside has no neighbour with a weight, and so is 0 too",
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
