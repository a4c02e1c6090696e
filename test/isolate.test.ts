// The demo's service worker (examples/browser/public/isolate.js), without a browser.
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";

/** What the worker answers to a request of its own origin, where the host answers `response`. */
async function answer(response: unknown): Promise<Response> {
  const listeners: Record<string, (event: object) => void> = {};
  const self = {
    location: { origin: "http://localhost" },
    addEventListener: (name: string, listener: (event: object) => void) => {
      listeners[name] = listener;
    },
  };
  const source = readFileSync(new URL("../examples/browser/public/isolate.js", import.meta.url), "utf8");
  runInNewContext(source, { self, URL, Headers, Response, fetch: async () => response });
  return new Promise((resolve) => {
    listeners.fetch!({ request: { url: "http://localhost/demo" }, respondWith: resolve });
  });
}

test("the demo's service worker adds the headers that isolate a page", async () => {
  const { status, headers } = await answer(new Response("page", { headers: { "Content-Type": "text/html" } }));
  expect(status).toBe(200);
  expect(Object.fromEntries(headers)).toMatchObject({
    "content-type": "text/html",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  });
});

test("the demo's service worker leaves redirects to the browser: /demo to /demo/, index.html to its folder", async () => {
  // What fetch gives for a redirect of a navigation: status 0, of which no Response can be made.
  const redirect = { type: "opaqueredirect", status: 0, statusText: "", headers: new Headers(), body: null };
  expect(await answer(redirect)).toBe(redirect);
});
