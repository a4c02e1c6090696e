// The linear case: D distilled points bring any network to the least squares optimum in one step; D − 1 points do not. Draws
// the steps in the plane of the two weights: from blue to black, with the optimum in red.
//
//   node examples/06-linear-case.mjs [file, runs/example/linear-case.svg]
// docs/math.md §6 has the formulas.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createEngine, flatten, linear, linearCase, sequential } from "distillate";

const [file = "runs/example/linear-case.svg"] = process.argv.slice(2);

// There are fifty real points of two features, and targets near a plane.
const wave = (i, pace) => ((i * pace) % 17) / 8 - 1;
const inputs = Float64Array.from({ length: 100 }, (_, i) => wave(i, i % 2 ? 5 : 7));
const targets = Float64Array.from(
  { length: 50 },
  (_, i) => 1.5 * inputs[2 * i] - 0.5 * inputs[2 * i + 1] + 0.1 * wave(i, 11),
);

const engine = await createEngine({ threads: 1 });
const net = await engine.bind(sequential([1, 1, 2], [flatten(), linear({ out: 1, bias: false })]), { loss: "mse" });
const starts = [
  [-2, 2],
  [2, 2],
  [-2, -2],
  [3, -1],
  [0, 1],
].map((theta) => Float32Array.from(theta));

/** Returns where one step on the distilled points leads from each start. */
async function ends({ inputs: images, targets: wanted, learningRate }) {
  const block = { images: Float32Array.from(images), targets: Float32Array.from(wanted) };
  const step = async (parameters) =>
    (await net.metaGradient({ parameters, steps: [block], learningRates: [learningRate], real: block })).parameters;
  return Promise.all(starts.map(step));
}

const diagonal = Float64Array.of(Math.SQRT1_2, Math.SQRT1_2);
const plots = [
  { title: "two points", distilled: linearCase({ inputs, targets, features: 2 }) },
  { title: "one point", distilled: linearCase({ inputs, targets, features: 2, points: 1, basis: diagonal }) },
];
for (const plot of plots) {
  plot.ends = await ends(plot.distilled);
  const { optimum, lowerBound, inputs: points } = plot.distilled;
  const farthest = Math.max(...plot.ends.map(([a, b]) => Math.hypot(a - optimum[0], b - optimum[1])));
  console.log(
    `${points.length / 2} of ${lowerBound} points: one step ends at most ${farthest.toFixed(6)} from the optimum`,
  );
}
await engine.dispose();

const at = ([a, b], x = 0) => `${(x + 150 + 40 * a).toFixed(1)},${(150 - 40 * b).toFixed(1)}`;
const panel = ({ title, distilled, ends }, i) =>
  [
    `<text x="${300 * i + 150}" y="20" text-anchor="middle">${title}</text>`,
    ...ends.map((end, k) => `<polyline points="${at(starts[k], 300 * i)} ${at(end, 300 * i)}" stroke="#48c"/>`),
    ...starts.map((start) => dot(at(start, 300 * i), 3, "#48c")),
    dot(at(distilled.optimum, 300 * i), 6, "#d42"),
    ...ends.map((end) => dot(at(end, 300 * i), 2.5, "#222")),
  ].join("\n");
const dot = (place, radius, colour) => {
  const [x, y] = place.split(",");
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="${colour}"/>`;
};
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 300" font-family="sans-serif" font-size="14" fill="none">
<rect width="600" height="300" fill="#fff"/>
<g fill="#222">${plots.map(panel).join("\n")}</g>
</svg>
`;
await mkdir(dirname(file), { recursive: true });
await writeFile(file, svg);
console.log(`drawn in ${file}`);
