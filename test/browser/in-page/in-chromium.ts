// The tests of ops and of derivatives, with the bodies that test the kernels in Node, on WebGPU in a page: SwiftShader in
// Chromium.
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { excluded } from "../../webgpu/choice.ts";
import { type Browser, type BrowserPage, launch } from "../browsers.ts";
import { openSite, type Site } from "../site.ts";
import { bundleTests } from "./bundle.ts";
import type { Drawn, Ended } from "./vitest.ts";

/** It only compares with a program that a page cannot start. */
const elsewhere = "gradients/pytorch.test.ts";

/** The files of a folder of tests that run on a GPU and in a page. */
function filesOf(folder: "ops" | "gradients"): string[] {
  const names = readdirSync(fileURLToPath(new URL(`../../${folder}`, import.meta.url)));
  const files = names.filter((name) => name.endsWith(".test.ts")).map((name) => `${folder}/${name}`);
  return files.filter((file) => !Object.hasOwn(excluded, `test/${file}`) && file !== elsewhere);
}

/** Makes a test of each file of tests in a folder, with the tests that are drawn. */
export function testInChromium(folder: "ops" | "gradients", drawn: Drawn): void {
  const { oneIn, seed } = drawn;
  const files = filesOf(folder);
  const script = (file: string): string => `${basename(file)}.js`;
  describe.skipIf(inject("tools").chromium.missing)("on WebGPU in Chromium", () => {
    let site: Site;
    let browser: Browser;
    let page: BrowserPage;
    let count = 0;
    beforeAll(async () => {
      site = await openSite(async (root) => {
        await Promise.all(files.map((file) => bundleTests(file, drawn, join(root, script(file)))));
      });
      browser = await launch("chromium", { webGpu: true });
      page = await browser.open(await site.url());
    });
    afterAll(async () => {
      console.log(`ran ${count} tests of ${folder} in the page, one in ${oneIn}, seed ${seed}`);
      await browser?.close();
      await site?.close();
    });

    // Each has a worker and a device of its own, which mostly wait for reads, so several run at once.
    test.concurrent.each(files)("the tests of %s pass", async (file) => {
      const ended = await page.evaluate<Ended[]>(`new Promise((resolve, reject) => {
        const worker = new Worker("${script(file)}", { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      })`);
      count += ended.length;
      expect(ended.length).toBeGreaterThan(0);
      expect(ended.filter(({ error }) => error !== undefined)).toEqual([]);
    });
  });
}
