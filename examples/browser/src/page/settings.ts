// The form of data and recipe, read as settings.
import type { Settings } from "../lab/api.ts";
import type { App } from "./app.ts";
import { byId, count, duration } from "./dom.ts";
import { type PresetName, presetNames, presetOf, presets, secondsOf } from "./presets.ts";

const numbers = ["imagesPerClass", "steps", "epochs", "outerSteps", "batch", "seed"] as const;

export class SettingsForm {
  readonly #form = byId("form", HTMLFormElement);
  readonly #presets = byId("presets", HTMLFieldSetElement);
  readonly #threads = byId("threads", HTMLSelectElement);
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", () => this.#summarise());
    // The choice stands outside of the form, beside the button that starts a run.
    this.#presets.addEventListener("input", () => {
      this.fill(presets[this.#preset].settings);
      this.#form.dispatchEvent(new Event("input"));
    });
    app.on("state", (state) => {
      for (const field of [this.#presets, ...this.#form.querySelectorAll("fieldset")])
        field.disabled = state !== "idle";
    });
    this.#fillThreads();
    this.fill(presets[this.#preset].settings);
  }

  get #preset(): PresetName {
    return this.#presets.querySelector<HTMLInputElement>("input:checked")!.value as PresetName;
  }

  /** The settings of the form as they are, valid or not. */
  get settings(): Settings {
    return this.#settings();
  }

  /** Called with each change of the settings. */
  onChange(listener: () => void): void {
    this.#form.addEventListener("input", listener);
  }

  /** Says beside each choice about how long it takes. `perImage`: as in `secondsOf`. */
  sayTimes(perImage: number): void {
    for (const name of presetNames) {
      byId(`${name}-time`, HTMLElement).textContent = `about ${duration(secondsOf(name, perImage))}`;
    }
  }

  /** Returns undefined, and shows the fault beside its field, if the form is invalid. */
  read(): Settings | undefined {
    if (!this.#form.checkValidity()) {
      byId("settings", HTMLDetailsElement).open = true;
      this.#form.reportValidity();
      return undefined;
    }
    return this.#settings();
  }

  get threads(): number | "auto" {
    const { value } = this.#threads;
    return value === "auto" ? "auto" : Number(value);
  }

  /** The listener is called with the part of the form that was used. */
  onThreads(listener: (field: HTMLElement) => void): void {
    const field = this.#threads.closest<HTMLElement>(".numbers")!;
    this.#threads.addEventListener("change", () => listener(field));
  }

  fill({ method, init, ...settings }: Partial<Settings>): void {
    if (method) {
      const name = presetOf({ method, init: init ?? "random" });
      this.#presets.querySelector<HTMLInputElement>(`input[value="${name}"]`)!.checked = true;
    }
    for (const [name, value] of Object.entries(settings)) {
      const field = this.#form.elements.namedItem(name);
      if (field instanceof HTMLInputElement || field instanceof RadioNodeList) field.value = String(value);
    }
    this.#summarise();
  }

  /** Lets the user choose their own pictures, and chooses them unless a run is in progress. */
  offerOwn(): void {
    this.#form.querySelector<HTMLInputElement>('input[value="own"]')!.disabled = false;
    if (this.#app.state === "idle") this.fill({ data: "own" });
  }

  /** Shows which features the engine lacks here, and why. */
  sayThreads(notices: readonly string[]): void {
    const text = notices.length === 0 ? "" : `${notices.join(". ")}. The images are the same, only later.`;
    byId("threads-why", HTMLElement).textContent = text;
  }

  #settings(): Settings {
    const values = new FormData(this.#form);
    const number = (name: string): number => Number(values.get(name));
    const data = values.get("data") === "own" ? "own" : "digits";
    const { method, init } = presets[this.#preset].settings;
    const [imagesPerClass, steps, epochs, outerSteps, batch, seed] = numbers.map(number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const on = values.get("on") === "webgpu" ? "webgpu" : "wasm";
    return { data, method, init, imagesPerClass, steps, epochs, outerSteps, batch, seed, on };
  }

  #summarise(): void {
    const settings = this.#settings();
    const { data, method, imagesPerClass, steps, outerSteps, on } = settings;
    const own = data === "own" ? this.#app.own : undefined;
    const name = own?.name ?? "digits";
    const classes = own?.classNames.length ?? 10;
    const chosen = this.#preset;
    for (const name of presetNames) {
      const preset = presets[name].settings;
      // The chosen recipe shows the numbers in the form, the others those that choosing them would fill in.
      const each = name === chosen ? { imagesPerClass, steps } : preset;
      const images = count(each.imagesPerClass * classes, "image");
      const inSteps = preset.method === "back-gradient" && each.steps !== undefined;
      byId(`${name}-size`, HTMLSpanElement).textContent = inSteps
        ? `${count(each.steps!, "step")} of ${images}`
        : images;
    }
    for (const part of document.querySelectorAll<HTMLElement>("[data-method]")) {
      part.hidden = part.dataset.method !== method;
    }
    const perClass = method === "distribution-matching";
    byId("batch-label", HTMLSpanElement).textContent = perClass ? "Real images per class" : "Real images each";
    const images = imagesPerClass * classes * (method === "back-gradient" ? steps : 1);
    const where = on === "webgpu" ? " on the GPU" : "";
    const text = `${name} · ${count(images, "image")} ${presets[chosen].network} · ${count(outerSteps, "update")}${where}`;
    byId("choice", HTMLSpanElement).textContent = text;
  }

  #fillThreads(): void {
    const most = globalThis.crossOriginIsolated ? Math.min(8, navigator.hardwareConcurrency || 1) : 1;
    const choices = [1, 2, 4, 8].filter((n) => n <= most);
    this.#threads.append(new Option("all", "auto"), ...choices.map((n) => new Option(String(n), String(n))));
    this.#threads.disabled = most === 1;
  }
}
