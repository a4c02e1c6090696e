// "Try a picture of your own": by file, camera or clipboard. It is read in a worker and made like the set's pictures.
import { pictureToTry } from "../lab/pictures.ts";
import type { Like } from "../lab/try-levels.ts";
import { announce, attempt, create } from "./dom.ts";

export interface TryPictureParts {
  /** Where the controls are put. */
  readonly host: HTMLElement;
  /** What the pictures of the shown set are like; undefined if none is shown. */
  readonly like: () => Like | undefined;
  /** Called with the levels [height, width, channels] of the picture. */
  readonly take: (levels: Uint8Array) => Promise<void> | void;
}

export class TryPicture {
  readonly #parts: TryPictureParts;
  readonly #label = create("span", { textContent: "A picture of your own" });
  readonly #says = create("p", { className: "caption", id: "own-picture-says" });
  /** The newest picture: an older one that is read later must not take its place. */
  #newest = 0;

  constructor(parts: TryPictureParts) {
    this.#parts = parts;
    const file = this.#input("own-picture");
    const row = create("div", { className: "row" }, create("label", { className: "button" }, this.#label, file));
    // A computer's camera is no way to take a picture of a thing, so only phones and tablets are offered it.
    if (matchMedia("(pointer: coarse)").matches) {
      const camera = this.#input("own-photo");
      camera.setAttribute("capture", "environment");
      row.append(create("label", { className: "button" }, "Take a photo", camera));
    }
    parts.host.append(row, this.#says);
    this.#says.hidden = true;
    document.addEventListener("paste", (event) => {
      const [pasted] = event.clipboardData?.files ?? [];
      if (pasted?.type.startsWith("image/")) void this.read(pasted);
    });
  }

  /** Names the button after what the shown set's pictures are. */
  call(name: string): void {
    this.#label.textContent = name;
    this.#says.hidden = true;
  }

  /** Reads a picture, and shows below the control what is wrong with it. */
  read(file: File): Promise<void> {
    const { host, like, take } = this.#parts;
    const number = ++this.#newest;
    return attempt(host, async () => {
      const shape = like();
      if (!shape) throw new Error("There are no distilled images yet that a network could learn from.");
      this.#say("Reading the picture…");
      try {
        const levels = await pictureToTry(file, shape);
        if (number === this.#newest) await take(levels);
      } finally {
        if (number === this.#newest) this.#says.hidden = true;
      }
    });
  }

  #say(text: string): void {
    this.#says.textContent = text;
    this.#says.hidden = false;
    announce(text);
  }

  #input(id: string): HTMLInputElement {
    const input = create("input", { type: "file", accept: "image/*", id, className: "sr" });
    input.addEventListener("change", () => {
      const [file] = input.files ?? [];
      // The same picture may be chosen again.
      input.value = "";
      if (file) void this.read(file);
    });
    return input;
  }
}
