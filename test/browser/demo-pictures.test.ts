// The demo page with a visitor's own pictures, in real browsers.
import { encode } from "fast-png";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeZip } from "../../src/codecs/zip.ts";
import { backGradient, digits, distill, distilledToSafetensors, lenet } from "../../src/index.ts";
import {
  type Browser,
  type BrowserPage,
  describeInBrowsers,
  launch,
  type OpenOptions,
  testOfPage,
  until,
} from "./browsers.ts";
import { alert, choose, download, fill, idle, text } from "./demo-page.ts";
import { type DemoSite, openDemoSite } from "./demo-site.ts";

let site: DemoSite;

beforeAll(async () => {
  site = await openDemoSite("demo-pictures");
});

afterAll(() => site?.close());

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const png = (width: number, height: number, channels: 1 | 3, level: (i: number) => number): Uint8Array =>
  encode({
    width,
    height,
    channels,
    depth: 8,
    data: Uint8Array.from({ length: channels * width * height }, (_, i) => level(i)),
  });

type Entry = readonly [path: string, bytes: Uint8Array];

/** `n` pictures of each class: flat colours that differ by the class. */
function flat(classNames: readonly string[], n: number): Entry[] {
  return classNames.flatMap((name, label) =>
    Array.from(
      { length: n },
      (_, i): Entry => [`set/${name}/${i}.png`, png(40, 30, 3, (p) => (60 * label + 80 * (p % 3) + i) % 256)],
    ),
  );
}

const zip = (entries: readonly Entry[]): string => base64(writeZip(entries));

/** A photo of a one: dark ink on light paper. */
const photoOfOne = png(200, 160, 3, (i) => {
  const [x, y] = [Math.floor(i / 3) % 200, Math.floor(i / 600)];
  return x > 95 && x < 106 && y > 30 && y < 130 ? 60 : 225 - Math.floor(x / 8);
});

/** What names the classes above the columns of the board, or on its images. */
const boardNames = '[...document.querySelectorAll("#board span")].map((s) => s.textContent).join()';

