// The demo page as a visitor uses it, in WebKitGTK.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { webKitMissing } from "../engines/webkit.ts";
import { type Browser, type BrowserPage, until } from "./browsers.ts";
import { alert, choose, download, drawOne, fill, idle, pictures, tested, text, train } from "./demo-page.ts";
import { type DemoSite, openDemoSite } from "./demo-site.ts";
import { launchWebKit } from "./webkit-browser.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

describe.skipIf(webKitMissing()).each([
  { title: "shares memory", shares: "1" },
  { title: "shares none", shares: "0" },
])("in WebKitGTK that $title", ({ shares }) => {
  let site: DemoSite;
  let browser: Browser;
  let tab: BrowserPage;
  beforeAll(async () => {
    site = await openDemoSite(`demo-webkit-${shares}`);
    browser = launchWebKit({ JSC_useSharedArrayBuffer: shares });
    tab = await browser.open(site.url);
    await until(tab, idle);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  test("opens with images and says how many threads it has", async () => {
    expect(await tab.evaluate("[navigator.language, crossOriginIsolated]")).toEqual(["C", true]);
    expect(await text(tab, "caption")).toMatch(/^30 images\. To us they look like noise/);
    expect(await text(tab, "threads-chip")).toMatch(shares === "1" ? /^\d+ threads?$/ : /^1 thread$/);
    expect(tab.complaints).toEqual([]);
  });

  test("trains networks, which read what is drawn and what is picked", async () => {
    for (const trained of [await tested(tab), await train(tab)]) {
      expect(Number(/reads (\d+\.\d)/.exec(trained)![1])).toBeGreaterThan(70);
    }
    await drawOne(tab);
    await until(tab, 'document.querySelector("#bars .best")?.dataset.index === "1"');
    await tab.evaluate('document.querySelector("#strip button").focus()');
    await tab.keyboard.press("Enter");
    await until(tab, '/right|wrong/.test(document.getElementById("verdict").textContent)');
    expect(tab.complaints).toEqual([]);
  });

  test("distils: a run pauses, goes on and stops, and its set is downloaded and opened again", async () => {
    await fill(tab, "random", { outerSteps: 2000, steps: 2, epochs: 1, batch: 128 });
    await tab.click("#start");
    await until(tab, 'document.getElementById("progress").value >= 2');
    await tab.click("#pause");
    expect(await text(tab, "stats")).toMatch(/^Paused after update \d+ of 2000\.$/);
    await tab.click("#pause");
    const paused = await tab.evaluate<number>('document.getElementById("progress").value');
    await until(tab, `document.getElementById("progress").value > ${paused}`);
    await tab.click("#stop");
    await until(tab, '/^Stopped after/.test(document.getElementById("stats").textContent)');
    // Drawn by what asks Intl for numbers in the browser's language.
    await until(tab, 'document.querySelectorAll("#curves canvas").length === 2');
    expect(await text(tab, "caption")).toMatch(/^20 images\. Made here from digits in \d+ updates, stopped early\.$/);
    // WebKitGTK gives pages no files of their own.
    await until(tab, '!document.getElementById("not-kept").hidden');
    expect(await text(tab, "not-kept")).toMatch(
      /^A reload loses this run: no files in this page: serve it over https or from localhost/,
    );

    const [name, bytes] = await download(tab, "safetensors");
    expect(name).toBe("distilled.safetensors");
    expect((await download(tab, "png"))[1]).toMatch(/^iVBORw0KGgo/);
    await choose(tab, "open", [["mine.safetensors", bytes]]);
    await until(tab, '/Opened from mine.safetensors/.test(document.getElementById("caption").textContent)');
    expect(tab.complaints).toEqual([]);
  });

  test("reads pictures of one's own, and says where the visitor is what cannot be read", async () => {
    await choose(tab, "files", [["fruit.zip", pictures()]]);
    await until(tab, '/^fruit: 32 pictures/.test(document.getElementById("own-info").textContent)');
    await choose(tab, "open", [["broken.safetensors", "AAAA"]]);
    await until(tab, '!document.getElementById("trouble").hidden');
    await expect.poll(() => alert(tab)).toMatch(/^broken\.safetensors: expected/);
    await tab.click("#trouble button");
    expect(tab.complaints).toEqual([]);
  });

  test("axe finds no serious fault, wide and narrow", async () => {
    const narrow = await browser.open(site.url, { width: 390 });
    await until(narrow, `${idle} && document.querySelector("#trained b")`);
    // The bars of its window leave no less.
    expect(await narrow.evaluate("innerWidth")).toBeLessThan(460);
    for (const page of [tab, narrow]) {
      await page.evaluate(`${axe}; undefined`);
      const serious = await page.evaluate(`axe.run().then(({ violations }) => violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))`);
      expect(serious).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    }
    await narrow.close();
  });

  test("what a page says on its console is noticed", async () => {
    await tab.evaluate('console.error("a fault"); setTimeout(() => { throw new Error("an uncaught one"); });');
    for (const fault of ["a fault", "an uncaught one"]) {
      await expect.poll(() => tab.complaints.join("\n")).toContain(fault);
    }
  });
});
