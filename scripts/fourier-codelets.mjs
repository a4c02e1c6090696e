// Writes the codelets of assembly/: the transforms of fourier-network.mjs as straight-line code on vectors, whose lanes are four
// images or four kernels. A file has one side N, for planes of up to `data` rows and columns and kernels of up to `taps`.
import { planeNetworks, transpose } from "./fourier-network.mjs";

/** The sides that there are codelets for: N = 9a takes planes up to N − (taps − 1) / 2. */
export const fourierSides = [
  { a: 1, data: 8, taps: 3 },
  { a: 2, data: 16, taps: 5 },
];

/** Writes one network as statements. `load` and `store` give the expressions of its inputs and outputs. */
function statements({ network, outputs }, constant, load, store) {
  const lines = [];
  const names = new Map();
  const write = (node) => {
    if (names.has(node)) return names.get(node);
    const { op, a, b, c } = network.nodes[node];
    // A load is repeated where it is needed again: registers are few.
    if (op === "in") return load(a);
    const text = op === "mul" ? `f32x4.mul(${constant(c)}, ${write(a)})` : `f32x4.${op}(${write(a)}, ${write(b)})`;
    const name = `t${names.size}`;
    lines.push(`  const ${name} = ${text};`);
    names.set(node, name);
    return name;
  };
  outputs.forEach((output, i) => {
    const value = output ? write(output.node) : "f32x4.splat(0)";
    lines.push(`  ${store(i, output?.sign < 0 ? `f32x4.neg(${value})` : value)};`);
  });
  return lines;
}

/** The rows of codelets for one set of positions. Names end in `suffix`. */
function codelets(a, positions, suffix, constant) {
  const line = 16 * 9 * a;
  const { row, real, complex } = planeNetworks(a, positions);
  const count = positions.length;
  const write = (name, parameters, network, load, store) =>
    [`function ${name}${suffix}(${parameters}): void {`, ...statements(network, constant, load, store), "}", ""].join(
      "\n",
    );
  const slot = (base, i) => `${base} + ${i >> 1} * slot${i & 1 ? " + im" : ""}`;
  const between = (i) => line * (i >> 1) + 16 * (i & 1);
  const columns = "out: usize, slot: usize, im: usize, rows: usize";
  const back = "rows: usize, u: usize, slot: usize, im: usize";
  const vector = (i) => `v128.load(x + ${i} * step)`;
  return [
    write("row", "out: usize, x: usize, step: usize", row, vector, (i, v) => `v128.store(out, ${v}, ${16 * i})`),
    write(
      "realColumn",
      columns,
      real,
      (i) => `v128.load(rows, ${line * i})`,
      (i, v) => `v128.store(${slot("out", i)}, ${v})`,
    ),
    write(
      "complexColumn",
      columns,
      complex,
      (i) => `v128.load(rows, ${between(i)})`,
      (i, v) => `v128.store(${slot("out", i)}, ${v})`,
    ),
    write(
      "rowBack",
      "y: usize, step: usize, u: usize, b: v128",
      transpose(row, count),
      (i) => `v128.load(u, ${16 * i})`,
      (i, v) => `v128.store(y + ${i} * step, f32x4.add(${v}, b))`,
    ),
    write(
      "realColumnBack",
      back,
      transpose(real, count),
      (i) => `v128.load(${slot("u", i)})`,
      (i, v) => `v128.store(rows, ${v}, ${line * i})`,
    ),
    write(
      "complexColumnBack",
      back,
      transpose(complex, 2 * count),
      (i) => `v128.load(${slot("u", i)})`,
      (i, v) => `v128.store(rows, ${v}, ${between(i)})`,
    ),
  ].join("\n");
}

