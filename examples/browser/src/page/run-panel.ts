// The panel of a run: start, pause, resume, stop; progress, curves, and the run kept for a reload.
import type { News, Settings } from "../lab/api.ts";
import type { App } from "./app.ts";
import { Curves } from "./curves.ts";
import { announce, attempt, byId, clearTrouble, count, duration } from "./dom.ts";
import { forget, type Kept, keep, recall } from "./kept.ts";
import type { SettingsForm } from "./settings.ts";

const KEEP_MS = 4000;

export class RunPanel {
  readonly #app: App;
  readonly #form: SettingsForm;
  readonly #curves = new Curves();
  readonly #start = byId("start", HTMLButtonElement);
  readonly #pause = byId("pause", HTMLButtonElement);
  readonly #stop = byId("stop", HTMLButtonElement);
  readonly #stats = byId("stats", HTMLParagraphElement);
  readonly #progress = byId("progress", HTMLProgressElement);
  #settings: Settings | undefined;
  #dataName = "digits";
  #step = 0;
  #keptAt = 0;

  constructor(app: App, form: SettingsForm) {
    this.#app = app;
    this.#form = form;
    const head = this.#start.closest<HTMLElement>(".head")!;
    this.#start.addEventListener("click", () => {
      const settings = form.read();
      if (settings) void attempt(head, () => this.run(settings));
    });
    this.#pause.addEventListener("click", () => void attempt(head, () => this.#pauseOrResume()));
    this.#stop.addEventListener("click", () => {
      app.setState("stopping");
      app.lab.stop();
    });
    app.on("state", (state) => {
      this.#start.disabled = state !== "idle";
      this.#pause.disabled = state !== "running" && state !== "paused";
      this.#stop.disabled = this.#pause.disabled;
      this.#pause.textContent = state === "paused" ? "Resume" : "Pause";
    });
  }

  async run(settings: Settings): Promise<void> {
    const { lab } = this.#app;
    clearTrouble();
    this.#settings = settings;
    this.#step = 0;
    this.#dataName = settings.data === "own" ? (this.#app.own?.name ?? "own") : "digits";
    this.#curves.reset(settings.outerSteps);
    this.#progress.max = settings.outerSteps;
    this.#progress.value = 0;
    this.#stats.textContent = "Starting…";
    this.#app.setState("running");
    this.#app.say("From noise: every pixel moves to where training on these images works better.");
    announce("The run has started");
    try {
      const shown = await lab.run(settings, (news: News) => this.#tell(news));
      const { outerSteps = 0 } = shown;
      const whole = outerSteps === settings.outerSteps;
      const story = `Made here from ${this.#dataName} in ${count(outerSteps, "update")}${whole ? "" : ", stopped early"}.`;
      this.#app.show(shown, story);
      this.#stats.textContent = `${whole ? "Done" : "Stopped"} after ${count(outerSteps, "update")}. Now try them, or keep them.`;
      announce(this.#stats.textContent);
    } catch (error) {
      this.#stats.textContent = "The run ended with an error.";
      throw error;
    } finally {
      this.#app.setState("idle");
    }
    await this.#keep();
  }

  /** Offers what an earlier visit kept. */
  async offerLeftOff(): Promise<void> {
    const left = await recall();
    if (!left) return;
    const notice = byId("left-off", HTMLElement);
    const { settings, step, dataName } = left.about;
    const done = step >= settings.outerSteps;
    notice.querySelector("p")!.textContent = done
      ? `The images you made from ${dataName} last time are still in this browser.`
      : `Last time a run on ${dataName} got to update ${step} of ${settings.outerSteps}. Its images were kept, ready to ` +
        "train on or to download. The optimiser's state was not kept, so the run cannot go on from there.";
    const again = byId("left-off-again", HTMLButtonElement);
    again.hidden = done || settings.data !== "digits";
    notice.hidden = false;
    const choose = (id: string, work: () => Promise<unknown>): void =>
      byId(id, HTMLButtonElement).addEventListener("click", () => {
        notice.hidden = true;
        void attempt(notice, work);
      });
    choose("left-off-show", () => this.#showLeft(left));
    choose("left-off-again", () => {
      this.#form.fill(settings);
      return this.run(settings);
    });
    choose("left-off-forget", forget);
    this.#app.on("state", () => {
      notice.hidden = true;
    });
  }

  async #showLeft({ set, about }: { set: Uint8Array; about: Kept }): Promise<void> {
    const shown = await this.#app.lab.load(set, "the run that was kept");
    this.#curves.reset(about.settings.outerSteps, about.history);
    this.#form.fill({ ...about.settings, data: "digits" });
    this.#app.show(shown, `Made here from ${about.dataName}, ${count(about.step, "update")}, at an earlier visit.`);
  }

  async #pauseOrResume(): Promise<void> {
    const { lab, state } = this.#app;
    if (state === "paused") {
      lab.resume();
      this.#app.setState("running");
      this.#stats.textContent = "Continuing…";
    } else {
      lab.pause();
      this.#app.setState("paused");
      this.#stats.textContent = `Paused after update ${this.#step} of ${this.#progress.max}.`;
      announce(this.#stats.textContent);
      await this.#keep();
    }
  }

  #tell({ step, steps, stepsPerSecond, losses, accuracies, tiles }: News): void {
    this.#step = step;
    if (tiles) this.#app.paint(tiles, this.#dataName);
    this.#curves.add({ losses, accuracies });
    this.#progress.value = step;
    const { state } = this.#app;
    if (state === "running") {
      const left = duration((steps - step) / stepsPerSecond);
      this.#stats.textContent = `Update ${step} of ${steps} · ${stepsPerSecond.toFixed(1)} a second · ${left} left`;
    } else if (state === "paused") {
      this.#stats.textContent = `Paused after update ${step} of ${steps}.`;
    }
    if (Math.floor((4 * step) / steps) > Math.floor((4 * (step - losses.length)) / steps)) {
      announce(`Update ${step} of ${steps}`);
    }
    if (performance.now() - this.#keptAt > KEEP_MS) void this.#keep();
  }

  async #keep(): Promise<void> {
    if (!this.#settings || this.#step === 0) return;
    this.#keptAt = performance.now();
    const about = {
      settings: this.#settings,
      step: this.#step,
      dataName: this.#dataName,
      history: this.#curves.history,
    };
    await keep(await this.#app.lab.file("safetensors"), about);
  }
}