describeInBrowsers(
  (name) => `own pictures in ${name}`,
  (name) => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch(name);
    });
    afterAll(() => browser?.close());
    const pageTest = testOfPage(name);

    const openDemo = async (options?: OpenOptions, hash = ""): Promise<BrowserPage> => {
      const tab = await browser.open(site.url + hash, options);
      await until(tab, idle);
      return tab;
    };
    const said = (id: string, pattern: RegExp, tab: BrowserPage): Promise<void> =>
      until(tab, `${pattern}.test(document.getElementById("${id}").textContent)`);

    test("bad pictures are left out, each kind with a word, and the others are a set", async () => {
      const tab = await openDemo();
      const bad: Entry[] = [
        ["set/lime/17.png", new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1])],
        ["set/lime/holiday.heic", new TextEncoder().encode("\0\0\0\x18ftypheic\0\0\0\0")],
        ["set/cover.png", png(9, 9, 1, () => 5)],
      ];
      await choose(tab, "files", [["fruit.zip", zip([...flat(["lemon", "lime"], 10), ...bad])]]);
      await said("own-info", /^fruit: 16 pictures of 32×32 in 2 classes, 4 held out$/, tab);
      const notes = await text(tab, "own-notes");
      expect(notes).toMatch(/^3 pictures were left out: /);
      expect(notes).toMatch(/set\/lime\/17\.png is broken \(/);
      expect(notes).toMatch(/set\/lime\/holiday\.heic is HEIC, which is not read here: export it as JPEG or PNG/);
      expect(notes).toMatch(/set\/cover\.png lies in no folder of a class/);
      expect(await alert(tab)).toBe("");
      expect(tab.complaints).toEqual([]);
      await tab.close();
    });

    pageTest("the reader is told of files in small parts, and gives back memory and not a copy", async () => {
      const tab = await openDemo({
        before: `window.told = [];
          const post = Worker.prototype.postMessage;
          Worker.prototype.postMessage = function (message, ...rest) {
            if (["files", "set"].includes(message?.kind)) window.told.push(message.files?.length ?? "end");
            return post.call(this, message, ...rest);
          };`,
      });
      const files = flat(["lemon", "lime"], 25).map(([path, bytes]) => [path, base64(bytes)] as const);
      await tab.evaluate(`(() => {
        const transfer = new DataTransfer();
        for (const [path, base64] of ${JSON.stringify(files)}) {
          transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], path));
        }
        const input = document.getElementById("folder");
        input.files = transfer.files;
        // What a browser states of a file in a chosen folder. Slashes in a name become colons.
        Object.defineProperty(File.prototype, "webkitRelativePath", { get() { return this.name.replaceAll(":", "/"); } });
        input.dispatchEvent(new Event("change"));
      })()`);
      await said("own-info", /^set: 40 pictures of 32×32 in 2 classes, 10 held out$/, tab);
      expect(await tab.evaluate("window.told")).toEqual([...new Array(10).fill(5), "end"]);
      await tab.close();
    });

    test.skipIf(name !== "chromium")(
      "where the browser gives a folder itself, the reader opens it, and the page looks at no file",
      async () => {
        const tab = await openDemo();
        const files = flat(["lemon", "lime"], 10).map(([path, bytes]) => [path, base64(bytes)] as const);
        // A folder of the page's own storage stands in for one of a disk, which only a person can choose.
        await tab.evaluate(`(async () => {
          const root = await navigator.storage.getDirectory();
          for (const [path, base64] of ${JSON.stringify(files)}) {
            const [top, className, file] = path.split("/");
            let folder = await root.getDirectoryHandle(top, { create: true });
            folder = await folder.getDirectoryHandle(className, { create: true });
            const stream = await (await folder.getFileHandle(file, { create: true })).createWritable();
            await stream.write(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
            await stream.close();
          }
          window.showDirectoryPicker = () => root.getDirectoryHandle("set");
          FileSystemFileHandle.prototype.getFile = () => { throw new Error("the page opened a file"); };
        })()`);
        await tab.evaluate('document.getElementById("folder").click()');
        await said("own-info", /^set: 16 pictures of 32×32 in 2 classes, 4 held out$/, tab);

        await tab.evaluate(`window.showDirectoryPicker = async () => { throw new DOMException("closed", "AbortError"); };
          document.getElementById("folder").click()`);
        expect(await text(tab, "own-info")).toMatch(/^set: 16 pictures/);
        expect(await alert(tab)).toBe("");
        expect(tab.complaints).toEqual([]);
        await tab.close();
      },
    );

    pageTest("a reading shows its progress, can be stopped, and the next one works", async () => {
      const tab = await openDemo();
      await tab.evaluate(`(() => {
        window.seen = [];
        const info = document.getElementById("own-info");
        new MutationObserver(() => window.seen.push(info.textContent)).observe(info, { childList: true });
      })()`);
      const large = png(700, 700, 3, (p) => (p * 7) % 256);
      const slow = Array.from({ length: 60 }, (_, i): Entry => [`set/${i % 2 ? "lemon" : "lime"}/${i}.png`, large]);
      await choose(tab, "files", [["large.zip", zip(slow)]]);
      await until(tab, "window.seen.some((text) => /^[0-9]+ of 60 pictures read$/.test(text))");
      expect(await tab.evaluate('document.getElementById("files-reading").hidden')).toBe(false);
      await tab.evaluate('document.getElementById("files-stop").focus()');
      await tab.keyboard.press("Enter");
      await said("own-info", /^none yet: the reading was stopped$/, tab);
      expect(await tab.evaluate('document.getElementById("files-reading").hidden')).toBe(true);
      expect(await tab.evaluate("document.activeElement !== document.body")).toBe(true);
      expect(await alert(tab)).toBe("");
      await choose(tab, "files", [["fruit.zip", zip(flat(["lemon", "lime"], 5))]]);
      await said("own-info", /^fruit: 8 pictures/, tab);
      expect(tab.complaints).toEqual([]);
      await tab.close();
    });

    test("classes keep their names: while they form, in the strip of different classes, in files and in a link", async () => {
      const names = ["ash", "birch", "cedar", "date"];
      const tab = await openDemo();
      await choose(tab, "files", [["trees.zip", zip(flat(names, 10))]]);
      await said("own-info", /^trees: 32 pictures/, tab);
      await fill(tab, "fixed", { outerSteps: 3, batch: 16, epochs: 1 });
      await tab.click("#start");
      await said("stats", /^Done after 3 updates/, tab);
      await until(tab, idle);
      expect(await tab.evaluate(boardNames)).toBe(names.join());
      await tab.evaluate('document.getElementById("strip").scrollIntoView({ block: "center" })');
      await until(tab, 'document.querySelectorAll("#strip button").length === 8');
      const strip = await tab.evaluate<string[]>(
        'Array.from(document.querySelectorAll("#strip button"), (button) => button.getAttribute("aria-label"))',
      );
      // The test part is sorted by class; the strip is not.
      expect(names.filter((name) => strip.slice(0, 4).some((label) => label.includes(name)))).toEqual(names);

      const files = [await download(tab, "safetensors"), await download(tab, "npz")];
      await tab.click("#link");
      await until(tab, '!document.getElementById("link-address").hidden');
      const link = await tab.evaluate<string>('document.getElementById("link-address").value');
      await tab.close();

      const other = await openDemo({}, new URL(link).hash);
      await until(other, `${boardNames} === "${names.join()}"`);
      for (const [file, bytes] of files) {
        await other.evaluate('document.getElementById("caption").textContent = ""');
        await choose(other, "open", [[file, bytes]]);
        await said("caption", /^4 images\. Opened from distilled/, other);
        expect(await other.evaluate(boardNames)).toBe(names.join());
      }
      await other.close();
    });

    pageTest("a set that was made elsewhere from Fashion-MNIST is named for what it is", async () => {
      const { train } = await digits();
      const data = { ...train, name: "fashion-mnist" };
      const set = await distill({
        ...{ data, model: lenet(), outer: { steps: 1, batch: 16 } },
        method: backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 }),
      }).result();
      const tab = await openDemo();
      await choose(tab, "open", [["clothes.safetensors", base64(distilledToSafetensors(set))]]);
      await said("caption", /Opened from clothes/, tab);
      expect(await tab.evaluate(boardNames)).toMatch(/^T-shirt,Trousers,.*,Boot$/);
      expect(await tab.evaluate('document.getElementById("own-pictures").textContent')).toMatch(
        /A picture of your own/,
      );
      await tab.close();
    });

    test("a photo of a digit is made like the digits and read, chosen or pasted; a broken one is named beside it", async () => {
      const tab = await openDemo();
      await until(tab, '/A photo of a digit on paper/.test(document.getElementById("own-pictures").textContent)');
      const verdict = 'document.getElementById("verdict").textContent.trim()';
      const best = 'document.querySelector("#bars .best")?.dataset.index';
      await choose(tab, "own-picture", [["one.png", base64(photoOfOne)]]);
      await until(tab, verdict);
      expect(await tab.evaluate(best)).toBe("1");

      const given = (event: string): string => `(() => {
        document.getElementById("clear").click();
        const transfer = new DataTransfer();
        const bytes = Uint8Array.from(atob("${base64(photoOfOne)}"), (c) => c.charCodeAt(0));
        transfer.items.add(new File([bytes], "one.png", { type: "image/png" }));
        document.body.dispatchEvent(${event});
      })()`;
      // Firefox lets no script say what is on the clipboard.
      if (name === "chromium") {
        await tab.evaluate(given('new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true })'));
        await until(tab, `${best} === "1"`);
      }

      await choose(tab, "own-picture", [["broken.png", base64(new Uint8Array([0x89, 0x50, 0x4e, 0x47]))]]);
      await until(tab, '!document.getElementById("trouble").hidden');
      await expect.poll(() => alert(tab)).toMatch(/^broken\.png is broken \(/);
      expect(await tab.evaluate('document.getElementById("trouble").previousElementSibling.id')).toBe("own-pictures");
      expect(tab.complaints).toEqual([]);
      await tab.close();
    });

    pageTest("a single picture among the files is one to try, and no data set", async () => {
      const tab = await openDemo();
      await choose(tab, "files", [["one.png", base64(photoOfOne)]]);
      await until(tab, 'document.querySelector("#bars .best")');
      expect(await text(tab, "own-info")).toMatch(/^none yet/);
      expect(await alert(tab)).toBe("");
      await tab.close();
    });
  },
);
