// The panel of a run: start, pause, resume, stop; progress, curves, and the run kept for a reload.
import type { News, Settings } from "../lab/api.ts";
import { ReplacedError } from "../lab/engines.ts";
import type { Workshop } from "../lab/workshop.ts";
import type { App } from "./app.ts";
import { Curves, type History } from "./curves.ts";
import { announce, attempt, byId, clearTrouble, count, duration, inWords } from "./dom.ts";
import { type Kept, keep } from "./kept.ts";
import { offer } from "./offer.ts";
import type { SettingsForm } from "./settings.ts";

/** The time between two saves. */
const KEEP_MS = 10_000;
/** Saving may take one part in so many of the time. */
const KEEP_SHARE = 100;

export class RunPanel {
  readonly #app: App;
  readonly #workshop: Workshop;
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
  /** Whether the focus was at what is disabled when a run ends. */
  #backToStart = false;
  #step = 0;
  /** When the run is kept next; the first time with its first news. */
  #keepAt = 0;
  #keeping: Promise<void> = Promise.resolve();
  /** What the run had come to when it was last kept, also where nothing can be stored. */
  #last: Kept | undefined;
  /** Ends the offer to go on with a run that was interrupted. */
  #endOffer: () => void = () => {};

  constructor(app: App, workshop: Workshop, form: SettingsForm) {
    this.#app = app;
    this.#workshop = workshop;
    const head = this.#start.closest<HTMLElement>(".head")!;
    const controls = this.#pause.parentElement!;
    this.#start.addEventListener("click", () => {
      const settings = form.read();
      if (settings) void attempt(head, () => this.run(settings));
    });
    this.#pause.addEventListener("click", () => void attempt(controls, () => this.#pauseOrResume()));
    this.#stop.addEventListener("click", () => {
      app.setState("stopping");
      workshop.stop();
    });
    workshop.onNotice = (notice) => {
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
      const { activeElement } = document;
      const atStart = activeElement === this.#start;
      if (activeElement === this.#pause || activeElement === this.#stop) this.#backToStart = true;
      this.#start.disabled = state !== "idle";
      this.#pause.disabled = state !== "running" && state !== "paused";
      this.#stop.disabled = this.#pause.disabled;
      this.#pause.textContent = state === "paused" ? "Resume" : "Pause";
      // Who works by keyboard is led from the button that starts a run to those that end it, and back.
      if (atStart && !this.#pause.disabled) this.#pause.focus({ preventScroll: true });
      if (state === "idle" && this.#backToStart) this.#start.focus({ preventScroll: true });
      if (state !== "stopping") this.#backToStart = false;
    });
  }

  /** Runs from the start, or goes on with a run that was kept. */
  async run(settings: Settings, from?: Kept): Promise<void> {
    const workshop = this.#workshop;
    clearTrouble();
    this.#endOffer();
    this.#last = from;
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
    // That was about the set before.
    byId("reading-order", HTMLParagraphElement).textContent = "";
    announce(from ? "The run goes on" : "The run has started");
    try {
      // The picture as it was, until the next update gives another.
      const before = from?.set && (await workshop.load(from.set, "the run that was kept").catch(() => undefined));
      if (before) this.#app.paint(before.tiles, this.#dataName, before.classNames);
      const shown = await workshop.run(settings, (news: News) => this.#tell(news), from?.state);
      const { outerSteps = 0 } = shown;
      const whole = outerSteps === settings.outerSteps;
      const story = `Made here from ${this.#dataName} in ${count(outerSteps, "update")}${whole ? "" : ", stopped early"}.`;
      this.#app.show(shown, story, { made: whole });
      this.#stats.textContent = `${whole ? "Done" : "Stopped"} after ${count(outerSteps, "update")}. Now try them, or keep them.`;
      announce(this.#stats.textContent);
    } catch (error) {
      this.#stats.textContent = "The run ended with an error.";
      const interrupted = error instanceof ReplacedError;
      if (interrupted) await this.#showLast();
      else this.#app.showAgain();
      this.#app.setState("idle");
      if (!interrupted) throw error;
      return this.#offerAgain(error, settings);
    }
    this.#app.setState("idle");
    await this.#keep();
  }

  /** Shows the images that the run had come to when it was last kept, or else those that were there before it. */
  async #showLast(): Promise<void> {
    const { set } = this.#last ?? {};
    const shown = set && (await this.#workshop.load(set, "the interrupted run").catch(() => undefined));
    if (!shown) return this.#app.showAgain();
    const updates = count(shown.outerSteps ?? 0, "update");
    this.#app.show(shown, `Made here from ${this.#dataName} in ${updates}, then interrupted.`);
  }

  /** Offers a run again that ended with what computed it. */
  #offerAgain({ cause }: ReplacedError, settings: Settings): void {
    const last = this.#last;
    // Below the images, to which the page went when the run began.
    const head = this.#pause.parentElement!.parentElement!;
    const again = (from?: Kept) => () => void attempt(head, () => this.run(settings, from));
    const why = (cause as Error).message.replace(/\.$/, "");
    const step = last?.state.step ?? 0;
    const on = { label: `Go on from update ${step}`, work: again(last) };
    this.#stats.textContent = `Interrupted after update ${this.#step} of ${settings.outerSteps}.`;
    this.#endOffer = offer(
      head,
      `The run was interrupted: what computes in this page had stopped (${why}), and was started again. ` +
        (step === 0
          ? "The run can start anew."
          : settings.on === "webgpu"
            ? "The run can go on."
            : "The run can go on, and ends with the same images as if nothing had happened."),
      [...(step > 0 ? [on] : []), { label: "Start anew", work: again() }],
    );
  }

  async #pauseOrResume(): Promise<void> {
    const { state } = this.#app;
    if (state === "paused") {
      this.#workshop.resume();
      this.#app.setState("running");
      this.#stats.textContent = "Continuing…";
    } else {
      this.#workshop.pause();
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
    const moment = await this.#workshop.moment().catch(() => undefined);
    const from = performance.now();
    try {
      if (moment) {
        this.#last = { ...about, history: upTo(moment.state.step, about.history), ...moment, older: false };
        await keep(moment, about);
      }
      this.#notKept.hidden = true;
    } catch (error) {
      this.#notKept.textContent = `A reload loses this run: ${inWords(error)} Save its images under Keep them.`;
      this.#notKept.hidden = false;
    }
    const now = performance.now();
    this.#keepAt = now + Math.max(KEEP_MS, KEEP_SHARE * (now - from));
  }
}

/** Returns the part of the curves up to a step. */
function upTo(last: number, { losses, accuracies }: History): History {
  return {
    losses: losses.filter(([step]) => step <= last),
    accuracies: accuracies.filter(([step]) => step <= last),
  };
}
