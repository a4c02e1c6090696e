// The canvas on which the user draws with mouse, pen and finger.
import { byId } from "./dom.ts";
import { likeMnist } from "./like-mnist.ts";

/** The thickness of the stroke in canvas pixels; in MNIST's digits it is about a tenth of the height. */
const THICKNESS = 22;

export class Pad {
  readonly #canvas = byId("pad", HTMLCanvasElement);
  readonly #hint = byId("pad-hint", HTMLParagraphElement);
  readonly #context: CanvasRenderingContext2D;

  /** `drawn` is called as the drawing grows. */
  constructor(drawn: () => void) {
    this.#context = this.#canvas.getContext("2d", { willReadFrequently: true })!;
    let last: readonly [number, number] | undefined;
    const at = (event: PointerEvent): readonly [number, number] => {
      const box = this.#canvas.getBoundingClientRect();
      const scale = this.#canvas.width / box.width;
      return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    };
    const stroke = (event: PointerEvent): void => {
      const to = at(event);
      const [x, y] = last ?? to;
      Object.assign(this.#context, { strokeStyle: "#fff", lineWidth: THICKNESS, lineCap: "round", lineJoin: "round" });
      this.#context.beginPath();
      this.#context.moveTo(x, y);
      this.#context.lineTo(...to);
      this.#context.stroke();
      last = to;
      this.#hint.hidden = true;
      drawn();
    };
    this.#canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      if (this.#picked) this.clear();
      this.#canvas.setPointerCapture(event.pointerId);
      last = undefined;
      stroke(event);
    });
    this.#canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      for (const part of event.getCoalescedEvents?.() ?? []) stroke(part);
      stroke(event);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.#canvas.addEventListener(end, () => {
        last = undefined;
      });
    }
  }

  #picked = false;

  clear(): void {
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
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

  /** Returns the drawing as [size, size] levels, like MNIST's; undefined if there is none. */
  read(size: number): Uint8Array | undefined {
    const { width, height } = this.#canvas;
    const { data } = this.#context.getImageData(0, 0, width, height);
    // Strokes are white on transparent, so the opacity is the ink.
    const ink = Uint8Array.from({ length: width * height }, (_, i) => data[4 * i + 3]!);
    return likeMnist(ink, width, height, size);
  }
}
