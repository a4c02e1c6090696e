// The panels that a first visit does not need at once. This module is loaded after the first result, or when there will be none.
import { nextTask } from "../lab/next-task.ts";
import { Workshop } from "../lab/workshop.ts";
import type { App } from "./app.ts";
import { codePanel } from "./code-panel.ts";
import { comparePanel } from "./compare-panel.ts";
import { attempt, byId } from "./dom.ts";
import { downloadsPanel } from "./downloads.ts";
import { openEngine } from "./engine.ts";
import { howItWorks } from "./how-it-works.ts";
import { keepFocus } from "./keep-focus.ts";
import { offerLeftOff } from "./left-off.ts";
import { linkPanel, onLink } from "./link-panel.ts";
import { showLinked } from "./linked.ts";
import { openFiles } from "./open-files.ts";
import { processorChoice } from "./processor.ts";
import { replayPanel } from "./replay.ts";
import { repositoryLinks } from "./repository.ts";
import { RunPanel } from "./run-panel.ts";
import { SettingsForm } from "./settings.ts";
import { fillFromAddress } from "./settings-link.ts";
import type { TryPanel } from "./try-panel.ts";
import { TryPicture } from "./try-picture.ts";

/** What is there before these panels. */
export interface PanelParts {
  readonly app: App;
  readonly trial: TryPanel;
  /** What the engine lacks here, once it runs. */
  readonly notices: Promise<readonly string[]>;
  /** Trains a network on another set. */
  readonly train: () => void;
}

/** Makes the panels, each in a task of its own, so that the page answers in between. A run can be started last. */
export async function openPanels({ app, trial, notices, train }: PanelParts): Promise<void> {
  keepFocus();
  const workshop = new Workshop(app.lab);
  await nextTask();
  const form = new SettingsForm(app);
  form.onThreads((field) => {
    void attempt(field, async () => form.sayThreads(await openEngine(app.lab, form.threads)));
  });
  // That the engine does not start is said elsewhere.
  notices.then((sentences) => form.sayThreads(sentences)).catch(() => {});
  trial.onPace((perImage) => form.sayTimes(perImage));
  const panels = [
    () => tryPictures(app, trial),
    () => comparePanel(app, workshop),
    () => linkPanel(app, workshop),
    () => replayPanel(app, workshop),
    () => processorChoice(workshop, form),
    () => openFiles(app, workshop, form),
    () => howItWorks(app),
    () => codePanel(app, workshop, form),
    repositoryLinks,
    () => downloadsPanel(app, workshop),
  ];
  for (const panel of panels) {
    await nextTask();
    panel();
  }
  await nextTask();
  fillFromAddress(form);
  onLink(() => {
    void attempt(byId("images-head", HTMLDivElement), async () => {
      if (app.state !== "idle") throw new Error("A run is in progress. Stop it before you open a link.");
      if (await showLinked(app)) train();
    });
  });
  const run = new RunPanel(app, workshop, form);
  await offerLeftOff({ app, workshop, form, run });
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
