// The calls of a coordinator that were not answered yet: how long they take, and which of them take too long.
import type { StoredMessage } from "./blobs.ts";
import type { Call } from "./job.ts";
import type { Wired } from "./wire.ts";

/** A call is asked for again when it takes so many times the median of the calls before it, and so many milliseconds at least. */
const LATE_TIMES = 4;
const LATE_MS = 5000;
/** So long a call that has not begun is trusted to be in the queue, in milliseconds. */
const TRUSTED_MS = 5000;
/** How many durations the median is taken of. */
const REMEMBERED = 101;

/** A call without an answer. */
export interface Waiting {
  readonly call: number;
  readonly name: Call;
  readonly made: Wired;
  /** Where what it is given is on the server. */
  message?: StoredMessage | undefined;
  attempt: number;
  /** How often workers failed at it. */
  failures: number;
  /** When it was last asked for, and when somebody began with it, by Date.now(). */
  asked: number;
  begun: number | undefined;
  worker?: string | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

export class Calls {
  readonly #waiting = new Map<number, Waiting>();
  readonly #durations = new Map<Call, number[]>();
  /** Messages of calls that were answered, whose arrays are still on the server. */
  #answeredMessages: StoredMessage[] = [];
  #next = 0;
  #answered = 0;
  /** When calls were answered in the last seconds. */
  #times: number[] = [];
  readonly stopped: Promise<void>;
  #tellStopped: () => void = () => {};

  constructor() {
    this.stopped = new Promise((resolve) => {
      this.#tellStopped = resolve;
    });
  }

  /** Adds a call, which `ask` asks for. Resolves with the answer, and rejects if `ask` does. */
  add(name: Call, made: Wired, ask: (waiting: Waiting) => Promise<void>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const times = { asked: Date.now(), begun: undefined };
      const waiting: Waiting = { call: this.#next++, name, made, attempt: 0, failures: 0, ...times, resolve, reject };
      this.#waiting.set(waiting.call, waiting);
      ask(waiting).catch((error) => this.reject(waiting, error));
    });
  }

  get(call: number): Waiting | undefined {
    return this.#waiting.get(call);
  }

  resolve(waiting: Waiting, value: unknown, milliseconds: number): void {
    const durations = this.#durations.get(waiting.name) ?? [];
    durations.push(milliseconds);
    if (durations.length > REMEMBERED) durations.shift();
    this.#durations.set(waiting.name, durations);
    this.#answered++;
    this.#times.push(Date.now());
    this.#forget(waiting);
    waiting.resolve(value);
  }

  reject(waiting: Waiting, reason: unknown): void {
    this.#forget(waiting);
    waiting.reject(reason);
  }

  #forget(waiting: Waiting): void {
    this.#waiting.delete(waiting.call);
    if (waiting.message) this.#answeredMessages.push(waiting.message);
  }

  /** Hands over the messages whose arrays nobody needs any more. */
  async forgotten(remove: (messages: readonly StoredMessage[]) => Promise<void>): Promise<void> {
    if (this.#waiting.size > 0) return;
    const messages = this.#answeredMessages;
    this.#answeredMessages = [];
    await remove(messages);
  }

  /** Returns the calls that have begun and take much longer than others did. */
  late(): readonly Waiting[] {
    const now = Date.now();
    return [...this.#waiting.values()].filter(({ name, begun }) => {
      const durations = this.#durations.get(name);
      if (begun === undefined || !durations) return false;
      return now - begun > Math.max(LATE_MS, LATE_TIMES * median(durations));
    });
  }

  /** Returns the calls that should be in the queue. */
  unbegun(): readonly Waiting[] {
    const before = Date.now() - TRUSTED_MS;
    return [...this.#waiting.values()].filter(({ begun, asked }) => begun === undefined && asked < before);
  }

  counts(): { readonly answered: number; readonly waiting: number; readonly rate: number } {
    const span = 10_000;
    const since = Date.now() - span;
    this.#times = this.#times.filter((time) => time > since);
    return { answered: this.#answered, waiting: this.#waiting.size, rate: (1000 * this.#times.length) / span };
  }

  /** Ends all calls with a reason. */
  stop(reason: unknown): void {
    for (const waiting of [...this.#waiting.values()]) this.reject(waiting, reason);
    this.#tellStopped();
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
