// JPEGs are read on every host that compiles WebAssembly, and the others are told what is missing.
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { decodeImage } from "../../src/codecs/decode-image.ts";
import { kinds } from "../data/jpegs.ts";
import { entry, program } from "./program.ts";

const { bytes } = kinds.find(({ name }) => name === "4:2:0")!;

/** Prints the pixels of a picture, or why it has none. */
const read = `
  const { decodeImage } = await import(${entry("data")});
  const bytes = Uint8Array.from(Buffer.from("${Buffer.from(bytes).toString("base64")}", "base64"));
  const told = await decodeImage(bytes, { name: "a.jpg" }).then(({ data }) => data.join(), (error) => error.name + ": " + error.message);
  console.log(told);
`;

let pixels: string;
beforeAll(async () => {
  pixels = (await decodeImage(bytes, { name: "a.jpg" })).data.join();
});

test("a program whose language is frozen reads them", async () => {
  expect((await program(read, ["--no-warnings", "--frozen-intrinsics"])).trim()).toBe(pixels);
});

test("a program whose own classes are another realm's, as under jsdom, reads them", async () => {
  const before = `
    import { runInNewContext } from "node:vm";
    const names = "ArrayBuffer,Uint8Array,Uint8ClampedArray,Uint32Array,DataView,Error,TypeError,RangeError";
    Object.assign(globalThis, runInNewContext("({" + names + "})"));
    for (const name of ["ReadableStream", "DecompressionStream"]) delete globalThis[name];
  `;
  expect((await program(before + read)).trim()).toBe(pixels);
});

test("a program in one file reads them, without the package beside it", async () => {
  const contents = read.replace(entry("data"), '"./dist/data.js"');
  const stdin = { contents, resolveDir: fileURLToPath(new URL("../../", import.meta.url)) };
  const options = { bundle: true, format: "esm", platform: "node", write: false, logLevel: "error" } as const;
  const { outputFiles } = await build({ stdin, ...options });
  const input = outputFiles[0]!.text;
  const output = execFileSync(process.execPath, ["--input-type=module", "-"], {
    input,
    cwd: tmpdir(),
    encoding: "utf8",
  });
  expect(output.trim()).toBe(pixels);
});

test("reading them defines no globals", async () => {
  const before = "const names = () => Object.getOwnPropertyNames(globalThis).sort().join(); const first = names();";
  const output = await program(`${before} ${read} console.log(names() === first);`);
  expect(output.trim().split("\n")).toEqual([pixels, "true"]);
});

test.each([
  [
    "none",
    "delete globalThis.WebAssembly;",
    /^UnsupportedError: this host has no WebAssembly, which the JPEG decoder is /,
  ],
  [
    "a policy against it",
    'WebAssembly.compile = async () => { throw new WebAssembly.CompileError("blocked by CSP"); };',
    /^UnsupportedError: this host does not allow to compile WebAssembly \(blocked by CSP\): .*wasm-unsafe-eval/,
  ],
])("a host that has no WebAssembly says so: %s", async (_, before, message) => {
  expect((await program(before + read)).trim()).toMatch(message);
});
