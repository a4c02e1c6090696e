// A host that lacks what the kernels need says what that is, whichever call wants them.
import { expect, test } from "vitest";
import { entry, program, run } from "./program.ts";

/** Prints how each call fails, in place, in a worker, on workers. */
const calls = `
  ${run}
  const init = library.randomInit();
  const numbers = (n) => new Float32Array(n).fill(0.5);
  const set = {
    steps: 1, epochs: 1, imagesPerStep: 10, channels: 1, height: 28, width: 28, classes: 10,
    images: numbers(7840), targets: numbers(100), learningRates: numbers(1), mean: [0.1], std: [0.3], recipe: {},
  };
  for (const more of [{}, { worker: true }, { workers: 2 }]) {
    const { workers, ...placed } = more;
    const judge = { model: options.model, init, test: options.data, networks: 2, ...more };
    for (const call of [
      () => library.createEngine(placed),
      () => run(more),
      () => library.evaluate({ set, ...judge }),
      () => library.trainOn(set, { model: options.model, ...placed }),
      () => library.baseline({ kind: "random-real", train: options.data, like: set, ...judge }),
      () => library.trainPool({ data: options.data, model: options.model, networks: 1, epochs: 1, ...more }),
    ]) {
      console.log(await call().then(() => "done", ({ name, message }) => name + ": " + message));
    }
  }
`;

/** The ways in which the calls failed. */
async function failures(before: string, flags: readonly string[] = []): Promise<string[]> {
  const text = `const library = await import(${entry("index")}); ${before} ${calls}`;
  const lines = (await program(text, ["--no-warnings", ...flags])).trim().split("\n");
  const said = lines.filter((line) => !line.startsWith("Warning: disabling flag"));
  expect(said.length).toBe(18);
  return [...new Set(said)];
}

const none = /^UnsupportedError: this host has no WebAssembly, .* --jitless/;

test("Node without a compiler has no WebAssembly", async () => {
  expect(await failures("", ["--jitless"])).toEqual([expect.stringMatching(none)]);
});

test("a host may have none at all", async () => {
  expect(await failures("delete globalThis.WebAssembly;")).toEqual([expect.stringMatching(none)]);
});

test.skipIf(process.arch !== "x64")("a processor may have no SIMD", async () => {
  const said = /^UnsupportedError: this host has no WebAssembly SIMD: /;
  expect(await failures("", ["--no-enable-sse4-1"])).toEqual([expect.stringMatching(said)]);
});

test("a host may have SIMD but no shared memory", async () => {
  const before =
    "const { validate } = WebAssembly; WebAssembly.validate = (bytes) => bytes.length < 99 && validate(bytes);";
  const said = /^UnsupportedError: this host has WebAssembly SIMD, but no WebAssembly threads/;
  expect(await failures(before)).toEqual([expect.stringMatching(said)]);
});

test("a host may forbid to compile", async () => {
  const before = 'WebAssembly.compile = async () => { throw new WebAssembly.CompileError("blocked by CSP"); };';
  const said =
    /^UnsupportedError: this host does not allow to compile WebAssembly \(blocked by CSP\): .*wasm-unsafe-eval/;
  expect(await failures(before)).toEqual([expect.stringMatching(said)]);
});

test("what computes nothing, and the slow backend, do without", async () => {
  const output = await program(
    `
    const library = await import(${entry("index")});
    const engine = await library.createEngine({ backend: "reference" });
    const network = await engine.bind(library.lenet());
    const { logits } = await network.forward({ parameters: new Float32Array(61706), images: new Float32Array(784) });
    console.log((await library.digits()).train.count, logits.length);
  `,
    ["--no-warnings", "--jitless"],
  );
  expect(output.trim().split("\n").at(-1)).toBe("9000 10");
});
