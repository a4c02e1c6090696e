// The package as users get it: packed, installed, built by their bundler as it comes, and run in a real browser.
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeImage } from "../../src/codecs/decode-image.ts";
import { made, pictures } from "../data/jpegs.ts";
import { waysToTry } from "../thorough.ts";
import { type Browser, describeInBrowsers, launch } from "./browsers.ts";
import { type Consumer, makeConsumer } from "./consumer.ts";
import { waysToServe } from "./ways.ts";

interface Result {
  readonly digest: string;
  readonly notices: readonly string[];
  readonly pixels: readonly number[];
}

let consumer: Consumer;
let expected: Result;

beforeAll(() => {
  consumer = makeConsumer();
  const script = 'import { result } from "./program.js"; console.log(JSON.stringify(await result)); process.exit(0);';
  const options = { cwd: consumer.folder, encoding: "utf8" } as const;
  expected = JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", script], options));
});
afterAll(() => consumer?.remove());

describeInBrowsers(
  (name) => `installed from its tarball and run in ${name}, the package`,
  (name) => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch(name);
    });
    afterAll(async () => browser?.close());

    // One bundler and none in the second browser: what a bundler does, it does before there is a browser.
    const tried =
      name === "chromium"
        ? waysToTry(Object.keys(waysToServe), (way) => way !== "webpack for development" && way !== "vite dev")
        : waysToTry(["an import map and no bundler", "vite build"], (way) => way === "vite build");
    test.each(tried)("gives Node's bytes with %s", async (way) => {
      const { url, close } = await waysToServe[way]!(consumer);
      try {
        const page = await browser.open(url);
        expect(await page.evaluate<Result>("globalThis.result")).toEqual(expected);
        expect(page.said.filter((text) => !text.startsWith("[vite] connect"))).toEqual([]);
        await page.close();
      } finally {
        await close();
      }
    });
  },
);

test("in Node it computed something on two threads, and read a picture", async () => {
  const { data } = await decodeImage(made(pictures.colour.plain), { name: "picture.jpg" });
  expect(expected).toEqual({ digest: expect.stringMatching(/^[0-9a-f]{64}$/), notices: [], pixels: [...data] });
});
