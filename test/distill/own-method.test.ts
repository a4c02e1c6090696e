// Methods that users write: they run in place, on workers and in an orchestrator, with the same bits.
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
// @ts-expect-error an example, in JavaScript
import { gradientMatching } from "../../examples/gradient-matching.mjs";
import { cluster } from "../../src/cluster.ts";
import { createEngine, type DistillOptions, distill, estimateMemory, lenet, setDigest } from "../../src/index.ts";
import { noise } from "./noise.ts";

const data = noise({ count: 60 });
const options: DistillOptions = {
  ...{ data, model: lenet(), method: gradientMatching, networksPerStep: 2, seed: 3 },
  outer: { batch: 20, steps: 3 },
};
const digestOf = async (changes: Partial<DistillOptions> = {}): Promise<string> =>
  setDigest(await distill({ ...options, ...changes }).result());

describe("a method of one's own", async () => {
  const digest = await digestOf({ threads: 1 });

  test("has the same bits on two threads and on workers, which import its module", async () => {
    expect(await digestOf({ threads: 2 })).toBe(digest);
    expect(await digestOf({ workers: 2 })).toBe(digest);
  });

  test("has them in an orchestrator, as pages run it", async () => {
    await using engine = await createEngine({ worker: true, threads: 1 });
    const set = await distill({ ...options, engine }).result();
    expect(await setDigest(set)).toBe(digest);
    // The recipe names it, and no place of this machine.
    expect(set.recipe.method).toEqual({ ...gradientMatching.options, name: "gradient-matching" });
  });

  test("goes on from a state with the bytes of a run that never stopped", async () => {
    const first = distill({ ...options, outer: { ...options.outer, steps: 1 } });
    await first.result();
    expect(await digestOf({ resume: await first.state() })).toBe(digest);
  });

  test("takes the memory that its plan says", async () => {
    await using engine = await createEngine({ threads: 1, worker: false });
    await distill({ ...options, engine }).result();
    const { total, data: given, states, set } = estimateMemory({ ...options, threads: 1 });
    const { backend } = engine as unknown as { readonly backend: { readonly capacity: number } };
    // The host holds the images, their labels and their order.
    expect(given).toBe(data.pixels.length + data.labels.length + 4 * data.count);
    expect(4 * backend.capacity).toBe(total - given - states - set);
  });

  test("that names no module is refused on workers, with what to do, and runs in place", async () => {
    const { module: _, ...method } = gradientMatching;
    expect(() => distill({ ...options, method, workers: 2 })).toThrow(
      /^workers cannot run the method "?gradient-matching"?, because it names no module: say module: import\.meta\.url in the file that exports it, or run it in place/,
    );
    expect(await digestOf({ method })).toBe(digest);
  });

  test("whose after is async is refused with what it may return", async () => {
    const allocate = (...given: Parameters<typeof gradientMatching.allocate>) => ({
      ...gradientMatching.allocate(...given),
      async after() {
        throw new Error("nobody handles this");
      },
    });
    const method = { ...gradientMatching, allocate };
    const refusal = /^"after" expected nothing or a generator, as no async function returns, got Promise$/;
    await expect(distill({ ...options, method, worker: false }).result()).rejects.toThrow(refusal);
  });

  test("whose record is async is refused with what it may return, here and on workers", async () => {
    const refusal = /^"record" expected nothing or a generator, as no async function returns, got Promise$/;
    const method = {
      ...gradientMatching,
      network: (...given: unknown[]) => ({
        ...gradientMatching.network(...given),
        async record() {
          throw new Error("nobody handles this");
        },
      }),
    };
    const error = await distill({ ...options, method, worker: false })
      .result()
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(refusal);
    const file = join(mkdtempSync(join(tmpdir(), "distillate-method-")), "async.mjs");
    const example = new URL("../../examples/gradient-matching.mjs", import.meta.url);
    writeFileSync(
      file,
      `import { gradientMatching } from "${example}";
      const network = (...given) => ({ ...gradientMatching.network(...given), async record() {} });
      export const method = { ...gradientMatching, network, module: import.meta.url };`,
    );
    const { method: there } = await import(pathToFileURL(file).href);
    await expect(distill({ ...options, method: there, workers: 1 }).result()).rejects.toThrow(refusal);
  });

  test("whose module exports another is refused by name", async () => {
    const method = { ...gradientMatching, name: "other" };
    await expect(distill({ ...options, method, workers: 2 }).result()).rejects.toThrow(
      /^workers cannot import the method "?other"? from .*gradient-matching\.mjs"? \(it exports gradientMatching\): export it from/,
    );
  });

  test("whose module calls the library is refused by name, and starts no workers of workers", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "distillate-method-")), "calls.mjs");
    const library = new URL("../../dist/index.js", import.meta.url);
    writeFileSync(file, `import { createEngine } from "${library}"; await createEngine({ worker: true });`);
    const method = { ...gradientMatching, module: pathToFileURL(file) };
    await expect(distill({ ...options, method, workers: 1 }).result()).rejects.toThrow(
      /^workers cannot import .*calls\.mjs"? \(a worker that imports a method may not call the library\): export it from/,
    );
  });
});

