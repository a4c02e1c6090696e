// Starts everything in a page that is not the page itself, orchestrators, workers and kernel threads, from one script. Its
// first message says which of them it becomes (run/orchestrator/main.page.ts).
//
// The page starts them all. A worker that needs one asks the page that started it, and then speaks to it over a port of its
// own: messages do not go through the page, which would keep the kernels' memory until it collects garbage, and
// WebKit would then have no room for a sixteenth. The worker asks because in Firefox (seen in 153) a worker that starts
// workers sometimes hangs for ever in `new Worker`, and some browsers cannot start workers in workers at all. A worker
// of your own cannot ask, and so has one thread in Firefox.
import { isFirefox } from "./firefox.ts";
import { hearPart, type PartAnswer, type PartRequest, scriptsFor, wholeScript } from "./parts-of-worker.page.ts";
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
type ChildRequest =
  | { readonly child: number; readonly ask: "start"; readonly port: MessagePort }
  | { readonly child: number; readonly ask: "terminate" };

/** A worker's request to start another one in its place that has all parts, and to say there what was said to it. */
interface WholeRequest {
  readonly ask: "whole";
  readonly said: unknown;
  readonly ports: MessagePort[];
}

type Request = ChildRequest | PartRequest | WholeRequest;

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
 * Starts the given script, or else the embedded one. In a page `children` others start at the same time, for which the worker is
 * expected to ask: each takes some ten milliseconds to start.
 */
export function startScript(script?: WorkerScript, children: number = 0): ScriptWorker {
  // The script does not contain itself: without a source, this code runs in it.
  return workerSource === undefined ? new AskedFor() : new Started(script, children);
}

/** The URL of the embedded script. */
let embedded: string | undefined;

/** Whether a worker of this page said that it may not run the parts that it is sent. */
let refused = false;

const urlOf = (texts: string[]): string => URL.createObjectURL(new Blob(texts, { type: "text/javascript" }));

function newWorker(script: WorkerScript | undefined): Worker {
  if (typeof script === "function") return script();
  if (typeof Worker === "undefined") throw new Error("this host has no workers");
  if (script !== undefined) return new Worker(script, { type: "module" });
  embedded ??= urlOf([workerSource!]);
  return new Worker(embedded);
}

/** A message to a worker, and what goes with it. */
type Sent = readonly [message: unknown, transfer: Transferable[]];

/** A worker of this thread; it also starts those that it asks for, and loads the parts. */
class Started implements ScriptWorker {
  onmessage: (data: unknown) => void = () => {};
  onerror: (message: string) => void = () => {};
  readonly #script: WorkerScript | undefined;
  #worker: Worker | undefined;
  /** What is to be said when there is a worker. */
  #unsaid: Sent[] = [];
  #ended = false;
  readonly #children = new Map<number, Started>();
  /** Workers that it has not asked for yet. */
  #ahead: Started[] = [];
  /** The parts that it was sent. */
  readonly #had = new Set<number>();

  constructor(script: WorkerScript | undefined, children: number = 0) {
    this.#script = script;
    if (script === undefined && refused) void this.#startWhole();
    else this.#become(newWorker(script));
    for (let i = 0; i < children; i++) this.#startAhead();
  }

  /** Starts a worker before it is asked for. If that fails, whoever asks for one hears why from the next. */
  #startAhead(): void {
    try {
      const child = new Started(this.#script);
      child.onerror = () => {
        child.terminate();
        this.#ahead = this.#ahead.filter((other) => other !== child);
      };
      this.#ahead.push(child);
    } catch {}
  }

  #endAhead(): void {
    for (const child of this.#ahead) child.terminate();
    this.#ahead = [];
  }

  #become(worker: Worker): void {
    this.#worker = worker;
    worker.onerror = ({ message }) => this.onerror(message);
    worker.onmessage = ({ data }: MessageEvent<Request>) => {
      if (typeof data === "object" && "ask" in data) this.#do(data);
      else this.onmessage(data);
    };
    for (const [message, transfer] of this.#unsaid) worker.postMessage(message, transfer);
    this.#unsaid = [];
  }

  /** Starts a worker with all parts. */
  async #startWhole(): Promise<void> {
    try {
      const url = urlOf(await wholeScript());
      if (!this.#ended) this.#become(new Worker(url));
    } catch (error) {
      this.onerror((error as Error).message);
    }
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    if (this.#worker) this.#worker.postMessage(message, transfer);
    else this.#unsaid.push([message, transfer]);
  }

  terminate(): void {
    this.#ended = true;
    for (const child of this.#children.values()) child.terminate();
    this.#children.clear();
    this.#endAhead();
    this.#worker?.terminate();
  }

  #do(request: Request): void {
    if (request.ask === "part") void this.#bring(request.part);
    else if (request.ask === "whole") {
      refused = true;
      this.#endAhead();
      this.#worker!.terminate();
      this.#worker = undefined;
      this.#unsaid.push([request.said, request.ports]);
      void this.#startWhole();
    } else this.#doForChild(request);
  }

  async #bring(part: string): Promise<void> {
    const answer = await scriptsFor(part, this.#had).then(
      (scripts) => ({ part, scripts }),
      (error) => ({ part, error: (error as Error).message }),
    );
    this.postMessage(answer satisfies PartAnswer);
  }

  #doForChild(request: ChildRequest): void {
    const { child: number, ask } = request;
    if (ask === "terminate") {
      this.#children.get(number)?.terminate();
      this.#children.delete(number);
      return;
    }
    const answer = (error: string): void => this.postMessage({ child: number, error } satisfies Answer);
    try {
      const child = this.#ahead.pop() ?? new Started(this.#script);
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

/** Asks the page for a worker in the place of this one that has all parts. */
export function giveWayToWhole(said: unknown, ports: MessagePort[]): void {
  scope.postMessage({ ask: "whole", said, ports }, ports);
}

/** Handles the page's answer about a worker or a part that was asked for; returns false for any other message. */
export function hear(data: object): boolean {
  if ("part" in data) {
    hearPart(data as PartAnswer);
    return true;
  }
  if (!("child" in data)) return false;
  const { child, error } = data as Answer;
  askedFor.get(child)?.onerror(error);
  return true;
}
