// WebKitGTK as a browser of the tests, through the commands of WebDriver. Neither Playwright nor Puppeteer can drive it.
import { describe } from "vitest";
import { startWebKit, type WebKit, webKitMissing } from "../engines/webkit.ts";
import { type Browser, type BrowserPage, describeInBrowsers, launch, type OpenOptions } from "./browsers.ts";
import { type InjectingProxy, openInjectingProxy } from "./injecting-proxy.ts";

/** The keys of WebDriver that are no characters. */
const keys: Readonly<Record<string, string>> = {
  Tab: "\uE004",
  Enter: "\uE007",
  Shift: "\uE008",
  Escape: "\uE00C",
  ArrowLeft: "\uE012",
  ArrowUp: "\uE013",
  ArrowRight: "\uE014",
  ArrowDown: "\uE015",
  Space: " ",
};

/** The name under which WebDriver hands over an element. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** The height of the page, as that of the other browsers. */
const HEIGHT = 900;

/**
 * Starts browsers, one for each page, with these environment variables. The caller must close it. Pages come through a proxy,
 * which knows what they say, because WebDriver has no way to ask for it.
 */
export function launchWebKit(environment: Readonly<Record<string, string>> = {}): Browser {
  const open = new Set<() => Promise<void>>();
  return {
    async open(url, options = {}) {
      refuse(options);
      const proxy = await openInjectingProxy(url, options.before);
      const webKit = await startWebKit(environment);
      const close = async (): Promise<void> => {
        open.delete(close);
        await webKit.close();
        await proxy.close();
      };
      open.add(close);
      await resize(webKit, options.width ?? 1280);
      await webKit.command("POST", "/url", { url: proxy.urlOf(url) });
      return pageOf(webKit, proxy, close);
    },
    async close() {
      for (const close of open) await close();
    },
  };
}

function refuse({ dark = false, scripts = true }: OpenOptions): void {
  if (dark) throw new Error("WebKitGTK is not told the colour scheme");
  if (!scripts) throw new Error("WebKitGTK is not told to run no scripts");
}

/** Makes the page this wide; the window has bars of its own, which need about 450 pixels. */
async function resize(webKit: WebKit, width: number): Promise<void> {
  await webKit.command("POST", "/window/rect", { x: 0, y: 0, width, height: HEIGHT });
  const inner = await webKit.evaluate<[number, number]>("[innerWidth, innerHeight]");
  const more = { width: width + width - inner[0], height: HEIGHT + HEIGHT - inner[1] };
  await webKit.command("POST", "/window/rect", { x: 0, y: 0, ...more });
}

function pageOf(webKit: WebKit, { said }: InjectingProxy, close: () => Promise<void>): BrowserPage {
  const act = (actions: object) => webKit.command("POST", "/actions", { actions: [actions] });
  const pointer = (...actions: object[]) =>
    act({ type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions });
  return {
    evaluate: (expression) => webKit.evaluate(expression),
    async click(selector) {
      const found = { using: "css selector", value: selector };
      const element = await webKit.command<Record<string, string>>("POST", "/element", found);
      await webKit.command("POST", `/element/${element[ELEMENT]}/click`, {});
    },
    reload: () => webKit.command("POST", "/refresh", {}),
    mouse: {
      async move(x, y) {
        await pointer({ type: "pointerMove", duration: 0, origin: "viewport", x: Math.round(x), y: Math.round(y) });
      },
      async down() {
        await pointer({ type: "pointerDown", button: 0 });
      },
      async up() {
        await pointer({ type: "pointerUp", button: 0 });
      },
    },
    keyboard: {
      async press(name) {
        const parts = name.split("+").map((key) => keys[key] ?? key);
        const [down, up] = ["keyDown", "keyUp"].map((type) => parts.map((value) => ({ type, value })));
        await act({ type: "key", id: "keyboard", actions: [...down!, ...up!.reverse()] });
      },
    },
    get said() {
      return said.map(({ text }) => text);
    },
    get complaints() {
      return said.filter(({ kind }) => kind === "error" || kind === "warn").map(({ text }) => text);
    },
    close,
  };
}

/** Makes a suite for each of the three browsers; that of a browser which this machine lacks is skipped. */
export function describeInAllBrowsers(suite: (launchOne: () => Promise<Browser>, name: string) => void): void {
  describeInBrowsers(
    (name) => `in ${name}`,
    (name) => suite(() => launch(name), name),
  );
  describe.skipIf(webKitMissing())("in webkit", () => suite(async () => launchWebKit(), "webkit"));
}
