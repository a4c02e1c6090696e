// Work in parts: a generator that yields wherever others may run in between. A backend that computes at once would otherwise
// keep its thread for a whole outer step, which may take a minute, and nobody could stop it.
import type { AbortSignal } from "../host-types.ts";
import { nextTask } from "./platform.ts";

/** Work that others may interrupt where it yields. */
export type Parts = Iterable<unknown>;

/** How long the thread is kept. */
const mostMilliseconds = 50;

/** Does all parts at once. */
export function atOnce(parts: Parts): void {
  for (const _ of parts);
}

/** Does all parts of a generator at once, and returns what it returns. */
export function doneAtOnce<T>(work: Generator<unknown, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/**
 * Returns a promise that is awaited only after parts that follow. Whoever awaits it hears of its failure then; without this, the
 * host would take a failure that comes before for one that nobody hears of, and Node would end the process.
 */
export function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Does a part of each work in turn, and others may run after each round. */
export function* inTurns(works: readonly Parts[]): Parts {
  let left = works.map((work) => work[Symbol.iterator]());
  try {
    while (left.length > 0) {
      left = left.filter((work) => !work.next().done);
      yield;
    }
  } finally {
    for (const work of left) work.return?.();
  }
}

/** Does the parts of a generator as `inParts` does, and returns what it returns. */
export async function doneInParts<T>(work: Generator<unknown, T>, signal?: AbortSignal): Promise<T> {
  let result: { readonly value: T } | undefined;
  function* parts(): Parts {
    result = { value: yield* work };
  }
  await inParts(parts() as Iterable<unknown>, signal);
  return result!.value;
}

/** Does the parts, and lets others run about every 50 ms. Throws the signal's reason when it aborts. */
export async function inParts(parts: Parts, signal?: AbortSignal): Promise<void> {
  let since = performance.now();
  for (const _ of parts) {
    if (performance.now() - since < mostMilliseconds) continue;
    await nextTask();
    signal?.throwIfAborted();
    since = performance.now();
  }
}
