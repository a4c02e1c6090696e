// Links that hold a set, and the animation, in the demo page, in real browsers.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect } from "vitest";
import { fromPlainText } from "../../examples/browser/sets/plain-set.mjs";
import { distilledFromBytes, packSet, setDigest, unpackSet } from "../../src/index.ts";
import { type Browser, describeInBrowsers, launch, testOfPage, until } from "./browsers.ts";
import { alert, download, fill, idle, tested, text } from "./demo-page.ts";
import { type DemoSite, openDemoSite } from "./demo-site.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** What the page opens with. */
const opening = fromPlainText(readFileSync(join(root, "examples/browser/sets/known-30.txt"), "utf8"));

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite("demo-link");
});
afterAll(() => site?.close());

describeInBrowsers(
  (name) => `in ${name}`,
  (name) => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch(name);
    });
    afterAll(() => browser?.close());
    const pageTest = testOfPage(name);

    pageTest(
      "a set is copied as a link with what packing costs, and a page that is opened by it trains at once",
      async () => {
        const tab = await browser.open(site.url);
        await until(tab, idle);
        await tab.click("#link");
        await until(tab, '/before/.test(document.getElementById("link-cost").textContent)');
        const link = await tab.evaluate<string>('document.getElementById("link-address").value');
        const cost = await text(tab, "link-cost");
        const told =
          /([\d,]+) letters\. A network reads (\d\d\.\d)\s% after packing, (\d\d\.\d)\s% before \(mean of \d\)\.$/;
        const [, letters, after, before] = told.exec(cost)!;
        expect(letters).toBe(link.length.toLocaleString("en"));
        for (const accuracy of [after, before]) expect(Number(accuracy)).toBeGreaterThan(70);
        const set = opening;
        expect(link).toBe(`${site.url}#set=${packSet(set, { bits: 4 })}`);
        // A link of other bits is another one.
        await tab.evaluate(`document.getElementById("link-bits").value = "8";
        document.getElementById("link-bits").dispatchEvent(new Event("change"))`);
        expect(await tab.evaluate('document.getElementById("link-address").hidden')).toBe(true);

        const friend = await browser.open(link);
        const trained = await tested(friend);
        expect(await text(friend, "caption")).toBe(
          "30 images. From a link, made from digits in 1,000 updates, packed to 4 bits a pixel.",
        );
        expect(trained).toMatch(/15 gradient steps on 30 images\. It reads \d\d\.\d\s% of 1,000/);
        expect(Number(/reads (\d+\.\d)/.exec(trained)![1])).toBeGreaterThan(90);
        const [file, base64] = await download(friend, "safetensors");
        const received = await distilledFromBytes(Buffer.from(base64, "base64"), file);
        expect(await setDigest(received)).toBe(await setDigest(unpackSet(packSet(set, { bits: 4 }))));
        expect([...tab.complaints, ...friend.complaints]).toEqual([]);
      },
    );

    pageTest(
      "a link that lost its end says so, and the page works; a good one that is put in its place opens",
      async () => {
        const good = packSet(opening, { bits: 4 });
        const tab = await browser.open(`${site.url}#set=${good.slice(0, 4000)}`);
        await until(tab, idle);
        await expect
          .poll(() => alert(tab))
          .toMatch(/^This link holds no images that can be read\. Ask for it again, whole\. \(packed set/);
        expect(await text(tab, "caption")).toMatch(/^30 images\. To us they look like noise/);
        await tab.evaluate(`location.hash = "set=${good}"`);
        await until(tab, '/^30 images\\. From a link/.test(document.getElementById("caption").textContent)');
        await until(tab, 'document.querySelector("#trained b")');
        expect(tab.complaints).toEqual([]);
      },
    );

    pageTest("what was made here is saved as an animation that the browser shows", async () => {
      const tab = await browser.open(site.url);
      await until(tab, idle);
      const button = '[data-kind="growth.png"]';
      expect(await tab.evaluate(`document.querySelector('${button}').disabled`)).toBe(true);
      await fill(tab, "random", { outerSteps: 5, steps: 1, epochs: 1, batch: 32 });
      await tab.click("#start");
      await until(tab, '/^Done after 5 updates/.test(document.getElementById("stats").textContent)');
      const [file, base64] = await download(tab, '"growth.png"');
      expect(file).toBe("distilled.growth.png");
      const bytes = Buffer.from(base64, "base64");
      expect(bytes.readUInt32BE(bytes.indexOf("acTL") + 4)).toBeGreaterThan(1);
      // 10 tiles of 56 pixels and the gaps between them.
      const size = await tab.evaluate(`(async () => {
        const picture = new Image();
        picture.src = "data:image/png;base64,${base64}";
        await picture.decode();
        return [picture.naturalWidth, picture.naturalHeight];
      })()`);
      expect(size).toEqual([582, 60]);
      expect(tab.complaints).toEqual([]);
    });
  },
);
