// Starts everything in a page that is not the page itself, orchestrators, workers and kernel threads, from one script. Its
// first message says which of them it becomes (run/orchestrator/main.page.ts).
//
// The page starts them all. A worker that needs one asks the page that started it, and then speaks to it over a port of its
// own: messages do not go through the page, which would keep the kernels' memory until it collects garbage, and
// WebKit would then have no room for a sixteenth. The worker asks because in Firefox (seen in 153) a worker that starts
// workers sometimes hangs for ever in `new Worker`, and some browsers cannot start workers in workers at all. A worker
// of your own cannot ask, and so has one thread in Firefox.
import { isFirefox } from "./firefox.ts";
import type { WorkerScript } from "./worker-script.ts";
import { workerSource } from "./worker-source.page.gen.ts";

/** A worker that was started, by this thread or for it. */
export interface ScriptWorker {
  onmessage: (data: unknown) => void;
  /** Called when the worker did not start, or did not catch an error; the message may be empty. */
  onerror: (message: string) => void;
  postMessage(message: unknown, transfer?: Transferable[]): void;
  terminate(): void;
}

/** A worker's request to the page about a worker that it needs, by a number of its own. */
type Request =
  | { readonly child: number; readonly ask: "start"; readonly port: MessagePort }
  | { readonly child: number; readonly ask: "terminate" };

/** The page's answer about a worker that could not start, or died. */
interface Answer {
  readonly child: number;
  readonly error: string;
}

/** The first message to a worker that another one asked for; that other one says over the port what it becomes. */
export interface AskedBy {
  readonly asker: MessagePort;
}

/**
 * Returns why this thread should start no workers, or undefined if it may. In Firefox a worker that starts workers sometimes
 * hangs in `new Worker`. No test tells when it will, so the browser is recognised by its name.
 */
export function workersObstacle(): string | undefined {
  // The library's own workers ask the page for theirs.
  if (workerSource === undefined || "document" in globalThis) return undefined;
  if (!isFirefox()) return undefined;
  return (
    "in Firefox a worker that starts workers sometimes hangs for ever: for more threads, call the library in the " +
    "page itself, which starts a worker for it"
  );
}

/**
 * Starts the given script, or else the embedded one, with the code `part` before it. Throws what the host throws. A script that
 * is given has that code.
 */
export function startScript(script?: WorkerScript, part: string = ""): ScriptWorker {
  // The script does not contain itself: without a source, this code runs in it.
  return workerSource === undefined ? new AskedFor() : new Started(script, part);
}

/** The URLs of the embedded script, by the code before it. */
const embedded = new Map<string, string>();

function newWorker(script: WorkerScript | undefined, part: string): Worker {
  if (typeof script === "function") return script();
  if (typeof Worker === "undefined") throw new Error("this host has no workers");
  if (script !== undefined) return new Worker(script, { type: "module" });
  const url = embedded.get(part) ?? URL.createObjectURL(new Blob([part, workerSource!], { type: "text/javascript" }));
  embedded.set(part, url);
  return new Worker(url);
}

/** A worker of this thread; it also starts those that it asks for. */
class Started implements ScriptWorker {
  onmessage: (data: unknown) => void = () => {};
  onerror: (message: string) => void = () => {};
  readonly #script: WorkerScript | undefined;
  readonly #worker: Worker;
  readonly #children = new Map<number, Started>();

  constructor(script: WorkerScript | undefined, part = "") {
    this.#script = script;
    this.#worker = newWorker(script, part);
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
    if (ask === "terminate") {
      this.#children.get(number)?.terminate();
      this.#children.delete(number);
      return;
    }
    const answer = (error: string): void => this.#worker.postMessage({ child: number, error } satisfies Answer);
    try {
      const child = new Started(this.#script);
      child.onerror = answer;
      this.#children.set(number, child);
      child.postMessage({ asker: request.port } satisfies AskedBy, [request.port]);
    } catch (error) {
      answer((error as Error).message);
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
  readonly #port: MessagePort;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }) => this.onmessage(data);
    askedFor.set(this.#child, this);
    scope.postMessage({ child: this.#child, ask: "start", port: port2 }, [port2]);
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  terminate(): void {
    askedFor.delete(this.#child);
    this.#port.close();
    scope.postMessage({ child: this.#child, ask: "terminate" });
  }
}

/** Handles the page's message about a worker that was asked for; returns false if it is about something else. */
export function hear(data: object): boolean {
  if (!("child" in data)) return false;
  const { child, error } = data as Answer;
  askedFor.get(child)?.onerror(error);
  return true;
}
