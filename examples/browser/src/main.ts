// The page: starts the lab, shows the set that was made before, and wires the panels.
import { Lab } from "./lab/lab.ts";
import { firstSet, openingText } from "./lab/opening-sets.ts";
import { App } from "./page/app.ts";
import { comparePanel } from "./page/compare-panel.ts";
import { attempt, byId, clearTrouble, count, showTrouble } from "./page/dom.ts";
import { downloadsPanel } from "./page/downloads.ts";
import { isolate } from "./page/isolate.ts";
import { offerLeftOff } from "./page/left-off.ts";
import { linkPanel, onLink, showLinked } from "./page/link-panel.ts";
import { openFiles } from "./page/open-files.ts";
import { processorChoice } from "./page/processor.ts";
import { RunPanel } from "./page/run-panel.ts";
import { SettingsForm } from "./page/settings.ts";
import { TryPanel } from "./page/try-panel.ts";

/** The part of the page that visitors see first. */
const top = document.querySelector<HTMLElement>("header.top")!;
const chip = byId("threads-chip", HTMLParagraphElement);

async function start(): Promise<void> {
  if (await isolate()) return;
  const app = new App(new Lab());
  const form = new SettingsForm(app);
  const run = new RunPanel(app, form);
  const trial = new TryPanel(app);
  comparePanel(app);
  downloadsPanel(app);
  linkPanel(app);
  processorChoice(app, form);
  openFiles(app, form);
  byId("trouble", HTMLDivElement)
    .querySelector("button")!
    .addEventListener("click", () => clearTrouble());

  const openEngine = async (): Promise<void> => {
    chip.textContent = "not running";
    const { threads, notices } = await app.lab.open(form.threads);
    chip.textContent = count(threads, "thread");
    chip.title = notices.join(". ");
    form.sayThreads(notices);
  };
  form.onThreads((field) => void attempt(field, openEngine));

  const linked = await showFirst(app);
  await openEngine();
  app.setState("idle");
  const trainOnLinked = (): void => {
    const panel = byId("try", HTMLElement);
    void attempt(panel.querySelector<HTMLElement>(".head")!, () => trial.train());
  };
  if (linked) trainOnLinked();
  onLink(() => {
    void attempt(byId("images-head", HTMLDivElement), async () => {
      if (app.state !== "idle") throw new Error("A run is in progress. Stop it before you open a link.");
      if (showLinked(app)) trainOnLinked();
    });
  });
  await offerLeftOff({ app, form, run });
}

/** Shows the set of the link, or else the one that was made before. Returns whether there was a link with a set. */
async function showFirst(app: App): Promise<boolean> {
  try {
    if (showLinked(app)) return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    showTrouble(`This link holds no images that can be read. Ask for it again, whole. (${why})`, top);
  }
  await showMadeBefore(app).catch((error: unknown) => {
    app.say("");
    showTrouble(error, top);
  });
  return false;
}

/** Shows the set that was made before; the page also works without it. */
async function showMadeBefore(app: App): Promise<void> {
  const shown = app.lab.unpack(await openingText(firstSet));
  app.show(
    shown,
    `Made before, by this library in Node: ${count(shown.outerSteps ?? 0, "update")} on 9,000 digits, seed ${shown.seed}.`,
  );
}

start().catch((error: unknown) => {
  chip.textContent = "not running";
  const caption = byId("caption", HTMLParagraphElement);
  if (caption.textContent === "Loading…") caption.textContent = "";
  byId("stats", HTMLParagraphElement).textContent = "";
  const why = error instanceof Error ? error.message : String(error);
  const advice = "Try a current Chrome, Edge, Firefox or Safari, one that lets pages use WebAssembly";
  showTrouble(`This page could not start here: ${why.replace(/\.$/, "")}. ${advice}.`, top);
});
