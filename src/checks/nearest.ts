// Suggests the closest known name for a misspelt one.

/** Returns the candidate nearest to `name`, if changing at most a third of `name` turns it into that candidate. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  // A far longer name cannot be near any of them, and comparing it takes its length times theirs.
  const longest = candidates.reduce((most, { length }) => Math.max(most, length), 0);
  if (name.length > 2 * longest) return undefined;
  const distances = candidates.map((candidate) => ({ candidate, distance: editDistance(name, candidate) }));
  const best = distances.reduce((a, b) => (b.distance < a.distance ? b : a), { candidate: "", distance: Infinity });
  return best.distance <= best.candidate.length / 3 ? best.candidate : undefined;
}

/** Counts the characters to insert, delete, replace or swap with the next (restricted Damerau–Levenshtein). */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swaps = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swapped = swaps ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1, swapped));
    }
    before = row;
    row = next;
  }
  return row[to.length]!;
}
