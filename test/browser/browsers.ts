// Real browsers, driven without a window: Chromium through Playwright, Firefox through Puppeteer and WebDriver BiDi.
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { chromium, type Page } from "playwright-core";
import puppeteer, { type Page as PuppeteerPage } from "puppeteer-core";
import { describe, inject, test } from "vitest";
import { isThorough } from "../thorough.ts";

const browserNames = ["chromium", "firefox"] as const;

export type BrowserName = (typeof browserNames)[number];

/** Makes a suite for each browser; that of a browser which this machine lacks is skipped. */
export function describeInBrowsers(title: (name: BrowserName) => string, suite: (name: BrowserName) => void): void {
  for (const name of browserNames) {
    describe.skipIf(inject("tools")[name].missing)(title(name), () => suite(name));
  }
}

/** `test` for what a page does by itself, whichever the browser: `npm test` tries that in Chromium alone. */
export function testOfPage(name: BrowserName): ReturnType<typeof test.skipIf> {
  return test.skipIf(name === "firefox" && !isThorough);
}

/** A page of a browser. */
export interface BrowserPage {
  /** Returns the value of an expression in the page, or of its promise, as JSON. */
  evaluate<T>(expression: string): Promise<T>;
  click(selector: string): Promise<void>;
  reload(): Promise<unknown>;
  readonly mouse: {
    move(x: number, y: number): Promise<void>;
    down(): Promise<void>;
    up(): Promise<void>;
  };
  readonly keyboard: { press(key: string): Promise<void> };
  /** The messages on the page's console and its uncaught errors, so far. */
  readonly said: readonly string[];
  /** The errors and warnings among them. Chromium's own, that it finds no GPU, is none of the page's. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** How a page is opened, each page with storage of its own. */
export interface OpenOptions {
  /** Default 1280. */
  readonly width?: number;
  /** Default 900. */
  readonly height?: number;
  readonly dark?: boolean;
  /** A script that runs in the page before its own. */
  readonly before?: string;
  /** Default true. */
  readonly scripts?: boolean;
}

/** A running browser. */
export interface Browser {
  open(url: string, options?: OpenOptions): Promise<BrowserPage>;
  close(): Promise<void>;
}

/** How a browser is started. */
export interface LaunchOptions {
  /**
   * Lets pages use WebGPU, which computes on the processor: Chromium on its SwiftShader, Firefox on Mesa's lavapipe. Without it
   * `navigator.gpu` of Chromium finds nothing, and Firefox on Linux has none.
   */
  readonly webGpu?: boolean;
}

/** Starts a browser. The caller must close it. */
export async function launch(name: BrowserName, { webGpu = false }: LaunchOptions = {}): Promise<Browser> {
  const executablePath = inject("tools")[name].path;
  if (executablePath === undefined) throw new Error(inject("tools")[name].missing);
  return name === "chromium" ? launchChromium(executablePath, webGpu) : launchFirefox(executablePath, webGpu);
}

async function launchChromium(executablePath: string, webGpu: boolean): Promise<Browser> {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", ...(webGpu ? ["--enable-unsafe-webgpu"] : [])];
  const browser = await chromium.launch({ executablePath, args });
  return {
    async open(url, { width = 1280, height = 900, dark = false, before, scripts = true } = {}) {
      const colorScheme = dark ? "dark" : "light";
      const viewport = { width, height };
      const page = await browser.newPage({ viewport, colorScheme, javaScriptEnabled: scripts });
      if (before !== undefined) await page.addInitScript(before);
      return opened(page, url);
    },
    close: () => browser.close(),
  };
}

/** Why Firefox has no WebGPU here; undefined if it has. */
export function firefoxLacksWebGpu(): string | undefined {
  return inject("tools").firefox.missing ?? inject("tools").lavapipe.missing;
}

/** What makes Firefox use a driver of Vulkan that .ci/engines unpacked. */
function vulkan(): { readonly env: NodeJS.ProcessEnv; readonly extraPrefsFirefox: Record<string, boolean> } {
  const driver = inject("tools").lavapipe.path;
  if (driver === undefined) throw new Error(inject("tools").lavapipe.missing);
  const libraries = join(dirname(driver), "../../../lib/x86_64-linux-gnu");
  return {
    env: { ...process.env, VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: libraries },
    extraPrefsFirefox: { "dom.webgpu.enabled": true, "gfx.webgpu.ignore-blocklist": true },
  };
}

async function launchFirefox(executablePath: string, webGpu: boolean): Promise<Browser> {
  const more = webGpu ? vulkan() : {};
  const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, ...more });
  return {
    async open(url, { width = 1280, height = 900, dark = false, before, scripts = true } = {}) {
      if (dark) throw new Error("Firefox is not told the colour scheme");
      if (!scripts) throw new Error("Firefox is not told to run no scripts");
      const page = await (await browser.createBrowserContext()).newPage();
      await page.setViewport({ width, height });
      if (before !== undefined) await page.evaluateOnNewDocument(before);
      return opened(page, url);
    },
    close: () => browser.close(),
  };
}

async function opened(page: Page | PuppeteerPage, url: string): Promise<BrowserPage> {
  const said: string[] = [];
  const complaints: string[] = [];
  const on = page.on.bind(page) as (
    event: string,
    listener: (it: { text(): string; type(): string; message: string }) => void,
  ) => void;
  on("console", (message) => {
    said.push(message.text());
    if (/^(error|warn)/.test(message.type()) && message.text() !== "No available adapters.")
      complaints.push(message.text());
  });
  on("pageerror", (error) => {
    said.push(error.message);
    complaints.push(error.message);
  });
  await page.goto(url);
  return {
    said,
    complaints,
    mouse: page.mouse,
    keyboard: page.keyboard as BrowserPage["keyboard"],
    evaluate: (page.evaluate as BrowserPage["evaluate"]).bind(page),
    click: (selector) => page.click(selector),
    reload: () => page.reload(),
    close: () => page.close(),
  };
}

/**
 * Kills the processes in which the Chromiums that this process started use the GPU, as a driver that fails does. Chromium starts
 * them again.
 */
export function killGpuProcesses(): void {
  const rows = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).trim().split("\n");
  const processes = rows.map((row) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row)!.slice(1) as [string, string, string]);
  const ours = new Set([String(process.pid)]);
  // A process comes after its parent, but for those whose numbers began again.
  for (let i = 0; i < 5; i++) for (const [pid, parent] of processes) if (ours.has(parent)) ours.add(pid);
  for (const [pid, , args] of processes) {
    if (ours.has(pid) && args.includes("--type=gpu-process")) process.kill(Number(pid), "SIGKILL");
  }
}

/** Waits until an expression is truthy in the page. */
export async function until(page: BrowserPage, expression: string, seconds = 30): Promise<void> {
  const end = Date.now() + 1000 * seconds;
  // A page that is loading again has no context for a moment.
  while (!(await page.evaluate(`!!(${expression})`).catch(() => false))) {
    if (Date.now() > end) {
      const alert = await page.evaluate<string>('document.querySelector("[role=alert]")?.textContent').catch(() => "");
      const complaints = [...page.said, alert].join("\n").trim() || "nothing";
      throw new Error(`waited ${seconds} s for ${expression}; the page said ${complaints}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
