// The demo page's choice between WebAssembly and a GPU, in real browsers. The GPU is SwiftShader, which computes on the
// processor, so the page takes it only at an address that asks for it.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import {
  backGradient,
  digits,
  distill,
  distilledFromBytes,
  isReproducible,
  lenet,
  randomInit,
  setDigest,
} from "../../src/index.ts";
import { expectClose } from "../helpers.ts";
import { type Browser, type BrowserPage, launch, until } from "./browsers.ts";
import { choose, download, fill, idle, text } from "./demo-page.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const configFile = join(root, "examples/browser/vite.config.ts");
// Not build/demo, which another test builds at the same time.
const outDir = join(root, "build/demo-webgpu");

const settings = { imagesPerClass: 1, steps: 2, epochs: 1, outerSteps: 3, batch: 32, seed: 7 };
/** What images may differ by from the kernels', as a share of the largest. */
const runTolerance = 2e-3;

let server: PreviewServer;
let url: string;

beforeAll(async () => {
  await build({ configFile, logLevel: "error", build: { outDir } });
  const options = { port: 0, host: "127.0.0.1" };
  server = await preview({ configFile, build: { outDir }, preview: options, logLevel: "silent" });
  url = `http://localhost:${(server.httpServer.address() as { port: number }).port}/`;
});
afterAll(async () => {
  await server?.close();
  await rm(outDir, { recursive: true, force: true });
});

async function openSettings(browser: Browser, address: string): Promise<BrowserPage> {
  const tab = await browser.open(address);
  await until(tab, idle);
  await tab.click("#settings summary");
  return tab;
}

const visible = (tab: BrowserPage, id: string): Promise<boolean> =>
  tab.evaluate(`document.getElementById("${id}").getClientRects().length > 0`);

describe.each([
  ["Firefox on Linux", "firefox", false, /^This browser gives pages no GPU \(WebGPU\), so everything runs /],
  ["Chromium without a GPU", "chromium", false, /^This browser finds no GPU that pages may use, so everything runs /],
  ["Chromium with a simulated GPU", "chromium", true, /^The only GPU here is a simulation on the processor/],
] as const)("%s", (_, name, webGpu, sentence) => {
  const { missing } = inject("tools")[name];

  test.skipIf(missing)("a sentence stands where the choice would be", async () => {
    const browser = await launch(name, { webGpu });
    try {
      const tab = await openSettings(browser, url);
      await until(tab, '!/^Looking/.test(document.getElementById("no-gpu").textContent)');
      expect(await text(tab, "no-gpu")).toMatch(sentence);
      expect(await visible(tab, "no-gpu")).toBe(true);
      expect([await visible(tab, "sides"), await visible(tab, "measure")]).toEqual([false, false]);
    } finally {
      await browser.close();
    }
  });
});

describe.skipIf(inject("tools").chromium.missing)("where a simulated GPU is asked for", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch("chromium", { webGpu: true });
  });
  afterAll(() => browser?.close());

  /** Runs the settings and returns the set as a file. */
  async function made(tab: BrowserPage, on: "wasm" | "webgpu"): Promise<readonly [name: string, base64: string]> {
    await tab.click(`input[value=${on}]`);
    await tab.click("#start");
    await until(tab, '/^Done after 3 updates/.test(document.getElementById("stats").textContent)');
    return download(tab, "safetensors");
  }

  test("both are measured while the page stays free; a set of the GPU says so, and a replay on WebAssembly has the bits", async () => {
    const tab = await openSettings(browser, `${url}?gpu=simulated`);
    await until(tab, '!document.getElementById("sides").hidden');
    expect(await text(tab, "gpu-name")).toMatch(
      /^WebGPU \(google swiftshader\): only a simulation, .* address asks for it$/,
    );
    expect(await visible(tab, "no-gpu")).toBe(false);
    await fill(tab, "random", settings);

    await tab.evaluate(`window.frames = 0; (function frame() { window.frames++; requestAnimationFrame(frame); })()`);
    await tab.click("#measure");
    await until(tab, '/as fast/.test(document.getElementById("measured").textContent)');
    for (const on of ["wasm", "webgpu"]) expect(await text(tab, `rate-${on}`)).toMatch(/^[\d.]+ updates a second$/);
    // Each is measured for two seconds; a page that freezes paints none of them.
    expect(await tab.evaluate<number>("window.frames")).toBeGreaterThan(20);

    const ofGpu = await made(tab, "webgpu");
    expect(await text(tab, "choice")).toMatch(/ on the GPU$/);
    const told = /^Made on a GPU \(google swiftshader, a simulation\), .* replay on WebAssembly for the bits/;
    expect(await text(tab, "made-on")).toMatch(told);
    const set = await distilledFromBytes(Buffer.from(ofGpu[1], "base64"), ofGpu[0]);
    expect(isReproducible(set)).toBe(false);

    const replayed = await made(tab, "wasm");
    expect(await text(tab, "made-on")).toBe("");
    const replay = await distilledFromBytes(Buffer.from(replayed[1], "base64"), replayed[0]);
    const { steps, epochs, imagesPerClass, outerSteps, batch, seed } = settings;
    const inNode = await distill({
      data: (await digits()).train,
      model: lenet(),
      method: backGradient({ steps, epochs, imagesPerClass, initialNoise: 0.1 }),
      init: randomInit(),
      outer: { steps: outerSteps, batch },
      seed,
    }).result();
    expect(await setDigest(replay)).toBe(await setDigest(inNode));
    expectClose(set.images, inNode.images, runTolerance, "images after 3 updates, seed 7");

    await choose(tab, "open", [["gpu.safetensors", ofGpu[1]]]);
    await until(tab, '/Opened from gpu/.test(document.getElementById("caption").textContent)');
    expect(await text(tab, "made-on")).toMatch(told);
    expect(tab.complaints).toEqual([]);
  });

  test("a measurement ends when a run starts, and another recipe has other rates", async () => {
    const tab = await openSettings(browser, `${url}?gpu=simulated`);
    await until(tab, '!document.getElementById("sides").hidden');
    await fill(tab, "random", settings);
    await tab.click("#measure");
    await until(tab, '/second/.test(document.getElementById("rate-wasm").textContent)');
    await fill(tab, "random", { seed: 8 });
    await until(tab, 'document.getElementById("measure").textContent === "Measure both"');
    expect(await text(tab, "rate-wasm")).toBe("–");
    await tab.click("#measure");
    await until(tab, 'document.getElementById("measure").textContent === "Stop measuring"');
    await made(tab, "wasm");
    expect(await text(tab, "measure")).toBe("Measure both");
    expect(await tab.evaluate('document.getElementById("trouble").hidden')).toBe(true);
    expect(tab.complaints).toEqual([]);
  });
});
