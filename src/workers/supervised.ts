// Speaks to one worker through comlink, which leaves a call pending for ever when the worker dies. Here every call ends:
// with the answer, with what the worker threw, or with the reason for which the worker was stopped or died.
import { type ProxyMethods, type Remote, releaseProxy, transferHandlers, wrap } from "comlink";
import { WorkerError } from "../errors.ts";
import { thrown } from "../kinds.ts";
import { MessageChannel } from "../platform/platform.ts";
import type { StartedWorker, StartWorker } from "./start.ts";
import { withClass } from "./thrown.ts";

/** A port; in Node it keeps a program alive unless `unref` is called. */
type Port = MessagePort & { ref?(): void; unref?(): void };

// comlink speaks to an object of a worker over a port of its own. That port must not keep a program alive until it is
// collected as garbage; while a call is running, the worker's port does.
const proxies = transferHandlers.get("proxy")!;
transferHandlers.set("proxy", {
  ...proxies,
  deserialize(port) {
    const remote: unknown = proxies.deserialize(port);
    (port as Port).unref?.();
    return remote;
  },
});

/** A call without an answer yet; emptied when the worker is stopped. */
interface Call<T> {
  resolve: ((value: T) => void) | undefined;
  reject: ((reason: unknown) => void) | undefined;
}

/**
 * Ends `call` with the answer. comlink keeps the promise of an answer that never comes as long as a proxy's port, and the
 * port as long as the proxy. So that promise must not lead to a proxy, and holds only the call.
 */
function whenAnswered<T>(answer: Promise<T>, call: Call<T>): void {
  answer.then(
    (value) => call.resolve?.(value),
    (error) => call.reject?.(error),
  );
}

// An error that a worker throws is thrown here with its class. comlink makes an Error and assigns its name, which fails if
// the prototypes of errors are frozen.
transferHandlers.set("throw", {
  ...transferHandlers.get("throw")!,
  deserialize({ isError, value }: { readonly isError: boolean; readonly value: unknown }): never {
    throw isError ? withClass(value as Error) : value;
  },
});

export class SupervisedWorker<Api> {
  readonly #worker: StartedWorker;
  readonly #port: Port;
  readonly #api: Remote<Api>;
  readonly #pending = new Set<Call<never>>();
  #end: { readonly reason: unknown; readonly stopped: Promise<unknown> } | undefined;

  /** Throws WorkerError. If the worker dies, calls end with one. */
  constructor(name: string, start: StartWorker) {
    const { port1, port2 } = new MessageChannel();
    const die: Parameters<StartWorker>[1] = (why, options) =>
      void this.stop(new WorkerError(`${name}: ${why}`, options));
    this.#port = port1;
    try {
      this.#worker = start(port2, die);
    } catch (error) {
      port1.close();
      throw new WorkerError(`${name}: could not start: ${thrown(error).message}`, { cause: error });
    }
    port1.addEventListener("messageerror", () => die("an answer could not be read"));
    this.#api = wrap<Api>(port1);
  }

  /** The reason for which it was stopped, if it was. */
  get reason(): unknown {
    return this.#end?.reason;
  }

  call<T>(task: (api: Remote<Api>) => Promise<T>): Promise<T> {
    if (this.#end) return Promise.reject(this.#end.reason);
    return new Promise((resolve, reject) => {
      const call: Call<T> = {
        resolve: (value) => {
          this.#answered(call);
          resolve(value);
        },
        reject: (reason) => {
          this.#answered(call);
          reject(reason);
        },
      };
      this.#pending.add(call);
      // An idle worker must not keep a finished program alive; a busy one must.
      if (this.#pending.size === 1) this.#keepAlive(true);
      const answer = async (): Promise<T> => task(this.#api);
      whenAnswered(answer(), call);
    });
  }

  /** Ends all calls with `reason`, now and later, and stops the worker at once; the first reason counts. */
  async stop(reason: unknown): Promise<void> {
    if (!this.#end) {
      // This comes first: in Deno a worker reports its end while it is being terminated.
      const end = { reason, stopped: Promise.resolve() as Promise<unknown> };
      this.#end = end;
      // The listeners of the port lead back here: without this, comlink would keep both, and so the worker, for ever.
      (this.#api as ProxyMethods)[releaseProxy]();
      this.#port.close();
      end.stopped = this.#worker.terminate();
      const unanswered = [...this.#pending];
      this.#pending.clear();
      for (const call of unanswered) {
        call.reject?.(reason);
        call.resolve = call.reject = undefined;
      }
    }
    await this.#end.stopped;
  }

  #answered(call: Call<never>): void {
    if (this.#pending.delete(call) && this.#pending.size === 0) this.#keepAlive(false);
  }

  #keepAlive(wanted: boolean): void {
    if (wanted) this.#port.ref?.();
    else this.#port.unref?.();
    this.#worker.keepAlive(wanted);
  }
}
