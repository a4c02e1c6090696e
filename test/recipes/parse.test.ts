import { expect, test } from "vitest";
import { makeMethod } from "../../src/distill/methods/known.ts";
import { checkRecipe, parseRecipe, recipeFromBytes } from "../../src/recipes/parse.ts";
import { findRecipe, recipes } from "../../src/recipes/recipes.ts";

const least = { name: "mine", data: { name: "digits" }, model: { name: "lenet" } };

test("what is left out is what the paper's reference code has", () => {
  expect(parseRecipe(least)).toEqual({
    ...least,
    summary: "a recipe of one's own",
    init: { kind: "random", scheme: "xavier-normal" },
    loss: "cross-entropy",
    method: {
      name: "back-gradient",
      steps: 10,
      epochs: 3,
      imagesPerClass: 1,
      labels: "fixed",
      initialLabels: "even",
      shuffle: false,
      learningRate: 0.02,
      initialNoise: 1,
      momentum: 0,
      weightDecay: 0,
      memory: "store",
    },
    networksPerStep: 1,
    outer: {
      optimizer: "adam",
      learningRate: 0.01,
      beta1: 0.5,
      beta2: 0.999,
      eps: 1e-8,
      decayEvery: 40,
      decayFactor: 0.5,
      onDivergence: "stop",
      mostHalvings: 5,
      batch: 1024,
      epochs: 400,
    },
    evaluate: { networks: 200, baselines: ["random-real"] },
    seed: 1,
  });
});

test("a protocol has the options that are given, and those of its optimiser", () => {
  const training = { optimizer: "adam", schedule: "cosine", warmupSteps: 500, augment: ["crop"] };
  const method = { name: "distribution-matching", imagesPerClass: 2, augment: ["color", "flip"], training };
  expect(parseRecipe({ ...least, method }).method).toMatchObject(method);
  expect(makeMethod(parseRecipe({ ...least, method }).method)).toMatchObject({
    training: { ...training, momentum: 0 },
  });
});

test.each<[string, object, string]>([
  ["a number too small", { method: { steps: 0 } }, "method.steps expected integer from 1 to 16384, got 0"],
  ["a number that is not whole", { outer: { batch: 1.5 } }, "outer.batch expected integer >= 1, got 1.5"],
  ["a string for a number", { seed: "1" }, 'seed expected integer >= 0, got "1"'],
  ["null for an object", { method: null }, "method expected an object, got null"],
  ["no model", { model: undefined }, "model expected an object with a name of a network, or with inputShape and"],
  ["a list for defaults", { method: [] }, "method expected an object, got []"],
  [
    "an augmentation, with a method that augments nothing",
    { data: { name: "digits", augment: { crop: 4 } }, method: { name: "distribution-matching" } },
    "data.augment expected nothing with distribution-matching, got an object",
  ],
  [
    "momentum with Adam",
    { method: { name: "distribution-matching", training: { optimizer: "adam", momentum: 0.5 } } },
    'method.training.momentum expected nothing unless "optimizer" is "sgd", got 0.5',
  ],
  [
    "a warm-up without a cosine",
    { method: { name: "distribution-matching", training: { warmupSteps: 5 } } },
    'method.training.warmupSteps expected nothing unless "schedule" is "cosine", got 5',
  ],
  ["an unknown key", { modle: 1 }, "modle is no key of a recipe (did you mean model?)"],
  ["an unknown key further in", { method: { stpes: 1 } }, "method.stpes is no key of a recipe (did you mean steps?)"],
  ["an unknown key like no other", { evaluate: { url: "b" } }, "(there are networks, baselines)"],
  ["both lengths", { outer: { steps: 1, epochs: 1 } }, "outer.epochs is no key of a recipe that has steps"],
  [
    "an unknown kind",
    { init: { kind: "best" } },
    'init.kind expected one of "random", "fixed", "pretrained", "experts", got "best"',
  ],
  [
    "an unknown scheme",
    { init: { kind: "random", scheme: "glorot" } },
    'init.scheme expected one of "normal", "xavier-',
  ],
  ["an unknown network", { model: { name: "vgg" } }, 'model.name expected one of "lenet", "alexCifarNet", "alexNet"'],
  ["an option of another network", { model: { name: "lenet", width: 3 } }, "model.width is no key of a recipe"],
  ["a broken list of layers", { model: { inputShape: [1, 2], layers: [] } }, "model.inputShape"],
  ["a layer without a kind", { model: { inputShape: [1, 2, 2], layers: [{}] } }, "model.layers.0.kind expected"],
  ["memory of no kind", { method: { memory: "much" } }, 'method.memory expected "store", "recompute" or a number'],
  [
    "padding that leaves nothing",
    { data: { name: "d", size: 6, padding: 3 } },
    "data.size expected integer above twice the padding, got 6",
  ],
  ["a name that is a path", { name: "../up" }, "name expected letters, digits, dots and hyphens"],
  ["a percentage above 100", { paper: { accuracy: 101, text: "x" } }, "paper.accuracy expected number from 0 to 100"],
])("%s is an error that names the key, what was expected and what came", (_, changes, message) => {
  const error = expect(() => parseRecipe({ ...least, ...changes }, "recipe.json"));
  error.toThrow(expect.objectContaining({ name: "FormatError", message: expect.stringContaining(message) }));
  error.toThrow(/^recipe\.json: /);
});

