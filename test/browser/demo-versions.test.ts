// The demo page's service worker leaves no old version behind: each visit shows what the host has.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, type BrowserPage, until } from "./browsers.ts";
import { idle } from "./demo-page.ts";
import { type DemoSite, openDemoSite } from "./demo-site.ts";
import { openVersionsHost, type VersionsHost } from "./versions-host.ts";
import { describeInAllBrowsers } from "./webkit-browser.ts";

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite("demo-versions");
});
afterAll(() => site?.close());

describeInAllBrowsers((launchOne) => {
  let browser: Browser;
  let host: VersionsHost;
  beforeAll(async () => {
    browser = await launchOne();
    host = await openVersionsHost(site.folder);
  });
  afterAll(async () => {
    await browser?.close();
    await host?.close();
  });

  /** Goes somewhere else and comes back, as a visitor does. To load a page again would ask the host in any case. */
  async function comeBack(tab: BrowserPage, meanwhile: () => void = () => {}): Promise<void> {
    await tab.evaluate('void setTimeout(() => location.assign("elsewhere"))');
    await until(tab, 'location.pathname === "/elsewhere" && document.readyState === "complete"');
    meanwhile();
    await tab.evaluate('void setTimeout(() => location.assign("./"))');
  }

  const by = 'fetch("icon.svg", { cache: "no-store" }).then(({ headers }) => headers.get("Version"))';

  test("a new version replaces the old one at the next visit, page and service worker", async () => {
    const tab = await browser.open(host.url);
    await until(tab, `crossOriginIsolated && document.title === "first" && ${idle}`);
    expect(await tab.evaluate(by)).toBe("first");
    // What the browser itself keeps may be old; the worker keeps nothing.
    expect(await tab.evaluate("caches.keys()")).toEqual([]);

    host.version = "second";
    await comeBack(tab);
    await until(tab, `document.title === "second" && ${idle}`);
    // Chromium asks the host for a new worker when the old one has had nothing to do for a moment, so it is not asked all the time.
    await expect.poll(() => tab.evaluate(by), { interval: 3000, timeout: 45_000 }).toBe("second");

    await comeBack(tab, () => {
      host.online = false;
    });
    // The browser says in its own words that the host does not answer; or the page does, where the browser has kept it itself.
    await until(
      tab,
      'document.getElementById("start") === null ? document.title !== "second" : !document.getElementById("trouble").hidden',
    );

    await tab.close();
  });

  test("a host that begins to send the headers itself needs no service worker any more, and has none", async () => {
    host.isolates = false;
    host.online = true;
    const tab = await browser.open(host.url);
    await until(tab, `crossOriginIsolated && ${idle}`);
    const workers = "navigator.serviceWorker.getRegistrations().then((all) => all.length)";
    expect(await tab.evaluate(workers)).toBe(1);
    host.isolates = true;
    await comeBack(tab);
    await until(tab, `document.title === "second" && crossOriginIsolated && ${idle}`);
    await until(tab, `${workers}.then((n) => window.workers = n) && window.workers === 0`);
    await tab.close();
  });
});
