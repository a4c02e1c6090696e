// The board of distilled images: a column per class if there are several of each, else nearly square.
import type { Tiles } from "../lab/api.ts";
import { byId, create } from "./dom.ts";
import { gap, type Places, paintTiles, sizeOf } from "./paint.ts";

/** The CSS pixels above the tiles for the names of the classes. */
const HEAD = 22;
const MOST_COLUMNS = 20;
/** The largest height of the board in widths; style/panels.css has the same value for the empty board. */
const HIGHEST = 1.035;

function placesOf({ labels, classes }: Tiles): Places {
  const n = labels.length;
  if (n <= classes || classes > MOST_COLUMNS) {
    const columns = columnsFor(n);
    return { columns, rows: Math.ceil(n / columns), cells: Array.from(labels, (_, i) => i) };
  }
  const filled = new Uint32Array(classes);
  const cells = Array.from(labels, (label) => classes * filled[label]!++ + label);
  return { columns: classes, rows: Math.max(...filled), cells };
}

/** Nearly a square, but without an empty place if some rectangle that is not too long has none. */
function columnsFor(n: number): number {
  const side = Math.ceil(Math.sqrt(n));
  for (let columns = side; columns <= 2 * side; columns++) if (n % columns === 0) return columns;
  return side;
}

export class Board {
  readonly #element = byId("board", HTMLDivElement);
  readonly #canvas = byId("grid", HTMLCanvasElement);
  #tiles: Tiles | undefined;
  #names: readonly string[] = [];
  #laidOut = "";

  constructor() {
    let width = 0;
    new ResizeObserver(() => {
      // The board itself sets its height, so only a new width counts.
      if (this.#element.clientWidth === width) return;
      width = this.#element.clientWidth;
      this.#laidOut = "";
      requestAnimationFrame(() => this.#layOut());
    }).observe(this.#element);
  }

  show(tiles: Tiles, names: readonly string[]): void {
    this.#tiles = tiles;
    this.#names = names;
    paintTiles(this.#canvas, tiles, placesOf(tiles));
    this.#layOut();
  }

  /** Sets sizes and labels, only when something about them has changed. */
  #layOut(): void {
    const tiles = this.#tiles;
    if (!tiles) return;
    const places = placesOf(tiles);
    const key = [places.columns, places.rows, tiles.width, tiles.height, this.#names, tiles.labels].join();
    if (key === this.#laidOut) return;
    this.#laidOut = key;
    const size = sizeOf(tiles, places);
    const { clientWidth } = this.#element;
    const byColumn = tiles.labels.length > tiles.classes && tiles.classes <= MOST_COLUMNS;
    const above = byColumn ? HEAD : 0;
    const scale = enlargement(Math.min(clientWidth / size.width, (HIGHEST * clientWidth - above) / size.height));
    const left = Math.round((clientWidth - size.width * scale) / 2);
    Object.assign(this.#element.style, { aspectRatio: "auto", height: `${Math.ceil(above + size.height * scale)}px` });
    this.#canvas.classList.toggle("loose", places.cells.length < places.columns * places.rows);
    Object.assign(this.#canvas.style, {
      left: `${left}px`,
      top: `${above}px`,
      width: `${size.width * scale}px`,
      height: `${size.height * scale}px`,
    });
    for (const label of this.#element.querySelectorAll("span")) label.remove();
    const pace = { x: (tiles.width + gap) * scale, y: (tiles.height + gap) * scale };
    const labels = byColumn
      ? this.#names.map((name, column) => ({ name, x: column, y: 0, inside: false }))
      : Array.from(tiles.labels, (label, i) => ({
          name: this.#names[label] ?? String(label),
          x: places.cells[i]! % places.columns,
          y: Math.floor(places.cells[i]! / places.columns),
          inside: true,
        }));
    for (const { name, x, y, inside } of labels) {
      const span = create("span", { textContent: name, title: name, className: inside ? "inside" : "" });
      const top = inside ? above + y * pace.y + 4 : 2;
      Object.assign(span.style, {
        left: `${left + x * pace.x + (inside ? 4 : 0)}px`,
        top: `${top}px`,
        [inside ? "maxWidth" : "width"]: `${tiles.width * scale - (inside ? 8 : 0)}px`,
      });
      this.#element.append(span);
    }
    this.#canvas.setAttribute("aria-label", `${tiles.labels.length} distilled images of ${tiles.classes} classes`);
  }
}

/** Returns a whole number of device pixels for each image pixel, unless that leaves much room unused. */
function enlargement(scale: number): number {
  const device = scale * devicePixelRatio;
  return (device % 1 < 0.2 && device >= 1 ? Math.floor(device) : device) / devicePixelRatio;
}
