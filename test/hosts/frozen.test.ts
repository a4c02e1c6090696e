// Programs that freeze what the language gives (`node --frozen-intrinsics`, SES) can use the library: it assigns to nothing of
// the host's, and to no property that a frozen prototype has.
import { expect, test } from "vitest";
import { digest, entry, program, run } from "./program.ts";

/** Freezes all objects of the language that can be reached from its globals. */
const freeze = `
  const globals = Object.getOwnPropertyNames(globalThis).filter((name) => /^(?:[A-Z].*(?<!Stream)|globalThis)$/.test(name));
  const language = /^(Object|Function|Array|String|Number|Boolean|Symbol|BigInt|Math|JSON|Reflect|Promise|Proxy|Map|Set|Weak.*|(?:\\w*)Error|RegExp|Date|ArrayBuffer|SharedArrayBuffer|Atomics|DataView|WebAssembly|FinalizationRegistry|\\w+Array)$/;
  const seen = new Set();
  const walk = (value) => {
    if (Object(value) !== value || seen.has(value)) return;
    seen.add(value);
    for (const { value: inner, get, set } of Object.values(Object.getOwnPropertyDescriptors(value))) [inner, get, set].forEach(walk);
    walk(Object.getPrototypeOf(value));
  };
  globals.filter((name) => language.test(name)).forEach((name) => walk(globalThis[name]));
  [function* () {}, async function* () {}, async () => {}, [].values(), new Map().values()].forEach(walk);
  for (const value of seen) if (!ArrayBuffer.isView(value)) Object.freeze(value);
`;

/** Everything that does not need a page, with an error that comes out of a worker. */
const everything = `
  const [library, data] = [await import(${entry("index")}), await import(${entry("data")})];
  await Promise.all([import(${entry("recipes")}), import(${entry("algorithm")}), import(${entry("checkpoint")}), import(${entry("node")})]);
  ${run}
  let set;
  for (const more of [{ threads: 1 }, { threads: 2 }, { worker: true, threads: 2 }, { workers: 2 }]) {
    set = await run(more);
    console.log(await library.setDigest(set));
  }
  for (const worker of [false, true]) {
    const engine = await library.createEngine({ worker, threads: 1 });
    const network = await engine.bind(options.model);
    const wrong = network.forward({ parameters: new Float32Array(3), images: new Float32Array(784) });
    console.log(await wrong.catch((error) => error.name + " " + (error instanceof RangeError)));
    await engine.dispose();
    const method = library.backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 100 });
    const diverging = run({ worker, threads: 1, method, outer: { steps: 20, batch: 64 } });
    console.log(await diverging.catch((error) => error.name + " " + (error instanceof library.DivergedError)));
  }
  for (const file of [library.distilledToNpz(set), library.distilledToSafetensors(set)]) {
    console.log(await library.setDigest(await library.distilledFromBytes(file, "set")));
  }
  const { width } = await data.decodeImage(await library.contactSheet(set), { name: "set.png" });
  console.log(width > 28, (await data.filesInArchive(library.distilledToNpz(set), "set.npz")).length);
`;
const worked = [
  ...[digest, digest, digest, digest],
  ...["RangeError true", "DivergedError true", "RangeError true", "DivergedError true"],
  ...[digest, digest, "true 6"],
];

test("a program that has frozen the language distils, evaluates, reads and writes", async () => {
  const check = 'try { "use strict"; Object.hasOwn = 1; console.log("not frozen"); } catch {}';
  expect((await program(freeze + check + everything)).trim().split("\n")).toEqual(worked);
});

test("so does one that node --frozen-intrinsics has frozen", async () => {
  const output = await program(everything, ["--no-warnings", "--frozen-intrinsics"]);
  expect(output.trim().split("\n")).toEqual(worked);
});

test("one that freezes it after it has imported the library goes on", async () => {
  const text = `const library = await import(${entry("index")}); ${freeze} ${run} console.log(await library.setDigest(await run({ threads: 2 })));`;
  expect((await program(text)).trim()).toBe(digest);
});
