// A run in the demo page goes on after the page was loaded again, in real browsers.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkpointFromBytes, checkpointToBytes } from "../../src/checkpoint.ts";
import { backGradient, digits, distill, distilledFromBytes, lenet, randomInit, setDigest } from "../../src/index.ts";
import { type Browser, type BrowserPage, describeInBrowsers, launch, testOfPage, until } from "./browsers.ts";
import { choose, download, fill, idle, pictures, text } from "./demo-page.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const configFile = join(root, "examples/browser/vite.config.ts");
// Not build/demo, which another test builds at the same time.
const outDir = join(root, "build/demo-reload");

const settings = { imagesPerClass: 1, steps: 5, epochs: 3, outerSteps: 20, batch: 512, seed: 7 };
const last = "distillate-demo.safetensors";
const before = "distillate-demo.previous.safetensors";

let server: PreviewServer;
let url: string;
/** The digest of the set of a run in Node that nobody disturbed. */
let expected: string;

beforeAll(async () => {
  await build({ configFile, logLevel: "error", build: { outDir } });
  server = await preview({
    configFile,
    build: { outDir },
    preview: { port: 0, host: "127.0.0.1" },
    logLevel: "silent",
  });
  url = `http://localhost:${(server.httpServer.address() as { port: number }).port}/`;
  const { steps, epochs, imagesPerClass, outerSteps, batch, seed } = settings;
  const run = distill({
    data: (await digits()).train,
    model: lenet(),
    method: backGradient({ steps, epochs, imagesPerClass, initialNoise: 0.1 }),
    init: randomInit(),
    outer: { steps: outerSteps, batch },
    seed,
  });
  expected = await setDigest(await run.result());
});
afterAll(async () => {
  await server?.close();
  await rm(outDir, { recursive: true, force: true });
});

/** Returns a file that the page keeps; undefined if there is none, or an empty one. */
async function kept(tab: BrowserPage, name: string): Promise<Uint8Array | undefined> {
  const base64 = await tab.evaluate<string>(`(async () => {
    const root = await navigator.storage.getDirectory();
    for (let tries = 0; ; tries++) {
      try {
        const file = await root.getFileHandle("${name}").then((handle) => handle.getFile(), () => new Blob());
        return btoa(Array.from(new Uint8Array(await file.arrayBuffer()), (b) => String.fromCharCode(b)).join(""));
      } catch (error) {
        // The page put another file in its place meanwhile.
        if (!/^(AbortError|NotFoundError|NotReadableError)$/.test(error.name) || tries >= 10) throw error;
      }
    }
  })()`);
  return base64 === "" ? undefined : new Uint8Array(Buffer.from(base64, "base64"));
}

/** Puts a file in the place of one that the page keeps. */
async function replace(tab: BrowserPage, name: string, bytes: Uint8Array): Promise<void> {
  await tab.evaluate(`(async () => {
    const root = await navigator.storage.getDirectory();
    const stream = await (await root.getFileHandle("${name}", { create: true })).createWritable();
    await stream.write(Uint8Array.from(atob("${Buffer.from(bytes).toString("base64")}"), (c) => c.charCodeAt(0)));
    await stream.close();
  })()`);
}

const damaged = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === bytes.length - 100 ? byte ^ 1 : byte));

