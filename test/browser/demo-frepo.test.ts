// The demo page distils by FRePo as by back-gradient, in real browsers.
import { afterAll, beforeAll, expect } from "vitest";
import { digits, distill, distilledFromBytes, setDigest } from "../../src/index.ts";
import { findRecipe, recipeOptions } from "../../src/recipes.ts";
import { type Browser, describeInBrowsers, launch, testOfPage, until } from "./browsers.ts";
import { download, drawOne, fill, idle, text, train as trainOne } from "./demo-page.ts";
import { type DemoSite, openDemoSite } from "./demo-site.ts";

let site: DemoSite;
beforeAll(async () => {
  site = await openDemoSite("demo-frepo");
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
      "one click chooses FRePo and one starts it: the set is that of its recipe, and a network trained on it reads",
      async () => {
        const tab = await browser.open(site.url);
        await until(tab, idle);
        await tab.click("input[value=frepo]");
        expect(await text(tab, "choice")).toBe("digits · 10 images by FRePo for any ConvNet · 1,500 updates");
        await fill(tab, "frepo", { outerSteps: 3 });
        await tab.click("#start");
        await until(tab, '/^Done after 3 updates/.test(document.getElementById("stats").textContent)', 100);
        expect(await text(tab, "caption")).toBe("10 images. Made here from digits in 3 updates.");
        expect(await text(tab, "accuracy-now")).toMatch(/^\d+\.\d\s%$/);

        const [name, base64] = await download(tab, "safetensors");
        const set = await distilledFromBytes(Buffer.from(base64, "base64"), name);
        const { train } = await digits();
        const options = recipeOptions({ ...findRecipe("digits-frepo")!, seed: 1 }, train);
        const inNode = await distill({ ...options, outer: { ...options.outer, steps: 3 } }).result();
        expect(await setDigest(set)).toBe(await setDigest(inNode));

        const trained = await trainOne(tab);
        expect(trained).toMatch(/23,946 weights, 1,000 gradient steps on 10 images\. It reads \d\d\.\d\s% of 1,000/);
        expect(Number(/reads (\d+\.\d)/.exec(trained)![1])).toBeGreaterThan(40);
        await drawOne(tab);
        await until(tab, 'document.querySelector("#bars .best")');
        // Each bar is the chance of a class.
        const chances = await tab.evaluate<number[]>(
          '[...document.querySelectorAll("#bars i")].map(({ style }) => Number.parseFloat(style.width))',
        );
        expect(chances.reduce((a, b) => a + b, 0)).toBeCloseTo(100, 2);

        await tab.click("input[value=random]");
        expect(await text(tab, "choice")).toBe("digits · 100 images for any LeNet · 600 updates");
        expect(tab.complaints).toEqual([]);
      },
      120_000,
    );
  },
);
