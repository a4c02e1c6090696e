// What the recipe of a saved set says about initial weights.
import { expect, test } from "vitest";
import { initOf } from "../../src/cli/input/saved-set.ts";
import { fixedInit, randomInit } from "../../src/index.ts";
import { makeSet } from "../formats/sets.ts";

const from = (init: unknown) => initOf({ file: "a.npz", sha256: "", set: makeSet({ recipe: { init } }) });

test.each([
  randomInit(),
  fixedInit(7),
  randomInit("normal", { std: 0.1 }),
  fixedInit(2, "orthogonal", { gain: 1.5 }),
  randomInit("pytorch"),
])("%o is understood as it was saved", (source) => {
  expect(from(JSON.parse(JSON.stringify(source)))).toEqual(source);
});

test.each([
  [undefined, /^a.npz: expected recipe.init/],
  [{ kind: "random" }, /^a.npz: expected recipe.init/],
  [{ kind: "fixed", scheme: "xavier-normal" }, /^a.npz: expected recipe.init/],
  [{ kind: "other", scheme: "xavier-normal" }, /^a.npz: expected recipe.init/],
  [
    { kind: "pretrained", networks: 4, parameters: 9, sha256: "ab" },
    /^a.npz: was distilled for a pool of 4 pretrained networks, SHA-256 "ab": give a folder of others.* by --weights$/,
  ],
  [{ kind: "random", scheme: "toString" }, /^a.npz: recipe.init: "scheme" expected one of .* got "toString"$/],
  [{ kind: "fixed", scheme: "normal", seed: "3" }, /^a.npz: recipe.init: "seed" expected integer/],
  [{ kind: "random", scheme: "normal", gain: 1 }, /^a.npz: recipe.init: "gain" expected nothing with scheme "normal"/],
])("%o is refused, with the name of the file", (init, message) => {
  expect(() => from(init)).toThrow(
    expect.objectContaining({ name: "FormatError", message: expect.stringMatching(message) }),
  );
});