/** The loops over the columns of a plane, and over its rows, which may be fewer and shorter than codelets take. */
function loops(a, count, suffix, what) {
  const line = 16 * 9 * a;
  const [realSlots, complexes] = [a === 1 ? 5 : 9, (9 * a - a) / 2];
  return `
/** ${what.forward} */
export function forward${suffix}(out: usize, slot: usize, im: usize, x: usize, step: usize, next: usize, height: i32, width: i32, scratch: usize): void {
  const edge = scratch + ${line * count};
  if (width < ${count}) clear(edge, ${16 * count});
  for (let i: usize = 0; i < ${count}; i++, x += next) {
    const rows = scratch + i * ${line};
    if (<i32>i >= height) {
      clear(rows, ${line});
    } else if (width < ${count}) {
      for (let j: usize = 0; j < <usize>width; j++) v128.store(edge + (j << 4), v128.load(x + j * step));
      row${suffix}(rows, edge, 16);
    } else {
      row${suffix}(rows, x, step);
    }
  }
  let rows = scratch;
  for (let i = 0; i < ${a}; i++, out += ${realSlots} * slot, rows += 16) realColumn${suffix}(out, slot, im, rows);
  for (let i = 0; i < ${complexes}; i++, out += ${9 * a} * slot, rows += 32) complexColumn${suffix}(out, slot, im, rows);
}

/** ${what.back} */
export function back${suffix}(y: usize, step: usize, next: usize, height: i32, width: i32, u: usize, slot: usize, im: usize, bias: v128, scratch: usize): void {
  let rows = scratch;
  for (let i = 0; i < ${a}; i++, u += ${realSlots} * slot, rows += 16) realColumnBack${suffix}(rows, u, slot, im);
  for (let i = 0; i < ${complexes}; i++, u += ${9 * a} * slot, rows += 32) complexColumnBack${suffix}(rows, u, slot, im);
  const edge = scratch + ${line * count};
  for (let i: usize = 0; i < <usize>height; i++, y += next) {
    if (width < ${count}) {
      rowBack${suffix}(edge, 16, scratch + i * ${line}, bias);
      for (let j: usize = 0; j < <usize>width; j++) v128.store(y + j * step, v128.load(edge + (j << 4)));
    } else {
      rowBack${suffix}(y, step, scratch + i * ${line}, bias);
    }
  }
}
`;
}

/** Returns the source of the codelets of one side. */
export function codeletSource({ a, data, taps }) {
  const n = 9 * a;
  const constants = [];
  const constant = (c) => {
    const rounded = Math.fround(c);
    if (!constants.includes(rounded)) constants.push(rounded);
    return `v128.load(CONSTANTS, ${16 * constants.indexOf(rounded)})`;
  };
  // Tap t of a kernel lies at (taps − 1) / 2 − t, so that a transform's product is the correlation that networks compute.
  const places = Array.from({ length: taps }, (_, t) => (n + (taps - 1) / 2 - t) % n);
  const plane = codelets(
    a,
    Array.from({ length: data }, (_, i) => i),
    "Plane",
    constant,
  );
  const kernel = codelets(a, places, "Taps", constant);
  const table = constants.flatMap((c) => [c, c, c, c]).join(", ");
  return `// Generated by scripts/fourier-codelets.mjs: the transform of ${n}×${n} points. A spectrum's slots are \`slot\` bytes apart, re and im
// of a slot \`im\` bytes; rows of values are \`next\` bytes apart, values of a row \`step\` bytes. Each has four lanes.

/** Each constant four times. */
const CONSTANTS: usize = memory.data<f32>([${table}], 16);

function clear(at: usize, bytes: usize): void {
  memory.fill(at, 0, bytes);
}

${plane}
${kernel}${loops(a, data, "Plane", {
  forward: `The spectrum of a plane of up to ${data}×${data} values.`,
  back: "The plane of a spectrum, plus `bias`.",
})}${loops(a, taps, "Taps", {
  forward: `The spectrum of a kernel of ${taps}×${taps} taps.`,
  back: "The kernel of a spectrum.",
})}`;
}
