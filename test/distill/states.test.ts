// The tensors of a run's state, on their way out of a backend's memory and back; and what is taken for a state.
import { describe, expect, test } from "vitest";
import { Arena } from "../../src/backend/arena.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { checkRunState, type RunState } from "../../src/distill/run-state.ts";
import { readState, writeState } from "../../src/distill/state-tensors.ts";
import type { Tensor } from "../../src/distill/tensor.ts";

describe("tensors of a state", () => {
  const backend = createReferenceBackend();
  const arena = new Arena(backend);
  // Two blocks of three images with two features each, of which the kernels keep four lanes.
  const packing = { blocks: 2, images: 3, features: 2, lanes: 4 };
  const tensors: readonly Tensor[] = [
    { name: "images", value: arena.allocate(16), floats: 16, packing },
    { name: "rates", value: arena.allocate(3), floats: 3 },
  ];
  const staging = arena.allocate(12);
  const images = Float64Array.from({ length: 12 }, (_, i) => i + 1);
  const rates = Float64Array.of(0.1, 0.2, 0.3);
  const state = new Map([
    ["images", images],
    ["rates", rates],
  ]);
  const write = (changes: readonly (readonly [string, Float64Array])[]) =>
    writeState(backend, tensors, new Map(changes), staging);

  test("come out as the rows that went in, by name, in the run's order, whatever their order was", async () => {
    write([...state].reverse());
    const read = await readState(backend, tensors, staging);
    expect([...read]).toEqual([...state]);
    // In memory a feature of all images lies together, with zeros in the lanes without an image.
    expect(await backend.read(tensors[0]!.value, 8)).toEqual(Float64Array.of(1, 3, 5, 0, 2, 4, 6, 0));
  });

  test("come out as copies, which later steps do not change", async () => {
    write([...state]);
    const read = await readState(backend, tensors, staging);
    write([
      ["images", images.map(() => 0)],
      ["rates", rates.map(() => 0)],
    ]);
    expect([...read]).toEqual([...state]);
  });

  test.each<[string, readonly (readonly [string, Float64Array])[], string]>([
    ["that lack one", [["images", images]], '"tensors" expected "rates", which is not there'],
    [
      "of another run as well",
      [...state, ["depth", rates]],
      '"tensors" expected those of this run, got "depth" as well',
    ],
    [
      "of another size",
      [
        ["images", images],
        ["rates", rates.subarray(1)],
      ],
      '"rates" expected 3 floats, got 2',
    ],
    [
      "with the lanes of a backend",
      [
        ["rates", rates],
        ["images", new Float64Array(16)],
      ],
      '"images" expected 12 floats, got 16',
    ],
  ])("%s are refused", (_, wrong, message) => {
    expect(() => write(wrong)).toThrow(new RangeError(message));
  });
});

describe("a state", () => {
  const state: RunState = {
    version: "0.1.0",
    spec: { seed: 1 },
    step: 0,
    tensors: new Map<string, Float32Array | Float64Array>([
      ["a", new Float32Array(1)],
      ["b", new Float64Array(1)],
    ]),
  };
  const check = (value: unknown) => () => checkRunState("resume", value);

  test("has a version, a specification, a step from 0 on and tensors of either precision", () => {
    expect(check(state)).not.toThrow();
    expect(check({ ...state, step: 7, tensors: new Map() })).not.toThrow();
  });

  const types: [string, unknown, string][] = [
    ["no object", 3, '"resume" expected what state() of a run gives, got 3'],
    ["no version", { ...state, version: undefined }, '"resume.version" expected a string, got undefined'],
    ["a list for a specification", { ...state, spec: [] }, '"resume.spec" expected an object, got Array of length 0'],
    ["a text for a step", { ...state, step: "1" }, '"resume.step" expected integer >= 0, got "1"'],
    [
      "tensors in an object",
      { ...state, tensors: {} },
      '"resume.tensors" expected a Map of names to arrays of floats, got an object',
    ],
    [
      "no tensors",
      { ...state, tensors: null },
      '"resume.tensors" expected a Map of names to arrays of floats, got null',
    ],
    [
      "whole numbers",
      { ...state, tensors: new Map([["a", new Int32Array(2)]]) },
      '"resume.tensors.a" expected an array of floats, got Int32Array of length 2',
    ],
    [
      "a tensor that has a number for a name",
      { ...state, tensors: new Map([[7, new Float32Array(2)]]) },
      '"resume.tensors.7" expected an array of floats, got Float32Array of length 2',
    ],
  ];
  test.each(types)("with %s is refused", (_, wrong, message) => {
    expect(check(wrong)).toThrow(new TypeError(message));
  });

  test.each([-1, 0.5, Number.NaN])("of step %s is refused", (step) => {
    expect(check({ ...state, step })).toThrow(new RangeError(`"resume.step" expected integer >= 0, got ${step}`));
  });
});
