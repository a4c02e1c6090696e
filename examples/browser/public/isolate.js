// A service worker that adds the headers without which browsers let no page share memory with its threads. It keeps nothing: what
// the page is made of comes from the host, at each visit.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (new URL(request.url).origin !== self.location.origin) return;
  // The page names its parts, so an old page would ask for parts that are gone. The browser's cache must ask whether it is old.
  const page = request.mode === "navigate";
  event.respondWith(
    fetch(request, page ? { cache: "no-cache" } : {}).then((response) => {
      // The browser must follow a redirect: it has no status from which a response could be made.
      if (response.status === 0) return response;
      const headers = new Headers(response.headers);
      // A host that sends them has no use for this worker any more.
      if (page && headers.has("Cross-Origin-Embedder-Policy")) void self.registration.unregister();
      headers.set("Cross-Origin-Opener-Policy", "same-origin");
      headers.set("Cross-Origin-Embedder-Policy", "require-corp");
      return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
    }),
  );
});