/** Waits until `ready` is true of the step of the checkpoint that the page keeps, and returns the checkpoint. */
async function untilKept(tab: BrowserPage, ready: (step: number) => boolean, name: string = last): Promise<Uint8Array> {
  for (let tries = 0; tries < 1000; tries++) {
    const bytes = await kept(tab, name);
    if (bytes && ready((await checkpointFromBytes(bytes, name)).state.step)) return bytes;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error(`the page keeps no such ${name}`);
}

async function start(browser: Browser): Promise<BrowserPage> {
  const tab = await browser.open(url);
  await until(tab, idle);
  await fill(tab, "random", settings);
  await tab.click("#start");
  return tab;
}

/** Loads the page again and returns what it offers. */
async function offered(tab: BrowserPage): Promise<string> {
  await tab.reload();
  await until(tab, '!document.getElementById("left-off").hidden');
  return tab.evaluate('document.querySelector("#left-off p").textContent');
}

const visible = (tab: BrowserPage): Promise<string> =>
  tab.evaluate(`[...document.querySelectorAll("#left-off button")].filter((b) => b.getClientRects().length > 0)
    .map((b) => b.textContent).join()`);

/** Goes on to the end. Returns the first update that the page tells of, and the digest of the set. */
async function goOn(tab: BrowserPage): Promise<{ first: number; digest: string }> {
  await tab.evaluate(`window.told = [];
    new MutationObserver(() => window.told.push(document.getElementById("progress").value))
      .observe(document.getElementById("stats"), { childList: true });`);
  await tab.click("#left-off-on");
  await until(tab, '/^Done after 20 updates/.test(document.getElementById("stats").textContent)', 60);
  expect(await text(tab, "caption")).toBe("50 images. Made here from digits in 20 updates.");
  const [name, base64] = await download(tab, "safetensors");
  const set = await distilledFromBytes(new Uint8Array(Buffer.from(base64, "base64")), name);
  return { first: await tab.evaluate("Math.min(...window.told)"), digest: await setDigest(set) };
}

/** Runs of 20 updates take their time on a busy machine. */
const PATIENCE = 120_000;

describeInBrowsers(
  (name) => `in ${name}`,
  (name) => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch(name);
    });
    afterAll(() => browser?.close());
    const pageTest = testOfPage(name);

    test(
      "a run whose page is loaded again goes on, and ends with the bytes of one that never stopped",
      async () => {
        const tab = await start(browser);
        await until(tab, 'document.getElementById("progress").value >= 3');
        // A pause is a moment at which the run is kept.
        await tab.click("#pause");
        await untilKept(tab, (step) => step >= 3);
        await tab.click("#pause");
        expect(await tab.evaluate(idle)).toBe(false);
        const said = await offered(tab);
        expect(said).toMatch(/^Your run on digits got to update \d+ of 20\. It can go on from there/);
        expect(await visible(tab)).toBe("Go on,Show its images,Start anew,Forget it");
        const step = Number(/update (\d+)/.exec(said)![1]);
        expect(step).toBeGreaterThanOrEqual(3);
        expect(step).toBeLessThan(20);
        const { first, digest } = await goOn(tab);
        expect(first).toBeGreaterThanOrEqual(step);
        expect(digest).toBe(expected);
        expect(tab.complaints).toEqual([]);
        await tab.close();
      },
      PATIENCE,
    );

    pageTest(
      "a damaged save gives way to the one before it, and a save of another version only starts anew",
      async () => {
        const tab = await start(browser);
        const first = await untilKept(tab, (step) => step > 0);
        await until(tab, 'document.getElementById("progress").value >= 3');
        await tab.click("#stop");
        await until(tab, '/^Stopped after/.test(document.getElementById("stats").textContent)');
        const [, stopped] = /after (\d+) update/.exec(await text(tab, "stats"))!;
        const second = await untilKept(tab, (step) => step === Number(stopped));
        const earlier = await untilKept(tab, () => true, before);
        expect(earlier).toEqual(first);

        await replace(tab, last, damaged(second));
        const said = await offered(tab);
        const { state, note } = await checkpointFromBytes(first, last);
        expect(said).toContain(`got to update ${state.step} of 20. Its last save is damaged; this is the one before.`);
        expect((await goOn(tab)).digest).toBe(expected);

        await untilKept(tab, (step) => step === 20);
        await replace(tab, last, await checkpointToBytes({ state: { ...state, version: "0.0.9" }, note }));
        expect(await offered(tab)).toMatch(
          /made by version 0\.0\.9 .* and this is \d.*: it cannot go on, only start anew\.$/,
        );
        expect(await visible(tab)).toBe("Show its images,Start anew,Forget it");

        for (const file of [last, before]) await replace(tab, file, damaged(first));
        expect(await offered(tab)).toMatch(/^The run that was kept in this browser is damaged/);
        expect(await visible(tab)).toBe("Forget it");
        await tab.click("#left-off-forget");
        await until(tab, 'document.getElementById("left-off").hidden');
        for (let tries = 0; (await kept(tab, last)) && tries < 100; tries++)
          await new Promise((go) => setTimeout(go, 30));
        expect([await kept(tab, last), await kept(tab, before)]).toEqual([undefined, undefined]);
        expect(tab.complaints).toEqual([]);
        await tab.close();
      },
      PATIENCE,
    );

    pageTest(
      "a run on one's own pictures goes on when the same ones were chosen again, and refuses others",
      async () => {
        const tab = await browser.open(url);
        await until(tab, idle);
        const pick = async (kinds: string[]): Promise<void> => {
          await choose(tab, "files", [["fruit.zip", pictures(kinds)]]);
          await until(tab, `/in ${kinds.length} classes/.test(document.getElementById("own-info").textContent)`);
        };
        await pick(["lemon", "lime"]);
        // So many that a busy machine stops it on the way.
        await fill(tab, "random", { ...settings, batch: 32, outerSteps: 150 });
        await tab.click("#start");
        await until(tab, 'document.getElementById("progress").value >= 1');
        await tab.click("#stop");
        await until(tab, idle);
        const [, stopped] = /after (\d+) update/.exec(await text(tab, "stats"))!;
        await untilKept(tab, (step) => step === Number(stopped));
        expect(await offered(tab)).toMatch(/^Your run on fruit got to .* choose the same pictures again/);
        expect(await visible(tab)).toBe("Go on,Show its images,Forget it");
        await tab.click("#left-off-on");
        await until(tab, '/choose your own pictures first/.test(document.querySelector("#trouble p").textContent)');
        await pick(["lemon", "lime", "melon"]);
        await tab.click("#left-off-on");
        await until(tab, '/not the pictures of fruit/.test(document.querySelector("#trouble p").textContent)');
        await pick(["lemon", "lime"]);
        await tab.click("#left-off-on");
        await until(tab, '/^Done after 150 updates/.test(document.getElementById("stats").textContent)', 60);
        expect(await text(tab, "caption")).toBe("10 images. Made here from fruit in 150 updates.");
        expect(tab.complaints).toEqual([]);
        await tab.close();
      },
      PATIENCE,
    );
  },
);
