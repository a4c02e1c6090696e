// The demo page as a visitor uses it, in real browsers.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { encode } from "fast-png";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { writeZip } from "../../src/formats/zip.ts";
import { type Browser, type BrowserPage, browserNames, launch, type OpenOptions, until } from "./browsers.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const configFile = join(root, "examples/browser/vite.config.ts");
const site = join(root, "build/demo");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What the page may weigh without its data, gzipped. */
const PAGE_BYTES = 200_000;
const fashion = join(root, "../shared/data/fashion-mnist");

let server: PreviewServer;
let bare: PreviewServer;
let data: PreviewServer;

beforeAll(async () => {
  await build({ configFile, logLevel: "error" });
  const options = { port: 0, host: "127.0.0.1" };
  server = await preview({ configFile, preview: options, logLevel: "silent" });
  // A host that knows nothing of the headers.
  bare = await preview({ configFile: false, build: { outDir: site }, preview: options, logLevel: "silent" });
  // Another origin, which lets pages read.
  data = await preview({
    configFile: false,
    build: { outDir: dirname(fashion) },
    preview: options,
    logLevel: "silent",
  });
});

afterAll(async () => {
  await Promise.all([server, bare, data].map((running) => running?.close()));
});

const urlOf = ({ httpServer }: PreviewServer): string => {
  const address = httpServer.address();
  // Not 127.0.0.1: both are secure, but only one of them is what people type.
  return `http://localhost:${typeof address === "object" && address ? address.port : ""}/`;
};

const text = (tab: BrowserPage, id: string): Promise<string> =>
  tab.evaluate(`document.getElementById("${id}").textContent`);
const idle = '!document.getElementById("start").disabled';

async function openDemo(browser: Browser, options?: OpenOptions): Promise<BrowserPage> {
  const tab = await browser.open(urlOf(server), options);
  await until(tab, idle);
  return tab;
}

/** Sets fields of the form, as typing would. */
async function fill(tab: BrowserPage, fields: Readonly<Record<string, number>>): Promise<void> {
  await tab.evaluate(`for (const [name, value] of Object.entries(${JSON.stringify(fields)})) {
    const field = document.getElementById("form").elements.namedItem(name);
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }`);
}

/** Draws a vertical stroke on the pad. */
async function drawOne(tab: BrowserPage): Promise<void> {
  await tab.evaluate('document.getElementById("pad").scrollIntoView({ block: "center" })');
  const box = await tab.evaluate<DOMRect>('document.getElementById("pad").getBoundingClientRect().toJSON()');
  const [x, y] = [box.x + box.width / 2, box.y];
  await tab.mouse.move(x, y + 0.2 * box.height);
  await tab.mouse.down();
  for (let share = 0.2; share <= 0.8; share += 0.1) await tab.mouse.move(x, y + share * box.height);
  await tab.mouse.up();
}

/** Gives files, by name and base64, to an input, as choosing them would. */
async function choose(
  tab: BrowserPage,
  input: string,
  files: readonly (readonly [name: string, base64: string])[],
): Promise<void> {
  await tab.evaluate(`(() => {
    const transfer = new DataTransfer();
    for (const [name, base64] of ${JSON.stringify(files)}) {
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    }
    const input = document.getElementById("${input}");
    input.files = transfer.files;
    input.dispatchEvent(new Event("change"));
  })()`);
}

/** Clicks a download and returns its name and its bytes in base64. */
async function download(tab: BrowserPage, kind: string): Promise<readonly [name: string, base64: string]> {
  await tab.evaluate(`(() => {
    window.downloaded = undefined;
    HTMLAnchorElement.prototype.click = function () {
      window.downloaded = fetch(this.href)
        .then((response) => response.arrayBuffer())
        .then((buffer) => [this.download, btoa(Array.from(new Uint8Array(buffer), (b) => String.fromCharCode(b)).join(""))]);
    };
  })()`);
  await tab.click(`[data-kind=${kind}]`);
  await until(tab, "window.downloaded");
  return tab.evaluate("window.downloaded");
}

/** A zip, in base64, of two classes of 20 colour pictures: yellow and green ones. */
function pictures(): string {
  const entries = ["lemon", "lime"].flatMap((className, label) =>
    Array.from({ length: 20 }, (_, i) => {
      const pixel = [label === 0 ? 220 : 60, 180 + i, 40];
      const data = Uint8Array.from({ length: 3 * 24 * 24 }, (_, p) => pixel[p % 3]!);
      return [`fruit/${className}/${i}.png`, encode({ width: 24, height: 24, channels: 3, depth: 8, data })] as const;
    }),
  );
  return Buffer.from(writeZip(entries)).toString("base64");
}

