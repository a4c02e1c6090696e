// A page loads the parts of its worker, and of the library, that its calls need, each once, and has Node's results with them.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as library from "../../src/index.ts";
import { type Browser, type BrowserPage, describeInBrowsers, launch } from "./browsers.ts";
import { calls } from "./page/calls.js";
import { type Headers, openSite, type Site } from "./site.ts";

let site: Site;
const expected = new Map<string, unknown>();

beforeAll(async () => {
  site = await openSite();
  for (const [name, call] of Object.entries(calls(library))) expected.set(name, await call({ threads: 1 }));
});
afterAll(async () => site?.close());

const names = Object.keys(calls(library));

describeInBrowsers(String, (name) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch(name);
  });
  afterAll(async () => browser?.close());

  const opened = async (headers: Headers = {}): Promise<BrowserPage> => browser.open(await site.url(headers));

  const result = (page: BrowserPage, call: string, options = "{}"): Promise<unknown> =>
    page.evaluate(`import("./calls.js").then(({ calls }) => calls(library)[${JSON.stringify(call)}](${options}))`);

  /** The files of the worker's parts that the page has loaded, in the order of their names. */
  const parts = async (page: BrowserPage): Promise<string[]> => {
    const urls = await page.evaluate<string[]>('performance.getEntriesByType("resource").map(({ name }) => name)');
    return urls.flatMap((url) => /worker-part-(\d+)\./.exec(url)?.[1] ?? []).sort();
  };

  test.each(names)("%s has Node's result where its parts are loaded on demand, and loads none twice", async (call) => {
    const page = await opened();
    try {
      expect(await result(page, call)).toEqual(expected.get(call));
      const first = await parts(page);
      expect(first.length).toBeGreaterThan(0);
      expect(new Set(first).size).toBe(first.length);
      expect(await result(page, call)).toEqual(expected.get(call));
      expect(await parts(page)).toEqual(first);
    } finally {
      await page.close();
    }
  });

  test("a page that trains and evaluates loads no part of what distils", async () => {
    const page = await opened();
    try {
      await result(page, "trainOn");
      await result(page, "evaluate");
      const use = await parts(page);
      await result(page, "back-gradient");
      const distil = await parts(page);
      expect(use.length).toBeLessThan(distil.length);
      expect(distil).toEqual(expect.arrayContaining(use));
      await result(page, "judge");
      expect((await parts(page)).length).toBeGreaterThan(distil.length);
    } finally {
      await page.close();
    }
  });

  test("one engine takes the parts of one call after the other", async () => {
    const page = await opened();
    try {
      await page.evaluate("library.createEngine({ threads: 2 }).then((made) => { globalThis.engine = made; })");
      for (const call of names) {
        const own = await result(page, call, "{ engine, threads: undefined }");
        expect(own, call).toEqual(expected.get(call));
      }
    } finally {
      await page.close();
    }
  });

  test("where a policy allows workers of blob: and no scripts of it, the worker has all parts from its start", async () => {
    const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:";
    const page = await opened({ policy });
    try {
      for (const call of ["trainOn", "frepo", "evaluate on two workers"]) {
        expect(await result(page, call), call).toEqual(expected.get(call));
      }
      const all = await parts(page);
      expect(await result(page, "judge")).toEqual(expected.get("judge"));
      expect(await parts(page)).toEqual(all);
    } finally {
      await page.close();
    }
  });

  test("calls in place have Node's results too", async () => {
    const page = await opened();
    try {
      for (const call of names) {
        expect(await result(page, call, "{ worker: false }"), call).toEqual(expected.get(call));
      }
    } finally {
      await page.close();
    }
  });

  test("a part that cannot be loaded fails its call with the reason, and the engine goes on", async () => {
    const without = await openSite(async (folder) => {
      const library = join(folder, "distillate");
      const files = readdirSync(library).filter((file) => file.startsWith("worker-part-"));
      expect(files.length).toBeGreaterThan(0);
      for (const file of files) rmSync(join(library, file));
    });
    const page = await browser.open(await without.url());
    try {
      const told = await page.evaluate<string[]>(`(async () => {
        const { calls } = await import("./calls.js");
        const engine = await library.createEngine({ threads: 1 });
        const told = [];
        for (const name of ["trainOn", "judge"]) {
          told.push(await calls(library)[name]({ engine }).then(() => "done", ({ message }) => message));
        }
        return told;
      })()`);
      const reason = expect.stringMatching(/^a part of the library could not be loaded: ./);
      expect(told).toEqual([reason, reason]);
    } finally {
      await page.close();
      await without.close();
    }
  });
});
