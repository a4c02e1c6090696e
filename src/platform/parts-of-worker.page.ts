// The worker of a page comes in parts (scripts/worker-parts.mjs): a core, which the page has from the start, and parts that it loads
// when its worker comes to an import of one. The worker asks the page, because a worker that starts from a string knows no address.
//
// A worker runs what it is sent as a script, from a string again. A policy may allow workers like that and no such scripts. So a worker
// tries first; if it may not, the page starts one that has all parts.
import { needs, parts, workerSource } from "./worker-source.page.gen.ts";

/** What the script of a worker defines: the modules that are there, and how it asks for others. */
interface Registry {
  /** Whether all modules are there. */
  whole?: boolean;
  bring?: (module: string) => Promise<void>;
}

/** A worker's request for a module, and its answer: scripts to run, or why there are none. */
export interface PartRequest {
  readonly ask: "part";
  readonly part: string;
}
export interface PartAnswer {
  readonly part: string;
  readonly scripts?: readonly string[];
  readonly error?: string;
}

const scope = globalThis as unknown as {
  readonly distillateParts?: Registry;
  readonly importScripts?: (url: string) => void;
  postMessage(request: PartRequest): void;
};

/** Runs a script in this worker. Throws what the host throws if its policy forbids that. */
function runScript(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    scope.importScripts!(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Returns whether this worker has all that it may need, or may run what it is sent. */
export function canBringParts(): boolean {
  const { distillateParts } = scope;
  if (distillateParts === undefined || distillateParts.whole) return true;
  try {
    runScript("");
    return true;
  } catch {
    return false;
  }
}

interface Asked {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The modules that this worker has asked for, and who waits for them. */
const asked = new Map<string, { readonly done: Promise<void> } & Asked>();

function ask(part: string): Promise<void> {
  const before = asked.get(part);
  if (before) return before.done;
  let settle: Asked | undefined;
  const done = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  asked.set(part, { done, ...settle! });
  scope.postMessage({ ask: "part", part });
  return done;
}

if (scope.distillateParts) scope.distillateParts.bring = ask;

/** Handles the page's answer. A part that could not be loaded is asked for again by the next call that needs it. */
export function hearPart({ part, scripts, error }: PartAnswer): void {
  const waiting = asked.get(part);
  if (!waiting) return;
  try {
    if (!scripts) throw new Error(`a part of the library could not be loaded: ${error}`);
    for (const script of scripts) runScript(script);
    waiting.resolve();
  } catch (failure) {
    asked.delete(part);
    waiting.reject(failure as Error);
  }
}

/** Loads the scripts that a module needs and that are not in `had`, to which they are added. */
export async function scriptsFor(module: string, had: Set<number>): Promise<string[]> {
  const missing = (needs![module] ?? []).filter((file) => !had.has(file));
  const scripts = await Promise.all(missing.map(async (file) => (await parts![file]!()).part));
  for (const file of missing) had.add(file);
  return scripts;
}

/** Loads the script of a worker that has all parts. */
export async function wholeScript(): Promise<string[]> {
  const all = await Promise.all(parts!.map((load) => load()));
  return [workerSource!, ...all.map(({ part }) => part), "distillateParts.whole=true;"];
}
