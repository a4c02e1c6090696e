// Methods that users write, in pages: in place, in the orchestrator and on workers they give Node's bytes, through the packed
// package and whatever builds the page. Where a worker cannot import a method, the error says what to do.
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
// @ts-expect-error an example, in JavaScript
import { gradientMatching } from "../../examples/gradient-matching.mjs";
import { digits, distill, lenet, setDigest } from "../../src/index.ts";
import { waysToTry } from "../thorough.ts";
import { type Browser, describeInBrowsers, launch } from "./browsers.ts";
import { type Consumer, makeConsumer } from "./consumer.ts";
import { type Headers, openSite, type Site } from "./site.ts";
import { waysToServe } from "./ways.ts";

const method = readFileSync(new URL("../../examples/gradient-matching.mjs", import.meta.url), "utf8");
const options = { networksPerStep: 2, outer: { batch: 64, steps: 2 }, seed: 6 };

/** Puts into a page: `own(more, change)`, the digest of a run of that method, or the error that ends it. */
const program = (library: string, where: string = ""): string => `
import { digits, distill, lenet, setDigest } from "${library}";
import { gradientMatching } from "./gradient-matching.mjs";

globalThis.own = async (more, change) => {
  try {
    const method = { ...gradientMatching,${where} ...change };
    const { train } = await digits();
    return await setDigest(await distill({ ...${JSON.stringify(options)}, data: train, model: lenet(), method, ...more }).result());
  } catch ({ name, message }) {
    return name + ": " + message;
  }
};
`;

/** Modules that are no good for a worker. */
const wrong: Readonly<Record<string, string>> = {
  "calls.js": `${program("./distillate/index.js")} await own({}, { module: import.meta.url }).then((told) => { throw new Error(told); });`,
  "page-script.js": 'document.title = "mine"; export {};',
  "bare.js": 'import { lenet } from "distillate"; export { lenet };',
  "nothing.js": "export const [one, two] = [1, 2];",
};

let consumer: Consumer;
let site: Site;
let expected: string;

beforeAll(async () => {
  const { train } = await digits();
  const run = distill({ ...options, data: train, model: lenet(), method: gradientMatching, threads: 1 });
  expected = await setDigest(await run.result());
  consumer = makeConsumer();
  consumer.write("gradient-matching.mjs", method);
  consumer.write("page.js", program("distillate", ' module: new URL("./gradient-matching.mjs", import.meta.url),'));
  // esbuild leaves the URL of the method as it is, so that a user copies the file.
  consumer.write("out-esbuild/gradient-matching.mjs", method);
  site = await openSite(async (folder) => {
    const files = { ...wrong, "gradient-matching.mjs": method, "main.js": program("./distillate/index.js") };
    for (const [name, text] of Object.entries(files)) await writeFile(`${folder}/${name}`, text);
  });
});
afterAll(async () => {
  consumer?.remove();
  await site?.close();
});

const places: Readonly<Record<string, string>> = {
  "in the orchestrator": "{ threads: 2 }",
  "in place": "{ worker: false }",
  "on workers of the orchestrator": "{ workers: 2 }",
  "on workers of the page": "{ worker: false, workers: 2 }",
};

describeInBrowsers(
  (name) => `in ${name} a method of one's own`,
  (name) => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch(name);
    });
    afterAll(async () => browser?.close());

    /** What runs of it in a fresh page end with. */
    async function told(url: string, runs: readonly string[]): Promise<string[]> {
      const page = await browser.open(url);
      try {
        return await page.evaluate<string[]>(
          `(async () => { const told = []; ${runs.map((run) => `told.push(await own(${run}));`).join("")} return told; })()`,
        );
      } finally {
        await page.close();
      }
    }
    const everywhere = Object.values(places);
    const asInNode = (): string[] => everywhere.map(() => expected);
    const usual = ["an import map and no bundler", "vite build"];
    const tried = name === "chromium" ? waysToTry(Object.keys(waysToServe), (way) => usual.includes(way)) : usual;
    test.each(tried)(`has Node's bytes ${Object.keys(places).join(", ")}, with %s`, async (way) => {
      const { url, close } = await waysToServe[way]!(consumer);
      try {
        expect(await told(url, everywhere)).toEqual(asInNode());
      } finally {
        await close();
      }
    });

    test.each<Headers>([
      { isolated: false },
      { policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:" },
    ])("has them in a page with %o", async (headers) => {
      expect(await told(await site.url(headers), everywhere)).toEqual(asInNode());
    });

    test("that names no module runs in place, and elsewhere is refused with what to do", async () => {
      const runs = everywhere.map((place) => `${place}, { module: undefined }`);
      const refusal = expect.stringMatching(
        /^UnsupportedError: workers cannot run the method "?gradient-matching"?, because it names no module: say module: import\.meta\.url in the file that exports it, or run it in place, with workers: 0 and, in a page, worker: false$/,
      );
      expect(await told(await site.url(), runs)).toEqual([refusal, expected, refusal, refusal]);
    });

    const modules = [
      ["that is missing", "missing.js", "missing\\.js"],
      ["that is the page's own script", "page-script.js", "document"],
      ["that imports the package by its name", "bare.js", "distillate"],
      ["that does not export it", "nothing.js", "it exports one, two"],
      ["that calls the library", "calls.js", "a worker that imports a method may not call the library"],
    ] as const;
    const triedModules = waysToTry(modules, ([, file]) => name === "chromium" || file === "missing.js");
    test.each(triedModules)(
      "whose module is one %s is refused with the reason and what to do",
      async (_, module, reason) => {
        const runs = ["{}", "{ workers: 2 }", "{ worker: false, workers: 2 }"].map(
          (place) => `${place}, { module: new URL("${module}", location) }`,
        );
        const refusal = expect.stringMatching(
          new RegExp(
            `^TypeError: workers cannot import the method "?gradient-matching"? from "http.*${module}" \\(.*${reason}.*\\): export it from a file that calls nothing `,
          ),
        );
        expect(await told(await site.url(), runs)).toEqual([refusal, refusal, refusal]);
      },
    );
  },
);
