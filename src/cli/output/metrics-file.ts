// Reads metrics.jsonl line by line, whoever wrote it: nothing is kept of a line that nobody wants.

/** The limit on a line, which is a small object. */
export const longestLine: number = 2 ** 12;

/** Yields where each line begins and ends; after the last line feed, what is left of a line that was cut. */
export function* linesOf(bytes: Uint8Array): Generator<{ readonly start: number; readonly end: number }> {
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    yield { start, end };
    start = end + 1;
  }
}
