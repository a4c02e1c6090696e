// Links that hold a set: "Copy a link" in the panel "Keep them".
import type { PackedBits } from "distillate";
import type { Workshop } from "../lab/workshop.ts";
import type { App } from "./app.ts";
import { announce, attempt, byId, count, percent } from "./dom.ts";
import { linkMark } from "./linked.ts";

export function linkPanel(app: App, workshop: Workshop): void {
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
      const text = await workshop.pack(Number(bits.value) as PackedBits);
      const link = `${location.href.replace(/#.*/s, "")}${linkMark}${text}`;
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
      const measured = await workshop.packingCost(text);
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

/** Calls `open` when another such link is put into the address. */
export function onLink(open: () => void): void {
  addEventListener("hashchange", () => {
    if (location.hash.startsWith(linkMark)) open();
  });
}
