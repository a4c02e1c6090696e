// The tests of ops, with the bodies that test the kernels in Node, on WebGPU in a page: SwiftShader in Chromium.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Browser, type BrowserPage, launch } from "../browsers.ts";
import { openSite, type Site } from "../site.ts";
import { bundleTests } from "./bundle.ts";
import type { Drawn, Ended } from "./vitest.ts";

/** The tests of ops that every backend passes; winograd.test.ts is about the kernels' way. */
const files = readdirSync(fileURLToPath(new URL("../../ops", import.meta.url))).filter(
  (file) => file.endsWith(".test.ts") && file !== "winograd.test.ts",
);

/** Makes a test of each file of tests, with the tests that are drawn. */
export function testOpsInChromium(drawn: Drawn): void {
  const { oneIn, seed } = drawn;
  describe.skipIf(inject("tools").chromium.missing)("on WebGPU in Chromium", () => {
    let site: Site;
    let browser: Browser;
    let page: BrowserPage;
    let count = 0;
    beforeAll(async () => {
      site = await openSite(async (folder) => {
        await Promise.all(files.map((file) => bundleTests(`ops/${file}`, drawn, join(folder, `${file}.js`))));
      });
      browser = await launch("chromium", { webGpu: true });
      page = await browser.open(await site.url());
    });
    afterAll(async () => {
      console.log(`ran ${count} tests of ops in the page, one in ${oneIn}, seed ${seed}`);
      await browser?.close();
      await site?.close();
    });

    // Each has a worker and a device of its own, which mostly wait for reads, so several run at once.
    test.concurrent.each(files)("the tests of %s pass", async (file) => {
      const ended = await page.evaluate<Ended[]>(`new Promise((resolve, reject) => {
        const worker = new Worker("${file}.js", { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      })`);
      count += ended.length;
      expect(ended.length).toBeGreaterThan(0);
      expect(ended.filter(({ error }) => error !== undefined)).toEqual([]);
    });
  });
}
