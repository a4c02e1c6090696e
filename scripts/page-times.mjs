// Measures the demo in Chromium: when the first result stands on the screen of a processor four times as slow as this one, and
// the tasks over 50 ms of the main thread, which keep a page from answering. First `npm run demo:build`; then
// `node scripts/page-times.mjs [how many times slower]`. Chromium is /usr/bin/chromium, or CHROMIUM.
import { cpus } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { preview } from "vite";

const slower = Number(process.argv[2] ?? 4);
const configFile = join(import.meta.dirname, "../examples/browser/vite.config.ts");
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic"];
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Lets a group of processes run for 5 ms out of each 5 · `times` ms, so that all of a browser is so many times as slow. */
function slowDown(group, times) {
  if (times <= 1) return () => {};
  let going = true;
  const turn = (signal, next, milliseconds) => {
    if (!going) return;
    process.kill(-group, signal);
    setTimeout(next, milliseconds);
  };
  const run = () => turn("SIGCONT", halt, 5);
  const halt = () => turn("SIGSTOP", run, 5 * (times - 1));
  run();
  return () => {
    going = false;
    process.kill(-group, "SIGCONT");
  };
}

const watch = `window.longTasks = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => Math.round(duration))))
  .observe({ entryTypes: ["longtask"] });`;
const trained = () => document.querySelector("#trained b") !== null;

async function openPage(server, url) {
  const browser = await chromium.connect(server.wsEndpoint());
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(watch);
  await page.goto(url, { waitUntil: "commit" });
  return page;
}

async function firstResult(url, times) {
  const server = await chromium.launchServer({ executablePath, args });
  const atFullSpeed = slowDown(server.process().pid, times);
  try {
    const page = await openPage(server, url);
    await page.waitForFunction(trained, null, { polling: "raf", timeout: 60_000 });
    // The page's own clock, from the start of the navigation.
    return await page.evaluate(() => Math.round(performance.now()));
  } finally {
    atFullSpeed();
    await server.close();
  }
}

async function longTasks(url) {
  const server = await chromium.launchServer({ executablePath, args });
  const page = await openPage(server, url);
  const said = async (title) => {
    const tasks = await page.evaluate(() => window.longTasks.splice(0));
    console.log(`${title}: ${tasks.length === 0 ? "no task over 50 ms" : `tasks of ${tasks.join(", ")} ms`}`);
  };
  await page.waitForFunction(trained);
  await said("opening, until the first network is trained");
  await page.locator("#strip").scrollIntoViewIfNeeded();
  await page.waitForFunction(() => document.querySelector("#trained .tested") !== null, null, { timeout: 60_000 });
  await said("loading the digits, and testing the network on them");
  for (let i = 0; i < 3; i++) {
    await page.click("#train:enabled");
    await page.waitForFunction(() => !document.getElementById("train").disabled);
  }
  await said("training three networks");
  await page.click("#start");
  await page.waitForFunction(() => /^Done/.test(document.getElementById("stats").textContent), null, {
    timeout: 300_000,
  });
  await said("watching digits form, to the end");
  await page.click("#replay-play");
  await page.waitForFunction(() => document.getElementById("replay-play").textContent !== "Stop");
  await said("playing it again");
  await server.close();
}

const host = await preview({ configFile, preview: { port: 0, host: "127.0.0.1" }, logLevel: "silent" });
const url = `http://localhost:${host.httpServer.address().port}/`;
console.log(`${cpus()[0].model.trim()}, ${cpus().length} cores`);
for (const times of [1, slower]) {
  const all = [];
  for (let i = 0; i < 5; i++) all.push(await firstResult(url, times));
  all.sort((a, b) => a - b);
  console.log(`first result, ${times} times slower: ${all[2]} ms (median of ${all.join(", ")})`);
}
await longTasks(url);
await host.close();
