// Threads need two headers. If the host does not send them, a service worker adds them from the next load on.

const tried = "isolation tried";

/** Returns whether the page is about to load once more, with the headers. */
export async function isolate(): Promise<boolean> {
  try {
    if (globalThis.crossOriginIsolated || !isSecureContext || !navigator.serviceWorker) return false;
    // If nothing can be stored, this throws, so the page cannot load again and again.
    if (sessionStorage.getItem(tried)) return false;
    sessionStorage.setItem(tried, "yes");
    await navigator.serviceWorker.register("isolate.js");
    await navigator.serviceWorker.ready;
  } catch {
    return false;
  }
  location.reload();
  return true;
}