test("bytes that are no JSON, or JSON that is no object, name the file", () => {
  const parse = (text: string) => () => recipeFromBytes(new TextEncoder().encode(text), "a.json");
  expect(parse("{")).toThrow(/^a\.json: expected a recipe in JSON: /);
  expect(parse("[1]")).toThrow("a.json: the whole expected an object, got [1]");
  expect(() => recipeFromBytes(Uint8Array.of(0xff), "a.json")).toThrow(/^a\.json: expected a recipe in JSON: /);
});

test("JSON that no recipe may have is refused as the file's, and nothing but bytes and names is read", () => {
  const parse = (text: string) => () => recipeFromBytes(new TextEncoder().encode(text), "a.json");
  // What the reader of JSON refuses by itself keeps its own words.
  expect(parse('{"seed": 1e999}')).toThrow(
    expect.objectContaining({ name: "FormatError", message: expect.not.stringContaining("a recipe in JSON") }),
  );
  expect(parse('{"seed": 1e999}')).toThrow(/^a\.json: /);
  expect(parse("{")).toThrow(expect.objectContaining({ cause: expect.any(SyntaxError) }));
  expect(() => recipeFromBytes("{}" as never, "a.json")).toThrow(
    new TypeError('"bytes" expected Uint8Array, got "{}"'),
  );
  expect(() => recipeFromBytes(new Uint8Array(2), 1 as never)).toThrow(
    new TypeError('"source" expected a string, got 1'),
  );
  expect(() => parseRecipe(least, 1 as never)).toThrow(new TypeError('"source" expected a string, got 1'));
});

test("a recipe without a source is called so, a long key is cut, and a value that is missing is called nothing", () => {
  const long = "x".repeat(100);
  expect(() => parseRecipe({ ...least, seed: -1 })).toThrow("recipe: seed expected integer >= 0, got -1");
  expect(() => parseRecipe({ ...least, [long]: 1 })).toThrow(
    `recipe: ${"x".repeat(30)}…${"x".repeat(30)} is no key of`,
  );
  expect(() => parseRecipe({ ...least, name: undefined })).toThrow(/^recipe: name expected .*, got nothing$/);
});

test("an error that is not about the recipe passes through", () => {
  const broken = Object.defineProperty({ ...least }, "seed", {
    enumerable: true,
    get() {
      throw new Error("no seed today");
    },
  });
  expect(() => parseRecipe(broken)).toThrow(new Error("no seed today"));
  expect(() => checkRecipe("recipe", broken)).toThrow(new Error("no seed today"));
});

test.each<[string, unknown, Error]>([
  ["no object", 3, new TypeError('"recipe" expected what findRecipe or parseRecipe gives, got 3')],
  ["a list", [], new TypeError('"recipe" expected what findRecipe or parseRecipe gives, got Array of length 0')],
  [
    "a number out of range",
    { ...least, method: { steps: 0 } },
    new RangeError('"recipe.method.steps" expected integer from 1 to 16384, got 0'),
  ],
  ["a string for a number", { ...least, seed: "1" }, new TypeError('"recipe.seed" expected integer >= 0, got "1"')],
  [
    "an unknown key",
    { ...least, modle: 1 },
    new TypeError('"recipe.modle" expected a key of a recipe: it is no key of a recipe (did you mean model?), got 1'),
  ],
])("a call that is given %s for a recipe says which part is wrong", (_, value, error) => {
  expect(() => checkRecipe("recipe", value)).toThrow(error);
});

test("a call takes every named recipe", () => {
  for (const recipe of recipes) expect(() => checkRecipe("recipe", recipe)).not.toThrow();
});

test("every named recipe is its own JSON, and none has the name of another", () => {
  expect(new Set(recipes.map(({ name }) => name)).size).toBe(recipes.length);
  for (const recipe of recipes) {
    expect(recipeFromBytes(new TextEncoder().encode(JSON.stringify(recipe)), recipe.name)).toEqual(recipe);
    expect(findRecipe(recipe.name)).toBe(recipe);
    expect(recipe.name.endsWith("-scaled"), recipe.name).toBe(recipe.scaledFrom !== undefined);
  }
});
