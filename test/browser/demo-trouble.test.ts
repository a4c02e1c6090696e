// What goes wrong in the demo page is seen where the visitor looks: on a phone, beside the control that was used, and read out.
import { afterAll, beforeAll, expect } from "vitest";
import { type Browser, type BrowserPage, describeInBrowsers, launch, testOfPage, until } from "./browsers.ts";
import { alert, choose, idle, pictures } from "./demo-page.ts";
import { type DemoSite, openDemoSite } from "./demo-site.ts";
import { openOddHost } from "./odd-host.ts";

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite("demo-trouble");
});
afterAll(() => site?.close());

/** What is done with each control. Most of it fails because the digits are missing. */
const cases: Readonly<Record<string, (tab: BrowserPage) => Promise<void>>> = {
  start: (tab) => tab.click("#start"),
  "compare-start": (tab) => tab.click("#compare-start"),
  train: (tab) => tab.click("#train"),
  more: (tab) => tab.click("#more"),
  open: (tab) => choose(tab, "open", [["broken.safetensors", "AAAA"]]),
  files: (tab) => choose(tab, "files", [["fruit.zip", pictures(["lemon"])]]),
  fetch: async (tab) => {
    await tab.evaluate('document.getElementById("address").value = "http://localhost:9/nothing-here"');
    await tab.click("#fetch");
  },
  downloads: async (tab) => {
    await tab.evaluate('URL.createObjectURL = () => { throw new Error("There is no room for this file"); }');
    await tab.click("[data-kind=png]");
  },
  link: (tab) => tab.click("#link"),
};

describeInBrowsers(
  (name) => `in ${name}`,
  (name) => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch(name);
    });
    afterAll(() => browser?.close());

    testOfPage(name)("a fault of each panel is in view on a phone, read out, and not at another place", async () => {
      const host = await openOddHost(site.folder, { missing: /digits-images/ });
      const tab = await browser.open(`${host.url}/`, { width: 390, height: 844 });
      await until(tab, idle);
      await tab.click("#settings summary");
      expect(await tab.evaluate("[innerWidth, innerHeight]")).toEqual([390, 844]);
      for (const [control, use] of Object.entries(cases)) {
        await tab.evaluate('document.querySelector("#trouble button").click(); scrollTo(0, 0)');
        await tab.evaluate(`document.getElementById("${control}").scrollIntoView({ block: "end" })`);
        await use(tab);
        await until(tab, '!document.getElementById("trouble").hidden');
        expect([control, await alert(tab)]).toEqual([control, expect.stringMatching(/^.{20,}[.]$/s)]);
        const [role, distance] = await tab.evaluate<[string, number]>(`(() => {
          const notice = document.getElementById("trouble");
          const from = document.getElementById("${control}").getBoundingClientRect();
          return [notice.getAttribute("role"), Math.abs(notice.getBoundingClientRect().top - from.bottom)];
        })()`);
        expect(role).toBe("alert");
        expect([control, distance]).toEqual([control, expect.toSatisfy((pixels: number) => pixels < 500)]);
      }
      await tab.close();
      await host.close();
    });
  },
);
