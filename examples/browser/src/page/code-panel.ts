// The panel "The same in your code": the program of what ran here, its digest, and a link to the settings.
import type { Shown } from "../lab/api.ts";
import { commandOf } from "../lab/opening-sets.ts";
import { programOf } from "../lab/program.ts";
import type { Workshop } from "../lab/workshop.ts";
import type { App } from "./app.ts";
import { announce, attempt, byId } from "./dom.ts";
import type { SettingsForm } from "./settings.ts";
import { settingsAddress } from "./settings-link.ts";

export function codePanel(app: App, workshop: Workshop, form: SettingsForm): void {
  const code = byId("code-text", HTMLElement);
  const caption = byId("code-caption", HTMLParagraphElement);
  const digest = byId("code-digest", HTMLParagraphElement);
  const copy = byId("code-copy", HTMLButtonElement);
  const address = byId("state-address", HTMLInputElement);
  const row = byId("state-row", HTMLDivElement);

  const write = (): void => {
    const settings = form.settings;
    code.textContent = programOf(settings, settings.data === "own" ? (app.own?.width ?? 32) : undefined);
    caption.textContent =
      settings.data === "digits"
        ? "Ten lines of Node make what Distil makes with the settings of this page: save them as run.mjs, then node run.mjs."
        : "The program of your run, for Node. It reads the folder of your pictures, and the network is the same.";
    address.hidden = true;
  };
  form.onChange(write);
  app.on("set", (shown) => {
    write();
    digest.textContent = "";
    void workshop.digest().then((value) => {
      if (app.shown !== shown || value === undefined) return;
      digest.textContent = `The images shown now have the SHA-256 ${value}. ${same(shown, app)}`;
    });
  });
  app.on("state", write);
  copy.addEventListener("click", () => {
    void attempt(copy.parentElement!, async () => {
      await navigator.clipboard.writeText(code.textContent);
      copy.textContent = "Copied";
      announce("The program is copied");
    });
  });
  const link = byId("state-link", HTMLButtonElement);
  for (const button of [copy, link]) button.disabled = false;
  link.addEventListener("click", () => {
    void attempt(row, async () => {
      address.value = settingsAddress(form.settings);
      address.hidden = false;
      await navigator.clipboard?.writeText(address.value).catch(() => address.select());
    });
  });
  write();
}

function same({ gpu }: Shown, { made, opening }: App): string {
  if (opening) return `In the library's folder, ${commandOf(opening)} makes them again, and prints it.`;
  if (gpu) return "They were made on a GPU: run them on WebAssembly for the bits that every machine gives.";
  return made ? "The program above prints the same, on every machine." : "";
}
