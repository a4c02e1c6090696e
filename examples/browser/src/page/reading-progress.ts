// The progress of a reading of files, with a button that stops it.

import { thousands } from "../lab/thousands.ts";
import { announce, count, create } from "./dom.ts";

export class ReadingProgress {
  readonly #row: HTMLDivElement;
  readonly #bar = create("progress", { max: 1, value: 0, id: "files-progress" });
  #readings = 0;
  /** The quarter of the pictures that people who listen were told last. */
  #told = 0;

  /** The row is added at the end of `host`, and seen while files are read. */
  constructor(host: HTMLElement, stop: () => void) {
    this.#bar.setAttribute("aria-label", "Pictures that have been read");
    const button = create("button", {
      type: "button",
      className: "quiet",
      id: "files-stop",
      textContent: "Stop reading",
    });
    button.addEventListener("click", () => {
      stop();
      // The button goes away, and the focus must not fall to the page's body.
      host.querySelector<HTMLElement>("input, button")?.focus({ preventScroll: true });
    });
    this.#row = create("div", { className: "row", hidden: true, id: "files-reading" }, this.#bar, button);
    host.append(this.#row);
  }

  /** Returns the number of this reading; one that begins later replaces it. */
  begin(): number {
    this.#bar.removeAttribute("value");
    this.#row.hidden = false;
    this.#told = 0;
    return ++this.#readings;
  }

  /** Returns the progress in words. */
  show(done: number, total: number): string {
    this.#bar.max = total;
    this.#bar.value = done;
    const words = `${thousands(done)} of ${count(total, "picture")} read`;
    const quarter = Math.floor((4 * done) / total);
    if (quarter > this.#told) announce(words);
    this.#told = quarter;
    return words;
  }

  isLast(reading: number): boolean {
    return reading === this.#readings;
  }

  end(reading: number): void {
    if (this.isLast(reading)) this.#row.hidden = true;
  }
}
