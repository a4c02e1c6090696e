// What all panels share: the lab, the set on the board, and whether a run is in progress.
import type { DataInfo, Figure, Shown, Tiles } from "../lab/api.ts";
import { knownByName } from "../lab/known-sets.ts";
import type { Lab } from "../lab/lab.ts";
import type { OpeningSet } from "../lab/opening-sets.ts";
import { Board } from "./board.ts";
import { byId, count, plain } from "./dom.ts";
import { type Words, wordsFor } from "./words.ts";

export type RunState = "idle" | "running" | "paused" | "stopping";

interface Events {
  /** Called when the lab holds another set. */
  set: Shown;
  state: RunState;
}

/** What is known of a set besides its images. */
export interface About {
  readonly figures?: readonly Figure[] | undefined;
  readonly made?: boolean;
  /** The set, if the page comes with it. */
  readonly opening?: OpeningSet;
}

export class App {
  readonly lab: Lab;
  readonly #board = new Board();
  readonly #listeners: { [K in keyof Events]: ((value: Events[K]) => void)[] } = { set: [], state: [] };
  /** Describes the user's own pictures. */
  own: DataInfo | undefined;
  shown: Shown | undefined;
  /** What is known of the set without measuring. */
  figures: readonly Figure[] | undefined;
  /** Whether the set was made here by the settings in the form. */
  made = false;
  opening: OpeningSet | undefined;
  #story = "";
  state: RunState = "idle";
  /** Whether there was a first call of `setState`: before it nothing can be started. */
  #open = false;
  /** Reads one picture of the visitor's own; one picture is no data set. */
  tryPicture: ((file: File) => Promise<void>) | undefined;

  constructor(lab: Lab) {
    this.lab = lab;
  }

  /** The words for the pictures of the shown set. */
  get words(): Words {
    const { data, classNames, tiles } = this.shown ?? { data: "digits", classNames: undefined };
    const { classes, channels } = tiles ?? { classes: 10, channels: 1 };
    return wordsFor({ data, classNames, classes, channels });
  }

  /** Who listens later hears of the set that is shown already, and of the state. */
  on<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): void {
    this.#listeners[event].push(listener);
    if (event === "set" && this.shown) listener(this.shown as Events[K]);
    if (event === "state" && this.#open) listener(this.state as Events[K]);
  }

  setState(state: RunState): void {
    this.state = state;
    this.#open = true;
    for (const listener of this.#listeners.state) listener(state);
  }

  /** Shows a finished set, with its story. */
  show(shown: Shown, story: string, { figures, made = false, opening }: About = {}): void {
    this.shown = shown;
    this.figures = figures;
    this.made = made;
    this.opening = opening;
    this.#story = story;
    this.paint(shown.tiles, shown.data, shown.classNames);
    const { images } = shown;
    this.say(`${count(images, "image")}. ${story}`);
    byId("reading-order", HTMLParagraphElement).textContent = readingOrder(shown);
    byId("made-on", HTMLParagraphElement).textContent = madeOn(shown);
    for (const listener of this.#listeners.set) listener(shown);
  }

  /** Shows again the set that the lab holds, after a run that ended without one. */
  showAgain(): void {
    if (this.shown) this.show(this.shown, this.#story);
  }

  say(caption: string): void {
    byId("caption", HTMLParagraphElement).textContent = plain(caption);
  }

  paint(tiles: Tiles, data: string | undefined, names?: readonly string[]): void {
    this.#board.show(tiles, this.classNames(tiles.classes, data, names));
  }

  /** Returns `names`, or those of the user's own pictures of that name, or of a known data set, or numbers. */
  classNames(classes: number, data: string | undefined, names?: readonly string[]): readonly string[] {
    const { own } = this;
    if (names?.length === classes) return names.map(plain);
    if (own && own.name === data && own.classNames.length === classes) return own.classNames.map(plain);
    return knownByName(data, classes)?.classNames ?? Array.from({ length: classes }, (_, i) => String(i));
  }
}

/** Says that the last digits are those of a GPU, so that nobody compares them with those of the kernels. */
function madeOn({ gpu }: Shown): string {
  if (!gpu) return "";
  const name = `${plain(gpu.name)}${gpu.software ? ", a simulation" : ""}`;
  return `Made on a GPU (${name}), whose last digits are its own: replay on WebAssembly for the bits that every machine gives.`;
}

/** Says how a network goes through the images. */
function readingOrder({ images, epochs, imagesPerStep, gradientSteps, inOrder, tiles }: Shown): string {
  const times = epochs === 1 ? "once" : epochs === 2 ? "twice" : `${epochs} times`;
  const inAll = `${count(gradientSteps, "gradient step")} in all.`;
  if (images === imagesPerStep) return `A network sees all ${images} at once, ${times}: ${inAll}`;
  if (!inOrder)
    return `A network sees all ${images} images ${times}, ${imagesPerStep} at once, in a random order: ${inAll}`;
  const rows = imagesPerStep === tiles.classes ? "Each row is" : `Every ${imagesPerStep} images are`;
  return `${rows} one gradient step. A network takes them from top to bottom, ${times}: that is all it ever sees.`;
}
