// Measures what 4,000 pictures, and photos of 12 and 48 megapixels, cost the demo page's main thread, in Chromium:
// npm run build && node scripts/picture-time.mjs [pictures]
// "longest" is the longest task of the main thread by the clock, so other programs on the machine count too; Chromium reports
// tasks of more than 50 ms. "kept" is the longest that a task kept the thread's processor, by Chromium's own trace.
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build, preview } from "vite";

const count = Number(process.argv[2] ?? 4000);
const classes = ["aster", "broom", "clover", "daisy", "elder"];
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const python = process.env.PYTHON ?? "python3";
const configFile = fileURLToPath(new URL("../examples/browser/vite.config.ts", import.meta.url));

/** Draws JPEGs in a page: waves of a colour, with some noise, which is as much work to decode as a photo. */
const draw = async ({ from, n, width, height }) => {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  const out = [];
  for (let i = from; i < from + n; i++) {
    const image = new ImageData(width, height);
    for (let p = 0, at = 0; at < image.data.length; p++, at += 4) {
      const wave = 90 * Math.sin((p % width) / (7 + (i % 5))) + ((p * 2654435761 + i * 97) % 31);
      image.data.set([128 + wave, 120 - wave, 40 * (i % 5), 255], at);
    }
    context.putImageData(image, 0, 0);
    const bytes = new Uint8Array(
      await (await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 })).arrayBuffer(),
    );
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    out.push(btoa(text));
  }
  return out;
};

async function makePictures(browser, folder) {
  const page = await browser.newPage();
  const write = (path, base64) => writeFile(join(folder, path), Buffer.from(base64, "base64"));
  for (const name of ["many", "photos", "huge"]) {
    for (const part of classes) await mkdir(join(folder, name, part), { recursive: true });
  }
  // Each picture is there several times, because to draw them takes longer than to read them.
  const different = await page.evaluate(draw, { from: 0, n: 50, width: 320, height: 240 });
  for (let i = 0; i < count; i++) await write(`many/${classes[i % 5]}/${i}.jpg`, different[i % 50]);
  const small = await page.evaluate(draw, { from: 0, n: 15, width: 320, height: 240 });
  const [photo] = await page.evaluate(draw, { from: 0, n: 1, width: 4000, height: 3000 });
  const [huge] = await page.evaluate(draw, { from: 0, n: 1, width: 8000, height: 6000 });
  for (const name of ["photos", "huge"]) {
    for (const [k, picture] of small.entries()) await write(`${name}/${classes[k % 5]}/${k}.jpg`, picture);
  }
  for (let k = 0; k < 4; k++) await write(`photos/${classes[k]}/photo-${k}.jpg`, photo);
  await write("huge/aster/huge.jpg", huge);
  await page.close();
  const zipped = spawnSync(python, ["-m", "zipfile", "-c", join(folder, "many.zip"), join(folder, "many")]);
  if (zipped.status !== 0) throw new Error(`${python} could not make a zip: ${zipped.stderr}`);
  return different;
}

/** Returns the longest time of a task on the page's main thread, of its clock and of its processor, in milliseconds. */
function longestTasks(events) {
  const renderers = events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const threads = new Set(renderers.map(({ pid, tid }) => `${pid}:${tid}`));
  const tasks = events.filter(({ name, pid, tid }) => /RunTask$/.test(name) && threads.has(`${pid}:${tid}`));
  const most = (key) => tasks.reduce((most, task) => Math.max(most, task[key] ?? 0), 0) / 1000;
  return { kept: most("tdur"), longest: most("dur") };
}

/** Does `work` in the page and prints what the main thread had to do. */
async function measured(browser, page, what, work) {
  await page.evaluate("globalThis.long = []");
  await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
  const from = performance.now();
  const says = await work();
  const seconds = (performance.now() - from) / 1000;
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const long = await page.evaluate("globalThis.long");
  const { kept, longest } = longestTasks(traceEvents);
  const over = long.length === 0 ? "none" : long.map(Math.round).join(", ");
  console.log(
    `${what.padEnd(34)} ${seconds.toFixed(1).padStart(6)} s  longest ${longest.toFixed(0).padStart(5)} ms  ` +
      `kept ${kept.toFixed(0).padStart(5)} ms  over 50 ms: ${over}  (${says})`,
  );
}

const text = (page, id) => page.evaluate((id) => document.getElementById(id).textContent, id);

