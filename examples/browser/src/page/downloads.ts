// The panel "Keep them": saves the set as files.
import type { FileKind } from "../lab/api.ts";
import type { Workshop } from "../lab/workshop.ts";
import type { App } from "./app.ts";
import { attempt, byId, create } from "./dom.ts";

const types: Readonly<Record<FileKind, string>> = {
  safetensors: "application/octet-stream",
  npz: "application/octet-stream",
  png: "image/png",
  "growth.png": "image/png",
  json: "application/json",
};

export function downloadsPanel(app: App, workshop: Workshop): void {
  const row = byId("downloads", HTMLDivElement);
  const buttons = [...row.querySelectorAll("button")];
  for (const button of buttons) {
    button.addEventListener(
      "click",
      () => void attempt(row, () => download(workshop, button.dataset.kind as FileKind)),
    );
  }
  const enable = (): void => {
    for (const button of buttons) {
      // Only what was made here was seen to grow.
      button.disabled = !app.shown || (button.dataset.kind === "growth.png" && workshop.frameCount < 2);
    }
  };
  app.on("set", enable);
  app.on("state", enable);
}

async function download(workshop: Workshop, kind: FileKind): Promise<void> {
  const bytes = await workshop.file(kind);
  const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: types[kind] }));
  create("a", { href: url, download: `distilled.${kind}` }).click();
  // The browser has read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
