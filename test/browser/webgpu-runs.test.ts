// The public calls on WebGPU in a page: SwiftShader in Chromium. The GPU's engine runs in the library's worker there.
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import * as library from "../../src/index.ts";
import { expectClose } from "../helpers.ts";
import { waysToTry } from "../thorough.ts";
import { type Browser, killGpuProcesses, launch, until } from "./browsers.ts";
import { type Headers, openSite, type Site } from "./site.ts";
import { run, runTolerance } from "./small-run.ts";

/** What a run in the page comes to. */
interface Result {
  readonly images: readonly number[];
  readonly gpu: library.DistilledSet["recipe"]["gpu"];
  readonly digest: string;
  readonly reproducible: boolean;
  readonly notices: readonly string[];
  /** How often the GPU was lost. */
  readonly losses: number;
  /** What computes afterwards on the engine that was given, if one was. */
  readonly after: string | undefined;
}

/** Before the library's worker: keeps the devices that are opened, loses the last one when the page says so, and tells it. */
const losing = `
  const devices = [];
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...wanted) {
    devices.push(await requestDevice.apply(this, wanted));
    return devices.at(-1);
  };
  const channel = new BroadcastChannel("lose");
  channel.onmessage = () => {
    devices.at(-1).destroy();
    channel.postMessage("lost");
  };
`;

/** An expression of a page: how the library's worker is started after that. */
const losingWorker = `() => new Worker(URL.createObjectURL(new Blob([
  ${JSON.stringify(losing)} + "importScripts('" + new URL("distillate/worker.js", location) + "');"])))`;

