// The page: starts the lab, shows the set that was made before, and wires the panels.
// Of `npx distillate run digits-random --outer-steps 1000`: 81.1 ± 4.3 % over 20 networks.
import madeBefore from "../made-before.safetensors?url";
import { Lab } from "./lab/lab.ts";
import { App } from "./page/app.ts";
import { comparePanel } from "./page/compare-panel.ts";
import { attempt, byId, count, trouble } from "./page/dom.ts";
import { downloadsPanel } from "./page/downloads.ts";
import { isolate } from "./page/isolate.ts";
import { openFiles } from "./page/open-files.ts";
import { RunPanel } from "./page/run-panel.ts";
import { SettingsForm } from "./page/settings.ts";
import { TryPanel } from "./page/try-panel.ts";

async function start(): Promise<void> {
  if (await isolate()) return;
  const app = new App(new Lab());
  const form = new SettingsForm(app);
  const run = new RunPanel(app, form);
  new TryPanel(app);
  comparePanel(app);
  downloadsPanel(app);
  openFiles(app, form);
  byId("trouble", HTMLDivElement)
    .querySelector("button")!
    .addEventListener("click", () => trouble(undefined));

  const openEngine = async (): Promise<void> => {
    byId("threads-chip", HTMLParagraphElement).textContent = "not running";
    const { threads, notices } = await app.lab.open(form.threads);
    byId("threads-chip", HTMLParagraphElement).textContent = count(threads, "thread");
    byId("threads-chip", HTMLParagraphElement).title = notices.join(". ");
    form.sayThreads(notices);
  };
  form.onThreads(() => void attempt(openEngine));

  const response = await fetch(madeBefore);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const shown = await app.lab.load(bytes, "made-before.safetensors");
  app.show(
    shown,
    `Made before, by this library in Node: ${count(shown.outerSteps ?? 0, "update")} on 9,000 digits, seed ${shown.seed}.`,
  );
  await openEngine();
  app.setState("idle");
  await run.offerLeftOff();
}

void attempt(start);
