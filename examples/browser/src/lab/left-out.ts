// Says in a few words which pictures were left out of a set, and why.
import { thousands } from "./thousands.ts";

/** The most that are named; the others are counted. */
const mostNamed = 3;

/** A picture that was left out: its path, and the words that follow it. */
export interface NamedLeftOut {
  readonly path: string;
  readonly why: string;
}

/** Returns "2 pictures were left out: cat/1.png is broken (…), cat/2.heic is HEIC, …."; undefined for none. */
export function leftOutInWords(leftOut: readonly NamedLeftOut[]): string | undefined {
  if (leftOut.length === 0) return undefined;
  const were = leftOut.length === 1 ? "1 picture was" : `${thousands(leftOut.length)} pictures were`;
  return `${were} left out: ${listed(leftOut)}.`;
}

/** Names the first of each reason before others of the same one, so that every kind of fault is seen. */
export function listed(leftOut: readonly NamedLeftOut[]): string {
  const kinds = new Set<string>();
  const [firsts, others]: [NamedLeftOut[], NamedLeftOut[]] = [[], []];
  for (const one of leftOut) {
    // What stands in brackets differs from file to file.
    const kind = one.why.replace(/ ?\(.*\)/, "");
    (kinds.has(kind) ? others : firsts).push(one);
    kinds.add(kind);
  }
  const named = [...firsts, ...others].slice(0, mostNamed);
  const more = leftOut.length - named.length;
  const words = named.map(({ path, why }) => `${path} ${why}`).join("; ");
  return more === 0 ? words : `${words}; and ${thousands(more)} more`;
}
