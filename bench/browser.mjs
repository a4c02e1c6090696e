// `npm run bench -- browser`: takes outer steps in a page of Chromium and in Node, in turn.
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import * as library from "../dist/index.js";
import { serve } from "../scripts/serve.mjs";
import { median } from "./measure.mjs";
import { takeSteps } from "./page/steps.js";
import { row, title } from "./print.mjs";

const THREADS = 2;
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Calls `work` with a function that takes steps in a page. */
async function withPage(work) {
  const folder = await mkdtemp(join(tmpdir(), "distillate-bench-"));
  await cp(at("page"), folder, { recursive: true });
  await cp(at("../dist/page"), join(folder, "distillate"), { recursive: true });
  const server = await serve({ folder });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForFunction("globalThis.threads");
    const threads = await page.evaluate("threads");
    if (threads !== THREADS) throw new Error(`expected ${THREADS} threads in the page, got ${threads}`);
    return await work((steps) => page.evaluate(`take(${steps})`), browser.version());
  } finally {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true });
  }
}

/** Returns undefined if there is no Chromium. */
export async function browser({ quick }) {
  if (!existsSync(executablePath)) {
    console.log(`\nskipped: there is no Chromium at ${executablePath} (set CHROMIUM to where it is)`);
    return undefined;
  }
  const engine = await library.createEngine({ threads: THREADS });
  const inNode = (steps) => takeSteps(library, engine, steps);
  const result = await withPage(async (inPage, version) => {
    const [rounds, steps] = quick ? [5, 12] : [15, 20];
    // A wrong result is not timed. The check also warms up: V8 compiles the kernels anew while they run.
    const [ours, theirs] = [await inNode(steps), await inPage(steps)];
    if (ours.digest !== theirs.digest) throw new Error(`the page's digest is ${theirs.digest}, Node's ${ours.digest}`);
    const times = { node: [], page: [] };
    for (let round = 0; round < rounds; round++) {
      times.node.push((await inNode(steps)).ms);
      times.page.push((await inPage(steps)).ms);
    }
    const [node, page] = [median(times.node), median(times.page)];
    return { quick, threads: THREADS, chromium: version, node, page, ratio: page / node };
  });
  await engine.dispose();
  title(["LeNet 10x3", "threads", "Node ms", "Chromium ms", "ratio"]);
  row(["outer step", THREADS, result.node, result.page, result.ratio]);
  return result;
}
