// Workers of this page that give one answer and then end.

/** The first message of each, when its script runs. */
export const ready = "ready";

/** WebKitGTK at times does not load a script that it has loaded before, and says so without words. Asked again, it loads it. */
const attempts = 8;

/** Starts a worker whose first message is `ready`. Throws a sentence for the visitor; `failing` says what an error of its script means. */
export async function startedWorker(start: () => Worker, failing: string): Promise<Worker> {
  for (let left = attempts; left > 0; left--) {
    const worker = started(start);
    const fault = await new Promise<string | undefined>((resolve) => {
      worker.onmessage = () => resolve(undefined);
      worker.onerror = ({ message }) => resolve(message ?? "");
    });
    if (fault === undefined) return worker;
    worker.terminate();
    // An error without a message means that it did not start.
    if (fault !== "") throw new Error(`${failing}: ${fault}.`);
  }
  throw missing();
}

function started(start: () => Worker): Worker {
  try {
    return start();
  } catch {
    throw missing();
  }
}

function missing(): Error {
  return new Error(
    "The part of this page that reads files could not be started. Check that you are online and that nothing blocks its " +
      "scripts, then reload the page.",
  );
}

/** What such a worker sends. */
export type Answer<T> = { readonly value: T } | { readonly failed: string };

/** Asks a worker, and ends it after its answer. `failing` says what an error of its script means. */
export async function oneAnswer<T>(start: () => Worker, question: unknown, failing: string): Promise<T> {
  const worker = await startedWorker(start, failing);
  try {
    return await new Promise<T>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Answer<T>>) => {
        if ("value" in data) resolve(data.value);
        else reject(new Error(data.failed));
      };
      worker.onerror = ({ message }) => reject(new Error(`${failing}: ${message || "it ended"}.`));
      worker.postMessage(question);
    });
  } finally {
    worker.terminate();
  }
}
