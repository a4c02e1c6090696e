// Pages where no GPU works, each for its own reason: the run says what is wrong, and has the kernels' bits.
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { pinnedRuns } from "../distill/pinned-runs.ts";
import { type Browser, type BrowserName, launch } from "./browsers.ts";
import { openSite, type Site } from "./site.ts";

/** The first of the pinned runs, in a page. */
const run = `(async () => ({
  data: (await library.digits()).train,
  model: library.lenet(),
  method: library.backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 }),
  outer: { steps: 3, batch: 64 },
  seed: 1,
}))()`;

/** Before the library's worker: an adapter that refuses to open a device with these limits. */
const refusing = `GPUAdapter.prototype.requestDevice = async () => {
  throw new DOMException("maxBufferSize is more than there is", "OperationError");
};`;

/** An adapter whose devices are lost as soon as they are opened. */
const lostAtOnce = `const { requestDevice } = GPUAdapter.prototype;
GPUAdapter.prototype.requestDevice = async function (...wanted) {
  const device = await requestDevice.apply(this, wanted);
  device.destroy();
  return device;
};`;

/** A GPU that computes wrong numbers. */
const wrong = `const { getMappedRange } = GPUBuffer.prototype;
GPUBuffer.prototype.getMappedRange = function (...range) {
  const bytes = getMappedRange.apply(this, range);
  new Uint8Array(bytes).fill(1);
  return bytes;
};`;

interface Case {
  readonly title: string;
  readonly browser: BrowserName;
  readonly webGpu?: boolean;
  /** What the worker runs before the library. */
  readonly before?: string;
  readonly says: RegExp;
}

const cases: readonly Case[] = [
  { title: "Firefox on Linux has no WebGPU", browser: "firefox", says: /^this browser has no WebGPU; / },
  { title: "Chromium finds no adapter", browser: "chromium", says: /^WebGPU finds no GPU here: / },
  {
    title: "an adapter refuses the limits",
    browser: "chromium",
    webGpu: true,
    before: refusing,
    says: /^this GPU cannot be used: maxBufferSize is more than there is; /,
  },
  {
    title: "the device is lost at once",
    browser: "chromium",
    webGpu: true,
    before: lostAtOnce,
    says: /^the GPU was lost \(destroyed\)/,
  },
  {
    title: "the GPU computes wrong numbers",
    browser: "chromium",
    webGpu: true,
    before: wrong,
    says: /^google swiftshader gives .* for a sum of squares that is /,
  },
];

/** The browsers that were started, by whether they may use WebGPU. */
const browsers = new Map<string, Promise<Browser>>();

function started(name: BrowserName, webGpu: boolean): Promise<Browser> {
  const key = `${name} ${webGpu}`;
  const browser = browsers.get(key) ?? launch(name, { webGpu });
  browsers.set(key, browser);
  return browser;
}

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(async () => {
  for (const browser of browsers.values()) await (await browser).close();
  await site?.close();
});

test.for(cases)(
  "$title: the page says so, and has the pinned bytes of three steps of LeNet, seed 1",
  async ({ browser, webGpu = false, before, says }, { skip }) => {
    const { missing } = inject("tools")[browser];
    if (missing) skip(missing);
    const page = await (await started(browser, webGpu)).open(await site.url());
    const worker = `worker: () => new Worker(URL.createObjectURL(new Blob([
      ${JSON.stringify(before)} + ";importScripts('" + new URL("distillate/worker.js", location) + "');"])))`;
    const result = await page.evaluate<{ readonly notices: readonly string[] }>(`(async () => {
      const notices = [];
      const onNotice = (notice) => notices.push(notice);
      const options = { backend: "webgpu", threads: 1, onNotice, ${before === undefined ? "" : worker} };
      const set = await library.distill({ ...(await ${run}), ...options }).result();
      return { digest: await library.setDigest(set), reproducible: library.isReproducible(set), gpu: set.recipe.gpu, notices };
    })()`);
    await page.close();
    expect(result).toEqual({
      digest: pinnedRuns[0]!.sha256,
      reproducible: true,
      gpu: undefined,
      notices: [expect.stringMatching(says)],
    });
    expect(result.notices[0]).toMatch(/; runs on the backend "wasm" instead$/);
  },
);
