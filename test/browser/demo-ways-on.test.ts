// What the demo page offers after a run: the program that makes the same, a link to the settings, the run played again.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect } from "vitest";
import { type Browser, type BrowserPage, describeInBrowsers, launch, testOfPage, until } from "./browsers.ts";
import { fill, idle, type PresetName, text } from "./demo-page.ts";
import { type DemoSite, openDemoSite } from "./demo-site.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

let site: DemoSite;
/** In the project, so that programs in it import the package by its name. */
let folder: string;
beforeAll(async () => {
  site = await openDemoSite("demo-ways-on");
  folder = mkdtempSync(join(root, "build/programs-"));
});
afterAll(async () => {
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(tab: BrowserPage, preset: PresetName, fields: Readonly<Record<string, number>>): Promise<void> {
  await until(tab, idle);
  await fill(tab, preset, fields);
  await tab.click("#start");
  await until(
    tab,
    `/^Done after ${fields.outerSteps} updates/.test(document.getElementById("stats").textContent)`,
    100,
  );
}

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
      "the program beside the images, run in Node, prints the digest that the page shows, for each choice",
      async () => {
        const tab = await browser.open(site.url);
        const fields: Readonly<Record<PresetName, Readonly<Record<string, number>>>> = {
          quick: { outerSteps: 2, batch: 16, seed: 3 },
          random: { outerSteps: 2, steps: 2, epochs: 1, batch: 64 },
          fixed: { outerSteps: 2, batch: 64, seed: 5 },
          frepo: { outerSteps: 2, batch: 64 },
        };
        for (const preset of ["quick", "random", "fixed", "frepo"] as const) {
          await run(tab, preset, fields[preset]);
          await until(tab, '/prints the same/.test(document.getElementById("code-digest").textContent)');
          const [shown] = /[0-9a-f]{64}/.exec(await text(tab, "code-digest"))!;
          const program = join(folder, `${preset}.mjs`);
          // Measuring accuracy is what takes long, and changes no set.
          writeFileSync(program, (await text(tab, "code-text")).replace(/^console\.log\(await evaluate.*\n/m, ""));
          const printed = execFileSync(process.execPath, [program], { encoding: "utf8" }).trim().split("\n");
          expect(printed.length, preset).toBe(3);
          expect(printed.at(-1), preset).toBe(shown);
        }
        expect(tab.complaints).toEqual([]);
      },
      240_000,
    );

    pageTest("a link to the settings fills the form of the page that it opens", async () => {
      const tab = await browser.open(site.url);
      await until(tab, idle);
      await fill(tab, "fixed", { outerSteps: 77, steps: 2, seed: 9 });
      await tab.click("#state-link");
      await until(tab, '!document.getElementById("state-address").hidden');
      const link = await tab.evaluate<string>('document.getElementById("state-address").value');
      expect(link.startsWith(`${site.url}#recipe?`)).toBe(true);
      const friend = await browser.open(link);
      await until(friend, idle);
      await until(friend, '/77 updates/.test(document.getElementById("choice").textContent)');
      expect(await text(friend, "choice")).toBe("digits · 20 images for one LeNet · 77 updates");
      // What is no number, or unknown, is left as it was.
      const odd = await browser.open(`${site.url}#recipe?method=magic&steps=1e9&outerSteps=-3&seed=4`);
      await until(odd, `${idle} && document.getElementById("form").elements.namedItem("seed").value === "4"`);
      expect(await text(odd, "choice")).toBe(
        "digits · 10 images by distribution matching for any ConvNet · 300 updates",
      );
      expect([...tab.complaints, ...friend.complaints, ...odd.complaints]).toEqual([]);
    });

    pageTest("a run is played again, moment by moment, and ends with its last images", async () => {
      const tab = await browser.open(site.url);
      expect(await tab.evaluate('document.getElementById("replay").hidden')).toBe(true);
      await run(tab, "quick", { outerSteps: 12, batch: 16 });
      const grid = 'document.getElementById("grid").toDataURL()';
      const last = await tab.evaluate<string>(grid);
      const at = (moment: string): Promise<unknown> =>
        tab.evaluate(
          `(() => { const at = document.getElementById("replay-at"); at.value = ${moment}; at.dispatchEvent(new Event("input")); })()`,
        );
      await at("0");
      expect(await tab.evaluate(grid)).not.toBe(last);
      expect(await text(tab, "replay-step")).toMatch(/^update \d$/);
      await at("at.max");
      expect(await tab.evaluate(grid)).toBe(last);
      expect(await text(tab, "replay-step")).toBe("update 12");
      await at("0");
      await tab.click("#replay-play");
      await until(tab, 'document.getElementById("replay-play").textContent === "Play how they formed"');
      expect(await tab.evaluate(grid)).toBe(last);
      expect(tab.complaints).toEqual([]);
    });
  },
);
