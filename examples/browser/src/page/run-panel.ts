// The panel of a run: start, pause, resume, stop; progress, curves, and the run kept for a reload.
import type { News, Settings } from "../lab/api.ts";
import type { App } from "./app.ts";
import { Curves } from "./curves.ts";
import { announce, attempt, byId, clearTrouble, count, duration, inWords } from "./dom.ts";
import { type Kept, keep } from "./kept.ts";
import type { SettingsForm } from "./settings.ts";

/** The time between two saves. */
const KEEP_MS = 10_000;
/** Saving may take one part in so many of the time. */
const KEEP_SHARE = 100;

export class RunPanel {
  readonly #app: App;
  readonly curves = new Curves();
  readonly #panel = byId("run", HTMLDivElement);
  readonly #start = byId("start", HTMLButtonElement);
  readonly #pause = byId("pause", HTMLButtonElement);
  readonly #stop = byId("stop", HTMLButtonElement);
  readonly #stats = byId("stats", HTMLParagraphElement);
  readonly #notKept = byId("not-kept", HTMLParagraphElement);
  readonly #gpuNotice = byId("gpu-notice", HTMLParagraphElement);
  readonly #progress = byId("progress", HTMLProgressElement);
  #settings: Settings | undefined;
  #dataName = "digits";
  #step = 0;
  /** When the run is kept next; the first time with its first news. */
  #keepAt = 0;
  #keeping: Promise<void> = Promise.resolve();

  constructor(app: App, form: SettingsForm) {
    this.#app = app;
    const head = this.#start.closest<HTMLElement>(".head")!;
    const controls = this.#pause.parentElement!;
    this.#start.addEventListener("click", () => {
      const settings = form.read();
      if (settings) void attempt(head, () => this.run(settings));
    });
    this.#pause.addEventListener("click", () => void attempt(controls, () => this.#pauseOrResume()));
    this.#stop.addEventListener("click", () => {
      app.setState("stopping");
      app.lab.stop();
    });
    app.lab.onNotice = (notice) => {
      this.#gpuNotice.textContent = inWords(notice[0]!.toUpperCase() + notice.slice(1));
      this.#gpuNotice.hidden = false;
    };
    // A page that is left may not live to its next save.
    const leave = (): void => {
      if (app.state !== "idle") void this.#keep();
    };
    addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
    app.on("state", (state) => {
      this.#start.disabled = state !== "idle";
      this.#pause.disabled = state !== "running" && state !== "paused";
      this.#stop.disabled = this.#pause.disabled;
      this.#pause.textContent = state === "paused" ? "Resume" : "Pause";
    });
  }

  /** Runs from the start, or goes on with a run that was kept. */
  async run(settings: Settings, from?: Kept): Promise<void> {
    const { lab } = this.#app;
    clearTrouble();
    this.#settings = settings;
    this.#step = from?.state.step ?? 0;
    this.#keepAt = 0;
    this.#dataName = settings.data === "own" ? (this.#app.own?.name ?? "own") : "digits";
    this.#panel.hidden = false;
    this.curves.reset(settings.outerSteps, from?.history);
    this.#progress.max = settings.outerSteps;
    this.#progress.value = this.#step;
    this.#stats.textContent = "Starting…";
    this.#gpuNotice.hidden = true;
    this.#app.setState("running");
    this.#app.say(
      from
        ? `Going on from update ${this.#step}: every pixel moves to where training on these images works better.`
        : "From noise: every pixel moves to where training on these images works better.",
    );
    byId("images", HTMLElement).scrollIntoView({ block: "start" });
    announce(from ? "The run goes on" : "The run has started");
    try {
      // The picture as it was, until the next update gives another.
      const before = from?.set && (await lab.load(from.set, "the run that was kept").catch(() => undefined));
      if (before) this.#app.paint(before.tiles, this.#dataName, before.classNames);
      const shown = await lab.run(settings, (news: News) => this.#tell(news), from?.state);
      const { outerSteps = 0 } = shown;
      const whole = outerSteps === settings.outerSteps;
      const story = `Made here from ${this.#dataName} in ${count(outerSteps, "update")}${whole ? "" : ", stopped early"}.`;
      this.#app.show(shown, story, { made: whole });
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
    this.curves.add({ losses, accuracies });
    this.#progress.value = step;
    const { state } = this.#app;
    if (state === "running") {
      const left = duration((steps - step) / stepsPerSecond);
      const rate = left && ` · ${stepsPerSecond.toPrecision(2)} a second${this.#where} · ${left} left`;
      this.#stats.textContent = `Update ${step} of ${steps}${rate}`;
    } else if (state === "paused") {
      this.#stats.textContent = `Paused after update ${step} of ${steps}.`;
    }
    if (Math.floor((4 * step) / steps) > Math.floor((4 * (step - losses.length)) / steps)) {
      announce(`Update ${step} of ${steps}`);
    }
    if (performance.now() > this.#keepAt) {
      this.#keepAt = Number.POSITIVE_INFINITY;
      void this.#keep();
    }
  }

  /** What computes, where it is not what a visitor expects. */
  get #where(): string {
    return this.#settings?.on === "webgpu" && this.#gpuNotice.hidden ? " on the GPU" : "";
  }

  /** Keeps the run as it is now, after what is being kept. */
  #keep(): Promise<void> {
    this.#keeping = this.#keeping.then(() => this.#keepNow());
    return this.#keeping;
  }

  async #keepNow(): Promise<void> {
    const about = { settings: this.#settings!, dataName: this.#dataName, history: this.curves.history };
    // A run that has just failed has no state; what was kept before stays.
    const moment = await this.#app.lab.moment().catch(() => undefined);
    const from = performance.now();
    try {
      if (moment) await keep(moment, about);
      this.#notKept.hidden = true;
    } catch (error) {
      this.#notKept.textContent = `A reload loses this run: ${inWords(error)}`;
      this.#notKept.hidden = false;
    }
    const now = performance.now();
    this.#keepAt = now + Math.max(KEEP_MS, KEEP_SHARE * (now - from));
  }
}
