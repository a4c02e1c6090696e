// The page: starts the lab, shows a set that it comes with, and trains a network on it. The other panels come after that.
import { Lab } from "./lab/lab.ts";
import { nextTask } from "./lab/next-task.ts";
import { App } from "./page/app.ts";
import { attempt, byId, clearTrouble, showTrouble } from "./page/dom.ts";
import { chip, openEngine } from "./page/engine.ts";
import { whyNoStart } from "./page/in-words.ts";
import { isolate } from "./page/isolate.ts";
import { offerSets, showFirst } from "./page/opening.ts";
import type { PanelParts } from "./page/panels.ts";
import { TryPanel } from "./page/try-panel.ts";

/** The part of the page that visitors see first. */
const top = document.querySelector<HTMLElement>("header.top")!;

async function start(): Promise<void> {
  byId("trouble", HTMLDivElement)
    .querySelector("button")!
    .addEventListener("click", () => clearTrouble());
  if (await isolate()) return;
  // The task in which the parser runs this script is long enough.
  await nextTask();
  const app = new App(new Lab());
  await nextTask();
  // Both are waited for below: first what takes longest. Meanwhile the page is wired, in tasks that are short.
  const notices = openEngine(app.lab, "auto");
  notices.catch(() => {});
  await nextTask();
  const showing = showFirst(app, top);
  await nextTask();
  const trial = new TryPanel(app);
  const train = (settled?: () => void): void => {
    const panel = byId("try", HTMLElement);
    void attempt(panel.querySelector<HTMLElement>(".head")!, () => trial.begin(settled));
  };
  await nextTask();
  offerSets(app, train);
  const others: PanelParts = { app, trial, notices, train };
  try {
    await showing;
    await notices;
    app.setState("idle");
  } catch (error) {
    void openOthers(others);
    throw error;
  }
  if (app.shown) train(() => void openOthers(others));
  else void openOthers(others);
}

/** Opens the panels that the first result does not need. */
async function openOthers(parts: PanelParts): Promise<void> {
  try {
    const { openPanels } = await import("./page/panels.ts");
    await openPanels(parts);
  } catch (error) {
    showTrouble(error, top, false);
  }
}

start().catch((error: unknown) => {
  chip().textContent = "not running";
  const caption = byId("caption", HTMLParagraphElement);
  if (caption.textContent === "Loading…") caption.textContent = "";
  byId("stats", HTMLParagraphElement).textContent = "";
  showTrouble(whyNoStart(error), top);
});
