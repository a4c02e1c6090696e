// What people draw on the demo's pad is read by what a visitor gets first: drawings of the tests' own, and others beside the checkout.
import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, describeInBrowsers, launch, testOfPage, until } from "./browsers.ts";
import { drawAndRead, idle } from "./demo-page.ts";
import { type DemoSite, openDemoSite } from "./demo-site.ts";
import { type Drawing, ownDrawings } from "./own-drawings.ts";

const others = fileURLToPath(new URL("../../../shared/cases/drawings.mjs", import.meta.url));
const othersMissing = existsSync(others) ? undefined : `there is no ${others}`;

/** Of sixty drawings so many must be read, and of the six of each digit so many. */
const LEAST = 56;
const LEAST_OF_A_DIGIT = 5;

interface OtherDrawings {
  readonly conditions: Readonly<Record<string, object>>;
  strokes(digit: number, condition: object): Drawing["strokes"];
}

async function otherDrawings(): Promise<Drawing[]> {
  const { conditions, strokes }: OtherDrawings = await import(pathToFileURL(others).href);
  return Object.entries(conditions).flatMap(([manner, condition]) =>
    Array.from({ length: 10 }, (_, digit) => ({ digit, manner, strokes: strokes(digit, condition) })),
  );
}

/** Says what was read, a line for each manner, and expects most of it to be right. */
function expectRead(drawings: readonly Drawing[], read: readonly number[], title: string): void {
  const manners = [...new Set(drawings.map(({ manner }) => manner))];
  const lines = manners.map((manner) => {
    const row = drawings.flatMap((drawing, i) => (drawing.manner === manner ? [read[i]] : []));
    return `  ${row.join(" ")}  ${manner}`;
  });
  const right = drawings.map(({ digit }, i) => digit === read[i]);
  const ofDigits = Array.from({ length: 10 }, (_, digit) => {
    return drawings.filter((drawing, i) => drawing.digit === digit && right[i]).length;
  });
  const all = right.filter(Boolean).length;
  console.log(`${title}: ${all} of ${drawings.length} are read\n  0 1 2 3 4 5 6 7 8 9\n${lines.join("\n")}`);
  expect(drawings.length).toBe(60);
  expect(all).toBeGreaterThanOrEqual(LEAST);
  expect(Math.min(...ofDigits), `right of six, by digit: ${ofDigits.join(" ")}`).toBeGreaterThanOrEqual(
    LEAST_OF_A_DIGIT,
  );
}

let site: DemoSite;
beforeAll(async () => {
  if (othersMissing) console.log(`drawings of others are skipped: ${othersMissing}`);
  site = await openDemoSite("demo-drawings");
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

    const reads = async (drawings: readonly Drawing[], title: string): Promise<void> => {
      const tab = await browser.open(site.url);
      await until(tab, idle);
      const read: number[] = [];
      for (const { strokes } of drawings) read.push(await drawAndRead(tab, strokes));
      expectRead(drawings, read, title);
      expect(tab.complaints).toEqual([]);
      await tab.close();
    };

    pageTest("sixty drawings of the tests' own are read, nearly all, and five of six of each digit", async () => {
      await reads(ownDrawings(1), `${name}, drawings of the tests' own`);
    });

    test.skipIf(othersMissing !== undefined || name === "firefox")(
      "sixty drawings that others listed are read, nearly all, and five of six of each digit",
      async () => {
        await reads(await otherDrawings(), `${name}, drawings that others listed`);
      },
    );
  },
);
