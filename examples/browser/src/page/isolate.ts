// Threads need two headers. If the host does not send them, a service worker adds them from the next load on.

const tried = "isolation tried";

/** How long the page waits for its service worker. Without one it runs on one thread. */
const PATIENCE_MS = 5000;

/** Returns whether the page is about to load once more, with the headers. */
export async function isolate(): Promise<boolean> {
  try {
    if (globalThis.crossOriginIsolated || !isSecureContext || !navigator.serviceWorker) return false;
    // If nothing can be stored, this throws, so the page cannot load again and again.
    if (sessionStorage.getItem(tried)) return false;
    sessionStorage.setItem(tried, "yes");
    if (!(await inTime(serving()))) return false;
  } catch {
    return false;
  }
  location.reload();
  return true;
}

async function serving(): Promise<true> {
  await navigator.serviceWorker.register("isolate.js");
  await navigator.serviceWorker.ready;
  return true;
}

/** Browsers leave a worker pending for ever that does not begin to serve. */
function inTime(promise: Promise<true>): Promise<boolean> {
  return Promise.race([promise, new Promise<false>((resolve) => setTimeout(() => resolve(false), PATIENCE_MS))]);
}
