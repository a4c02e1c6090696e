// The form of data and recipe, read as settings.
import type { Settings } from "../lab/api.ts";
import type { App } from "./app.ts";
import { byId, count } from "./dom.ts";

/** What choosing a recipe fills in. */
const presets = {
  random: { imagesPerClass: 1, steps: 10, epochs: 3, outerSteps: 600, batch: 1024 },
  fixed: { imagesPerClass: 1, steps: 1, epochs: 3, outerSteps: 600, batch: 1024 },
  frepo: { imagesPerClass: 1, outerSteps: 1500, batch: 512 },
} as const;

const numbers = ["imagesPerClass", "steps", "epochs", "outerSteps", "batch", "seed"] as const;

export class SettingsForm {
  readonly #form = byId("form", HTMLFormElement);
  readonly #methods = byId("methods", HTMLFieldSetElement);
  readonly #threads = byId("threads", HTMLSelectElement);
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", () => this.#summarise());
    // The choice of the method stands outside of the form, beside the button that starts a run.
    this.#methods.addEventListener("input", () => this.#form.dispatchEvent(new Event("input")));
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name="init"], input[name="method"]')) {
      radio.addEventListener("change", () => this.fill(presets[recipeOf(this.#settings())]));
    }
    app.on("state", (state) => {
      for (const field of [this.#methods, ...this.#form.querySelectorAll("fieldset")])
        field.disabled = state !== "idle";
    });
    this.#fillThreads();
    this.#summarise();
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

  fill(settings: Partial<Settings>): void {
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
    const method = values.get("method") === "frepo" ? "frepo" : "back-gradient";
    const init = values.get("init") === "fixed" ? "fixed" : "random";
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
    const recipe = recipeOf(settings);
    for (const [kind, preset] of Object.entries(presets)) {
      // The chosen recipe shows the numbers in the form, the others those that choosing them would fill in.
      const each = kind === recipe ? { imagesPerClass, steps } : preset;
      const images = count(each.imagesPerClass * classes, "image");
      byId(`${kind}-size`, HTMLSpanElement).textContent =
        "steps" in each && kind !== "frepo" ? `${count(each.steps, "step")} of ${images}` : images;
    }
    for (const part of document.querySelectorAll<HTMLElement>("[data-method]")) {
      part.hidden = part.dataset.method !== method;
    }
    const images = imagesPerClass * classes * (method === "frepo" ? 1 : steps);
    const network = { random: "for any LeNet", fixed: "for one LeNet", frepo: "by FRePo for any ConvNet" }[recipe];
    const text = `${name} · ${count(images, "image")} ${network} · ${count(outerSteps, "update")}${on === "webgpu" ? " on the GPU" : ""}`;
    byId("choice", HTMLSpanElement).textContent = text;
  }

  #fillThreads(): void {
    const most = globalThis.crossOriginIsolated ? Math.min(8, navigator.hardwareConcurrency || 1) : 1;
    const choices = [1, 2, 4, 8].filter((n) => n <= most);
    this.#threads.append(new Option("all", "auto"), ...choices.map((n) => new Option(String(n), String(n))));
    this.#threads.disabled = most === 1;
  }
}

function recipeOf({ method, init }: Settings): keyof typeof presets {
  return method === "frepo" ? "frepo" : init;
}