for (const name of browserNames) {
  describe.skipIf(inject("tools")[name].missing)(`in ${name}`, () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch(name);
    });
    afterAll(() => browser?.close());

    test("opens with images, trains on them, and reads what is drawn and what is picked", async () => {
      const tab = await openDemo(browser);
      expect(await tab.evaluate("crossOriginIsolated")).toBe(true);
      expect(await text(tab, "caption")).toMatch(/^100 images\. Made before/);
      expect(await tab.evaluate('document.getElementById("grid").width')).toBe(289);

      await until(tab, 'document.querySelectorAll("#strip button").length === 10');
      const loaded = await tab.evaluate<string[]>(
        'performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname.slice(1))',
      );
      const page = loaded.filter((path) => /\.(js|css|svg)$/.test(path) && !/digits-(images|labels)/.test(path));
      const sizes = ["index.html", ...page].map(
        (path) => gzipSync(readFileSync(join(site, path)), { level: 9 }).length,
      );
      const total = sizes.reduce((sum, size) => sum + size, 0);
      console.log(`${name}: the page is ${sizes.length} files of ${total} bytes, gzipped, and its data`);
      expect(sizes.length).toBeGreaterThan(2);
      expect(total).toBeLessThanOrEqual(PAGE_BYTES);

      await tab.click("#train");
      await until(tab, 'document.querySelector("#trained b")');
      const trained = await text(tab, "trained");
      expect(trained).toMatch(
        /^Trained in \d+ ms: 61,706 weights, 30 gradient steps on 100 images\. It reads \d\d\.\d\s% of 1,000/,
      );
      expect(Number(/reads (\d+\.\d)/.exec(trained)![1])).toBeGreaterThan(70);

      await drawOne(tab);
      await until(tab, 'document.getElementById("verdict").textContent.trim()');
      await until(tab, 'document.querySelector("#bars .best")');
      expect(await tab.evaluate('document.querySelector("#bars .best").dataset.index')).toBe("1");

      await tab.evaluate('document.querySelector("#strip button").focus()');
      await tab.keyboard.press("Enter");
      await until(tab, '/right|wrong/.test(document.getElementById("verdict").textContent)');
      expect(tab.complaints).toEqual([]);
    });

    test("runs 20 updates, pauses and resumes, keeps the set over a reload, downloads it and opens it again", async () => {
      const tab = await openDemo(browser);
      await tab.evaluate(`window.long = [];
        if (PerformanceObserver.supportedEntryTypes.includes("longtask"))
          new PerformanceObserver((list) => window.long.push(...list.getEntries().map((e) => e.duration)))
            .observe({ entryTypes: ["longtask"] });`);
      // Large enough to be paused on the way: reports come ten times a second.
      await fill(tab, { outerSteps: 20, steps: 5, epochs: 3, batch: 2048 });
      await tab.click("#start");
      await until(tab, 'document.getElementById("progress").value >= 1');
      await tab.click("#pause");
      await until(tab, 'document.getElementById("pause").textContent === "Resume"');
      await until(tab, '/^Paused/.test(document.getElementById("stats").textContent)');
      // The update in hand may still end. A page that does not pause stands still only when all 20 are done.
      const step = (): Promise<number> => tab.evaluate('document.getElementById("progress").value');
      let paused = -1;
      for (let now = await step(); now !== paused; now = await step()) {
        paused = now;
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
      expect(paused).toBeLessThan(20);
      await tab.click("#pause");
      await until(tab, idle);
      expect(await text(tab, "stats")).toMatch(/^Done after 20 updates/);
      expect(await text(tab, "caption")).toMatch(/^50 images\. Made here from digits in 20 updates\.$/);
      expect(await text(tab, "accuracy-now")).toMatch(/^\d+\.\d\s%$/);
      const long = await tab.evaluate<number[]>("window.long");
      if (name === "chromium") {
        console.log(
          `main thread during the run: ${long.length} tasks over 50 ms${long.length ? ` (${long.map(Math.round).join(", ")} ms)` : ""}`,
        );
      }

      const saved = await download(tab, "safetensors");
      expect(saved[0]).toBe("distilled.safetensors");
      expect((await download(tab, "npz"))[1]).toMatch(/^UEs/);
      expect((await download(tab, "png"))[1]).toMatch(/^iVBORw0KGgo/);
      const recipe = JSON.parse(Buffer.from((await download(tab, "json"))[1], "base64").toString());
      expect(recipe).toMatchObject({ outerSteps: 20, seed: 1, method: { steps: 5, epochs: 3 } });

      // What is kept is written in the background.
      await new Promise((resolve) => setTimeout(resolve, 500));
      await tab.reload();
      await until(tab, '!document.getElementById("left-off").hidden');
      expect(await text(tab, "caption")).toMatch(/^100 images/);
      await tab.click("#left-off-show");
      await until(
        tab,
        '/^50 images. Made here .* at an earlier visit/.test(document.getElementById("caption").textContent)',
      );
      expect((await download(tab, "safetensors"))[1]).toBe(saved[1]);

      await choose(tab, "open", [["mine.safetensors", saved[1]]]);
      await until(tab, '/Opened from mine.safetensors/.test(document.getElementById("caption").textContent)');
      await choose(tab, "open", [["broken.safetensors", "AAAA"]]);
      await until(tab, '/broken.safetensors: expected/.test(document.getElementById("trouble").textContent)');
      expect(tab.complaints).toEqual([]);
    });

    test("a host that does not send the headers gets them from the service worker", async () => {
      const tab = await browser.open(urlOf(bare));
      await until(tab, `crossOriginIsolated && ${idle}`);
      expect(await text(tab, "threads-chip")).toMatch(/thread/);
      expect(tab.complaints).toEqual([]);
    });

    test.skipIf(name !== "chromium")("axe finds no serious fault, light and dark, wide and narrow", async () => {
      for (const options of [{}, { dark: true }, { width: 390 }]) {
        const tab = await openDemo(browser, options);
        await tab.click("#settings summary");
        await until(tab, 'document.querySelectorAll("#strip button").length === 10');
        await tab.evaluate(axe);
        const { violations } = await tab.evaluate<{
          violations: { id: string; impact: string; nodes: { html: string }[] }[];
        }>("axe.run()");
        const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
        expect(await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      }
    });

    test("a zip of class folders is read, distilled, and compared with real pictures and averages", async () => {
      const tab = await openDemo(browser);
      await choose(tab, "files", [["fruit.zip", pictures()]]);
      await until(
        tab,
        'document.getElementById("own-info").textContent === "fruit: 32 pictures of 32×32 in 2 classes, 8 held out"',
      );
      await tab.click("input[value=fixed]");
      await fill(tab, { outerSteps: 30, batch: 32 });
      await tab.click("#start");
      await until(tab, '/Done after 30 updates/.test(document.getElementById("stats").textContent)');
      expect(await text(tab, "caption")).toBe("2 images. Made here from fruit in 30 updates.");
      expect(await tab.evaluate('[...document.querySelectorAll("#board span")].map((s) => s.textContent).join()')).toBe(
        "lemon,lime",
      );
      await until(tab, idle);
      await tab.click("#train");
      await until(tab, 'document.querySelector("#trained b")');
      await tab.click("#compare-start");
      await until(tab, 'document.querySelectorAll("#lines canvas").length === 3');
      const lines = await tab.evaluate<string[]>(
        '[...document.querySelectorAll("#lines .title")].map((t) => t.textContent)',
      );
      expect(lines[0]).toMatch(/^Distilled, 2 images\d+\.\d\s%$/);
      expect(lines[1]).toMatch(/^Random real, 2 images\d+\.\d/);
      expect(lines[2]).toMatch(/^Class averages, 2 images\d+\.\d/);
      expect(tab.complaints).toEqual([]);
    });

    test.skipIf(name !== "chromium" || !existsSync(fashion))(
      "Fashion-MNIST is fetched from the address of its files, and distilled",
      async () => {
        const tab = await openDemo(browser);
        await tab.click("#settings summary");
        await tab.evaluate(`document.getElementById("address").value = "${urlOf(data)}fashion-mnist"`);
        await tab.click("#fetch");
        await until(
          tab,
          '/60,000 pictures of 28×28 in 10 classes, 10,000 held out/.test(document.getElementById("own-info").textContent)',
        );
        await fill(tab, { outerSteps: 2, batch: 64, steps: 1, epochs: 1 });
        await tab.click("#start");
        await until(tab, '/Done after 2 updates/.test(document.getElementById("stats").textContent)');
        expect(await text(tab, "caption")).toMatch(/^10 images\. Made here from fashion/);
        expect(tab.complaints).toEqual([]);
      },
    );
  });
}
