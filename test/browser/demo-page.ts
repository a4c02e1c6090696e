// The actions of a visitor in the demo page.
import { encode } from "fast-png";
import { writeZip } from "../../src/codecs/zip.ts";
import { type BrowserPage, until } from "./browsers.ts";

/** Returns the text of an element. */
export const text = (tab: BrowserPage, id: string): Promise<string> =>
  tab.evaluate(`document.getElementById("${id}").textContent`);
/** Whether a run can be started. */
export const idle = '!document.getElementById("start").disabled';

export type PresetName = "quick" | "random" | "fixed" | "frepo";

/** Chooses what to make, and sets fields of the form, as typing would. */
export async function fill(
  tab: BrowserPage,
  preset: PresetName,
  fields: Readonly<Record<string, number>>,
): Promise<void> {
  await tab.click(`input[value=${preset}]`);
  await tab.evaluate(`for (const [name, value] of Object.entries(${JSON.stringify(fields)})) {
    const field = document.getElementById("form").elements.namedItem(name);
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }`);
}

/** Brings the held-out pictures into view, which loads them, and waits until the network has been tested on all of them. */
export async function tested(tab: BrowserPage): Promise<string> {
  await tab.evaluate('document.getElementById("strip").scrollIntoView({ block: "center" })');
  await until(
    tab,
    'document.querySelectorAll("#strip button").length === 10 && document.querySelector("#trained .tested")',
  );
  return text(tab, "trained");
}

/** Trains another network, and waits until it has been tested. */
export async function train(tab: BrowserPage): Promise<string> {
  await until(tab, '!document.getElementById("train").disabled');
  await tab.evaluate('document.querySelector("#trained .tested")?.remove()');
  await tab.click("#train");
  await until(tab, '!document.getElementById("train").disabled && document.querySelector("#trained .tested")', 100);
  return text(tab, "trained");
}

/** Draws a vertical stroke on the pad. */
export async function drawOne(tab: BrowserPage): Promise<void> {
  await tab.evaluate('document.getElementById("pad").scrollIntoView({ block: "center" })');
  const box = await tab.evaluate<DOMRect>('document.getElementById("pad").getBoundingClientRect().toJSON()');
  const [x, y] = [box.x + box.width / 2, box.y];
  await tab.mouse.move(x, y + 0.2 * box.height);
  await tab.mouse.down();
  for (let share = 0.2; share <= 0.8; share += 0.1) await tab.mouse.move(x, y + share * box.height);
  await tab.mouse.up();
}

/**
 * Clears the pad, draws on it with points in shares of its side, and returns the number of the class that is read. It sends the events that
 * a mouse gives. They are made in the page, where capturing a pointer that no mouse has would throw.
 */
export function drawAndRead(
  tab: BrowserPage,
  strokes: readonly (readonly (readonly [x: number, y: number])[])[],
): Promise<number> {
  return tab.evaluate(`(async () => {
    const pad = document.getElementById("pad");
    pad.setPointerCapture = () => {};
    document.getElementById("clear").click();
    const box = pad.getBoundingClientRect();
    const send = (type, [x, y]) =>
      pad.dispatchEvent(new PointerEvent(type, {
        clientX: box.x + x * box.width, clientY: box.y + y * box.height, pointerId: 1, bubbles: true, cancelable: true,
      }));
    for (const stroke of ${JSON.stringify(strokes)}) {
      send("pointerdown", stroke[0]);
      for (const point of stroke.slice(1)) send("pointermove", point);
      send("pointerup", stroke.at(-1));
    }
    return new Promise((resolve) => {
      const look = () => {
        const best = document.querySelector("#bars .best");
        if (best && !document.querySelector("#reading[aria-busy]")) resolve(Number(best.dataset.index));
        else setTimeout(look, 1);
      };
      look();
    });
  })()`);
}

/** Gives files, by name and base64, to an input, as choosing them would. */
export async function choose(
  tab: BrowserPage,
  input: string,
  files: readonly (readonly [name: string, base64: string])[],
): Promise<void> {
  await tab.evaluate(`(() => {
    const transfer = new DataTransfer();
    for (const [name, base64] of ${JSON.stringify(files)}) {
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    }
    const input = document.getElementById("${input}");
    input.files = transfer.files;
    input.dispatchEvent(new Event("change"));
  })()`);
}

/** Clicks a download and returns its name and its bytes in base64. */
export async function download(tab: BrowserPage, kind: string): Promise<readonly [name: string, base64: string]> {
  await tab.evaluate(`(() => {
    window.downloaded = undefined;
    HTMLAnchorElement.prototype.click = function () {
      window.downloaded = fetch(this.href)
        .then((response) => response.arrayBuffer())
        .then((buffer) => [this.download, btoa(Array.from(new Uint8Array(buffer), (b) => String.fromCharCode(b)).join(""))]);
    };
  })()`);
  await tab.click(`[data-kind=${kind}]`);
  await until(tab, "window.downloaded");
  return tab.evaluate("window.downloaded");
}

/** Makes a zip, in base64, of two classes of 20 colour pictures each, yellow and green ones, and of other files. */
export function pictures(
  classNames = ["lemon", "lime"],
  others: readonly (readonly [string, Uint8Array])[] = [],
): string {
  const entries = classNames.flatMap((className, label) =>
    Array.from({ length: 20 }, (_, i) => {
      const pixel = [label === 0 ? 220 : 60, 180 + i, 40];
      const data = Uint8Array.from({ length: 3 * 24 * 24 }, (_, p) => pixel[p % 3]!);
      return [`fruit/${className}/${i}.png`, encode({ width: 24, height: 24, channels: 3, depth: 8, data })] as const;
    }),
  );
  return Buffer.from(writeZip([...entries, ...others])).toString("base64");
}

/** Returns the page's notice of a fault; empty if there is none, or none that can be seen. */
export const alert = (tab: BrowserPage): Promise<string> =>
  tab.evaluate(`(() => {
    const notice = document.getElementById("trouble");
    const { top, bottom, height } = notice.getBoundingClientRect();
    return height > 0 && top >= 0 && bottom <= innerHeight ? notice.querySelector("p").textContent : "";
  })()`);

/** A script for `OpenOptions.before` that makes everything which stores data throw, as if a user forbids storage. */
export const storageForbidden = `(() => {
  const get = () => { throw new DOMException("The operation is insecure.", "SecurityError"); };
  for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches"])
    Object.defineProperty(window, name, { get });
  Object.defineProperty(Navigator.prototype, "serviceWorker", { get });
  StorageManager.prototype.getDirectory = get;
})()`;

/** A script that sets a language which Intl refuses, as WebKitGTK has it if LANG is C. */
export const languageC = 'Object.defineProperty(navigator, "language", { get: () => "C" })';
