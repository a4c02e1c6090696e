// The canvas on which the user draws with mouse, pen and finger.
import { byId } from "./dom.ts";
import { inked, type Point } from "./ink.ts";

/** The thickness of the lines that the visitor sees, in canvas pixels. A network sees the drawing with another pen (ink.ts). */
const THICKNESS = 22;
/** The side in canvas pixels of the smallest drawing that is enlarged as if it were a digit. */
const LEAST = 14;

export class Pad {
  readonly #canvas = byId("pad", HTMLCanvasElement);
  readonly #hint = byId("pad-hint", HTMLParagraphElement);
  readonly #context: CanvasRenderingContext2D;
  /** Where the pen went since the pad was cleared, in canvas pixels. */
  #strokes: Point[][] = [];
  /** The stroke that is being drawn, the last one of these. */
  #stroke: Point[] | undefined;
  #picked = false;

  /** `drawn` is called as the drawing grows. */
  constructor(drawn: () => void) {
    this.#context = this.#canvas.getContext("2d", { willReadFrequently: true })!;
    const follow = (events: readonly PointerEvent[]): void => {
      for (const event of events) this.#goTo(this.#placeOf(event));
      this.#hint.hidden = true;
      drawn();
    };
    this.#canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      if (this.#picked) this.clear();
      this.#canvas.setPointerCapture(event.pointerId);
      this.#stroke = [];
      this.#strokes.push(this.#stroke);
      follow([event]);
    });
    this.#canvas.addEventListener("pointermove", (event) => {
      if (this.#stroke) follow([...(event.getCoalescedEvents?.() ?? []), event]);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.#canvas.addEventListener(end, () => {
        this.#stroke = undefined;
      });
    }
  }

  clear(): void {
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#strokes = [];
    this.#stroke = undefined;
    this.#picked = false;
    this.#hint.hidden = false;
  }

  /** Shows a picture that was not drawn; the next stroke starts a new drawing. */
  show(picture: CanvasImageSource): void {
    this.clear();
    this.#context.imageSmoothingEnabled = false;
    this.#context.drawImage(picture, 0, 0, this.#canvas.width, this.#canvas.height);
    this.#picked = true;
    this.#hint.hidden = true;
  }

  /** Returns the drawing as [size, size] levels, inked like MNIST's digits; undefined if there is none. */
  read(size: number): Uint8Array | undefined {
    return inked(this.#strokes, size, LEAST);
  }

  #placeOf(event: PointerEvent): Point {
    const box = this.#canvas.getBoundingClientRect();
    const scale = this.#canvas.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  /** Draws the stroke on to a place. */
  #goTo(place: Point): void {
    const from = this.#stroke?.at(-1) ?? place;
    this.#stroke?.push(place);
    Object.assign(this.#context, { strokeStyle: "#fff", lineWidth: THICKNESS, lineCap: "round", lineJoin: "round" });
    this.#context.beginPath();
    this.#context.moveTo(...from);
    this.#context.lineTo(...place);
    this.#context.stroke();
  }
}
