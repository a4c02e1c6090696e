// Real browsers, driven without a window: Chromium through Playwright, Firefox through Puppeteer and WebDriver BiDi.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";

export type BrowserName = "chromium" | "firefox";

const executables: Readonly<Record<BrowserName, string>> = {
  chromium: process.env.CHROMIUM ?? "/usr/bin/chromium",
  firefox: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
};

/** The browsers of this machine. Says which tests are skipped for want of the others. */
export const browserNames: readonly BrowserName[] = (["chromium", "firefox"] as const).filter((name) => {
  if (existsSync(executables[name])) return true;
  console.warn(`skipped in ${name}: there is no ${executables[name]} (set ${name.toUpperCase()} to where it is)`);
  return false;
});

/** A page of a browser. */
export interface BrowserPage {
  /** The value of an expression in the page, or of its promise, as JSON. */
  evaluate<T>(expression: string): Promise<T>;
  /** What the page has said on the console and not caught, so far. */
  readonly said: readonly string[];
  close(): Promise<void>;
}

/** A browser that runs. */
export interface Browser {
  open(url: string): Promise<BrowserPage>;
  close(): Promise<void>;
}

/** Starts a browser. Whoever does closes it. */
export async function launch(name: BrowserName): Promise<Browser> {
  const executablePath = executables[name];
  const browser =
    name === "chromium"
      ? await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] })
      : await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
  return {
    async open(url) {
      const page = await browser.newPage();
      const said: string[] = [];
      const on = page.on.bind(page) as (
        event: string,
        listener: (it: { text(): string; message: string }) => void,
      ) => void;
      on("console", (message) => said.push(message.text()));
      on("pageerror", (error) => said.push(error.message));
      await page.goto(url);
      return {
        said,
        evaluate: (page.evaluate as BrowserPage["evaluate"]).bind(page),
        close: () => page.close(),
      };
    },
    close: () => browser.close(),
  };
}