describe.skipIf(inject("tools").chromium.missing)("on WebGPU in Chromium", () => {
  let site: Site;
  let browser: Browser;
  let expected: library.DistilledSet;
  beforeAll(async () => {
    site = await openSite();
    browser = await launch("chromium", { webGpu: true });
    // biome-ignore lint/security/noGlobalEval: the page runs the same text.
    expected = await library.distill({ ...eval(run)(library), threads: 1 }).result();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  async function evaluate<T>(expression: string, headers: Headers = {}): Promise<T> {
    const page = await browser.open(await site.url(headers));
    try {
      return await page.evaluate<T>(expression);
    } finally {
      await page.close();
    }
  }

  /** Runs it in a fresh page. The GPU is lost `losses` times, if the worker is one that can lose it. */
  const distilled = (options: string, { losses = 0, headers = {} } = {}): Promise<Result> =>
    evaluate<Result>(
      `(async () => {
        const notices = [];
        const onNotice = (notice) => notices.push(notice);
        const options = ${options};
        const run = library.distill({ ...(${run})(library), onNotice, ...options });
        const channel = new BroadcastChannel("lose");
        let losses = 0;
        for await (const _ of run) {
          // Without the notice of the loss before, there is no other device yet.
          if (losses === ${losses} || notices.length < losses) continue;
          losses++;
          await new Promise((resolve) => {
            channel.onmessage = resolve;
            channel.postMessage("now");
          });
        }
        const set = await run.result();
        return {
          images: Array.from(set.images),
          gpu: set.recipe.gpu,
          digest: await library.setDigest(set),
          reproducible: library.isReproducible(set),
          notices,
          losses,
          after: options.engine && options.engine.backend.name + ", " + options.engine.gpu?.name,
        };
      })()`,
      headers,
    );

  const expectOnGpu = (result: Result, label: string): void => {
    expectClose(result.images, expected.images, runTolerance, `${label}: images after 20 steps, seed 11`);
    expect(result.gpu).toMatchObject({ name: "google swiftshader", software: true });
    expect(result.reproducible).toBe(false);
    expect(result.digest).toMatch(/^webgpu:[0-9a-f]{64}$/);
  };

  const strict = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
  const ways: readonly (readonly [string, string, Headers])[] = [
    ["in the embedded worker", "{}", {}],
    ["where the page is not isolated", "{}", { isolated: false }],
    ["in place", "{ worker: false }", {}],
    ["in the embedded worker under a policy that allows blob:", "{}", { policy: `${strict}; worker-src 'self' blob:` }],
    ["in the worker's file under a strict policy", '{ worker: "distillate/worker.js" }', { policy: strict }],
  ];
  test.each(waysToTry(ways, ([name]) => name.endsWith("worker") || name.endsWith("strict policy")))(
    "a run of 20 steps is the kernels' to 2e-3, names the GPU and never claims the digest: %s",
    async (name, options, headers) => {
      const result = await distilled(`{ backend: "webgpu", ...${options} }`, { headers });
      expectOnGpu(result, name);
      expect(result.notices).toEqual([]);
    },
  );

  test("auto takes the kernels with their bits, because the GPU is a simulation, and says so", async () => {
    const { digest, reproducible, notices } = await distilled('{ backend: "auto", threads: 2 }');
    expect(digest).toBe(await library.setDigest(expected));
    expect(reproducible).toBe(true);
    expect(notices).toEqual([expect.stringMatching(/^google swiftshader is no GPU but a simulation of one/)]);
  });

  test.each(waysToTry([1, 3], (losses) => losses === 3))(
    "when the GPU is lost in a run, %i times, the run goes on and ends with the same set",
    async (losses) => {
      const engine = `await library.createEngine({ backend: "webgpu", threads: 1, onNotice, worker: ${losingWorker} })`;
      const result = await distilled(`{ engine: ${engine} }`, { losses });
      expect(result.losses).toBe(losses);
      expectOnGpu(result, `lost ${losses} times`);
      const ends = ["goes on on a fresh device", "goes on on a fresh device", 'goes on on the backend "wasm"'];
      expect(result.notices.map((notice) => notice.replace(/^.*; /, ""))).toEqual(ends.slice(0, losses));
      expect(result.notices[0]).toMatch(/^the GPU was lost \(destroyed\)/);
      expect(result.after).toBe(losses === 1 ? "webgpu, google swiftshader" : "wasm, undefined");
    },
  );

  test("a network of a page asks again where the GPU is lost, and the page hears why and what computes now", async () => {
    const { same, notices, after } = await evaluate<{
      readonly same: boolean;
      readonly notices: readonly string[];
      readonly after: string;
    }>(`(async () => {
      const notices = [];
      const onNotice = (notice) => notices.push(notice);
      const worker = ${losingWorker};
      const engine = await library.createEngine({ backend: "webgpu", threads: 1, onNotice, worker });
      const model = library.lenet();
      const net = await engine.bind(model);
      const input = {
        parameters: Float32Array.from({ length: model.parameterCount }, (_, i) => ((i * 7) % 13) / 65 - 0.1),
        images: Float32Array.from({ length: 784 }, (_, i) => (i % 5) / 4),
      };
      const before = await net.forward(input);
      const channel = new BroadcastChannel("lose");
      let same = true;
      for (let losses = 0; losses < 2; losses++) {
        await new Promise((resolve) => {
          channel.onmessage = resolve;
          channel.postMessage("now");
        });
        const { logits } = await net.forward(input);
        same &&= logits.every((logit, i) => logit === before.logits[i]);
      }
      await engine.dispose();
      return { same, notices, after: engine.backend.name + ", " + engine.gpu?.name };
    })()`);
    expect(same).toBe(true);
    const notice = expect.stringMatching(/^the GPU was lost \(destroyed\).*; goes on on a fresh device$/);
    expect(notices).toEqual([notice, notice]);
    expect(after).toBe("webgpu, google swiftshader");
  });

  test("when the browser's GPU process dies in a run, the run goes on on a fresh device and ends with the same set", async () => {
    const page = await browser.open(await site.url());
    await until(page, "globalThis.library");
    const going = page.evaluate<Pick<Result, "images" | "notices">>(`(async () => {
      const notices = [];
      const onNotice = (notice) => notices.push(notice);
      const run = library.distill({ ...(${run})(library), backend: "webgpu", onNotice });
      for await (const { step } of run) {
        globalThis.step = step;
        while (step >= 3 && globalThis.goesOn !== true) await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return { images: Array.from((await run.result()).images), notices };
    })()`);
    await until(page, "globalThis.step >= 3");
    killGpuProcesses();
    await page.evaluate("globalThis.goesOn = true");
    const { images, notices } = await going;
    expectClose(images, expected.images, runTolerance, "images after the death of the GPU process, seed 11");
    expect(notices).toEqual([expect.stringMatching(/^the GPU was lost \(unknown\).*[^.]; goes on on a fresh device$/)]);
    await page.close();
  });
});
