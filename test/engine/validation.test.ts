// The edge of a bound network: every wrong argument is refused by name, in one shape of message, before anything runs;
// and nothing stays behind, whether a call went well or not.
import { afterAll, describe, expect, test } from "vitest";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { paint } from "../helpers.ts";

const engines = [await createEngine({ backend: "reference" }), await createEngine({ threads: 2 })];
afterAll(async () => {
  for (const engine of engines) await engine.dispose();
});

/** 2 × 3 pixels, 4 classes: 28 parameters. */
const model = sequential([1, 2, 3], [flatten(), linear({ out: 4 })]);
const parameters = paint(28, 1);
const vector = paint(28, 2);
const images = paint(12, 3);
const targets = Uint8Array.of(3, 0);
const block = { images, targets };
const real = { images: paint(18, 4), targets: Int32Array.of(0, 1, 2) };
const meta = { parameters, steps: [block, block], epochs: 2, learningRates: [0.1, 0.2, 0.3, 0.4], real };

/** `values` with `value` at `position`. */
function withValue<T extends Float32Array | number[]>(values: T, position: number, value: number): T {
  const copy = values.slice() as T;
  copy[position] = value;
  return copy;
}

interface Refused {
  /** What is changed in a call that is right. */
  readonly wrong: Readonly<Record<string, unknown>>;
  readonly error: typeof TypeError | typeof RangeError;
  readonly message: string;
}

const floatsOf = (name: string, right: Float32Array): Refused[] => {
  const expected = `"${name}" expected Float32Array of length ${right.length}, got`;
  return [
    { wrong: { [name]: undefined }, error: TypeError, message: `${expected} undefined` },
    { wrong: { [name]: null }, error: TypeError, message: `${expected} null` },
    { wrong: { [name]: "weights" }, error: TypeError, message: `${expected} "weights"` },
    { wrong: { [name]: Array.from(right) }, error: TypeError, message: `${expected} Array of length ${right.length}` },
    { wrong: { [name]: new Uint8Array(3) }, error: TypeError, message: `${expected} Uint8Array of length 3` },
    { wrong: { [name]: new ArrayBuffer(8) }, error: TypeError, message: `${expected} ArrayBuffer` },
    { wrong: { [name]: Object.create(null) }, error: TypeError, message: `${expected} an object` },
    { wrong: { [name]: right.slice(1) }, error: RangeError, message: `${expected} ${right.length - 1}` },
    { wrong: { [name]: new Float64Array(0) }, error: RangeError, message: `${expected} 0` },
    ...notFinite(name, right),
  ];
};

function notFinite(name: string, right: Float32Array): Refused[] {
  const last = right.length - 1;
  return [
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, last],
    [Number.NEGATIVE_INFINITY, last],
  ].map(([value, position]) => ({
    wrong: { [name]: withValue(right, position!, value!) },
    error: RangeError,
    message: `"${name}" expected finite values, got ${value} at ${position}`,
  }));
}

const wrongImages: Refused[] = [
  {
    wrong: { images: undefined },
    error: TypeError,
    message: `"images" expected Float32Array of n × 6 floats, got undefined`,
  },
  {
    wrong: { images: [1, 2, 3] },
    error: TypeError,
    message: `"images" expected Float32Array of n × 6 floats, got Array of length 3`,
  },
  {
    wrong: { images: new Uint8Array(12) },
    error: TypeError,
    message: `"images" expected Float32Array of n × 6 floats, got Uint8Array of length 12`,
  },
  {
    wrong: { images: new Float32Array(0) },
    error: RangeError,
    message: `"images" expected n × 6 floats with n >= 1, got 0`,
  },
  {
    wrong: { images: new Float32Array(13) },
    error: RangeError,
    message: `"images" expected n × 6 floats with n >= 1, got 13`,
  },
  ...notFinite("images", images),
];

