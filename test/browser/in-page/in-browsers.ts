// The tests of ops and of derivatives, with the bodies that test the kernels in Node, on WebGPU in a page: SwiftShader in
// Chromium, lavapipe in Firefox.
import { readdirSync } from "node:fs";
import { cp } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { goldenPlace, goldenPresent } from "../../golden.ts";
import { excluded } from "../../webgpu/choice.ts";
import { type Browser, type BrowserName, type BrowserPage, firefoxLacksWebGpu, launch } from "../browsers.ts";
import { openSite, type Site } from "../site.ts";
import { bundleTests } from "./bundle.ts";
import type { Drawn, Ended } from "./vitest.ts";

/** It only compares with a program that a page cannot start. */
const elsewhere = "gradients/pytorch.test.ts";

/** It reads files, which the site is given. */
const withGolden = "engine/golden.test.ts";

/**
 * What takes SwiftShader longer to compile than a test may last, and keeps the GPU's process from all else meanwhile: numbers of 64
 * bits in the kernel of KIP and label solve. It runs on llvmpipe in Node and on lavapipe in Firefox.
 */
const notInChromium = { file: "ops/arc-cosine.test.ts", tests: "KIP|label solve" };

/** The files of the tests of LeNet and of whole runs. */
export const wholeNetworks: readonly string[] = [
  ...(goldenPresent ? [withGolden] : []),
  "distill/twenty-steps.test.ts",
  "distill/windows-gradient.test.ts",
];

/** The files of a folder of tests that run on a GPU and in a page. */
function filesOf(folder: string): string[] {
  const names = readdirSync(fileURLToPath(new URL(`../../${folder}`, import.meta.url)));
  const files = names.filter((name) => name.endsWith(".test.ts")).map((name) => `${folder}/${name}`);
  return files.filter((file) => !Object.hasOwn(excluded, `test/${file}`) && file !== elsewhere);
}

/** Makes a test of each file of tests of a kind, with the tests that are drawn. By default a folder has them. */
export function testInPages(
  name: BrowserName,
  kind: "ops" | "gradients" | "whole networks",
  { oneIn, seed }: Drawn,
  all: readonly string[] = filesOf(kind),
): void {
  const inChromium = name === "chromium";
  const drawn = { oneIn, seed, ...(inChromium && { without: notInChromium.tests }) };
  const files = inChromium ? all.filter((file) => file !== notInChromium.file) : all;
  const missing = inChromium ? inject("tools").chromium.missing : firefoxLacksWebGpu();
  if (missing !== undefined) console.log(`skipped on WebGPU in ${name}: ${missing}`);
  const script = (file: string): string => `${basename(file)}.js`;
  describe.skipIf(missing)(`on WebGPU in ${name}`, () => {
    let site: Site;
    let browser: Browser;
    let page: BrowserPage;
    let count = 0;
    beforeAll(async () => {
      site = await openSite(async (root) => {
        await Promise.all(files.map((file) => bundleTests(file, drawn, join(root, script(file)))));
        if (files.includes(withGolden)) await cp(goldenPlace, join(root, "golden"), { recursive: true });
      });
      browser = await launch(name, { webGpu: true });
      page = await browser.open(await site.url());
    });
    afterAll(async () => {
      console.log(`ran ${count} tests of ${kind} in a page of ${name}, one in ${oneIn}, seed ${seed}`);
      await browser?.close();
      await site?.close();
    });

    // Each has a worker and a device of its own, which mostly wait for reads, so several run at once in Chromium. In Firefox some
    // of five at once never end.
    const each = inChromium ? test.concurrent.each(files) : test.each(files);
    each("the tests of %s pass", async (file) => {
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
