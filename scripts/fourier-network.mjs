// The real discrete Fourier transform in two dimensions as networks of additions and multiplications by constants: what the
// codelets of assembly/ are written from (fourier-codelets.mjs).
//
// A side has N = 9a points with a = 1 or 2, prime to 9, so that n ↔ (n mod a, n mod 9) is an isomorphism Z_N ≅ Z_a × Z_9
// and no factors stand between the two transforms (Good 1958). The one of 9 points splits into cosines of x_j + x_{9−j} and
// sines of x_j − x_{9−j}, two symmetric matrices, with
//
//   cos 40° + cos 80° + cos 160° = 0        sin 80° = sin 40° + sin 20°
//
// The sign is e^{+2πi}. A network is linear, and the inverse is its transpose: the same operations backwards. The factors
// 2/N² of complex frequencies and 1/N² of real ones lie in the weights.

/** Nodes of a linear network. A value is a node with a sign, or null, which stands for zero. */
export class Network {
  /** { op: "in" | "add" | "sub" | "mul", a, b, c }: a and b are numbers of nodes, or of the input; c is the constant. */
  nodes = [];
  #known = new Map();

  #node(op, a, b, c) {
    const key = `${op}|${a}|${b}|${c}`;
    if (!this.#known.has(key)) this.#known.set(key, this.nodes.push({ op, a, b, c }) - 1);
    return this.#known.get(key);
  }

