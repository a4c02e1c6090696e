// A part of the demo page that does not arrive, because the connection or the host fails: each is missed with a sentence that
// says what to do, where the visitor looks, and what does not need that part goes on.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { pictures as jpegs } from "../data/jpegs.ts";
import { type Browser, type BrowserPage, launch, until } from "./browsers.ts";
import { alert, choose, drawOne, fill, idle, pictures, text } from "./demo-page.ts";
import { type DemoSite, openDemoSite } from "./demo-site.ts";
import { openOddHost } from "./odd-host.ts";
import { noWorkers } from "./odd-page.ts";
import { describeInAllBrowsers } from "./webkit-browser.ts";

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite("demo-missing-parts");
});
afterAll(() => site?.close());

/** What a visitor reads when a module does not arrive. */
const notLoaded = "A part of this page could not be loaded. Check that you are online, then reload the page.";
const oneUpdate = { outerSteps: 1, steps: 1, epochs: 1, batch: 64 };
const trouble = '!document.getElementById("trouble").hidden';

/** Opens the page on a host without some files, for as long as `visit` takes. */
async function without(
  missing: RegExp,
  browser: Browser,
  visit: (tab: BrowserPage) => Promise<void>,
  { query = "", before }: { readonly query?: string; readonly before?: string } = {},
): Promise<void> {
  const host = await openOddHost(site.folder, { missing });
  const tab = await browser.open(`${host.url}/${query}`, before === undefined ? {} : { before });
  try {
    await visit(tab);
  } finally {
    await tab.close();
    await host.close();
  }
}

describeInAllBrowsers((launchOne) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchOne();
  });
  afterAll(() => browser?.close());

  test("without what draws curves, a sentence stands in their place, and a run goes through", () =>
    without(/uPlot/, browser, async (tab) => {
      await until(tab, idle);
      await fill(tab, "random", oneUpdate);
      await tab.click("#start");
      await until(tab, '!document.getElementById("curves-missing").hidden');
      expect(await text(tab, "curves-missing")).toMatch(/could not be loaded/);
      await until(tab, '/^Done after 1 update/.test(document.getElementById("stats").textContent)');
      expect(await tab.evaluate(trouble)).toBe(false);
    }));

  test("without the panels that come after the first result, it is said, and the page trains and reads what is drawn", () =>
    without(/\/panels-/, browser, async (tab) => {
      await until(tab, trouble);
      await expect.poll(() => alert(tab)).toBe(notLoaded);
      expect(await text(tab, "trained")).toMatch(/^Trained here in/);
      // No button is offered that does nothing.
      const offered = await tab.evaluate<string[]>(
        '[...document.querySelectorAll("#make .head button, #keep button, #compare button, #code button")].filter((it) => !it.disabled).map((it) => it.id)',
      );
      expect(offered).toEqual([]);
      await drawOne(tab);
      await until(tab, 'document.querySelector("#bars .best")?.dataset.index === "1"');
    }));

  test("without what reads sets, a link says so, and the page opens with its own images", () =>
    without(
      /set-files-worker/,
      browser,
      async (tab) => {
        await until(tab, idle);
        await expect
          .poll(() => alert(tab))
          .toMatch(/The part of this page that reads files could not be started\. Check that/);
        expect(await text(tab, "caption")).toMatch(/^30 images/);
      },
      { query: "#set=anything" },
    ));

  test("without the digits, it is said beside the pictures to pick, and beside what asks for them", () =>
    without(/digits-images/, browser, async (tab) => {
      await until(tab, `${idle} && document.querySelector("#trained b")`);
      await tab.evaluate('document.getElementById("strip").scrollIntoView({ block: "center" })');
      await until(tab, trouble);
      const beside = 'document.getElementById("trouble").previousElementSibling';
      expect(await tab.evaluate(`${beside}.id`)).toBe("strip");
      expect(await text(tab, "trouble")).toContain(notLoaded);
      for (const button of ["start", "train", "compare-start"]) {
        await tab.click("#trouble button");
        await tab.click(`#${button}`);
        await until(tab, trouble);
        await expect.poll(() => alert(tab)).toBe(notLoaded);
        expect(await tab.evaluate(`${beside}.contains(document.getElementById("${button}"))`)).toBe(true);
      }
      // The images that the page opened with are still there.
      expect(await text(tab, "caption")).toMatch(/^30 images/);
    }));

  test("without what reads files, and without what reads JPEGs, it is said beside the button", async () => {
    await without(/\/reader-/, browser, async (tab) => {
      await until(tab, idle);
      await choose(tab, "files", [["fruit.zip", pictures()]]);
      await until(tab, trouble);
      await expect
        .poll(() => alert(tab))
        .toMatch(/^The part of this page that reads files could not be started\. Check that/);
    });
    await without(/mozjpeg/, browser, async (tab) => {
      await until(tab, idle);
      await choose(tab, "files", [["fruit.zip", pictures(["lemon", "lime"], [jpeg])]]);
      await until(tab, trouble);
      await expect.poll(() => alert(tab)).toBe(notLoaded);
    });
  });

  test("without what computes in the page itself, a browser that has no workers is told so", () =>
    without(
      /in-place/,
      browser,
      async (tab) => {
        await until(tab, trouble);
        await expect.poll(() => alert(tab)).toBe(notLoaded);
        expect(await text(tab, "threads-chip")).toBe("not running");
      },
      { before: noWorkers },
    ));

  test("without its style, the page says that a part is missing", () =>
    without(/\.css$/, browser, async (tab) => {
      // The page loads once more with its service worker, so a look and a wait are one.
      const says = "/^A part of this page could not be loaded\\. Check that you are online/";
      await until(tab, `${trouble} && ${says}.test(document.querySelector("#trouble p").textContent)`);
    }));
});

const jpeg = ["fruit/lime/photo.jpg", new Uint8Array(Buffer.from(jpegs.colour.plain.join(""), "base64"))] as const;

test.skipIf(inject("tools").chromium.missing)(
  "without what computes on the GPU, a run says so and goes through on the processor",
  async () => {
    const browser = await launch("chromium", { webGpu: true });
    const assets = join(site.folder, "assets");
    const withGpu = readdirSync(assets).find(
      (name) => name.startsWith("worker-part-") && readFileSync(join(assets, name), "utf8").includes("requestAdapter"),
    );
    await without(
      new RegExp(withGpu ?? "no part has the GPU"),
      browser,
      async (tab) => {
        await until(tab, idle);
        await tab.click("#settings summary");
        await until(tab, '!document.querySelector("input[value=webgpu]").disabled');
        await tab.click("input[value=webgpu]");
        await fill(tab, "random", oneUpdate);
        await tab.click("#start");
        await until(tab, '/^Done after 1 update/.test(document.getElementById("stats").textContent)');
        expect(await text(tab, "gpu-notice")).toBe(notLoaded);
      },
      { query: "?gpu=simulated" },
    ).finally(() => browser.close());
  },
);
