// Writes numbers and tables as text.
import { count } from "../../report/words.ts";

export { count, fitText, plural, storedText } from "../../report/words.ts";

interface Accuracy {
  readonly mean: number;
  readonly std: number;
  readonly ci95?: number | undefined;
}

/** Writes "75.6 % ± 3.2", in per cent; without ± for a single value. */
export function accuracy({ mean, std, ci95 }: Accuracy): string {
  const spread = ci95 === undefined ? "" : ` ± ${(100 * std).toFixed(1)}`;
  return `${(100 * mean).toFixed(1)} %${spread}`;
}

/** Writes "74.1 to 77.1", the 95 % interval of the mean; empty for a single value. */
export function interval({ mean, ci95 }: Accuracy): string {
  if (ci95 === undefined) return "";
  const [low, high] = [mean - ci95, mean + ci95].map((value) => (100 * Math.min(1, Math.max(0, value))).toFixed(1));
  return `${low} to ${high}`;
}

/** Writes rows as lines with their columns aligned. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd(),
  );
}

/** Writes a length of time by its largest unit: "40 s", "12 min", "1.5 h", "9 days". */
export function duration(seconds: number): string {
  const units = [
    ["s", 1],
    ["min", 60],
    ["h", 3600],
    ["days", 86_400],
  ] as const;
  const [unit, length] = units.findLast(([, length]) => seconds >= 1.5 * length) ?? units[0];
  const n = seconds / length;
  return `${n < 9.5 && unit !== "s" ? Number(n.toFixed(1)) : count(Math.max(1, Math.round(n)))} ${unit}`;
}

/** Writes bytes as "100 MiB" or "1.5 GiB". */
export function mebibytes(bytes: number): string {
  const mib = bytes / 2 ** 20;
  return mib < 1000 ? `${Math.ceil(mib)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}
