// Workers of this page that give one answer and then end.

/** Starts a worker, or throws a sentence for the visitor. */
export function started(start: () => Worker): Worker {
  try {
    return start();
  } catch {
    throw missing();
  }
}

export function missing(): Error {
  return new Error(
    "The part of this page that reads files could not be started. Check that you are online and that nothing blocks its " +
      "scripts, then reload the page.",
  );
}

/** What such a worker sends. */
export type Answer<T> = { readonly value: T } | { readonly failed: string };

/** Asks a worker that begins with `question`, and ends it after its answer. `failing` says what an error of its script means. */
export function oneAnswer<T>(start: () => Worker, question: unknown, failing: string): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const worker = started(start);
    const end = (): void => worker.terminate();
    worker.onmessage = ({ data }: MessageEvent<Answer<T>>) => {
      end();
      if ("value" in data) resolve(data.value);
      else reject(new Error(data.failed));
    };
    // An error without a message means that it did not start.
    worker.onerror = ({ message }) => {
      end();
      reject(message ? new Error(`${failing}: ${message}.`) : missing());
    };
    worker.postMessage(question);
  });
}
