// The library as built for pages gives the pinned bytes in WebKitGTK, with memory that threads share and without, reads
// pictures, and makes any number of engines.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSite, type Site } from "../browser/site.ts";
import { kinds } from "../data/jpegs.ts";
import { pinnedRuns } from "../distill/pinned-runs.ts";
import { bundle, type Outcome, type Place, readJpegs } from "./bundle.ts";
import { openInWebKit, type WebKit, webKitMissing } from "./webkit.ts";

const digests = pinnedRuns.map(({ sha256 }) => sha256);
const minutes = (count: number): number => 60_000 * count;

describe.skipIf(webKitMissing()).each([
  { title: "WebKitGTK that shares memory", shares: true, environment: { JSC_useSharedArrayBuffer: "1" } },
  { title: "WebKitGTK that does not", shares: false, environment: { JSC_useSharedArrayBuffer: "0" } },
])("$title", ({ shares, environment }) => {
  let site: Site;
  let page: WebKit;
  beforeAll(async () => {
    site = await openSite((folder) => bundle("runs.ts", "./distillate/index.js", `${folder}/runs.js`));
    page = await openInWebKit(await site.url(), environment);
  }, minutes(1));
  afterAll(async () => {
    await page?.close();
    await site?.close();
  }, minutes(1));

  const runIn = async (places: readonly Place[]) =>
    page.evaluate<Outcome[]>(`import("./runs.js").then(({ runIn }) => runIn(${JSON.stringify(places)}))`);

  test("is what it is said to be", async () => {
    expect(await page.evaluate("typeof SharedArrayBuffer")).toBe(shares ? "function" : "undefined");
    expect(await page.evaluate("crossOriginIsolated")).toBe(true);
  });

  test("has the pinned SHA-256s on one thread of a worker and in place", async () => {
    const outcomes = await runIn([{ threads: 1 }, { threads: 1, worker: false }]);
    expect(outcomes).toEqual([
      { digests, notices: [] },
      { digests, notices: [] },
    ]);
  });

  test(`has them on two threads ${shares ? "" : "that it has only one of "}and on two workers`, async () => {
    const [threads, workers] = await runIn([{ threads: 2 }, { threads: 1, workers: 2 }]);
    expect(threads!.digests).toEqual(digests);
    // Said once for each run.
    expect(threads!.notices).toHaveLength(shares ? 0 : digests.length);
    expect(workers).toEqual({ digests, notices: [] });
  });

  test("reads JPEGs of every kind with Pillow's pixels", async () => {
    const hashes = await page.evaluate(`(() => { ${readJpegs("./distillate/data.js")} return read(); })()`);
    expect(hashes).toEqual(kinds.map(({ sha256 }) => sha256));
  });

  test("makes forty engines one after the other, on two threads if it has them", async () => {
    const threads = await page.evaluate<number[]>(`import("./distillate/index.js").then(async ({ createEngine }) => {
      const threads = [];
      for (let i = 0; i < 40; i++) {
        const engine = await createEngine({ threads: 2, onNotice() {} });
        threads.push(engine.threads);
        await engine.dispose();
      }
      return threads;
    })`);
    expect(threads).toEqual(Array(40).fill(shares ? 2 : 1));
  });
});
