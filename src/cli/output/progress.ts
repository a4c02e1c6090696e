// The line that shows a run in progress, redrawn in place, in one write, on terminals only. It shows the smoothed loss,
// outer steps per second and the time left.
import type { WriteStream } from "node:tty";

const redrawMilliseconds = 100;
/** Spare columns: the last one, where some terminals break the line, and two for the ^C that they show when it is pressed. */
const spareColumns = 3;
const barCells = { least: 6, most: 24 };

/** One line at the bottom of the terminal. Without a terminal it writes nothing. */
export class ProgressLine {
  readonly #stream: WriteStream | undefined;
  #width = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(stream: WriteStream) {
    this.#stream = stream.isTTY ? stream : undefined;
  }

  /** Draws the line, unless it was just drawn; `line` gets the number of columns. */
  draw(line: (columns: number) => string, now: number = performance.now()): void {
    if (!this.#stream || now - this.#drawnAt < redrawMilliseconds) return;
    this.#drawnAt = now;
    const columns = (this.#stream.columns || 80) - spareColumns;
    const text = line(columns).slice(0, columns);
    // Spaces cover the rest of a longer line, because erasing it first would flicker.
    this.#stream.write(`\r${text.padEnd(Math.min(this.#width, columns))}`);
    this.#width = text.length;
  }

  /** Erases the line, so that other text can be printed. */
  clear(): void {
    if (this.#width > 0) this.#stream?.write(`\r${" ".repeat(this.#width + spareColumns - 1)}\r`);
    this.#width = 0;
    this.#drawnAt = Number.NEGATIVE_INFINITY;
  }
}

/** Returns "label done/total [####----] rest" of at most `columns`, with the widest bar that fits. */
export function progressText(
  { label, done, total, rest }: { label: string; done: number; total: number; rest: string },
  columns: number,
): string {
  const count = `${label} ${String(done).padStart(String(total).length)}/${total}`;
  const cells = Math.min(barCells.most, columns - count.length - rest.length - " [] ".length);
  if (cells < barCells.least) return `${count} ${rest}`;
  const full = Math.floor((cells * done) / total);
  return `${count} [${"#".repeat(full)}${"-".repeat(cells - full)}] ${rest}`;
}

/** Returns "1:35" or "12:00:07"; "-:--" if the time is unknown. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-:--";
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const tail = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** Averages roughly the last twenty losses; at the start all weigh the same. */
export class Smoothed {
  #sum = 0;
  #weight = 0;

  add(value: number): number {
    this.#sum = 0.95 * this.#sum + 0.05 * value;
    this.#weight = 0.95 * this.#weight + 0.05;
    return this.#sum / this.#weight;
  }
}

/** Measures steps per second over the last ten seconds. */
export class Rate {
  #marks: { at: number; step: number }[];

  constructor(at: number, step: number = 0) {
    this.#marks = [{ at, step }];
  }

  add(step: number, at: number): number {
    this.#marks.push({ at, step });
    while (this.#marks.length > 2 && at - this.#marks[1]!.at > 10) this.#marks.shift();
    const first = this.#marks[0]!;
    return (step - first.step) / Math.max(at - first.at, 1e-9);
  }
}
