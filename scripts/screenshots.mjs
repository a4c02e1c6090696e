// Takes the pictures of the demo in docs/, and the preview that other programs show of a link to it, in Chromium (/usr/bin/chromium,
// or CHROMIUM). First `npm run demo:build`.
import { join } from "node:path";
import { chromium } from "playwright-core";
import { preview } from "vite";

const root = join(import.meta.dirname, "..");
const configFile = join(root, "examples/browser/vite.config.ts");
const host = await preview({ configFile, preview: { port: 0, host: "127.0.0.1" }, logLevel: "silent" });
const url = `http://localhost:${host.httpServer.address().port}/`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic"],
});

const trained = () => document.querySelector("#trained b") !== null && !document.getElementById("start").disabled;
const read = () => document.querySelector("#bars .best") !== null;

/** A 3, in shares of the pad. */
const three = [
  [0.3, 0.24],
  [0.5, 0.14],
  [0.68, 0.26],
  [0.62, 0.42],
  [0.47, 0.48],
  [0.66, 0.56],
  [0.7, 0.74],
  [0.5, 0.88],
  [0.28, 0.78],
];

async function open({ width, height, dark = false, largeText = false }) {
  const viewport = { width, height };
  const context = await browser.newContext({ viewport, colorScheme: dark ? "dark" : "light" });
  const page = await context.newPage();
  await page.goto(url);
  if (largeText) await page.addStyleTag({ content: "html { font-size: 32px !important; }" });
  await page.waitForFunction(trained);
  return page;
}

async function drawThree(page) {
  await page.locator("#pad").scrollIntoViewIfNeeded();
  const { x, y, width, height } = await page.locator("#pad").boundingBox();
  for (const [i, [across, down]] of three.entries()) {
    await page.mouse.move(x + across * width, y + down * height, { steps: 4 });
    if (i === 0) await page.mouse.down();
  }
  await page.mouse.up();
  await page.waitForFunction(read);
}

async function take(name, options, act = async () => {}) {
  const page = await open(options);
  await act(page);
  await page.screenshot({ path: join(root, name), fullPage: options.whole ?? false });
  await page.context().close();
}

const top = (page) => page.evaluate(() => scrollTo(0, 0));
await take("docs/demo.png", { width: 1280, height: 900 }, async (page) => {
  await drawThree(page);
  await top(page);
});
await take("docs/demo-dark.png", { width: 1280, height: 900, dark: true }, async (page) => {
  await page.click("#start");
  await page.waitForFunction(() => document.getElementById("progress").value > 120, null, { timeout: 120_000 });
});
await take("docs/demo-phone.png", { width: 390, height: 844, dark: true }, drawThree);
await take("docs/demo-large-text.png", { width: 390, height: 844, largeText: true }, async (page) => {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) throw new Error(`with text of 200 % the page is ${wide} px wider than the screen of a phone`);
});
await take("examples/browser/public/preview.png", { width: 1200, height: 630 }, async (page) => {
  await drawThree(page);
  await top(page);
});
await browser.close();
await host.close();
