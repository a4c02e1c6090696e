// The words and tables of docs/performance.md.

export const percent = (share) => `${Math.round(100 * share)} %`;

/** Three digits; whole numbers beyond. */
export const figure = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(value < 1 ? 2 : 3));

export const times = (ratio) => `${ratio.toFixed(2)}×`;

export const megabytes = (bytes) => `${figure(bytes / 1e6)} MB`;

export function table(names, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(names), line(names.map(() => "---")), ...rows.map(line)].join("\n");
}

export const onMachine = ({ machine: { cpu, cores, node, commit }, quick }) =>
  `${cpu}, ${cores} cores, Node ${node}, commit ${commit}${quick ? ", quick" : ""}.`;

/** Groups the rows of `list` by a key, in order. */
export function grouped(list, key) {
  const groups = new Map();
  for (const item of list) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return [...groups.values()];
}
