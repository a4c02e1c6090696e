// Fills the tables of docs/performance.md and docs/cluster.md from results, so that no figure is typed by hand, and draws a plot.
//
//   node bench/write-docs.mjs                         from the committed sample
//   node bench/write-docs.mjs bench/results/X.json    from a machine's own results; the parts it has become the sample's
//   node bench/write-docs.mjs bench/results/X.json 128-bit   the same, as the machine whose steps stand beside the sample's
//   node bench/write-docs.mjs --check                 fails if a page differs from what the sample gives
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { clusterPlot, clusterTables } from "./cluster/tables.mjs";
import { otherKinds, sampleOf } from "./machine.mjs";
import { figure, grouped, megabytes, onMachine, percent, table, times } from "./markdown.mjs";
import { gpuTables } from "./webgpu/tables.mjs";

const docs = (name) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));

const passes = ["forward", "backwardData", "backwardWeights"];

function kernelTable(section) {
  const layers = grouped(section.arithmetic, ({ network, layer }) => `${network} ${layer}`);
  return table(
    ["network", "layer", ...passes],
    layers.map((rows) => {
      const cells = passes.map((pass) => {
        const shares = rows.filter((row) => row.pass === pass).map((row) => Math.round(100 * row.share));
        return shares.join(" / ");
      });
      return [rows[0].network, `${rows[0].layer} (${rows[0].size})`, ...cells];
    }),
  );
}

const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** A table of each machine that has results of this kind. */
const ofEach = (part, tableOf) => () =>
  [results, ...others]
    .filter((each) => each[part])
    .map((each) => tableOf(each[part]))
    .join("\n\n");

const tables = {
  ...gpuTables,
  ...clusterTables,
  limit({ kernels }) {
    const limits = kernels.arithmetic.map(({ limit }) => limit);
    return `${onMachine(kernels)} The limit of one core: **${figure(middle(limits))} GFLOP/s**.`;
  },
  kernels: ({ kernels }) => `${onMachine(kernels)}\n\n${kernelTable(kernels)}`,
  convolutions({ convolutions }) {
    const rows = convolutions.rows.map(({ size, images, pass, direct, tiles, frequency, errors = {} }) => {
      const wrong = ["direct", "tiles", "frequency"].map((way) => errors[way]?.toExponential(1) ?? "");
      return [size, images, pass, figure(direct), figure(tiles), figure(frequency), times(frequency / tiles), ...wrong];
    });
    const names = [
      "layer",
      "images",
      "pass",
      "direct",
      "tiles",
      "frequency",
      "by tiles",
      "rms error, direct",
      "tiles",
      "frequency",
    ];
    return `${onMachine(convolutions)}\n\n${table(names, rows)}`;
  },
  traffic({ kernels }) {
    const rows = kernels.traffic.map((row) => {
      return [row.kernel, row.operands, megabytes(row.bytes), figure(row.gbs), percent(row.share)];
    });
    return `${onMachine(kernels)}\n\n${table(["kernel", "operands", "moved", "GB/s", "share of a copy"], rows)}`;
  },
  steps: ofEach("steps", (steps) => {
    const names = [
      "step",
      "threads",
      "GFLOP",
      "ms",
      "GFLOP/s",
      "share of the limit",
      "against one thread",
      "peak MB",
      "others",
    ];
    const rows = grouped(steps.rows, ({ id }) => id).flatMap((group) =>
      group.map((row) => [
        row.title,
        row.threads,
        figure(row.gflop),
        figure(row.ms),
        figure(row.gflops),
        percent(row.share),
        row.threads === 1 ? "" : times(group[0].clock / row.clock),
        figure(row.rss),
        percent(row.others),
      ]),
    );
    return `${onMachine(steps)}\n\n${table(names, rows)}`;
  }),
  profile({ profile }) {
    const rows = profile.rows.map(({ title, op, layer, calls, ms, share }) => {
      return [title, op, layer, calls ? Math.round(calls) : "", figure(ms), percent(share)];
    });
    return `${onMachine(profile)}\n\n${table(["step", "op", "layer", "calls", "ms", "of the step"], rows)}`;
  },
  peers: ofEach("peers", (peers) => {
    const names = [
      "step",
      "threads",
      "ours, ms",
      "PyTorch, ms",
      "its form",
      "speed",
      "peak memory, MB",
      "of PyTorch's",
      "others",
    ];
    const { version, rows } = peers.torch;
    const best = grouped(rows, ({ id, threads }) => `${id} ${threads}`).map((forms) => {
      const row = forms.reduce((a, b) => (b.theirs.ms < a.theirs.ms ? b : a));
      const { ours, theirs } = row;
      const memory = `${figure(ours.rss)} / ${figure(theirs.rss)}`;
      return [
        row.title,
        row.threads,
        figure(ours.ms),
        figure(theirs.ms),
        row.form,
        times(row.ratio),
        memory,
        percent(row.rssShare),
        percent(theirs.others),
      ];
    });
    const lines = [`${onMachine(peers)} PyTorch ${version} on ${rows[0].blas}.`, "", table(names, best)];
    if (peers.tensorflow) {
      const { version, images, ours, theirs, ratio } = peers.tensorflow;
      lines.push(
        "",
        `Plain training of LeNet on ${images} images, one thread: ${figure(ours.ms)} ms a step, TensorFlow.js ${version} ` +
          `(its WebAssembly backend) ${figure(theirs.ms)} ms, ${times(ratio)}; peak memory ${figure(ours.rss)} and ${figure(theirs.rss)} MB.`,
      );
    }
    return lines.join("\n");
  }),
};

const [argument, kind] = process.argv.slice(2);
const read = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {});
if (kind !== undefined && !otherKinds.includes(kind)) {
  console.error(`"${kind}" expected one of ${otherKinds.join(", ")} (bench/machine.mjs)`);
  process.exit(2);
}
if (argument && argument !== "--check") {
  const given = JSON.parse(readFileSync(argument, "utf8"));
  writeFileSync(sampleOf(kind), `${JSON.stringify({ ...read(sampleOf(kind)), ...given }, null, 1)}\n`);
}
const results = read(sampleOf());
const others = otherKinds.map((each) => read(sampleOf(each)));
/** What each file should be: its text with the tables filled, or what is drawn. */
const files = {
  ...Object.fromEntries(["performance.md", "cluster.md"].map((name) => [name, filled])),
  "cluster.svg": () => clusterPlot(results),
};

function filled(before) {
  return before.replace(/(<!-- bench:(\w+) -->\n)[\s\S]*?(<!-- \/bench -->)/g, (_, open, name, close) => {
    return `${open}${tables[name](results)}\n${close}`;
  });
}

for (const [name, made] of Object.entries(files)) {
  const path = docs(name);
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  const after = made(before);
  if (argument !== "--check") writeFileSync(path, after);
  else if (after !== before) {
    console.error(`docs/${name} is not what the committed results give: run node bench/write-docs.mjs`);
    process.exit(1);
  }
}
