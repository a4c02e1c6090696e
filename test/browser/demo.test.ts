// The demo page as a visitor uses it, in real browsers.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { digits, distill, distilledToSafetensors, distributionMatching, lenet } from "../../src/index.ts";
import {
  type Browser,
  type BrowserPage,
  describeInBrowsers,
  launch,
  type OpenOptions,
  testOfPage,
  until,
} from "./browsers.ts";
import {
  alert,
  choose,
  download,
  drawOne,
  fill,
  idle,
  languageC,
  pictures,
  storageForbidden,
  tested,
  text,
  train,
} from "./demo-page.ts";
import { openOddHost } from "./odd-host.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const configFile = join(root, "examples/browser/vite.config.ts");
const site = join(root, "build/demo");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What the page may load before its first result, gzipped, with the set that it opens with. */
const START_BYTES = 148_000;
/** What it may load without its data until held-out digits are read, with the panels that come after the first result. */
const PAGE_BYTES = 159_000;
/** Notes when the first network has been trained. */
const noteFirstResult = `new MutationObserver((_, observer) => {
  if (!document.querySelector("#trained b")) return;
  window.firstResult = performance.now();
  observer.disconnect();
}).observe(document, { childList: true, subtree: true })`;
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

async function openDemo(browser: Browser, options?: OpenOptions): Promise<BrowserPage> {
  const tab = await browser.open(urlOf(server), options);
  await until(tab, idle);
  return tab;
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

    test("opens with images, trains on them, and reads what is drawn and what is picked", async () => {
      const tab = await openDemo(browser, { before: noteFirstResult });
      expect(await tab.evaluate("crossOriginIsolated")).toBe(true);
      expect(await text(tab, "caption")).toMatch(/^30 images\. To us they look like noise/);
      expect(await tab.evaluate('document.getElementById("grid").width')).toBe(289);

      // A network trains by itself; the held-out digits, two megabytes, are loaded only where they are seen.
      const dataLoaded = 'performance.getEntriesByType("resource").some(({ name }) => /digits-reader/.test(name))';
      const phone = await openDemo(browser, { width: 390 });
      await until(phone, 'document.querySelector("#trained b")');
      expect(await phone.evaluate(dataLoaded)).toBe(false);
      await phone.close();
      await until(tab, 'document.querySelector("#trained b")');
      const trained = await tested(tab);
      expect(await tab.evaluate(dataLoaded)).toBe(true);
      const loaded = await tab.evaluate<{ path: string; first: boolean }[]>(
        `performance.getEntriesByType("resource").map(({ name, startTime }) =>
          ({ path: new URL(name).pathname.slice(1), first: startTime <= window.firstResult }))`,
      );
      const weight = (paths: readonly string[]): number =>
        ["index.html", ...paths]
          .map((path) => gzipSync(readFileSync(join(site, path)), { level: 9 }).length)
          .reduce((sum, size) => sum + size, 0);
      const pathsOf = (some: typeof loaded, kind: RegExp): string[] =>
        some.flatMap(({ path }) => (kind.test(path) && !/digits-(images|labels)/.test(path) ? [path] : []));
      const [start, page] = [
        pathsOf(
          loaded.filter(({ first }) => first),
          /\.(js|css|svg|txt)$/,
        ),
        pathsOf(loaded, /\.(js|css|svg)$/),
      ];
      console.log(
        `${name}: ${start.length + 1} files of ${weight(start)} bytes, gzipped, give the first result; ` +
          `the page is ${page.length + 1} files of ${weight(page)} bytes, and its data`,
      );
      expect(start.filter((path) => /known-30/.test(path)).length).toBe(1);
      expect(start.filter((path) => /panels-/.test(path))).toEqual([]);
      expect(page.filter((path) => /panels-.*js$/.test(path)).length).toBe(1);
      expect(weight(start)).toBeLessThanOrEqual(START_BYTES);
      expect(weight(page)).toBeLessThanOrEqual(PAGE_BYTES);

      const says =
        /^Trained here in [\d.]+ m?s: 5,826 weights, 15 gradient steps on 30 images\. It reads \d\d\.\d\s% of 1,000/;
      for (const sentence of [trained, await train(tab)]) {
        expect(sentence).toMatch(says);
        expect(Number(/reads (\d+\.\d)/.exec(sentence)![1])).toBeGreaterThan(90);
      }

      await drawOne(tab);
      await until(tab, 'document.getElementById("verdict").textContent.trim()');
      await until(tab, 'document.querySelector("#bars .best")');
      expect(await tab.evaluate('document.querySelector("#bars .best").dataset.index')).toBe("1");

      await tab.evaluate('document.querySelector("#strip button").focus()');
      await tab.keyboard.press("Enter");
      await until(tab, '/right|wrong/.test(document.getElementById("verdict").textContent)');
      expect(tab.complaints).toEqual([]);
    });

    pageTest(
      "judges each picture by its own class: one picked while another is read, one drawn after it, one read again",
      async () => {
        const tab = await openDemo(browser);
        await tested(tab);
        // One verdict may follow another: the last is the one that stays.
        const verdictAfter = async (action: string): Promise<string> => {
          await tab.evaluate(`document.getElementById("verdict").textContent = ""; ${action}`);
          await until(tab, 'document.getElementById("verdict").textContent');
          let verdict = "";
          for (let now = await text(tab, "verdict"); now !== verdict; now = await text(tab, "verdict")) {
            verdict = now;
            await new Promise((resolve) => setTimeout(resolve, 300));
          }
          return verdict;
        };
        const classes = await tab.evaluate<string[]>(
          'Array.from(document.querySelectorAll("#strip button"), (button) => button.getAttribute("aria-label").slice(-1))',
        );
        const other = classes.findIndex((name) => name !== classes[0]);
        expect(other).toBeGreaterThan(0);
        const pick = (i: number): string => `document.querySelectorAll("#strip button")[${i}].click();`;
        const best = (): Promise<string> => tab.evaluate('document.querySelector("#bars .best span").textContent');

        const both = await verdictAfter(pick(0) + pick(other));
        const judged = (await best()) === classes[other] ? "right." : `wrong, it is ${classes[other]}.`;
        expect(both.split(" – ")[1]).toBe(judged);

        const again = await verdictAfter('document.getElementById("train").click()');
        const judgedAgain = (await best()) === classes[other] ? "right." : `wrong, it is ${classes[other]}.`;
        expect(again.split(" – ")[1]).toBe(judgedAgain);

        await drawOne(tab);
        await until(tab, '!/right|wrong/.test(document.getElementById("verdict").textContent)');
        expect(await best()).toBe("1");
      },
    );

    test("runs 20 updates, pauses and resumes, keeps the set over a reload, downloads it and opens it again", async () => {
      const tab = await openDemo(browser);
      await tab.evaluate(`window.long = [];
      if (PerformanceObserver.supportedEntryTypes.includes("longtask"))
        new PerformanceObserver((list) => window.long.push(...list.getEntries().map((e) => e.duration)))
          .observe({ entryTypes: ["longtask"] });`);
      // Large enough to be paused on the way: reports come ten times a second.
      await fill(tab, "random", { outerSteps: 20, steps: 5, epochs: 3, batch: 1024 });
      await tab.click("#start");
      await until(tab, 'document.getElementById("progress").value >= 1');
      await tab.click("#pause");
      await until(tab, 'document.getElementById("pause").textContent === "Resume"');
      await until(tab, '/^Paused/.test(document.getElementById("stats").textContent)');
      // The current update may still end. A page that does not pause stops only when all 20 are done.
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
      expect(await text(tab, "caption")).toMatch(/^30 images/);
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

    pageTest("says how a network trains on a set that comes with a protocol, and does so", async () => {
      const { train: data } = await digits();
      const method = distributionMatching({ imagesPerClass: 2, realPerClass: 4, training: { epochs: 4, batch: 8 } });
      const set = await distill({ data, model: lenet(), method, outer: { steps: 1 } }).result();
      const tab = await openDemo(browser);
      await choose(tab, "open", [["matched.safetensors", Buffer.from(distilledToSafetensors(set)).toString("base64")]]);
      await until(tab, '/Opened from matched/.test(document.getElementById("caption").textContent)');
      expect(await text(tab, "reading-order")).toBe(
        "A network sees all 20 images 4 times, 8 at once, in a random order: 12 gradient steps in all.",
      );
      await train(tab);
      await until(tab, "/ 12 gradient steps on 20 images\\. It reads /.test(document.body.textContent)");
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
        await tested(tab);
        await tab.evaluate(axe);
        const { violations } = await tab.evaluate<{
          violations: { id: string; impact: string; nodes: { html: string }[] }[];
        }>("axe.run()");
        const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
        expect(await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      }
    });

    pageTest("a zip of class folders is read, distilled, and compared with real pictures and averages", async () => {
      const tab = await openDemo(browser);
      await choose(tab, "files", [["fruit.zip", pictures()]]);
      await until(
        tab,
        'document.getElementById("own-info").textContent === "fruit: 32 pictures of 32×32 in 2 classes, 8 held out"',
      );
      await fill(tab, "fixed", { outerSteps: 30, batch: 32 });
      await tab.click("#start");
      await until(tab, '/Done after 30 updates/.test(document.getElementById("stats").textContent)');
      expect(await text(tab, "caption")).toBe("2 images. Made here from fruit in 30 updates.");
      expect(await tab.evaluate('[...document.querySelectorAll("#board span")].map((s) => s.textContent).join()')).toBe(
        "lemon,lime",
      );
      // As many as there are, and no room for those that were there before.
      expect(await text(tab, "choice")).toBe("fruit · 2 images for one LeNet · 30 updates");
      expect(await text(tab, "random-size")).toBe("10 steps of 2 images");
      const room = await tab.evaluate<number>(
        'document.getElementById("board").clientHeight - document.getElementById("grid").clientHeight',
      );
      expect(Math.abs(room)).toBeLessThan(2);
      await until(tab, idle);
      await train(tab);
      await tab.click("#compare-start");
      await until(tab, 'document.querySelectorAll("#lines canvas").length === 3');
      const lines = await tab.evaluate<string[]>(
        '[...document.querySelectorAll("#lines .title")].map((t) => t.textContent)',
      );
      expect(lines[0]).toMatch(/^These images, 2\d+\.\d\s%$/);
      expect(lines[1]).toMatch(/^Real ones, at random, 2\d+\.\d/);
      expect(lines[2]).toMatch(/^Class averages, 2\d+\.\d/);
      expect(tab.complaints).toEqual([]);
    });

    pageTest("a page that cannot start says why, and what to do", async () => {
      // Chromium refuses the parts of a page that is opened as a file; Firefox, which does not, runs it.
      const asFile = await browser.open(pathToFileURL(join(site, "index.html")).href);
      await until(asFile, `${idle} || !document.getElementById("trouble").hidden`);
      if (!(await asFile.evaluate<boolean>(idle))) {
        await expect.poll(() => alert(asFile)).toMatch(/opened as a file.* npm run demo builds and serves it/);
        expect(await text(asFile, "caption")).toBe("");
      }
      await asFile.close();

      const cases = [
        {
          options: { missing: /index-.*\.js$/ },
          says: /could not be loaded\. Check that you are online .* reload it/,
        },
        // Without the slash everything is missing; where adding one leads back here, only a person can do it.
        { options: { circles: true }, says: /could not be loaded\. Put a slash \(\/\) at the end of its address/ },
      ];
      for (const { options, says } of cases) {
        const host = await openOddHost(site, options);
        const tab = await browser.open(host.url);
        await until(tab, '!document.getElementById("trouble").hidden');
        await expect.poll(() => alert(tab)).toMatch(says);
        expect(await text(tab, "threads-chip")).toBe("not running");
        await tab.close();
        await host.close();
      }
    });

    test("starts at an address without its slash, in a language called C, and where nothing may be kept", async () => {
      const host = await openOddHost(site, { missing: /known-30/ });
      const tab = await browser.open(host.url, { before: `${languageC};${storageForbidden}` });
      await until(tab, `location.pathname === "/demo/" && ${idle}`);
      // The images that it opens with are not, which is said; a set of one's own can be made.
      await expect
        .poll(() => alert(tab))
        .toMatch(/^The images that this page opens with could not be loaded: the host says 404/);
      await fill(tab, "random", { outerSteps: 2, batch: 64, steps: 1, epochs: 1 });
      await tab.click("#start");
      await until(tab, '/Done after 2 updates/.test(document.getElementById("stats").textContent)');
      // The curves are there, drawn by what asks Intl for the browser's language.
      await until(tab, 'document.querySelectorAll("#curves canvas").length === 2');
      expect(await alert(tab)).toBe("");
      await until(tab, '!document.getElementById("not-kept").hidden');
      expect(await text(tab, "not-kept")).toBe(
        "A reload loses this run: this browser keeps no files for this page, as in private windows: The operation is insecure. " +
          "Save its images under Keep them.",
      );
      await tab.close();
      await host.close();
    });

    test.skipIf(name !== "chromium")(
      "without scripts it says what it needs, and shows no button that does nothing",
      async () => {
        const tab = await browser.open(urlOf(server), { scripts: false });
        expect(await tab.evaluate("document.body.innerText")).toMatch(
          /Allow JavaScript for this page, then reload it\./,
        );
        expect(await tab.evaluate('document.getElementById("start").getClientRects().length')).toBe(0);
        await tab.close();
      },
    );

    pageTest("what goes wrong is said where the visitor is, and in view", async () => {
      const tab = await openDemo(browser, { width: 390 });
      const below = (): Promise<string> =>
        tab.evaluate(
          '(({ id, className }) => id || className)(document.getElementById("trouble").previousElementSibling)',
        );
      const said = async (text: RegExp): Promise<void> => {
        await until(tab, `${text}.test(document.querySelector("#trouble p").textContent)`);
        await expect.poll(() => alert(tab)).toMatch(text);
      };
      await tab.evaluate('document.getElementById("open-row").scrollIntoView()');
      await choose(tab, "open", [["broken.safetensors", "AAAA"]]);
      await said(/^broken\.safetensors: expected/);
      expect(await below()).toBe("open-row");

      // One class alone is refused before any run.
      await choose(tab, "files", [["fruit.zip", pictures(["lemon"])]]);
      await said(/all pictures are of one class, “lemon”/);
      expect(await below()).toBe("drop");
      expect(await text(tab, "own-info")).toBe("could not be read");

      await tab.evaluate(`document.getElementById("address").value = "${urlOf(server)}nothing-here"`);
      await tab.click("#fetch");
      await said(/could not be fetched|is not|expected/);
      expect(await below()).toBe("address-box");

      await tab.click("#trouble button");
      expect(await alert(tab)).toBe("");
      await tab.close();
    });

    test("pictures are decoded away from the main thread, and one that cannot be read is named", async () => {
      const tab = await openDemo(browser);
      await choose(tab, "files", [
        ["fruit.zip", pictures(["lemon", "lime"], [["fruit/lime/damaged.png", new Uint8Array(99)]])],
      ]);
      await until(tab, '/damaged\\.png/.test(document.getElementById("make").textContent)');
      await choose(tab, "files", [["fruit.zip", pictures()]]);
      await until(tab, '/^fruit: 32 pictures/.test(document.getElementById("own-info").textContent)');
      // What decodes is in no module that the page itself has loaded: a worker has.
      const decodes = (path: string): boolean => readFileSync(join(site, path), "utf8").includes("expected a PNG (89");
      const loaded = await tab.evaluate<string[]>(
        'performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname.slice(1))',
      );
      const scripts = loaded.filter((path) => /\.js$/.test(path) && !/reader-/.test(path));
      expect(scripts.length).toBeGreaterThan(0);
      expect(scripts.filter(decodes)).toEqual([]);
      expect(readdirSync(join(site, "assets")).filter((file) => decodes(`assets/${file}`))).toEqual([
        expect.stringMatching(/^reader-/),
      ]);
      await tab.close();
    });

    test.skipIf(name !== "chromium" || !existsSync(fashion))(
      "Fashion-MNIST is known by its content when its files are chosen",
      async () => {
        const tab = await openDemo(browser);
        await tab.evaluate(`(async () => {
        const transfer = new DataTransfer();
        for (const name of ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]) {
          const response = await fetch("${urlOf(data)}fashion-mnist/" + name + "-ubyte.gz");
          transfer.items.add(new File([await response.blob()], name + "-ubyte.gz"));
        }
        const input = document.getElementById("files");
        input.files = transfer.files;
        input.dispatchEvent(new Event("change"));
      })()`);
        await until(tab, '/^Fashion-MNIST: 60,000 pictures/.test(document.getElementById("own-info").textContent)');
        await fill(tab, "fixed", { outerSteps: 1, batch: 64, epochs: 1 });
        await tab.click("#start");
        await until(tab, '/Done after 1 update/.test(document.getElementById("stats").textContent)');
        expect(await text(tab, "caption")).toBe("10 images. Made here from Fashion-MNIST in 1 update.");
        const names = await tab.evaluate<string>(
          '[...document.querySelectorAll("#board span")].map((s) => s.textContent).join()',
        );
        expect(names).toMatch(/^T-shirt,.*,Boot$/);
        await tab.close();
      },
    );

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
        await fill(tab, "random", { outerSteps: 2, batch: 64, steps: 1, epochs: 1 });
        await tab.click("#start");
        await until(tab, '/Done after 2 updates/.test(document.getElementById("stats").textContent)');
        expect(await text(tab, "caption")).toMatch(/^10 images\. Made here from Fashion-MNIST/);
        expect(tab.complaints).toEqual([]);
      },
    );
  },
);
