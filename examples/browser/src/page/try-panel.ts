// The panel "Try them": trains a fresh network in front of the user, which reads what is drawn or picked.
import type { Tiles } from "../lab/api.ts";
import type { App } from "./app.ts";
import { announce, attempt, byId, count, create, percent, showTrouble } from "./dom.ts";
import { Pad } from "./pad.ts";
import { inRow, paintTiles } from "./paint.ts";

const SAMPLES = 10;
const MOST_BARS = 12;

/** A picture to read, in levels, and its class if that is known. */
interface Input {
  readonly levels: Uint8Array;
  readonly label: number | undefined;
}

export class TryPanel {
  readonly #app: App;
  readonly #pad: Pad;
  readonly #bars = byId("bars", HTMLOListElement);
  readonly #strip = byId("strip", HTMLDivElement);
  readonly #train = byId("train", HTMLButtonElement);
  /** The pad and the result of reading it. */
  readonly #paper = byId("reading", HTMLDivElement);
  readonly #verdict = byId("verdict", HTMLParagraphElement);
  #trained = false;
  #names: readonly string[] = [];
  #input: Input | undefined;
  #reading = false;
  #page = 0;

  constructor(app: App) {
    this.#app = app;
    this.#pad = new Pad(() => this.#drawn());
    const head = this.#train.parentElement!;
    this.#train.addEventListener("click", () => void attempt(head, () => this.train()));
    byId("clear", HTMLButtonElement).addEventListener("click", () => this.#clear());
    byId("more", HTMLButtonElement).addEventListener("click", () => {
      this.#page++;
      void attempt(this.#strip, () => this.#samples());
    });
    app.on("set", (shown) => {
      this.#trained = false;
      this.#train.disabled = false;
      const weights = shown.fixed ? "The initial weights for which these images were made" : "Fresh random weights";
      this.#trainedText([`${weights}, then ${count(shown.gradientSteps, "gradient step")} on these images alone.`]);
      this.#nameBars(app.classNames(shown.tiles.classes, shown.data, shown.classNames));
      const digits = this.#names.every((name) => /^\d$/.test(name));
      byId("pad-hint", HTMLParagraphElement).textContent = digits ? "draw a digit" : "draw one of them";
      this.#clear();
      this.#samples().catch((error: unknown) => showTrouble(error, this.#strip, false));
    });
    app.on("state", (state) => {
      if (state !== "running") return;
      // A network trained on other images says nothing about these.
      this.#trained = false;
      this.#trainedText(["The images are forming. Train on them as they are now, as often as you like."]);
      this.#clearBars();
    });
    this.#nameBars(Array.from({ length: 10 }, (_, i) => String(i)));
  }

  async train(): Promise<void> {
    this.#train.disabled = true;
    // A thousand steps take seconds.
    this.#train.textContent = "Training…";
    try {
      const { milliseconds, gradientSteps, images, weights, accuracy, heldOut, voters } = await this.#app.lab.train();
      this.#trained = true;
      const slow = milliseconds >= 2000;
      const took = slow ? `${(milliseconds / 1000).toFixed(1)} s` : `${milliseconds.toFixed(0)} ms`;
      const time = create("b", { textContent: took });
      const right = create("b", { textContent: accuracy === undefined ? "" : percent(accuracy) });
      const how = `: ${weights.toLocaleString("en")} weights, ${count(gradientSteps, "gradient step")} on ${count(images, "image")}.`;
      const score =
        accuracy === undefined ? [] : [" It reads ", right, ` of ${heldOut.toLocaleString("en")} it has never seen.`];
      this.#trainedText(["Trained in ", time, how, ...score]);
      announce(byId("trained", HTMLParagraphElement).textContent);
      if (this.#input) await this.#read();
      if (voters > 1) void attempt(this.#train.parentElement!, () => this.#vote(voters));
    } finally {
      this.#train.textContent = "Train a network";
      this.#train.disabled = false;
    }
  }

  /** Trains more networks, which read with the first one, and reads the input again each time. */
  async #vote(voters: number): Promise<void> {
    const said = [...byId("trained", HTMLParagraphElement).childNodes];
    await this.#app.lab.vote(voters, ({ networks, accuracy }) => {
      if (!this.#trained) return;
      const right = accuracy === undefined ? "" : `, and get ${percent(accuracy)} right together`;
      this.#trainedText([...said, ` ${count(networks, "network")} vote now${right}.`]);
      if (this.#input) void attempt(this.#paper, () => this.#read());
    });
  }

  #trainedText(parts: (Node | string)[]): void {
    byId("trained", HTMLParagraphElement).replaceChildren(...parts);
  }

  /** Shows held-out pictures to pick from, if the data of the set are loaded. */
  async #samples(): Promise<void> {
    const tiles = await this.#app.lab.samples(SAMPLES, this.#page);
    byId("more", HTMLButtonElement).disabled = !tiles;
    if (!tiles) return this.#strip.replaceChildren();
    const size = tiles.channels * tiles.height * tiles.width;
    const buttons = Array.from(tiles.labels, (label, i) => {
      const one = { ...tiles, levels: tiles.levels.slice(i * size, (i + 1) * size), labels: Uint8Array.of(label) };
      const canvas = create("canvas");
      paintTiles(canvas, one, inRow(1));
      const button = create("button", { type: "button" }, canvas);
      button.setAttribute("aria-label", `Held-out picture ${i + 1}, a ${this.#names[label]}`);
      button.addEventListener("click", () => {
        this.#pad.show(canvas);
        this.#show(one, label);
        void attempt(this.#strip, () => this.#read());
      });
      return button;
    });
    this.#strip.replaceChildren(...buttons);
  }

  #drawn(): void {
    const shape = this.#app.shown?.tiles;
    if (!shape) return;
    const grey = this.#pad.read(shape.height);
    if (!grey) return;
    const { channels } = shape;
    const levels = Uint8Array.from({ length: channels * grey.length }, (_, i) => grey[Math.floor(i / channels)]!);
    this.#show({ ...shape, levels, labels: Uint8Array.of(0) });
    void attempt(this.#paper, () => this.#read());
  }

  #show(picture: Tiles, label?: number): void {
    this.#input = { levels: picture.levels, label };
    paintTiles(byId("seen", HTMLCanvasElement), picture, inRow(1));
  }

  /** Reads the newest input. While one is being read, others wait, and only the last of them is read. */
  async #read(): Promise<void> {
    if (this.#reading || this.#app.state === "stopping") return;
    this.#reading = true;
    this.#paper.setAttribute("aria-busy", "true");
    try {
      if (!this.#trained) await this.train();
      let read: Input | undefined;
      while (this.#input && read !== this.#input) {
        read = this.#input;
        this.#tell(await this.#app.lab.classify(read.levels), read.label);
      }
    } finally {
      this.#reading = false;
      this.#paper.removeAttribute("aria-busy");
    }
  }

  #tell(chances: Float32Array, label: number | undefined): void {
    const best = chances.indexOf(Math.max(...chances));
    for (const item of this.#bars.children) {
      const index = Number((item as HTMLElement).dataset.index);
      item.classList.toggle("best", index === best);
      item.querySelector("i")!.style.width = `${100 * chances[index]!}%`;
      item.setAttribute("aria-label", `${this.#names[index]}: ${percent(chances[index]!)}`);
    }
    const sure = chances[best]! > 0.8 ? "" : chances[best]! > 0.5 ? "Probably " : "Perhaps ";
    const named = /^\d$/.test(this.#names[best]!) ? `a ${this.#names[best]}` : this.#names[best]!;
    const verdict = sure ? `${sure}${named}` : named.replace(/^a/, "A");
    const truth = label === undefined ? "" : label === best ? " – right" : ` – wrong, it is ${this.#names[label]}`;
    this.#verdict.textContent = `${verdict}${truth}.`;
  }

  #nameBars(names: readonly string[]): void {
    this.#names = names;
    this.#bars.classList.toggle(
      "named",
      names.some((name) => name.length > 2),
    );
    const items = names.slice(0, MOST_BARS).map((name, index) => {
      const item = create("li", {}, create("span", { textContent: name, title: name }), create("div", {}, create("i")));
      item.dataset.index = String(index);
      return item;
    });
    this.#bars.replaceChildren(...items);
  }

  #clear(): void {
    this.#pad.clear();
    this.#input = undefined;
    const seen = byId("seen", HTMLCanvasElement);
    seen.getContext("2d")!.clearRect(0, 0, seen.width, seen.height);
    this.#clearBars();
  }

  #clearBars(): void {
    this.#verdict.textContent = "\u00a0";
    for (const item of this.#bars.children) {
      item.classList.remove("best");
      item.removeAttribute("aria-label");
      item.querySelector("i")!.style.width = "0";
    }
  }
}
