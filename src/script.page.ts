// The one script that everything in a page which is not the page itself starts from: orchestrators, workers and kernel
// threads. Its first message says which of them it is to be (worker/main.page.ts).
//
// The page starts them all. A worker that wants one asks the page that started it, and then speaks to it through the page:
// a worker of Firefox (seen in 153) that starts workers itself now and then stands still in `new Worker`, for ever, and
// some browsers have no workers of workers at all.
import type { WorkerScript } from "./worker/script.ts";
import { workerSource } from "./worker/worker-source.page.gen.ts";

/** A worker that was started, by this thread or for it. */
export interface ScriptWorker {
  onmessage: (data: unknown) => void;
  /** It could not start, or did not catch an error; the message may be empty. */
  onerror: (message: string) => void;
  postMessage(message: unknown, transfer?: Transferable[]): void;
  terminate(): void;
}

/** What a worker says to the page of a worker that it wants, by a number of its own. */
type Request =
  | { readonly child: number; readonly ask: "start" | "terminate" }
  | { readonly child: number; readonly ask: "post"; readonly message: unknown; readonly transfer: Transferable[] };

/** What it hears of it. */
type Answer = { readonly child: number } & ({ readonly message: unknown } | { readonly error: string });

/** Starts the script: the given one, else the one that is embedded here. Throws what the host throws. */
export function startScript(script?: WorkerScript): ScriptWorker {
  // The script does not hold itself: then this is it.
  return workerSource === undefined ? new AskedFor() : new Started(script);
}

let embedded: string | undefined;

function newWorker(script: WorkerScript | undefined): Worker {
  if (typeof script === "function") return script();
  if (script !== undefined) return new Worker(script, { type: "module" });
  embedded ??= URL.createObjectURL(new Blob([workerSource!], { type: "text/javascript" }));
  return new Worker(embedded);
}

/** A worker of this thread, and those that it asks for. */
class Started implements ScriptWorker {
  onmessage: (data: unknown) => void = () => {};
  onerror: (message: string) => void = () => {};
  readonly #script: WorkerScript | undefined;
  readonly #worker: Worker;
  readonly #children = new Map<number, Started>();

  constructor(script: WorkerScript | undefined) {
    this.#script = script;
    this.#worker = newWorker(script);
    this.#worker.onerror = ({ message }) => this.onerror(message);
    this.#worker.onmessage = ({ data }: MessageEvent<Request>) => {
      if (typeof data === "object" && "ask" in data) this.#do(data);
      else this.onmessage(data);
    };
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  terminate(): void {
    for (const child of this.#children.values()) child.terminate();
    this.#children.clear();
    this.#worker.terminate();
  }

  #do(request: Request): void {
    const { child: number, ask } = request;
    const answer = (answer: Answer): void => this.#worker.postMessage(answer);
    try {
      if (ask === "start") {
        const child = new Started(this.#script);
        child.onmessage = (message) => answer({ child: number, message });
        child.onerror = (error) => answer({ child: number, error });
        this.#children.set(number, child);
      } else if (ask === "post") {
        this.#children.get(number)?.postMessage(request.message, request.transfer);
      } else {
        this.#children.get(number)?.terminate();
        this.#children.delete(number);
      }
    } catch (error) {
      answer({ child: number, error: (error as Error).message });
    }
  }
}

const scope = globalThis as unknown as { postMessage(request: Request, transfer?: Transferable[]): void };
const askedFor = new Map<number, AskedFor>();
let count = 0;

/** A worker that the page started for this one. */
class AskedFor implements ScriptWorker {
  onmessage: (data: unknown) => void = () => {};
  onerror: (message: string) => void = () => {};
  readonly #child = ++count;

  constructor() {
    askedFor.set(this.#child, this);
    scope.postMessage({ child: this.#child, ask: "start" });
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    scope.postMessage({ child: this.#child, ask: "post", message, transfer }, transfer);
  }

  terminate(): void {
    askedFor.delete(this.#child);
    scope.postMessage({ child: this.#child, ask: "terminate" });
  }
}

/** Takes what the page says of a worker that was asked for; false if it is about something else. */
export function hear(data: object): boolean {
  if (!("child" in data)) return false;
  const { child, ...answer } = data as Answer;
  if ("error" in answer) askedFor.get(child)?.onerror(answer.error);
  else askedFor.get(child)?.onmessage(answer.message);
  return true;
}
