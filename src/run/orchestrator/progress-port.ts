// The orchestrator's end of a call's port: sends progress at most ten times a second; receives more, end or abort.
import type { Control, ProgressMessage } from "./api.ts";

/** Milliseconds between two progress messages. */
const INTERVAL = 100;

export class ProgressPort {
  /** Aborts when the page's signal does. */
  readonly signal: AbortSignal;
  readonly #port: MessagePort;
  readonly #listeners: Set<(notice: string) => void>;
  readonly #notice = (notice: string): void => this.send({ notice });
  /** The number of messages that may be sent before the reader asks again: a reader that keeps up is never waited for. */
  #credit = 1;
  #ended = false;
  #next = 0;
  #held: unknown;
  #wake: () => void = () => {};

  /** Until it ends, it is one of `listeners`, to pass on what the engine does without. */
  constructor(port: MessagePort, listeners: Set<(notice: string) => void>) {
    this.#listeners = listeners;
    listeners.add(this.#notice);
    const abort = new AbortController();
    this.signal = abort.signal;
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<Control>) => {
      if (data === "more") this.#credit++;
      else this.#ended = true;
      if (data === "abort") abort.abort();
      this.#wake();
    };
  }

  /** Whether the page wants no more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Sends the progress if a message is due, else keeps it for the end. */
  offer(progress: unknown): void {
    this.#held = progress;
    if (performance.now() >= this.#next) this.#send();
  }

  /** Waits until the reader asks for progress again, or wants no more. */
  async asked(): Promise<void> {
    while (this.#credit <= 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Sends what was kept back, and that no more will come. */
  end(): void {
    this.#listeners.delete(this.#notice);
    if (this.#held !== undefined) this.#send();
    this.send("end");
  }

  /** Sends a message that must not be left out. */
  send(message: ProgressMessage): void {
    this.#port.postMessage(message);
  }

  #send(): void {
    this.send({ progress: this.#held });
    this.#held = undefined;
    this.#credit--;
    this.#next = performance.now() + INTERVAL;
  }
}
