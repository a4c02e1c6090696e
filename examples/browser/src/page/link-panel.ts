// Links that hold a set: "Copy a link" in the panel "Keep them", and what happens when such a link is opened.
import type { PackedBits } from "distillate";
import type { Shown } from "../lab/api.ts";
import type { App } from "./app.ts";
import { announce, attempt, byId, count, percent } from "./dom.ts";

/** What stands before the text of a set in the address; browsers do not send what is behind a #. */
const mark = "#set=";

export function linkPanel(app: App): void {
  const row = byId("link-row", HTMLDivElement);
  const button = byId("link", HTMLButtonElement);
  const address = byId("link-address", HTMLInputElement);
  const cost = byId("link-cost", HTMLParagraphElement);
  const bits = byId("link-bits", HTMLSelectElement);
  const clear = (): void => {
    address.hidden = true;
    cost.hidden = true;
  };
  app.on("set", () => {
    button.disabled = false;
    clear();
  });
  app.on("state", clear);
  bits.addEventListener("change", clear);
  const say = (text: string): void => {
    cost.textContent = text;
    cost.hidden = false;
  };
  button.addEventListener("click", () => {
    void attempt(row, async () => {
      const text = await app.lab.pack(Number(bits.value) as PackedBits);
      const link = `${location.href.replace(/#.*/s, "")}${mark}${text}`;
      address.value = link;
      address.hidden = false;
      // Where a page may not write to the clipboard, the link can be copied from the field.
      const copied = await navigator.clipboard?.writeText(link).then(
        () => "Copied: ",
        () => "",
      );
      if (!copied) address.select();
      const size = `${copied ?? ""}${count(link.length, "letter")}`;
      say(`${size}. Measuring what packing costs…`);
      const measured = await app.lab.packingCost(text);
      // Another set, or other bits, may have been chosen meanwhile.
      if (address.value !== link || address.hidden) return;
      const costs = measured
        ? ` A network reads ${percent(measured.after)} after packing, ${percent(measured.before)} before (mean of ${measured.networks}).`
        : "";
      say(`${size}.${costs}`);
      announce(cost.textContent);
    });
  });
}

/** Shows the set of the link with which the page was opened; returns whether it was such a link. */
export function showLinked(app: App): boolean {
  if (!location.hash.startsWith(mark)) return false;
  const shown = app.lab.unpack(location.hash.slice(mark.length));
  app.show(shown, storyOf(shown));
  return true;
}

/** Calls `open` when another such link is put into the address. */
export function onLink(open: () => void): void {
  addEventListener("hashchange", () => {
    if (location.hash.startsWith(mark)) open();
  });
}

function storyOf({ data, outerSteps, packedBits }: Shown): string {
  const from = data === undefined ? "" : `, made from ${data}`;
  const updates = outerSteps === undefined ? "" : ` in ${count(outerSteps, "update")}`;
  return `From a link${from}${updates}, packed to ${packedBits} bits a pixel.`;
}
