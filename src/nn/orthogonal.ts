// Makes the rows or columns of a matrix orthonormal by modified Gram–Schmidt in float64. It uses only + − × ÷ and
// the square root, in one order, so that every engine gets the same bits.
// docs/math.md §4 describes this.

/**
 * Replaces `matrix` [rows, columns] by one with orthonormal columns, or rows if there are fewer of them. This is the Q
 * of a QR decomposition whose R has a positive diagonal, so normal numbers become an orthogonal matrix drawn uniformly
 * from all there are (Mezzadri 2007).
 */
export function orthonormalize(matrix: Float64Array, rows: number): void {
  const columns = matrix.length / rows;
  if (rows < columns) {
    orthonormalizeRows(matrix, rows, columns);
    return;
  }
  const transposed = transpose(matrix, rows, columns);
  orthonormalizeRows(transposed, columns, rows);
  matrix.set(transpose(transposed, columns, rows));
}

function orthonormalizeRows(matrix: Float64Array, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) {
    const row = matrix.subarray(i * columns, (i + 1) * columns);
    const norm = Math.sqrt(inner(row, row));
    // A row of zeros, such as a draw of 0 for a matrix of one number, stays as it is.
    if (norm > 0) for (let k = 0; k < columns; k++) row[k]! /= norm;
    for (let j = i + 1; j < rows; j++) {
      const other = matrix.subarray(j * columns, (j + 1) * columns);
      const share = inner(row, other);
      for (let k = 0; k < columns; k++) other[k]! -= share * row[k]!;
    }
  }
}

function inner(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += x[k]! * y[k]!;
  return sum;
}

function transpose(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j]!;
  return out;
}