test("the method that docs/own-method.md shows brings each image near the mean of its class, on workers with the same bits", async () => {
  const guide = readFileSync(new URL("../../docs/own-method.md", import.meta.url), "utf8");
  const [, source] = /```js\n(export const meanPixels.*?)```/s.exec(guide)!;
  const file = join(mkdtempSync(join(tmpdir(), "distillate-method-")), "mean-pixels.mjs");
  writeFileSync(file, source!);
  const { meanPixels } = await import(pathToFileURL(file).href);
  const losses: number[] = [];
  const run = distill({ ...options, method: meanPixels, outer: { steps: 40 } });
  for await (const { loss } of run) losses.push(loss);
  // From pixels near 0 to means of noise; what remains is what the draws of different networks differ by.
  expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
  const there = await distill({ ...options, method: meanPixels, outer: { steps: 40 }, workers: 2 }).result();
  expect(await setDigest(there)).toBe(await setDigest(await run.result()));
});

test("what is no method is refused before anything runs", () => {
  const wrong = (method: unknown) => () => distill({ ...options, method: method as DistillOptions["method"] });
  expect(wrong({ allocate() {} })).toThrow(/^"method\.name" expected/);
  expect(wrong({ allocate() {}, name: "mine" })).toThrow('"method.network" expected a function, got undefined');
  expect(wrong({ ...gradientMatching, module: 7 })).toThrow('"method.module" expected the URL of a module, got 7');
  expect(wrong({ ...gradientMatching, options: 7 })).toThrow('"method.options" expected an object, got 7');
});

test.each([
  [
    "allocate",
    (run: object) => ({ ...run, carried: undefined }),
    '.carried" expected a list of tensors, got undefined',
  ],
  ["allocate", (run: object) => ({ ...run, start: 1 }), '.start" expected a function, got 1'],
  ["allocate", (run: object) => ({ ...run, learned: [{}] }), '.learned[0].name" expected a string, got undefined'],
  ["allocate", () => undefined, '" expected a MethodRun, got undefined'],
  ["network", () => undefined, '" expected a NetworkRun, got undefined'],
  ["network", () => ({ record() {} }), '.share" expected a Share, got undefined'],
  [
    "network",
    (network: { share: object }) => ({ ...network, share: { ...network.share, gradients: [] } }),
    '.share.gradients" expected 1 buffers, one for each learned tensor, got Array of length 0',
  ],
] as const)("a method whose %s gives something else is told which part, before anything runs", (part, change, told) => {
  const given = (...parts: unknown[]): unknown =>
    (change as (given: unknown) => unknown)(gradientMatching[part](...parts));
  const method = { ...gradientMatching, [part]: given };
  expect(() => distill({ ...options, method })).toThrow(`"gradient-matching.${part}()${told}`);
});

test("a method of a user's own is refused on a cluster, before anything is connected", () => {
  expect(() => distill({ ...options, networks: cluster("redis://127.0.0.1:1") })).toThrow(
    '"networks" expected nothing with a method of your own, as a cluster runs no code that it is sent, got an object',
  );
});