/** Waits for the end of a reading, by what the page says about it. */
async function read(page) {
  await page.waitForFunction(
    () => {
      const said = document.getElementById("own-info").textContent;
      return / held out/.test(said) || !document.getElementById("trouble").hidden;
    },
    undefined,
    { timeout: 300_000, polling: 50 },
  );
  const trouble = await page.evaluate(() =>
    document.getElementById("trouble").hidden ? "" : document.querySelector("#trouble p").textContent,
  );
  return trouble || `${await text(page, "own-info")}. ${await text(page, "own-notes")}`;
}

const forget = (page) =>
  page.evaluate(() => {
    document.getElementById("own-info").textContent = "";
    document.getElementById("trouble").hidden = true;
  });

const folder = await mkdtemp(join(tmpdir(), "distillate-pictures-"));
const outDir = join(folder, "site");
await build({ configFile, logLevel: "error", build: { outDir } });
const server = await preview({
  configFile,
  build: { outDir },
  preview: { port: 0, host: "127.0.0.1" },
  logLevel: "silent",
});
const url = `http://localhost:${server.httpServer.address().port}/`;
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
try {
  const different = await makePictures(browser, folder);
  const page = await browser.newPage();
  await page.addInitScript(() => {
    globalThis.long = [];
    const watch = new PerformanceObserver((list) => globalThis.long.push(...list.getEntries().map((e) => e.duration)));
    watch.observe({ entryTypes: ["longtask"] });
  });
  const ready = () =>
    page.waitForFunction(() => !document.getElementById("start").disabled, undefined, { timeout: 300_000 });
  await measured(browser, page, "opening", async () => {
    await page.goto(url);
    await ready();
    return text(page, "threads-chip");
  });
  const chooses = (input, path) => async () => {
    await forget(page);
    await page.setInputFiles(input, join(folder, path));
    return read(page);
  };
  await measured(browser, page, `${count} JPEGs in a zip`, chooses("#files", "many.zip"));
  await measured(browser, page, `${count} JPEGs by the input`, chooses("#folder", "many"));
  await measured(browser, page, "4 photos of 12 megapixels", chooses("#folder", "photos"));
  await measured(browser, page, "one photo of 48 megapixels", chooses("#folder", "huge"));
  // The folder that a person chooses stands in the page's own storage here, because nobody is there to choose one.
  await page.evaluate(
    async ([count, pictures]) => {
      const jpegs = pictures.map((base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle("chosen", { create: true });
      const classes = await Promise.all(
        [0, 1, 2, 3, 4].map((i) => folder.getDirectoryHandle(`class-${i}`, { create: true })),
      );
      for (let i = 0; i < count; i++) {
        const file = await classes[i % 5].getFileHandle(`${i}.jpg`, { create: true });
        const stream = await file.createWritable();
        await stream.write(jpegs[i % jpegs.length]);
        await stream.close();
      }
      globalThis.showDirectoryPicker = () => root.getDirectoryHandle("chosen");
    },
    [count, different],
  );
  await measured(browser, page, `${count} JPEGs in a chosen folder`, async () => {
    await forget(page);
    await page.evaluate(() => document.getElementById("folder").click());
    return read(page);
  });
  const session = await page.context().newCDPSession(page);
  await measured(browser, page, `${count} JPEGs dropped`, async () => {
    await forget(page);
    const data = { items: [], files: [join(folder, "many")], dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"]) {
      await session.send("Input.dispatchDragEvent", { type, x: 200, y: 200, data });
    }
    return read(page);
  });
  await page.click("input[value=fixed]");
  await page.fill('input[name="outerSteps"]', "10");
  await measured(browser, page, "distilling, 10 updates", async () => {
    await page.click("#start");
    await page.waitForFunction(() => /^Done/.test(document.getElementById("stats").textContent), undefined, {
      timeout: 300_000,
    });
    await ready();
    return text(page, "caption");
  });
  await measured(browser, page, "training a network", async () => {
    await page.click("#train");
    await page.waitForFunction(() => /^Trained/.test(document.getElementById("trained").textContent));
    return text(page, "trained");
  });
  await measured(browser, page, "comparing", async () => {
    await page.click("#compare-start");
    await page.waitForFunction(() => document.querySelectorAll("#lines canvas").length === 3, undefined, {
      timeout: 300_000,
    });
    return "";
  });
} finally {
  await browser.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
}