  input(i) {
    return { node: this.#node("in", i), sign: 1 };
  }

  add(x, y) {
    if (!x) return y;
    if (!y) return x;
    if (x.sign === y.sign) return { node: this.#node("add", x.node, y.node), sign: x.sign };
    const [plus, minus] = x.sign > 0 ? [x, y] : [y, x];
    return { node: this.#node("sub", plus.node, minus.node), sign: 1 };
  }

  negate(x) {
    return x && { node: x.node, sign: -x.sign };
  }

  sub(x, y) {
    return this.add(x, this.negate(y));
  }

  mul(c, x) {
    if (!x) return null;
    if (c < 0) return this.mul(-c, this.negate(x));
    return { node: this.#node("mul", x.node, null, c), sign: x.sign };
  }
}

/** A network with its outputs in order. */
const linear = (network, outputs) => ({ network, outputs });

/** Returns the transposed network: its inputs are the outputs of `of`, and its `count` outputs are the inputs. */
export function transpose(of, count) {
  const network = new Network();
  const { nodes } = of.network;
  const adjoints = nodes.map(() => null);
  of.outputs.forEach((output, i) => {
    if (!output) return;
    const given = network.input(i);
    const signed = output.sign > 0 ? given : network.negate(given);
    adjoints[output.node] = network.add(adjoints[output.node], signed);
  });
  const outputs = new Array(count).fill(null);
  for (let i = nodes.length - 1; i >= 0; i--) {
    const { op, a, b, c } = nodes[i];
    const adjoint = adjoints[i];
    if (!adjoint) continue;
    if (op === "in") {
      outputs[a] = adjoint;
    } else if (op === "mul") {
      adjoints[a] = network.add(adjoints[a], network.mul(c, adjoint));
    } else {
      adjoints[a] = network.add(adjoints[a], adjoint);
      adjoints[b] = network.add(adjoints[b], op === "add" ? adjoint : network.negate(adjoint));
    }
  }
  return linear(network, outputs);
}

/** Returns the outputs of a network for `inputs`, in float64. */
export function evaluate({ network, outputs }, inputs) {
  const values = [];
  for (const { op, a, b, c } of network.nodes) {
    if (op === "in") values.push(inputs[a]);
    else if (op === "mul") values.push(c * values[a]);
    else values.push(op === "add" ? values[a] + values[b] : values[a] - values[b]);
  }
  return outputs.map((output) => (output ? output.sign * values[output.node] : 0));
}

// Constants of the transform of 9 points, rounded to float32 where a codelet is written. They are literals, because a host's
// own cosine may differ in its last bit.
const COS = [1, 0.766044443118978, 0.17364817766693041, -0.5, -0.9396926207859083];
const SIN = [0, 0.6427876096865393, 0.984807753012208, 0.8660254037844387, 0.3420201433256689];

/** x0, s1 … s4 → x0 + Σ s_j cos(2πjk/9) for k = 0 … 4. */
function cosines(g, x0, [s1, s2, s3, s4]) {
  const all = g.add(g.add(s1, s2), s4);
  const thirds = g.add(x0, s3);
  const rest = g.sub(x0, g.mul(0.5, s3));
  const a = g.sub(s1, s4);
  const b = g.sub(s2, s4);
  const row = (p, q) => g.add(rest, g.add(g.mul(COS[p], a), g.mul(COS[q], b)));
  return [g.add(thirds, all), row(1, 2), row(2, 4), g.sub(thirds, g.mul(0.5, all)), row(4, 1)];
}

/** d1 … d4 → Σ d_j sin(2πjk/9) for k = 1 … 4. */
function sines(g, [d1, d2, d3, d4]) {
  const p = g.add(d1, d2);
  const q = g.add(d2, d4);
  const third = g.mul(SIN[3], d3);
  return [
    g.add(g.add(g.mul(SIN[1], p), g.mul(SIN[4], q)), third),
    g.sub(g.sub(g.mul(SIN[2], p), g.mul(SIN[1], q)), third),
    g.mul(SIN[3], g.add(g.sub(d1, d2), d4)),
    g.add(g.sub(g.mul(SIN[4], p), g.mul(SIN[2], q)), third),
  ];
}

const FOUR = [1, 2, 3, 4];
const sums = (g, x) => FOUR.map((j) => g.add(x[j], x[9 - j]));
const differences = (g, x) => FOUR.map((j) => g.sub(x[j], x[9 - j]));

/** 9 real values → the real frequency 0 and the complex ones 1 to 4. */
function real9(g, x) {
  const re = cosines(g, x[0], sums(g, x));
  const im = sines(g, differences(g, x));
  return { real: re[0], complexes: FOUR.map((k) => [re[k], im[k - 1]]) };
}

/** 9 complex values, as re and im → the frequencies 0, 1, −1, 2, −2, … */
function complex9(g, re, im) {
  const ofRe = { cos: cosines(g, re[0], sums(g, re)), sin: sines(g, differences(g, re)) };
  const ofIm = { cos: cosines(g, im[0], sums(g, im)), sin: sines(g, differences(g, im)) };
  const out = [[ofRe.cos[0], ofIm.cos[0]]];
  for (const k of FOUR) {
    out.push([g.sub(ofRe.cos[k], ofIm.sin[k - 1]), g.add(ofIm.cos[k], ofRe.sin[k - 1])]);
    out.push([g.add(ofRe.cos[k], ofIm.sin[k - 1]), g.sub(ofIm.cos[k], ofRe.sin[k - 1])]);
  }
  return out;
}

/** Nine values v[n] with n ≡ r mod a, in the order of n mod 9. */
const ninth = (a, r, v) =>
  Array.from({ length: 9 }, (_, n9) => v[Array.from({ length: a }, (_, i) => n9 + 9 * i).find((n) => n % a === r)]);

/** The halves over which a transform of 9 runs: for a = 2 the sums and differences of both ninths. */
function halves(g, a, v) {
  if (a === 1) return [ninth(1, 0, v)];
  const [even, odd] = [ninth(2, 0, v), ninth(2, 1, v)];
  return [even.map((x, i) => g.add(x, odd[i])), even.map((x, i) => g.sub(x, odd[i]))];
}

/** N real values → a real frequencies and (N − a) / 2 complex ones. */
function realTransform(g, a, v) {
  const parts = halves(g, a, v).map((half) => real9(g, half));
  return { reals: parts.map(({ real }) => real), complexes: parts.flatMap(({ complexes }) => complexes) };
}

/** N complex values, as re and im → N complex frequencies. */
function complexTransform(g, a, re, im) {
  const [ofRe, ofIm] = [halves(g, a, re), halves(g, a, im)];
  return ofRe.flatMap((half, i) => complex9(g, half, ofIm[i]));
}

/** N values that are the network's inputs at `positions`, every `step`-th of them from `first`, and zero elsewhere. */
function inputs(g, n, positions, step = 1, first = 0) {
  const values = new Array(n).fill(null);
  positions.forEach((position, i) => {
    values[position] = g.input(step * i + first);
  });
  return values;
}

/**
 * Returns the networks of a plane whose side has N = 9a points, of which only those at `positions` are not zero:
 *
 *   row      the values of a row → its a real frequencies, then re and im of its complex ones
 *   real     a real column of the rows' frequencies → the pair of its real ones (the second 0 for a = 1), then re and im
 *   complex  a complex column, re and im in turn → re and im of N frequencies
 */
export function planeNetworks(a, positions) {
  const n = 9 * a;
  const row = new Network();
  const ofRow = realTransform(row, a, inputs(row, n, positions));
  const real = new Network();
  const ofReal = realTransform(real, a, inputs(real, n, positions));
  const complex = new Network();
  const ofComplex = complexTransform(complex, a, inputs(complex, n, positions, 2), inputs(complex, n, positions, 2, 1));
  return {
    row: linear(row, [...ofRow.reals, ...ofRow.complexes.flat()]),
    real: linear(real, [ofReal.reals[0], ofReal.reals[1] ?? null, ...ofReal.complexes.flat()]),
    complex: linear(complex, ofComplex.flat()),
  };
}
