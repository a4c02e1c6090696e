// A worker of the demo page that throws or dies is replaced, and what it did is done again or offered again.
import { afterAll, beforeAll, expect, test } from "vitest";
import { distilledFromBytes, setDigest } from "../../src/index.ts";
import { type Browser, type BrowserPage, until } from "./browsers.ts";
import { download, drawOne, fill, idle, tested, text, train } from "./demo-page.ts";
import { type DemoSite, openDemoSite } from "./demo-site.ts";
import { endWorkers, mortalWorkers } from "./odd-page.ts";
import { describeInAllBrowsers } from "./webkit-browser.ts";

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite("demo-replaced");
});
afterAll(() => site?.close());

const settings = { outerSteps: 40, steps: 3, epochs: 2, batch: 256, seed: 3 };
const done = '/^Done after 40 updates/.test(document.getElementById("stats").textContent)';

/** The notice that offers the run again, if it can be seen, and its buttons. */
const offered = `(() => {
  const button = [...document.querySelectorAll(".notice button")].find((it) => it.textContent === "Start anew" && it.id === "");
  if (!button) return undefined;
  const notice = button.closest(".notice");
  const { top, bottom } = notice.getBoundingClientRect();
  return {
    seen: top >= 0 && bottom <= innerHeight && notice.getAttribute("role") === "alert",
    says: notice.querySelector("p").textContent,
    buttons: [...notice.querySelectorAll("button")].map((it) => it.textContent),
  };
})()`;
/** Presses a button of that notice. */
const press = (label: RegExp): string =>
  `[...document.querySelectorAll(".notice button")].find((it) => ${label}.test(it.textContent) && it.id === "").click()`;

async function digest(tab: BrowserPage): Promise<string> {
  const [name, base64] = await download(tab, "safetensors");
  return setDigest(await distilledFromBytes(new Uint8Array(Buffer.from(base64, "base64")), name));
}

describeInAllBrowsers((launchOne) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchOne();
  });
  afterAll(() => browser?.close());

  const open = async (): Promise<BrowserPage> => {
    const tab = await browser.open(site.url, { before: mortalWorkers });
    await until(tab, idle);
    return tab;
  };

  test("a run whose worker throws is offered again, goes on from what was kept, and ends with the same bytes", async () => {
    const tab = await open();
    await fill(tab, "random", settings);
    await tab.click("#start");
    await until(tab, 'document.getElementById("progress").value >= 3');
    // A pause is a moment at which the run is kept.
    await tab.click("#pause");
    await until(tab, '/^Paused/.test(document.getElementById("stats").textContent)');
    await tab.click("#pause");
    const paused = await tab.evaluate<number>('document.getElementById("progress").value');
    await until(tab, `document.getElementById("progress").value > ${paused}`);
    await tab.evaluate(endWorkers);
    await until(tab, offered);
    const { seen, says, buttons } = await tab.evaluate<{ seen: boolean; says: string; buttons: string[] }>(offered);
    expect(seen).toBe(true);
    expect(says).toMatch(/^The run was interrupted: .*a fault of this test.*started again\. The run can go on/);
    expect(buttons).toEqual([expect.stringMatching(/^Go on from update \d+$/), "Start anew", "Dismiss"]);
    expect(await text(tab, "stats")).toMatch(/^Interrupted after update \d+ of 40\.$/);
    expect(await text(tab, "caption")).toMatch(
      /^30 images\. Made here from digits in \d+ updates?, then interrupted\.$/,
    );
    // The lab holds the images that the page shows.
    await tab.click("#train");
    await until(tab, '/on 30 images/.test(document.getElementById("trained").textContent)');

    await tab.evaluate(press(/^Go on/));
    await until(tab, done);
    expect(await tab.evaluate(`${offered} === undefined`)).toBe(true);
    const interrupted = await digest(tab);
    await tab.click("#start");
    await until(tab, done);
    expect(await digest(tab)).toBe(interrupted);
    await tab.close();
  }, 120_000);

  test("a network whose worker has thrown is trained again, without a word to the visitor", async () => {
    const tab = await open();
    await tested(tab);
    const troubled = 'document.getElementById("trouble").hidden === false';
    await tab.evaluate(endWorkers);
    await drawOne(tab);
    await until(tab, 'document.querySelector("#bars .best")?.dataset.index === "1"');
    await tab.evaluate(endWorkers);
    await train(tab);
    await tab.evaluate(endWorkers);
    expect(await tab.evaluate(troubled)).toBe(false);
    await fill(tab, "random", { ...settings, outerSteps: 2 });
    await tab.click("#start");
    await until(tab, '/^Done after 2 updates/.test(document.getElementById("stats").textContent)');
    expect(await tab.evaluate(troubled)).toBe(false);
    await tab.close();
  });
});
