// The page: starts the lab, shows a set that it comes with, trains a network on it, and wires the panels.
import { Lab } from "./lab/lab.ts";
import { nextTask } from "./lab/next-task.ts";
import { App } from "./page/app.ts";
import { codePanel } from "./page/code-panel.ts";
import { comparePanel } from "./page/compare-panel.ts";
import { attempt, byId, clearTrouble, count, showTrouble } from "./page/dom.ts";
import { downloadsPanel } from "./page/downloads.ts";
import { howItWorks } from "./page/how-it-works.ts";
import { whyNoStart } from "./page/in-words.ts";
import { isolate } from "./page/isolate.ts";
import { keepFocus } from "./page/keep-focus.ts";
import { offerLeftOff } from "./page/left-off.ts";
import { linkPanel, onLink, showLinked } from "./page/link-panel.ts";
import { openFiles } from "./page/open-files.ts";
import { offerSets, showFirst } from "./page/opening.ts";
import { processorChoice } from "./page/processor.ts";
import { replayPanel } from "./page/replay.ts";
import { repositoryLinks } from "./page/repository.ts";
import { RunPanel } from "./page/run-panel.ts";
import { SettingsForm } from "./page/settings.ts";
import { fillFromAddress } from "./page/settings-link.ts";
import { TryPanel } from "./page/try-panel.ts";
import { TryPicture } from "./page/try-picture.ts";

/** The part of the page that visitors see first. */
const top = document.querySelector<HTMLElement>("header.top")!;
const chip = byId("threads-chip", HTMLParagraphElement);

async function start(): Promise<void> {
  keepFocus();
  if (await isolate()) return;
  const app = new App(new Lab());
  const form = new SettingsForm(app);
  const run = new RunPanel(app, form);
  const trial = new TryPanel(app);
  tryPictures(app, trial);
  comparePanel(app);
  downloadsPanel(app);
  linkPanel(app);
  replayPanel(app);
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

  const train = (): void => {
    const panel = byId("try", HTMLElement);
    void attempt(panel.querySelector<HTMLElement>(".head")!, () => trial.begin());
  };
  trial.onPace((perImage) => form.sayTimes(perImage));
  offerSets(app, train);
  const opening = openEngine();
  // It is waited for below, when the images are there.
  opening.catch(() => {});
  await showFirst(app, top);
  await opening;
  app.setState("idle");
  if (app.shown) train();
  fillFromAddress(form);
  // What stands further down is made while the first network trains, each in a task of its own.
  for (const panel of [() => howItWorks(app), () => codePanel(app, form), repositoryLinks]) {
    await nextTask();
    panel();
  }
  onLink(() => {
    void attempt(byId("images-head", HTMLDivElement), async () => {
      if (app.state !== "idle") throw new Error("A run is in progress. Stop it before you open a link.");
      if (showLinked(app)) train();
    });
  });
  await offerLeftOff({ app, form, run });
}

/** Lets a visitor try pictures of their own on the shown set. */
function tryPictures(app: App, trial: TryPanel): void {
  const own = new TryPicture({
    host: byId("own-pictures", HTMLDivElement),
    like: () => {
      const { shown } = app;
      if (!shown) return undefined;
      const { height, width, channels } = shown.tiles;
      return { height, width, channels, drawn: app.words.drawn };
    },
    take: (levels) => trial.readLevels(levels),
  });
  app.tryPicture = (file) => own.read(file);
  app.on("set", () => own.call(app.words.own));
}

start().catch((error: unknown) => {
  chip.textContent = "not running";
  const caption = byId("caption", HTMLParagraphElement);
  if (caption.textContent === "Loading…") caption.textContent = "";
  byId("stats", HTMLParagraphElement).textContent = "";
  showTrouble(whyNoStart(error), top);
});
