// JPEGs of every kind have the same pixels in pages and their workers as in Node, and only who reads one downloads the decoder.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeImage } from "../../src/codecs/decode-image.ts";
import { kinds } from "../data/jpegs.ts";
import { flatPng } from "../data/samples.ts";
import { type Browser, describeInBrowsers, launch } from "./browsers.ts";
import { type Headers, openSite, type Site } from "./site.ts";

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** In a page or a worker: `read(files)` gives size and SHA-256 of each, or how it failed. */
const reader = `
  async function read(files) {
    const { decodeImage } = await import(new URL("/distillate/data.js", location.origin));
    const told = [];
    for (const file of files) {
      const bytes = Uint8Array.from(atob(file), (character) => character.charCodeAt(0));
      try {
        const { width, height, channels, data } = await decodeImage(bytes, { name: "a.jpg" });
        const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
        told.push([width, height, channels, Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")].join());
      } catch ({ name, message }) {
        told.push(name + ": " + message);
      }
    }
    return told;
  }
`;
const worker = `${reader} onmessage = async ({ data }) => postMessage(await read(data));`;

const damaged = kinds[3]!.bytes.subarray(0, -20);
const files = [...kinds.map(({ bytes }) => bytes), Uint8Array.of(...damaged, 0xff, 0xd9), kinds[3]!.bytes];

let site: Site;
let expected: readonly string[];

beforeAll(async () => {
  site = await openSite();
  expected = await Promise.all(
    files.map((bytes) =>
      decodeImage(bytes, { name: "a.jpg" }).then(
        ({ width, height, channels, data }) =>
          [width, height, channels, createHash("sha256").update(data).digest("hex")].join(),
        ({ name, message }) => `${name}: ${message}`,
      ),
    ),
  );
  expect(expected.filter((told) => told.startsWith("FormatError: a.jpg: expected a JPEG"))).toHaveLength(1);
});
afterAll(async () => site?.close());

describeInBrowsers(String, (name) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch(name);
  });
  afterAll(async () => browser?.close());

  /** The value of an expression in a fresh page that is served with these headers. */
  async function evaluate<T>(expression: string, headers: Headers = {}): Promise<T> {
    const page = await browser.open(await site.url(headers));
    try {
      return await page.evaluate<T>(`(async () => { ${reader} return ${expression}; })()`);
    } finally {
      await page.close();
    }
  }
  const all = JSON.stringify(files.map(base64));

  test("a page reads them as Node does", async () => {
    expect(await evaluate(`read(${all})`)).toEqual(expected);
  });

  test("a worker of a page reads them as Node does", async () => {
    const told = await evaluate(`new Promise((resolve, reject) => {
      const source = ${JSON.stringify(worker)}.replaceAll("location.origin", JSON.stringify(location.origin));
      const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(${all});
    })`);
    expect(told).toEqual(expected);
  });

  test("a strict policy that allows WebAssembly is enough", async () => {
    const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
    expect(await evaluate(`read(${all})`, { policy, isolated: false })).toEqual(expected);
  });

  test("one that does not is told, with the words that allow it", async () => {
    const policy = "default-src 'self'; script-src 'self'";
    const [told] = await evaluate<string[]>(`read(${JSON.stringify([base64(files[0]!)])})`, { policy });
    expect(told).toMatch(/^UnsupportedError: this host does not allow to compile WebAssembly .*'wasm-unsafe-eval'/);
  });

  test("the decoder is downloaded with the first JPEG, and no sooner", async () => {
    const loaded = `performance.getEntriesByType("resource").filter((entry) => entry.name.includes("/mozjpeg-")).length`;
    const read = (bytes: Uint8Array) => `read(${JSON.stringify([base64(bytes)])})`;
    const counts = await evaluate<unknown[]>(`[
      ...(await ${read(flatPng(3, 2, [1, 2, 3]))}), ${loaded}, ...(await ${read(files[0]!)}), ${loaded}, ...(await ${read(files[3]!)}), ${loaded},
    ]`);
    expect(counts).toEqual([expect.stringMatching(/^3,2,3,/), 0, expected[0], 1, expected[3], 1]);
  });
});
