// The panel "Try them": trains a fresh network in front of the user, which reads what is drawn or picked.
import type { Tiles } from "../lab/api.ts";
import { thousands } from "../lab/thousands.ts";
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
  /** What the button says when nothing trains. */
  #label = "Train another";
  /** Whether the held-out pictures are those of the set, and whether their place is in view. */
  #filled = false;
  #inView = false;
  /** False until the first network has been trained: nothing is loaded beside it. */
  #begun = false;
  #pace: number | undefined;
  #heard: ((perImage: number) => void) | undefined;

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
      // From known weights the same images make the same network.
      this.#label = shown.fixed ? "Train it again" : "Train another";
      this.#train.textContent = this.#label;
      const weights = shown.fixed ? "The initial weights for which these images were made" : "Fresh random weights";
      this.#trainedText([`${weights}, then ${count(shown.gradientSteps, "gradient step")} on these images alone.`]);
      this.#nameBars(app.classNames(shown.tiles.classes, shown.data, shown.classNames));
      const { words } = app;
      byId("try-title", HTMLHeadingElement).textContent = words.drawn ? `Draw ${words.one}` : words.question;
      byId("pad-hint", HTMLParagraphElement).textContent = words.pad;
      byId("pad", HTMLCanvasElement).classList.toggle("only-shows", !words.drawn);
      this.#clear();
      this.#filled = false;
      this.#strip.replaceChildren();
      void this.#offerSamples();
    });
    app.on("state", (state) => {
      if (state === "idle") void this.#offerSamples();
      if (state !== "running") return;
      this.#begun = true;
      // A network trained on other images says nothing about these.
      this.#trained = false;
      this.#trainedText(["The images are forming. Train on them as they are now, as often as you like."]);
      this.#clearBars();
    });
    this.#nameBars(Array.from({ length: 10 }, (_, i) => String(i)));
    new IntersectionObserver(([entry]) => {
      this.#inView = entry?.isIntersecting ?? false;
      void this.#offerSamples();
    }).observe(this.#strip);
  }

  #offerSamples(): Promise<void> {
    return this.#fill().catch((error: unknown) => showTrouble(error, this.#strip, false));
  }

  /** The listener is told once how long a training on the first set takes for each image of each step, in milliseconds. */
  onPace(listener: (perImage: number) => void): void {
    if (this.#pace === undefined) this.#heard = listener;
    else listener(this.#pace);
  }

  /**
   * Trains the first network on a set, and calls `settled` when that has ended. Held-out pictures, two megabytes, are loaded
   * only where a visitor sees them.
   */
  async begin(settled: () => void = () => {}): Promise<void> {
    let voters: number;
    try {
      voters = await this.#trainOne();
    } finally {
      this.#begun = true;
      settled();
    }
    if (this.#filled) await this.#test();
    else await this.#offerSamples();
    if (this.#pace === undefined) {
      this.#pace = await this.#app.lab.pace();
      this.#heard?.(this.#pace);
    }
    await this.#vote(voters);
  }

  /** Shows held-out pictures of the set if their place is in view, and tests the network, if there is one, on all of them. */
  async #fill(): Promise<void> {
    if (this.#filled || !this.#inView || !this.#begun || this.#app.state === "running") return;
    this.#filled = true;
    await this.#samples();
    if (this.#trained) await this.#test();
  }

  /** Trains a fresh network, and tests it. */
  async train(): Promise<void> {
    const voters = await this.#trainOne();
    await this.#test();
    await this.#vote(voters);
  }

  /** Returns how many networks may vote. */
  async #trainOne(): Promise<number> {
    this.#train.disabled = true;
    // A thousand steps take seconds.
    this.#train.textContent = "Training…";
    try {
      const { milliseconds, gradientSteps, images, weights, voters } = await this.#app.lab.train();
      this.#trained = true;
      const slow = milliseconds >= 2000;
      const took = slow ? `${(milliseconds / 1000).toFixed(1)} s` : `${milliseconds.toFixed(0)} ms`;
      const time = create("b", { textContent: took });
      const how = `: ${thousands(weights)} weights, ${count(gradientSteps, "gradient step")} on ${count(images, "image")}.`;
      this.#trainedText(["Trained here in ", time, how]);
      announce(byId("trained", HTMLParagraphElement).textContent);
      if (this.#input) await this.#read();
      return voters;
    } finally {
      this.#train.textContent = this.#label;
      this.#train.disabled = false;
    }
  }

  /** Trains the other networks that vote, and reads the input again with them. */
  async #vote(voters: number): Promise<void> {
    if (voters === 1) return;
    const networks = await this.#app.lab.vote(voters);
    if (!this.#trained || networks < voters) return;
    const text = byId("trained", HTMLParagraphElement);
    if (text.querySelector(".tested")) await this.#test();
    else
      text.append(
        create("span", { className: "tested", textContent: ` ${count(networks, "network")}, each trained so, vote.` }),
      );
    if (this.#input) void attempt(this.#paper, () => this.#read());
  }

  /** Says how many held-out pictures the networks read rightly. */
  async #test(): Promise<void> {
    const shown = this.#app.shown;
    const tested = await this.#app.lab.test();
    if (!tested || this.#app.shown !== shown || !this.#trained) return;
    const { right, heldOut, networks } = tested;
    const share = create("b", { textContent: percent(right / heldOut) });
    const text = byId("trained", HTMLParagraphElement);
    text.querySelector(".tested")?.remove();
    const all = thousands(heldOut);
    const sentence =
      networks === 1
        ? [" It reads ", share, ` of ${all} it has never seen.`]
        : [
            ` ${count(networks, "network")}, each trained so, vote: together they read `,
            share,
            ` of ${all} they have never seen.`,
          ];
    text.append(create("span", { className: "tested" }, ...sentence));
    announce(text.textContent);
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
      button.setAttribute("aria-label", `Held-out picture ${i + 1}, ${this.#app.words.named[label]}`);
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

  /** Reads a picture of the visitor's own, in levels [height, width, channels] of the shown set. */
  async readLevels(levels: Uint8Array): Promise<void> {
    const shape = this.#app.shown?.tiles;
    if (!shape) return;
    const picture = { ...shape, levels, labels: Uint8Array.of(0) };
    const canvas = create("canvas");
    paintTiles(canvas, picture, inRow(1));
    this.#pad.show(canvas);
    this.#show(picture);
    await this.#read();
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
      if (!this.#trained) {
        const voters = await this.#trainOne();
        void attempt(this.#paper, () => this.#vote(voters));
      }
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
    const { named } = this.#app.words;
    const verdict = sure
      ? `${sure}${named[best]}`
      : named[best]!.replace(/^an?\b/, (article) => `A${article.slice(1)}`);
    const truth = label === undefined ? "" : label === best ? " – right" : ` – wrong, it is ${named[label]}`;
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