const kinds = `"targets" expected Uint8Array or Int32Array of 2 class indices, or Float32Array of 2 × 4 soft targets, got`;
const wrongTargets: Refused[] = [
  { wrong: { targets: undefined }, error: TypeError, message: `${kinds} undefined` },
  { wrong: { targets: [3, 0] }, error: TypeError, message: `${kinds} Array of length 2` },
  { wrong: { targets: new Int8Array(2) }, error: TypeError, message: `${kinds} Int8Array of length 2` },
  { wrong: { targets: Uint8Array.of(3) }, error: RangeError, message: `"targets" expected 2 class indices, got 1` },
  {
    wrong: { targets: Int32Array.of(0, 1, 2) },
    error: RangeError,
    message: `"targets" expected 2 class indices, got 3`,
  },
  {
    wrong: { targets: Uint8Array.of(1, 4) },
    error: RangeError,
    message: `"targets" expected class indices from 0 to 3, got 4 at 1`,
  },
  {
    wrong: { targets: Int32Array.of(-1, 1) },
    error: RangeError,
    message: `"targets" expected class indices from 0 to 3, got -1 at 0`,
  },
  {
    wrong: { targets: new Float32Array(2) },
    error: RangeError,
    message: `"targets" expected Float32Array of length 8, got 2`,
  },
  ...notFinite("targets", paint(8, 5)),
];

const prefixed = (cases: readonly Refused[], prefix: string, wrap: (wrong: Refused["wrong"]) => Refused["wrong"]) =>
  cases.map(({ wrong, error, message }) => ({
    wrong: wrap(wrong),
    error,
    message: message.replace('"', `"${prefix}`),
  }));

const wrongLoops: Refused[] = [
  {
    wrong: { steps: undefined },
    error: TypeError,
    message: `"steps" expected an array of at least one block, got undefined`,
  },
  { wrong: { steps: [] }, error: RangeError, message: `"steps" expected an array of at least one block, got 0` },
  {
    wrong: { steps: [block, { images: images.slice(6), targets: Uint8Array.of(1) }] },
    error: RangeError,
    message: `"steps[1].images" expected 2 images as in block 0, got 1`,
  },
  ...[0, -1, 1.5, Number.NaN].map((epochs) => ({
    wrong: { epochs },
    error: RangeError,
    message: `"epochs" expected integer >= 1, got ${epochs}`,
  })),
  ...["2", null].map((epochs) => ({
    wrong: { epochs },
    error: TypeError,
    message: `"epochs" expected integer >= 1, got ${JSON.stringify(epochs)}`,
  })),
  { wrong: { learningRates: [0.1] }, error: RangeError, message: `"learningRates" expected 4 numbers, got 1` },
  {
    wrong: { learningRates: new Float32Array(3) },
    error: RangeError,
    message: `"learningRates" expected Float32Array of length 4, got 3`,
  },
  {
    wrong: { learningRates: undefined },
    error: TypeError,
    message: `"learningRates" expected Float32Array of length 4, got undefined`,
  },
  {
    wrong: { learningRates: 0.02 },
    error: TypeError,
    message: `"learningRates" expected Float32Array of length 4, got 0.02`,
  },
  {
    wrong: { learningRates: withValue([1, 1, 1, 1], 2, Number.NaN) },
    error: RangeError,
    message: `"learningRates" expected finite values, got NaN at 2`,
  },
  {
    wrong: { learningRates: ["1", 1, 1, 1] },
    error: TypeError,
    message: `"learningRates[0]" expected a number, got "1"`,
  },
  {
    wrong: { memory: "forget" },
    error: RangeError,
    message: `"memory" expected "store", "recompute" or a number of bytes > 0, got "forget"`,
  },
  {
    wrong: { memory: 0 },
    error: RangeError,
    message: `"memory" expected "store", "recompute" or a number of bytes > 0, got 0`,
  },
  {
    wrong: { real: undefined },
    error: TypeError,
    message: `"real" expected an object, got undefined`,
  },
];

