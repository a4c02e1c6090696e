// What a browser may refuse to the demo page: WebAssembly, SIMD, memory, workers. Each is a sentence that says what to do.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, until } from "./browsers.ts";
import { alert, choose, fill, idle, pictures, text } from "./demo-page.ts";
import { type DemoSite, openDemoSite } from "./demo-site.ts";
import { memoryUpTo, noCompiling, noMemory, noSimd, noWebAssembly, noWorkers, workersThatFail } from "./odd-page.ts";
import { describeInAllBrowsers } from "./webkit-browser.ts";

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite("demo-refused");
});
afterAll(() => site?.close());

const withoutStart = [
  ["WebAssembly", noWebAssembly, /uses? no WebAssembly.* Turn it on for this page .* or open the page in a current/],
  ["SIMD", noSimd, /lacks what this page computes with \(SIMD\)\. Open the page in a current .* on another machine\.$/],
  ["leave to compile", noCompiling, /forbids this page to use WebAssembly.* Turn the extension off for this page/],
  ["memory", noMemory, /no memory to compute in\. Close other tabs and programs, then reload the page\.$/],
] as const;

describeInAllBrowsers((launchOne) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchOne();
  });
  afterAll(() => browser?.close());

  test.each(withoutStart)("without %s the page shows its images, and says what to do", async (_, before, says) => {
    const tab = await browser.open(site.url, { before });
    await until(tab, '!document.getElementById("trouble").hidden');
    await expect.poll(() => alert(tab)).toMatch(says);
    expect(await text(tab, "threads-chip")).toBe("not running");
    expect(await text(tab, "caption")).toMatch(/^30 images/);
    expect(await tab.evaluate(idle)).toBe(false);
    await tab.close();
  });

  test("a run that needs more memory than there is says so beside its button, and a smaller one then runs", async () => {
    const tab = await browser.open(site.url, { before: memoryUpTo(100) });
    await until(tab, idle);
    const settings = { outerSteps: 2, steps: 20, imagesPerClass: 10, epochs: 10, batch: 4096 };
    await fill(tab, "random", settings);
    await tab.click("#start");
    await until(tab, '!document.getElementById("trouble").hidden');
    await expect
      .poll(() => alert(tab))
      .toMatch(/^This needs \d+ MiB of memory, .* choose fewer images per class, training steps/);
    expect(await text(tab, "caption")).toMatch(/^30 images/);
    await fill(tab, "random", { ...settings, steps: 1, imagesPerClass: 1, epochs: 1, batch: 64 });
    await tab.click("#start");
    await until(tab, '/^Done after 2 updates/.test(document.getElementById("stats").textContent)');
    expect(await alert(tab)).toBe("");
    await tab.close();
  });

  test.each([
    ["no workers", noWorkers],
    ["workers that do not start", workersThatFail],
  ])("with %s the page computes by itself and says so, and says that it reads no files", async (_, before) => {
    const tab = await browser.open(site.url, { before });
    await until(tab, idle);
    expect(await text(tab, "threads-chip")).toBe("1 thread");
    expect(await text(tab, "threads-why")).toMatch(
      /in the way of the page: .*could not start.* The images are the same/,
    );
    await tab.click("#train");
    await until(tab, 'document.querySelector("#trained b")');
    await choose(tab, "files", [["fruit.zip", pictures()]]);
    await until(tab, '!document.getElementById("trouble").hidden');
    await expect
      .poll(() => alert(tab))
      .toMatch(/reads files could not be started\. Check that .* then reload the page\.$/);
    expect(await text(tab, "own-info")).toBe("could not be read");
    await tab.close();
  });
});
