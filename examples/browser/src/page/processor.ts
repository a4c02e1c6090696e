// The choice between the processor, in WebAssembly, and a GPU, with the speed of each on the visitor's machine.
import type { Processor } from "../lab/api.ts";
import { type OfferedGpu, offeredGpu } from "../lab/gpu.ts";
import type { Workshop } from "../lab/workshop.ts";
import { attempt, byId, plain } from "./dom.ts";
import type { SettingsForm } from "./settings.ts";

/** Tests say so in the address: they have no other GPU. */
const simulationsToo = new URLSearchParams(location.search).get("gpu") === "simulated";

/** Offers the choice where there is one, as soon as somebody opens the settings. */
export function processorChoice(workshop: Workshop, form: SettingsForm): void {
  workshop.simulatedGpu = simulationsToo;
  const settings = byId("settings", HTMLDetailsElement);
  const look = async (): Promise<void> => offer(workshop, form, await offeredGpu());
  if (settings.open) void look();
  else settings.addEventListener("toggle", look, { once: true });
}

function offer(workshop: Workshop, form: SettingsForm, gpu: OfferedGpu | string): void {
  const sentence = byId("no-gpu", HTMLElement);
  if (typeof gpu === "string") {
    sentence.textContent = gpu;
    return;
  }
  if (gpu.simulated && !simulationsToo) {
    sentence.textContent =
      "The only GPU here is a simulation on the processor, which would be slower, so everything runs on the processor.";
    return;
  }
  sentence.hidden = true;
  const name = `WebGPU (${plain(gpu.name)})`;
  byId("gpu-name", HTMLElement).textContent = gpu.simulated
    ? `${name}: only a simulation, for tests, because the page's address asks for it`
    : `${name}: the same images but for their last digits`;
  byId("sides", HTMLDivElement).hidden = false;
  byId("measuring", HTMLDivElement).hidden = false;
  byId("form", HTMLFormElement).querySelector<HTMLInputElement>('input[value="webgpu"]')!.disabled = false;
  new Measurement(workshop, form);
}

/** The button that measures both, and what it found for the recipe in the form. */
class Measurement {
  readonly #workshop: Workshop;
  readonly #form: SettingsForm;
  readonly #button = byId("measure", HTMLButtonElement);
  readonly #verdict = byId("measured", HTMLElement);
  #going = false;

  constructor(workshop: Workshop, form: SettingsForm) {
    this.#workshop = workshop;
    this.#form = form;
    this.#clear();
    const row = byId("measuring", HTMLDivElement);
    this.#button.addEventListener("click", () => {
      if (this.#going) workshop.stopMeasuring();
      else void attempt(row, () => this.#measure());
    });
    byId("form", HTMLFormElement).addEventListener("input", ({ target }) => {
      // Another recipe has other rates.
      if ((target as HTMLInputElement).name === "on") return;
      workshop.stopMeasuring();
      this.#clear();
    });
  }

  async #measure(): Promise<void> {
    const settings = this.#form.read();
    if (!settings) return;
    this.#clear();
    this.#going = true;
    this.#button.textContent = "Stop measuring";
    this.#verdict.textContent = "Measuring: the page stays free meanwhile…";
    const rates: Partial<Record<Processor, number>> = {};
    try {
      await this.#workshop.measure(settings, (on, rate) => {
        rates[on] = rate;
        rateOf(on).textContent = `${rate < 10 ? rate.toPrecision(2) : rate.toFixed(0)} updates a second`;
      });
      this.#verdict.textContent = compared(rates.wasm!, rates.webgpu!);
    } catch (error) {
      this.#clear();
      throw error;
    } finally {
      this.#going = false;
      this.#button.textContent = "Measure both";
    }
  }

  #clear(): void {
    for (const on of ["wasm", "webgpu"] as const) rateOf(on).textContent = "–";
    this.#verdict.textContent = "Runs this recipe on each for a few seconds.";
  }
}

const rateOf = (on: Processor): HTMLElement => byId(`rate-${on}`, HTMLElement);

function compared(wasm: number, webgpu: number): string {
  const [faster, times] = webgpu > wasm ? ["GPU", webgpu / wasm] : ["processor", wasm / webgpu];
  if (times < 1.1) return "Both are about as fast with this recipe.";
  const said = times < 10 ? times.toFixed(1) : times.toFixed(0);
  return `The ${faster} is ${said} times as fast with this recipe.`;
}
