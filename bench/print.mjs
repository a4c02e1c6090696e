// Prints the lines of a table on the terminal as they are measured.

const widths = [];

/** A number in a list is a share, printed in per cent. */
function cell(value) {
  if (Array.isArray(value)) return `${(100 * value[0]).toFixed(0)} %`;
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function print(cells) {
  const line = cells.map((text, i) => text.padEnd(widths[i])).join("  ");
  console.log(line.trimEnd());
}

/** Starts a table. */
export function title(names) {
  widths.splice(0, widths.length, ...names.map((name, i) => Math.max(name.length, [18, 8, 16, 15][i] ?? 8)));
  console.log();
  print(names);
}

/** Prints one line of the table that was started last. */
export function row(values) {
  print(values.map(cell));
}
