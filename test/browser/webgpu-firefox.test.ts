// WebGPU in Firefox, which is another one than Chromium's and Node's: wgpu, on Mesa's lavapipe. On Linux it must be told to have it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as library from "../../src/index.ts";
import { expectClose } from "../helpers.ts";
import { type Browser, firefoxLacksWebGpu, launch } from "./browsers.ts";
import { testInPages } from "./in-page/in-browsers.ts";
import { openSite, type Site } from "./site.ts";
import { run, runTolerance } from "./small-run.ts";

// Numbers of 64 bits and random ones show how a compiler takes bits; test/slow/webgpu-in-pages.test.ts has the other ops.
testInPages("firefox", "ops", { oneIn: 24, seed: 2 }, ["ops/ridge.test.ts", "ops/random.test.ts"]);

describe.skipIf(firefoxLacksWebGpu())("on WebGPU in Firefox", () => {
  let site: Site;
  let browser: Browser;
  beforeAll(async () => {
    site = await openSite();
    browser = await launch("firefox", { webGpu: true });
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  async function evaluate<T>(expression: string): Promise<T> {
    const page = await browser.open(await site.url());
    try {
      return await page.evaluate<T>(expression);
    } finally {
      await page.close();
    }
  }

  test("a run of 20 steps in the library's worker is the kernels' to 2e-3 and says that a GPU computed it", async () => {
    // biome-ignore lint/security/noGlobalEval: the page runs the same text.
    const expected = await library.distill({ ...eval(run)(library), threads: 1 }).result();
    const { images, gpu, digest, notices } = await evaluate<{
      readonly images: readonly number[];
      readonly gpu: library.DistilledSet["recipe"]["gpu"];
      readonly digest: string;
      readonly notices: readonly string[];
    }>(`(async () => {
      const notices = [];
      const onNotice = (notice) => notices.push(notice);
      const set = await library.distill({ ...(${run})(library), backend: "webgpu", onNotice }).result();
      return { images: Array.from(set.images), gpu: set.recipe.gpu, digest: await library.setDigest(set), notices };
    })()`);
    expect(notices).toEqual([]);
    expect(gpu).toMatchObject({ software: true });
    expect(digest).toMatch(/^webgpu:[0-9a-f]{64}$/);
    expectClose(images, expected.images, runTolerance, "images after 20 steps, seed 11");
  });

  test("what is read comes back sooner than Firefox would look for it by itself", async () => {
    const { plain, ours } = await evaluate<{ readonly plain: number; readonly ours: number }>(`(async () => {
      const median = async (once) => {
        const times = [];
        for (let i = 0; i < 9; i++) {
          // Away from the tick at which Firefox looks.
          await new Promise((resolve) => setTimeout(resolve, 13 * i));
          const start = performance.now();
          await once();
          times.push(performance.now() - start);
        }
        return times.sort((a, b) => a - b)[4];
      };
      const device = await (await navigator.gpu.requestAdapter()).requestDevice();
      const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
      const source = device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_SRC });
      const plain = await median(async () => {
        const encoder = device.createCommandEncoder();
        encoder.copyBufferToBuffer(source, 0, buffer, 0, 4);
        device.queue.submit([encoder.finish()]);
        await buffer.mapAsync(GPUMapMode.READ);
        buffer.unmap();
      });
      const engine = await library.createEngine({ backend: "webgpu", worker: false });
      if (engine.gpu === undefined) throw new Error("there is no GPU");
      const model = library.sequential([1, 2, 2], [library.flatten(), library.linear({ out: 2 })]);
      const net = await engine.bind(model);
      const input = { parameters: new Float32Array(10), images: new Float32Array(4) };
      await net.forward(input);
      const ours = await median(() => net.forward(input));
      await engine.dispose();
      return { plain, ours };
    })()`);
    console.log(
      `in Firefox a read takes ${plain.toFixed(1)} ms by itself, and a forward pass with a read ${ours.toFixed(1)} ms`,
    );
    expect(ours).toBeLessThan(plain / 2);
  });
});
