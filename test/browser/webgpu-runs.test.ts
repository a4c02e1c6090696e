// The public calls on WebGPU in a page: SwiftShader in Chromium. The GPU's engine runs in the library's worker there.
import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import * as library from "../../src/index.ts";
import { expectClose } from "../helpers.ts";
import { waysToTry } from "../thorough.ts";
import { type Browser, killGpuProcesses, launch, until } from "./browsers.ts";
import { type Headers, openSite, type Site } from "./site.ts";

const golden = fileURLToPath(new URL("../../../shared/golden/lenet", import.meta.url));

/** What images may differ by from the kernels', as a share of the largest. */
const runTolerance = 2e-3;
/** Relative, in norm: what the kernels may differ by, too. */
const goldenTolerance = 1e-4;

/** A run of 20 outer steps with a small network, for Node and for pages. Plain JavaScript. */
const run = `({ backGradient, sequential, conv2d, relu, maxPool2d, flatten, linear }) => {
  const pixels = Uint8Array.from({ length: 90 * 100 }, (_, i) => (i * i * 7 + i * 13) % 251);
  const labels = Uint8Array.from({ length: 90 }, (_, i) => i % 3);
  const shape = { channels: 1, height: 10, width: 10, classes: 3 };
  return {
    data: { name: "noise", pixels, labels, count: 90, ...shape, mean: [0.5], std: [0.3] },
    model: sequential([1, 10, 10],
      [conv2d({ out: 5, kernel: 3 }), relu(), maxPool2d({ kernel: 2 }), flatten(), linear({ out: 3 })]),
    method: backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.05 }),
    outer: { steps: 20, batch: 30 },
    networksPerStep: 2,
    seed: 11,
  };
}`;

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

describe.skipIf(inject("tools").chromium.missing)("on WebGPU in Chromium", () => {
  let site: Site;
  let browser: Browser;
  let expected: library.DistilledSet;
  beforeAll(async () => {
    site = await openSite(async (folder) => {
      if (existsSync(golden)) await cp(golden, join(folder, "golden"), { recursive: true });
    });
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
      const worker = `() => new Worker(URL.createObjectURL(new Blob([
      ${JSON.stringify(losing)} + "importScripts('" + new URL("distillate/worker.js", location) + "');"])))`;
      const engine = `await library.createEngine({ backend: "webgpu", threads: 1, onNotice, worker: ${worker} })`;
      const result = await distilled(`{ engine: ${engine} }`, { losses });
      expect(result.losses).toBe(losses);
      expectOnGpu(result, `lost ${losses} times`);
      const ends = ["goes on on a fresh device", "goes on on a fresh device", 'goes on on the backend "wasm"'];
      expect(result.notices.map((notice) => notice.replace(/^.*; /, ""))).toEqual(ends.slice(0, losses));
      expect(result.notices[0]).toMatch(/^the GPU was lost \(destroyed\)/);
      expect(result.after).toBe(losses === 1 ? "webgpu, google swiftshader" : "wasm, undefined");
    },
  );

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

  test.skipIf(!existsSync(golden))("LeNet's derivatives are PyTorch's to 1e-4", async () => {
    const errors = await evaluate<Record<string, number>>(`(async () => {
      const bytes = async (name) => (await fetch("golden/lenet." + name + ".bin")).arrayBuffer();
      const f32 = async (name) => new Float32Array(await bytes(name));
      const f64 = async (name) => new Float64Array(await bytes(name));
      const error = (actual, expected) => Math.sqrt(
        expected.reduce((sum, value, i) => sum + (actual[i] - value) ** 2, 0) /
        expected.reduce((sum, value) => sum + value ** 2, 0));
      const engine = await library.createEngine({ backend: "webgpu" });
      if (engine.backend.name !== "webgpu") throw new Error("there is no GPU");
      const net = await engine.bind(library.lenet());
      const [x, parameters] = [await f32("x"), await f32("w0")];
      const targets = Uint8Array.from({ length: 10 }, (_, i) => i);
      const block = (s) => ({ images: x.subarray(s * 7840, (s + 1) * 7840), targets });
      const gradients = await net.gradients({ parameters, ...block(0) });
      const product = await net.hessianVectorProduct({ parameters, vector: await f32("v"), ...block(0) });
      const raw = await f64("raw_lr");
      const meta = await net.metaGradient({
        parameters, steps: [block(0), block(1)], epochs: 2,
        learningRates: raw.map((r) => Math.log1p(Math.exp(r))),
        real: { images: await f32("real_x"), targets: new Int32Array(await bytes("real_y")) },
      });
      return {
        "inner loss": Math.abs(gradients.loss / 2.3920956478199105 - 1),
        "∂ℓ/∂θ": error(gradients.parameters, await f64("grad_w0")),
        "H_θθ·v": error(product.parameters, await f64("hv")),
        "H_xθ·v": error(product.images, await f64("mixed_x")),
        "outer loss": Math.abs(meta.loss / 2.378006622708471 - 1),
        "θ_T": error(meta.parameters, await f64("wT")),
        "∂L/∂images": error([...meta.images[0], ...meta.images[1]], await f64("grad_x")),
        "∂L/∂r": error(meta.learningRates.map((g, t) => g / (1 + Math.exp(-raw[t]))), await f64("grad_raw_lr")),
      };
    })()`);
    for (const [part, error] of Object.entries(errors)) expect(error, part).toBeLessThan(goldenTolerance);
    expect(Object.keys(errors)).toHaveLength(8);
  });
});
