// The demo page by keyboard alone: every control is reached with Tab and pressed, and the focus never falls to the page's body.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, type BrowserPage, until } from "./browsers.ts";
import { choose, fill, idle, tested } from "./demo-page.ts";
import { type DemoSite, openDemoSite } from "./demo-site.ts";
import { endWorkers, mortalWorkers } from "./odd-page.ts";
import { describeInAllBrowsers } from "./webkit-browser.ts";

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite("demo-focus");
});
afterAll(() => site?.close());

/** What has the focus: its id, or else its text; "body" if nothing has it. */
const focused = (tab: BrowserPage): Promise<string> =>
  tab.evaluate(`(() => {
    const it = document.activeElement;
    if (!it || it === document.body || it.matches(":disabled") || !it.checkVisibility()) return "body";
    return it.id || it.name || it.textContent.trim();
  })()`);

/** Notes each moment at which a frame is drawn and nothing has the focus, from now on. */
const watch = `(() => {
  window.fallen = [];
  let last = document.activeElement;
  const look = () => {
    const it = document.activeElement;
    if (!it || it === document.body || it.matches(":disabled")) window.fallen.push(last?.id || last?.textContent);
    else last = it;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()`;

describeInAllBrowsers((launchOne, name) => {
  let browser: Browser;
  let tab: BrowserPage;
  beforeAll(async () => {
    browser = await launchOne();
    tab = await browser.open(site.url, { before: mortalWorkers });
    await until(tab, idle);
    await tested(tab);
  });
  afterAll(() => browser?.close());

  /** Focuses a control and presses a key there. */
  async function press(selector: string, key = "Enter"): Promise<void> {
    await tab.evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`);
    await tab.keyboard.press(key);
  }

  test("Tab leads to every control that can be used", async () => {
    const all = await tab.evaluate<number>(`(() => {
      const each = [...document.querySelectorAll("a[href], button, input, select, summary")];
      const usable = each.filter((it) => !it.matches(":disabled") && it.checkVisibility());
      // Of radio buttons with one name the chosen one is reached, and arrows lead on.
      const reached = usable.filter((it) => it.type !== "radio" || it.checked);
      window.wanted = new Set(reached);
      reached[0].focus();
      return reached.length;
    })()`);
    expect(all).toBeGreaterThan(15);
    // Some controls have parts, each a stop. Behind the last control is the browser's own part, from which no key comes back.
    for (let i = 0; i < 3 * all && (await tab.evaluate("window.wanted.size > 0")); i++) {
      await tab.evaluate("void window.wanted.delete(document.activeElement)");
      if (await tab.evaluate("window.wanted.size > 0")) await tab.keyboard.press("Tab");
    }
    expect(await tab.evaluate("[...window.wanted].map((it) => it.outerHTML)")).toEqual([]);
  });

  test("a run is started, paused, resumed and stopped, and a network trained, with the focus at a neighbour or back", async () => {
    await fill(tab, "random", { outerSteps: 5000, steps: 2, epochs: 1, batch: 64 });
    await tab.evaluate('document.getElementById("start").focus()');
    await tab.evaluate(watch);
    await tab.keyboard.press("Enter");
    await until(tab, 'document.getElementById("progress").value >= 1');
    expect(await focused(tab)).toBe("pause");
    await tab.keyboard.press("Enter");
    await until(tab, 'document.getElementById("pause").textContent === "Resume"');
    expect(await focused(tab)).toBe("pause");
    await tab.keyboard.press("Enter");
    await press("#stop");
    await until(tab, idle);
    expect(await focused(tab)).toBe("start");

    await press("#train");
    await until(tab, 'document.querySelector("#trained b")');
    await until(tab, 'document.activeElement.id === "train"');
    // A comparison takes long; what becomes of the focus is the page's own work, whichever the browser.
    if (name === "chromium") {
      await press("#compare-start");
      await until(tab, 'document.activeElement.id === "compare-start"', 60);
      expect(await tab.evaluate('document.querySelectorAll("#lines canvas").length')).toBe(3);
    }
    await press("#clear");
    await press("#more");
    await press("#strip button");
    await until(tab, '/right|wrong/.test(document.getElementById("verdict").textContent)');
    await press("#settings summary");
    expect(await tab.evaluate("window.fallen")).toEqual([]);
  });

  test("Dismiss leads back to what the notice was about", async () => {
    await tab.evaluate('document.getElementById("open").focus()');
    await choose(tab, "open", [["broken.safetensors", "AAAA"]]);
    await until(tab, '!document.getElementById("trouble").hidden');
    await press("#trouble button");
    await until(tab, 'document.getElementById("trouble").hidden');
    expect(await focused(tab)).toBe("open");
    expect(await tab.evaluate("window.fallen")).toEqual([]);
  });

  test("a run that was interrupted is gone on with by keyboard", async () => {
    await press("#start");
    await until(tab, 'document.getElementById("progress").value >= 3');
    await tab.evaluate(endWorkers);
    const button =
      '[...document.querySelectorAll(".notice button")].find((it) => it.id === "" && it.className === "primary")';
    await until(tab, button);
    expect(await focused(tab)).toBe("start");
    await tab.evaluate(`${button}.focus()`);
    await tab.keyboard.press("Enter");
    await until(tab, '/^Update/.test(document.getElementById("stats").textContent)');
    expect(await focused(tab)).toBe("pause");
    await press("#stop");
    await until(tab, idle);
    expect(await tab.evaluate("window.fallen")).toEqual([]);
  });

  // WebKitGTK gives pages no place in which a run could be kept.
  test.skipIf(name === "webkit")("each button of a run that was left off keeps the focus in the page", async () => {
    for (const id of ["left-off-show", "left-off-forget"]) {
      await tab.reload();
      await until(tab, '!document.getElementById("left-off").hidden');
      await tab.evaluate(`document.getElementById("${id}").focus()`);
      await tab.evaluate(watch);
      await tab.keyboard.press("Enter");
      await until(tab, 'document.activeElement.id !== "' + id + '"');
      expect(await focused(tab)).not.toBe("body");
      expect(await tab.evaluate("window.fallen")).toEqual([]);
    }
  });
});
