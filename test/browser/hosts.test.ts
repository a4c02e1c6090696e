// Pages that lack something, and workers of a page's own: the library does what can be done there, and says what cannot.
import { afterAll, beforeAll, expect, test } from "vitest";
import * as library from "../../src/index.ts";
import { waysToTry } from "../thorough.ts";
import { type Browser, describeInBrowsers, launch } from "./browsers.ts";
import { recipes } from "./page/recipes.js";
import { type Headers, openSite, type Site } from "./site.ts";

interface Result {
  readonly digest?: string;
  readonly error?: string;
  readonly notices: readonly string[];
}

/** What hosts do that say they are isolated and share no memory all the same, as WebKitGTK did in 2025. */
const withoutSharing = `
  delete globalThis.SharedArrayBuffer;
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (message, ...more) {
    if (message instanceof WebAssembly.Memory) throw new DOMException("cannot be cloned", "DataCloneError");
    return postMessage.call(this, message, ...more);
  };
`;

let site: Site;
let expected: string;

beforeAll(async () => {
  site = await openSite();
  const set = await library.distill({ ...(await recipes(library)[0]!()), threads: 1 }).result();
  expected = await library.setDigest(set);
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
      return await page.evaluate<T>(expression);
    } finally {
      await page.close();
    }
  }

  const places = [
    ["two threads", "{ threads: 2 }"],
    ["four threads", "{ threads: 4 }"],
    ["a worker", "{ worker: true, threads: 2 }"],
    ["two workers", "{ workers: 2 }"],
  ] as const;
  test.each(waysToTry(places, ([place]) => place === "four threads" || place === "two workers"))(
    "in a worker of the page's own, a run that asks for %s ends with the same bytes",
    async (_, options) => {
      const { notices, ...result } = await evaluate<Result>(`new Promise((resolve, reject) => {
      const worker = new Worker("worker-of-a-page.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(${options});
    })`);
      expect(result).toEqual({ digest: expected });
      const told = expect.stringMatching(/^(in place and on one thread|1 thread instead of \d): in Firefox a worker /);
      expect(notices).toEqual(name === "firefox" ? [told] : []);
    },
  );

  test("where memory cannot be shared although the page is isolated, one thread has the same bytes, and the reason is told", async () => {
    for (const place of [
      "worker: () => new Worker(URL.createObjectURL(new Blob([source])))",
      "worker: () => new Worker(URL.createObjectURL(new Blob([source]))), workers: 2",
    ]) {
      const result = await evaluate<Result>(`(async () => {
        ${withoutSharing}
        const source = ${JSON.stringify(withoutSharing)} + "importScripts('" + new URL("distillate/worker.js", location) + "');";
        return await digest(0, { threads: 2, ${place} });
      })()`);
      const told =
        "1 thread instead of 2: this browser does not share memory between threads, though this page is isolated";
      const notices = place.includes("workers") ? [] : [expect.stringContaining(told)];
      expect(result).toEqual({ digest: expected, isolated: true, notices });
    }
  });

  /** Starts an engine of three threads, and says which workers the page started for it; `fault` is done to each when it starts. */
  const workersOf = (fault = "") => `(async () => {
    const made = [];
    globalThis.Worker = class extends Worker {
      constructor(...given) {
        super(...given);
        made.push(this);
        ${fault}
      }
      postMessage(...given) {
        this.before ??= made.length;
        super.postMessage(...given);
      }
      terminate() {
        this.ended = true;
        super.terminate();
      }
    };
    const notices = [];
    const engine = await library.createEngine({ threads: 3, onNotice: (notice) => notices.push(notice) });
    const { threads } = engine;
    await engine.dispose();
    const ended = made.filter((worker) => worker.ended).length;
    return { threads, notices, beforeTheFirstMessage: made[0].before, made: made.length, ended };
  })()`;
  const threeThreads = { threads: 3, notices: [], beforeTheFirstMessage: 3 };

  test("the workers of an engine's threads start at the same time as its own, and end with it", async () => {
    expect(await evaluate(workersOf())).toEqual({ ...threeThreads, made: 3, ended: 3 });
  });

  test("in the place of a worker that dies before it has become a thread, another one starts", async () => {
    const fault = 'if (made.length === 2) setTimeout(() => this.onerror(new ErrorEvent("error")));';
    expect(await evaluate(workersOf(fault))).toEqual({ ...threeThreads, made: 4, ended: 4 });
  });

  /** How calls fail in a page. */
  const failures = `(async () => {
    const recipe = await recipes[0]();
    const calls = [
      (more) => library.createEngine(more),
      (more) => library.distill({ ...recipe, ...more }).result(),
      (more) => library.baseline({ kind: "random-real", train: recipe.data, test: recipe.data, model: recipe.model,
        init: library.randomInit(), like: { ...recipe.method, classes: 10, imagesPerStep: 10, recipe: {} }, networks: 1, ...more }),
    ];
    const said = [];
    for (const more of [{}, { worker: false }, { worker: true }]) {
      for (const call of calls) {
        said.push(await call(more).then(() => "done", ({ name, message }) => name + ": " + message));
      }
    }
    return [...new Set(said)];
  })()`;

  test("a page whose policy forbids to compile is told which words of the policy allow it", async () => {
    const policy = "default-src 'self'; script-src 'self'; worker-src 'self' blob:";
    const said = await evaluate<string[]>(failures, { policy });
    expect(said).toEqual([
      expect.stringMatching(/^UnsupportedError: this host does not allow to compile WebAssembly .*'wasm-unsafe-eval'/),
    ]);
  });

  test("a page without WebAssembly is told so", async () => {
    const said = await evaluate<string[]>(`(delete globalThis.WebAssembly, ${failures})`);
    expect(said).toEqual([expect.stringMatching(/^UnsupportedError: this host has no WebAssembly, /)]);
  });

  test("a page without workers distils in place, and says so", async () => {
    const result = await evaluate<Result>("(delete globalThis.Worker, digest(0))");
    expect(result).toEqual({
      digest: expected,
      isolated: true,
      notices: [
        "in place, on one thread and in the way of the page: the engine's worker: could not start: this host has no workers",
      ],
    });
  });
});
