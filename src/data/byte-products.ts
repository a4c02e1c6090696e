// Sums of products of bytes, for covariances (docs/math.md §15). They are whole numbers below 2⁵³ and so exact in float64, in whatever order. That
// also allows two sums in one: with a = p + 2²⁶·q the sum of a·b is Σp·b + 2²⁶·Σq·b, which comes apart again as long as
// Σp·b < 2²⁶. It does for 1,024 images.

const shift = 2 ** 26;
/** Images at a time: their bytes as float64 stay in a core's cache. */
const together = 256;
/** Values whose products are summed at a time: pairs on the one side, single ones on the other. */
const [pairs, singles] = [4, 4];

/** Sums over the images. */
export interface ByteProducts {
  /** Σ of each value, [D]. */
  readonly sums: Float64Array;
  /** Σ of each two values' product, [D, D]; only what stands on and below the diagonal. */
  readonly products: Float64Array;
}

/** Sums the values of `count` images of `size` bytes, and their products in pairs. It yields which share is done. */
export function* byteProducts(pixels: Uint8Array, count: number, size: number): Generator<number, ByteProducts> {
  const sums = new Float64Array(size);
  const products = new Float64Array(size * size);
  const padded = Math.ceil(size / (2 * pairs)) * 2 * pairs;
  const single = new Float64Array(padded * together);
  const paired = new Float64Array(pairs * together);
  for (let from = 0; from < count; from += together) {
    const n = Math.min(together, count - from);
    // [group of four values, image, value]; values beyond the last are 0.
    for (let i = 0; i < n; i++) {
      for (let v = 0; v < size; v++) {
        const byte = pixels[(from + i) * size + v]!;
        sums[v]! += byte;
        single[(v - (v % singles)) * together + i * singles + (v % singles)] = byte;
      }
    }
    for (let row = 0; row < size; row += 2 * pairs) {
      for (let i = 0; i < n; i++) {
        for (let p = 0; p < pairs; p++) {
          const low = row + 2 * p;
          const at = (low - (low % singles)) * together + i * singles + (low % singles);
          paired[i * pairs + p] = single[at]! + shift * single[at + 1]!;
        }
      }
      const last = Math.min(size, row + 2 * pairs);
      for (let column = 0; column < last; column += singles) {
        addTile(
          products,
          size,
          row,
          column,
          paired,
          single.subarray(column * together, (column + singles) * together),
          n,
        );
      }
      yield (from + (n * last) / size) / count;
    }
  }
  return { sums, products };
}

/** Adds the sums of eight rows and four columns over n images. */
function addTile(
  products: Float64Array,
  size: number,
  row: number,
  column: number,
  paired: Float64Array,
  single: Float64Array,
  n: number,
): void {
  let [a0, a1, a2, a3, b0, b1, b2, b3] = [0, 0, 0, 0, 0, 0, 0, 0];
  let [c0, c1, c2, c3, d0, d1, d2, d3] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < n * singles; i += singles) {
    const [x, y, z, u] = [single[i]!, single[i + 1]!, single[i + 2]!, single[i + 3]!];
    let p = paired[i]!;
    a0 += p * x;
    a1 += p * y;
    a2 += p * z;
    a3 += p * u;
    p = paired[i + 1]!;
    b0 += p * x;
    b1 += p * y;
    b2 += p * z;
    b3 += p * u;
    p = paired[i + 2]!;
    c0 += p * x;
    c1 += p * y;
    c2 += p * z;
    c3 += p * u;
    p = paired[i + 3]!;
    d0 += p * x;
    d1 += p * y;
    d2 += p * z;
    d3 += p * u;
  }
  const added = [a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3];
  const columns = Math.min(singles, size - column);
  for (let pair = 0; pair < pairs; pair++) {
    for (let c = 0; c < columns; c++) {
      const both = added[pair * singles + c]!;
      const high = Math.floor(both / shift);
      const at = (row + 2 * pair) * size + column + c;
      if (row + 2 * pair < size) products[at]! += both - high * shift;
      if (row + 2 * pair + 1 < size) products[at + size]! += high;
    }
  }
}
