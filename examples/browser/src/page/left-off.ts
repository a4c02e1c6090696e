// Offers what an earlier visit kept: to go on with the run, to look at its images, to start anew.
import { version } from "distillate";
import type { Workshop } from "../lab/workshop.ts";
import type { App } from "./app.ts";
import { attempt, byId, count } from "./dom.ts";
import { forget, type Kept, recall } from "./kept.ts";
import type { RunPanel } from "./run-panel.ts";
import type { SettingsForm } from "./settings.ts";

export interface LeftOffParts {
  readonly app: App;
  readonly workshop: Workshop;
  readonly form: SettingsForm;
  readonly run: RunPanel;
}

export async function offerLeftOff({ app, workshop, form, run }: LeftOffParts): Promise<void> {
  const notice = byId("left-off", HTMLElement);
  const buttons = {
    on: byId("left-off-on", HTMLButtonElement),
    show: byId("left-off-show", HTMLButtonElement),
    again: byId("left-off-again", HTMLButtonElement),
    forget: byId("left-off-forget", HTMLButtonElement),
  };
  const choose = (button: HTMLButtonElement, work: () => Promise<unknown>): void =>
    button.addEventListener("click", () => {
      notice.hidden = true;
      void attempt(notice, work);
    });
  app.on("state", () => {
    notice.hidden = true;
  });
  choose(buttons.forget, forget);
  const left = await recall().catch((error: Error) => error);
  if (left === undefined) return;
  if (left instanceof Error) {
    notice.querySelector("p")!.textContent =
      "The run that was kept in this browser is damaged, and so is the save before it. It cannot go on: start anew with Distil.";
    for (const button of [buttons.on, buttons.show, buttons.again]) button.hidden = true;
    notice.hidden = false;
    return;
  }
  const { settings, set } = left;
  const way = wayOn(left);
  notice.querySelector("p")!.textContent = inWords(left);
  buttons.on.hidden = way !== "on";
  buttons.on.classList.toggle("primary", way === "on");
  buttons.show.hidden = set === undefined;
  buttons.again.hidden = way === "done" || settings.data === "own";
  notice.hidden = false;

  choose(buttons.on, async () => {
    form.fill(settings);
    try {
      await run.run(settings, left);
    } catch (error) {
      notice.hidden = false;
      throw inOwnWords(error, left);
    }
  });
  choose(buttons.show, async () => {
    const shown = await workshop.load(set!, "the run that was kept");
    run.curves.reset(settings.outerSteps, left.history);
    form.fill({ ...settings, data: "digits" });
    app.show(shown, `Made here from ${left.dataName}, ${count(shown.outerSteps ?? 0, "update")}, at an earlier visit.`);
    buttons.show.hidden = true;
    notice.hidden = way === "done";
  });
  choose(buttons.again, () => {
    form.fill(settings);
    return run.run(settings);
  });
}

/** Whether a kept run can go on here, has ended, or is one of another version of the library. */
function wayOn({ state, settings }: Kept): "on" | "done" | "other version" {
  if (state.step >= settings.outerSteps) return "done";
  return state.version === version ? "on" : "other version";
}

function inWords(left: Kept): string {
  const { state, settings, dataName, older } = left;
  const way = wayOn(left);
  if (way === "done") return `The images you made from ${dataName} last time are still in this browser.`;
  const parts = [`Your run on ${dataName} got to update ${state.step} of ${settings.outerSteps}.`];
  if (older) parts.push("Its last save is damaged; this is the one before.");
  if (way === "other version") {
    parts.push(
      `It was made by version ${state.version} of this library, and this is ${version}: it cannot go on, only start anew.`,
    );
  } else if (settings.data === "own") {
    parts.push("To go on, choose the same pictures again under Data and recipe, then press Go on.");
  } else if (settings.on === "webgpu") {
    parts.push("It can go on from there.");
  } else {
    parts.push("It can go on from there, and ends with the same images as if it had never stopped.");
  }
  return parts.join(" ");
}

/** Says in this page's words that a run cannot go on, because the pictures are others. */
function inOwnWords(error: unknown, { settings, dataName }: Kept): unknown {
  const refused = error instanceof Error && error.name === "RangeError" && error.message.startsWith('"resume"');
  if (!refused || settings.data !== "own") return error;
  return new Error(
    `These are not the pictures of ${dataName} that the run began with. Choose the same ones, or start anew.`,
  );
}
