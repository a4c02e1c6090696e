// The same recipe gives the same bytes in Node and in browsers, on any number of threads and workers, in a worker or in
// place, isolated from other pages or not, under a strict policy or none.
import { afterAll, beforeAll, expect, test } from "vitest";
import * as library from "../../src/index.ts";
import { type Browser, type BrowserPage, describeInBrowsers, launch } from "./browsers.ts";
import { recipes } from "./page/recipes.js";
import { type Headers, openSite, type Site } from "./site.ts";

const strict = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

interface Result {
  readonly digest: string;
  readonly notices: readonly string[];
  readonly isolated: boolean;
}

let site: Site;
let expected: readonly string[];

beforeAll(async () => {
  site = await openSite();
  const sets = recipes(library).map(async (recipe) => library.distill({ ...(await recipe()), threads: 1 }).result());
  expected = await Promise.all(sets.map(async (set) => library.setDigest(await set)));
});
afterAll(async () => site?.close());

describeInBrowsers(String, (name) => {
  let browser: Browser;
  const pages = new Map<string, BrowserPage>();
  beforeAll(async () => {
    browser = await launch(name);
  });
  afterAll(async () => browser?.close());

  /** Runs all recipes in the page that is served with these headers. */
  async function run(headers: Headers, options: string): Promise<Result[]> {
    const url = await site.url(headers);
    const page = pages.get(url) ?? (await browser.open(url));
    pages.set(url, page);
    const results: Result[] = [];
    for (const index of expected.keys()) results.push(await page.evaluate<Result>(`digest(${index}, ${options})`));
    return results;
  }
  const digests = (results: readonly Result[]): string[] => results.map(({ digest }) => digest);

  test.each([1, 2, 4])("has Node's bytes on %i threads of a worker", async (threads) => {
    const results = await run({}, `{ threads: ${threads} }`);
    expect(digests(results)).toEqual(expected);
    for (const { isolated, notices } of results) expect({ isolated, notices }).toEqual({ isolated: true, notices: [] });
  });

  test.each([1, 2, 4])("has them on one thread where it is not isolated and %i are asked for", async (threads) => {
    const results = await run({ isolated: false }, `{ threads: ${threads} }`);
    expect(digests(results)).toEqual(expected);
    for (const { isolated, notices } of results) {
      expect(isolated).toBe(false);
      expect(notices).toHaveLength(threads === 1 ? 0 : 1);
      if (threads > 1) expect(notices[0]).toMatch(`1 thread instead of ${threads}: this page is not isolated`);
    }
  });

  test("has them on two workers, isolated or not", async () => {
    expect(digests(await run({}, "{ workers: 2 }"))).toEqual(expected);
    expect(digests(await run({ isolated: false }, "{ workers: 2 }"))).toEqual(expected);
  });

  test("tells everybody who waits for a worker that it died", async () => {
    const page = await browser.open(await site.url());
    const failures = await page.evaluate(`(async () => {
      const source = "importScripts('" + new URL("distillate/worker.js", location) + "');" +
        "setTimeout(() => { throw new Error('out of order'); }, 500);";
      const worker = () => new Worker(URL.createObjectURL(new Blob([source])));
      const engine = await library.createEngine({ worker, threads: 1 });
      const run = library.distill({ ...(await recipes[0]()), engine, outer: { steps: 100000, batch: 100 } });
      const name = (error) => error.name + ": " + error.message;
      const failed = await run.result().catch(name);
      return [failed, await run.snapshot().catch(name), await engine.bind(library.lenet()).catch(name)];
    })()`);
    const message = expect.stringMatching(/^WorkerError: the engine's worker: .*out of order/);
    expect(failures).toEqual([message, message, message]);
    await page.close();
  });

  test("verifies a set of Node by its recipe, in a worker and in place, and finds what was changed", async () => {
    const set = await library.distill({ ...(await recipes(library)[0]!()), threads: 1 }).result();
    const other = { ...set, recipe: { ...set.recipe, seed: 4 } };
    const page = await browser.open(await site.url());
    const verified = (set: library.DistilledSet, options: string) => {
      const bytes = Buffer.from(library.distilledToSafetensors(set)).toString("base64");
      return page.evaluate<object>(`(async () => {
        const bytes = Uint8Array.from(atob("${bytes}"), (letter) => letter.charCodeAt(0));
        const set = await library.distilledFromBytes(bytes, "set.safetensors");
        const data = (await library.digits()).train;
        const { same, differs, sha256, expected, steps } = await library.verify({ set, data, ...${options} });
        return { same, differs, sha256, expected, steps };
      })()`);
    };
    const sha256 = await library.setDigest(set);
    const same = { same: true, differs: [], sha256, expected: sha256, steps: 2 };
    expect(await verified(set, "{}")).toEqual(same);
    expect(await verified(set, "{ worker: false }")).toEqual(same);
    expect(await verified(set, "{ workers: 2 }")).toEqual(same);
    expect(await verified(other, "{}")).toMatchObject({ same: false, expected: sha256, steps: 2 });
    await page.close();
  });

  test("has Node's bytes in place", async () => {
    expect(digests(await run({}, "{ worker: false }"))).toEqual(expected);
  });

  test("has them under a strict policy, from the worker's file on two threads, or in place", async () => {
    const file = await run({ policy: strict }, `{ worker: "distillate/worker.js", threads: 2 }`);
    expect(digests(file)).toEqual(expected);
    for (const { notices } of file) expect(notices).toEqual([]);
    const blobs = await run({ policy: `${strict}; worker-src 'self' blob:` }, "{ threads: 2 }");
    expect(digests(blobs)).toEqual(expected);
    for (const { notices } of blobs) expect(notices).toEqual([]);
    const embedded = await run({ policy: strict }, "{}");
    expect(digests(embedded)).toEqual(expected);
    // Told by the first engine that was started; later ones do not try again.
    expect(embedded.map(({ notices }) => notices.length)).toEqual([1, 0, 0]);
    expect(embedded[0]!.notices[0]).toMatch(/^in place, on one thread .* say worker: its URL$/);
  });
});
