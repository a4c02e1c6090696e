// Whole numbers as people write them. `toLocaleString` would make a browser load what it knows of all languages, which keeps the page
// busy when it opens.

/** Writes a whole number with a comma before each three digits. */
export function thousands(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}
