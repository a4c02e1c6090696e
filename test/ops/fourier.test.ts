// The networks that the codelets of the frequency domain are written from, against the definition of the transform in float64.
import { describe, expect, test } from "vitest";
import { fourierSides } from "../../scripts/fourier-codelets.mjs";
import { evaluate, Network, planeNetworks, transpose } from "../../scripts/fourier-network.mjs";
import { paint } from "../helpers.ts";

type Complex = readonly [re: number, im: number];

/** Σ_n v[n]·e^{2πi·kn/N} */
function definition(values: readonly Complex[], k: number): Complex {
  const n = values.length;
  let [re, im] = [0, 0];
  values.forEach(([a, b], i) => {
    const angle = (2 * Math.PI * ((i * k) % n)) / n;
    re += a * Math.cos(angle) - b * Math.sin(angle);
    im += a * Math.sin(angle) + b * Math.cos(angle);
  });
  return [re, im];
}

const pairs = (values: readonly number[]): Complex[] =>
  Array.from({ length: values.length / 2 }, (_, i) => [values[2 * i]!, values[2 * i + 1]!]);
const key = ([re, im]: Complex): string =>
  `${re.toFixed(9)} ${im.toFixed(9)}`.replaceAll("-0.000000000", "0.000000000");

describe.each(fourierSides)("N = 9·$a", ({ a, data, taps }) => {
  const n = 9 * a;
  const places = Array.from({ length: taps }, (_, t) => (n + (taps - 1) / 2 - t) % n);
  const all = [
    ["planes", Array.from({ length: data }, (_, i) => i)],
    ["kernels", places],
  ] as const;

  describe.each(all)("of %s", (_, positions) => {
    const networks = planeNetworks(a, positions);
    const values = [...paint(2 * positions.length, n)];
    const full = (complex: boolean): Complex[] => {
      const line: Complex[] = Array.from({ length: n }, () => [0, 0]);
      positions.forEach((at, i) => {
        line[at] = complex ? [values[2 * i]!, values[2 * i + 1]!] : [values[i]!, 0];
      });
      return line;
    };

    test("a row has each real frequency and one of each pair of conjugate ones", () => {
      const out = evaluate(networks.row, values);
      const expected = Array.from({ length: n }, (_, k) => definition(full(false), k));
      const reals = Array.from({ length: a }, (_, i) => expected[(n / a) * i]!);
      for (let i = 0; i < a; i++) expect(out[i]).toBeCloseTo(reals[i]![0], 12);
      const found = pairs(out.slice(a)).flatMap(([re, im]) => [key([re, im]), key([re, -im])]);
      const rest = expected.filter((_, k) => k % (n / a) !== 0);
      expect(found.sort()).toEqual(rest.map(key).sort());
    });

    test("a real column has the same, its real frequencies as one pair", () => {
      const [row, column] = [evaluate(networks.row, values), evaluate(networks.real, values)];
      expect(column.slice(0, 2)).toEqual(a === 1 ? [row[0], 0] : row.slice(0, 2));
      expect(column.slice(2)).toEqual(row.slice(a));
    });

    test("a complex column has all frequencies", () => {
      const out = pairs(evaluate(networks.complex, values));
      const expected = Array.from({ length: n }, (_, k) => definition(full(true), k));
      expect(out.map(key).sort()).toEqual(expected.map(key).sort());
    });

    test.each(["row", "real", "complex"] as const)(
      "the transpose of a %s is its adjoint: ⟨T·x, y⟩ = ⟨x, Tᵀ·y⟩",
      (name) => {
        const network = networks[name];
        const x = values.slice(0, (name === "complex" ? 2 : 1) * positions.length);
        const y = [...paint(network.outputs.length, 7)];
        const dot = (p: readonly number[], q: readonly number[]): number => p.reduce((sum, v, i) => sum + v * q[i]!, 0);
        const back = evaluate(transpose(network, x.length), y);
        expect(dot(evaluate(network, x), y)).toBeCloseTo(dot(x, back), 11);
      },
    );
  });

  test("the sums and differences of a row of whole numbers are exact", () => {
    // Frequency 0 is a sum without a multiplication.
    const values = Array.from({ length: data }, (_, i) => i * i - 7);
    const { row } = planeNetworks(a, all[0][1]);
    expect(evaluate(row, values)[0]).toBe(values.reduce((sum, v) => sum + v));
  });
});

test("a network adds a zero, takes it away and multiplies it without a node", () => {
  const network = new Network();
  const x = network.input(0);
  expect(network.add(x, null)).toBe(x);
  expect(network.sub(null, x)).toEqual({ node: x!.node, sign: -1 });
  expect(network.mul(3, null)).toBeNull();
  expect(network.nodes).toHaveLength(1);
});
