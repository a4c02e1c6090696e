// The tables and the plot of docs/cluster.md.
import { plotFile } from "../../dist/report/line-plot.js";
import { figure, onMachine, percent, table } from "../markdown.mjs";

const kilobytes = (bytes) => (bytes >= 1e6 ? `${figure(bytes / 1e6)} MB` : `${figure(bytes / 1e3)} kB`);
const ms = (value) => `${figure(value)} ms`;

export const clusterTables = {
  clusterStep({ cluster }) {
    const { measured, rows } = cluster;
    const names = ["run", "two workers of its own", "two workers of a cluster", "more by", "the model says"];
    const lines = rows.map(({ title, clock, expected }) => {
      return [title, ms(clock.alone), ms(clock.cluster), percent(clock.cluster / clock.alone - 1), ms(expected)];
    });
    return `${onMachine(cluster)} An outer step of ${measured} networks:\n\n${table(names, lines)}`;
  },
  clusterCosts({ cluster }) {
    const names = ["run", "computing", "worker beside it", "server", "run's process", "bytes each way"];
    const lines = cluster.rows.map(({ title, compute, costs, bytes }) => {
      return [title, ms(compute), ms(costs.worker), ms(costs.server), ms(costs.run), kilobytes(bytes.reply)];
    });
    return table(names, lines);
  },
  clusterCurve({ cluster }) {
    const curves = cluster.rows.flatMap(({ title, curves }) => curves.map((curve) => ({ title, ...curve })));
    const counts = curves[0].points.map(({ workers }) => workers);
    const lines = curves.map(({ title, line, points }) => {
      return [title, line, ...points.map(({ speedUp }) => `${figure(speedUp)}×`)];
    });
    return table(
      ["run", "server's line", ...counts.map((count) => `${count} ${count === 1 ? "worker" : "workers"}`)],
      lines,
    );
  },
};

/** Returns the plot of speed-ups as SVG: on the slowest line, and what they are at most. */
export function clusterPlot({ cluster }) {
  const curves = cluster.rows.map(({ title, curves: [{ points }] }) => ({
    label: title.split(",")[0],
    points: points.map(({ workers, speedUp }) => [workers, speedUp]),
    dots: true,
  }));
  const counts = curves[0].points.map(([workers]) => workers);
  const most = { label: "at most", points: counts.map((workers) => [workers, workers]), faint: true };
  const title = `How many times faster a step of ${cluster.networks} networks is, by the number of workers`;
  return plotFile({ title, x: "workers", y: "times faster", includes: [0], wholeX: true, series: [...curves, most] });
}