const methods = {
  forward: { right: { parameters, images }, wrong: [...floatsOf("parameters", parameters), ...wrongImages] },
  gradients: {
    right: { parameters, ...block },
    wrong: [...floatsOf("parameters", parameters), ...wrongImages, ...wrongTargets],
  },
  hessianVectorProduct: {
    right: { parameters, vector, ...block },
    wrong: [...floatsOf("parameters", parameters), ...floatsOf("vector", vector), ...wrongImages, ...wrongTargets],
  },
  metaGradient: {
    right: meta,
    wrong: [
      ...floatsOf("parameters", parameters),
      ...prefixed([...wrongImages, ...wrongTargets], "steps[1].", (wrong) => ({
        steps: [block, { ...block, ...wrong }],
      })),
      ...prefixed(wrongImages, "real.", (wrong) => ({ real: { ...block, ...wrong } })),
      ...prefixed(wrongTargets, "real.", (wrong) => ({ real: { ...block, ...wrong } })),
      ...wrongLoops,
    ],
  },
} as const;

/** The same arguments with all floats in arrays of one kind. */
function inFloats(value: unknown, kind: typeof Float32Array | typeof Float64Array): object {
  const convert = (value: unknown): unknown => {
    if (value instanceof Float32Array) return kind.from(value);
    if (ArrayBuffer.isView(value) || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map(convert);
    return Object.fromEntries(Object.entries(value!).map(([name, part]) => [name, convert(part)]));
  };
  return convert(value) as object;
}

/** Calls a method with whatever; what it throws at once counts as rejected, too. */
async function call(engine: Engine, name: keyof typeof methods, input: object): Promise<object> {
  const net = await engine.bind(model);
  return net[name](input as never);
}

describe.each(Object.keys(methods) as (keyof typeof methods)[])("%s", (name) => {
  const { right, wrong } = methods[name];

  test.each(wrong.map((one) => [one.message, one] as const))("refuses: %s", async (_, one) => {
    for (const engine of engines) {
      const used = engine.arena.used;
      const error = await call(engine, name, { ...right, ...one.wrong }).catch((reason: Error) => reason);
      expect(error).toBeInstanceOf(one.error);
      expect((error as Error).message).toBe(one.message);
      expect(engine.arena.used).toBe(used);
    }
  });

  test("takes float32 and float64 alike, and gives back the memory it took", async () => {
    for (const engine of engines) {
      const used = engine.arena.used;
      const result = await call(engine, name, inFloats(right, Float32Array));
      expect(await call(engine, name, inFloats(right, Float64Array))).toEqual(result);
      expect(engine.arena.used).toBe(used);
    }
  });

  test("leaves its arguments as they were", async () => {
    const copy = structuredClone(right);
    for (const engine of engines) await call(engine, name, right);
    expect(right).toEqual(copy);
  });

  test("gives Float32Array on kernels and Float64Array on the reference, whatever it is given", async () => {
    const arrays = (value: unknown): unknown[] =>
      ArrayBuffer.isView(value) ? [value] : typeof value === "object" ? Object.values(value!).flatMap(arrays) : [];
    for (const engine of engines) {
      const kind = engine.backend.name === "reference" ? Float64Array : Float32Array;
      for (const given of [Float32Array, Float64Array]) {
        const found = arrays(await call(engine, name, inFloats(right, given)));
        expect(found.length).toBeGreaterThan(0);
        for (const array of found) expect(array).toBeInstanceOf(kind);
      }
    }
  });
});

test("the message of a vector of the wrong length is the documented one", async () => {
  const net = await engines[0]!.bind(lenet());
  const call = net.hessianVectorProduct({
    parameters: new Float32Array(61706),
    vector: new Float32Array(61700),
    images: new Float32Array(784),
    targets: Uint8Array.of(0),
  });
  await expect(call).rejects.toThrow(new RangeError('"vector" expected Float32Array of length 61706, got 61700'));
});
