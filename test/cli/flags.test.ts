// The command's options come from the declarations: of a recipe, of its methods, of a pool.
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import {
  type Asked,
  asked,
  type Filled,
  filled,
  flag,
  type Group,
  number,
  whole,
  word,
} from "../../src/checks/declare.ts";
import { object, read, variants } from "../../src/checks/read.ts";
import { addFlags, flagsOf, givenTo } from "../../src/cli/input/flags.ts";
import { addOverrides, overridden } from "../../src/cli/input/overrides.ts";
import { distributionMatchingOptions } from "../../src/distill/methods/distribution-matching/options.ts";
import { declarationOf, methods } from "../../src/distill/methods/known.ts";
import { recipeMethod } from "../../src/recipes/options.ts";
import { parseRecipe } from "../../src/recipes/parse.ts";
import { type Recipe, recipeGroup } from "../../src/recipes/recipe.ts";
import { findRecipe } from "../../src/recipes/recipes.ts";

/** What the method of a recipe says of its set. */
function recipeShape(recipe: Recipe) {
  const method = recipeMethod(recipe);
  return declarationOf(method).shape(method, 10);
}

/** The recipe with what these words of a command line say instead. */
function changed(args: string, recipe = findRecipe("digits-random")) {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addOverrides(command);
  command.parse(args.split(" "), { from: "user" });
  return overridden(recipe, command.opts());
}

describe("an option of `run`", () => {
  test.each([
    ["--learning-rate 0.5", "--lr 0.5", { method: { learningRate: 0.5 } }],
    ["--outer-learning-rate 0.5", "--outer-lr 0.5", { outer: { learningRate: 0.5 } }],
    ["--networks-per-step 3", "--networks 3", { networksPerStep: 3 }],
  ])("%s says what %s said in 0.1.0", (now, before, part) => {
    expect(changed(now)).toMatchObject(part);
    expect(changed(before)).toEqual(changed(now));
  });

  test("is there for every option of every method that has a flag, and has its default as it stands", () => {
    const recipe = findRecipe("digits-random");
    for (const { options } of Object.values(methods)) {
      for (const [name, option] of Object.entries(options)) {
        const value = (recipe.method as unknown as Record<string, unknown>)[name];
        if (option.flag === undefined || typeof value === "boolean" || value === undefined) continue;
        const [long] = option.flag.split(" ");
        expect(changed(`${long} ${value}`), long).toEqual(recipe);
      }
    }
  });

  test("takes the place of the key that says the same in another way", () => {
    expect(changed("--images-per-step 5").method).not.toHaveProperty("imagesPerClass");
    expect(changed("--images-per-class 2", changed("--images-per-step 5")).method).toMatchObject({ imagesPerClass: 2 });
    expect(changed("--outer-epochs 5").outer).not.toHaveProperty("steps");
    expect(changed("--outer-steps 5", changed("--outer-epochs 5")).outer).not.toHaveProperty("epochs");
  });

  test.each([
    ["--initial-labels 0,1,1", { initialLabels: [0, 1, 1] }],
    ["--initial-labels random", { initialLabels: "random" }],
    ["--memory 4096", { memory: 4096 }],
    ["--memory recompute", { memory: "recompute" }],
    ["--shuffle", { shuffle: true }],
    ["--method back-gradient", { name: "back-gradient", steps: 10 }],
  ])("%s is read as its kind", (args, method) => {
    expect(changed(args).method).toMatchObject(method);
  });

  test.each([
    ["--memory much", "argument 'much' is invalid. Expected store, recompute or a number of bytes > 0."],
    ["--initial-labels a,b", "argument 'a,b' is invalid. Expected even, random or a list, as 0,1,2."],
    [
      "--method other",
      "argument 'other' is invalid. Expected back-gradient or distribution-matching or frepo or gradient-matching or kip or label-solve or trajectory-matching or windows.",
    ],
    ["--momentum 1", "method.momentum expected number >= 0 and < 1, got 1"],
    [
      "--augment flip,blur",
      "argument 'flip,blur' is invalid. Expected color or crop or cutout or flip or scale or rotate.",
    ],
    ["--augment flip,none", "argument 'flip,none' is invalid. Expected color or crop"],
    ["--augment flip", "option '--augment <list>' is of distribution-matching or gradient-matching or"],
    ["--labels some", "argument 'some' is invalid. Expected fixed or learned."],
  ])("%s is refused by name", (args, message) => {
    expect(() => changed(args)).toThrow(message);
  });

  test("has one meaning: of two with one name each is of another method", () => {
    const { init: _, ...group } = recipeGroup;
    for (const { flag, places } of flagsOf(group)) {
      expect(new Set(places.map(({ variant }) => variant?.name)).size, flag).toBe(places.length);
    }
  });
});

describe("--method distribution-matching", () => {
  const recipe = changed("--method distribution-matching --outer-steps 50");

  test("takes the method's own options and outer settings, and of the outer ones only how long it runs", () => {
    const group: Group = distributionMatchingOptions;
    const own = Object.keys(group).filter((name) => group[name]!.need !== "open");
    expect(new Set(Object.keys(recipe.method))).toEqual(new Set(["name", ...own]));
    expect(recipe.method).toMatchObject({
      name: "distribution-matching",
      imagesPerClass: 1,
      realPerClass: 256,
      init: "real",
    });
    expect(recipe.method).toHaveProperty("training", {});
    expect(recipe.outer).toMatchObject({ optimizer: "sgd", learningRate: 1, momentum: 0.5, decayFactor: 1, steps: 50 });
    expect(parseRecipe(recipe)).toEqual(recipe);
    expect(changed("--method back-gradient --outer-steps 50", recipe).outer).toMatchObject({ optimizer: "adam" });
  });

  test.each([
    ["--augment color", { method: { augment: ["color"] } }],
    ["--images-per-class 10 --real-per-class 64", { method: { imagesPerClass: 10, realPerClass: 64 } }],
    ["--initial-images noise", { method: { init: "noise" } }],
    ["--epochs 40 --learning-rate 0.05", { method: { training: { epochs: 40, learningRate: 0.05 } } }],
    ["--momentum 0 --weight-decay 0", { method: { training: { momentum: 0, weightDecay: 0 } } }],
    ["--outer-learning-rate 10", { outer: { learningRate: 10, optimizer: "sgd" } }],
  ])("%s is read where it belongs", (args, part) => {
    expect(changed(args, recipe)).toMatchObject(part);
  });

  test("refuses the options of another method by name", () => {
    expect(() => changed("--steps 3", recipe)).toThrow(
      "option '--steps <n>' is of back-gradient or trajectory-matching: expected method back-gradient or trajectory-matching, got distribution-matching",
    );
    expect(() => changed("--real-per-class 3")).toThrow("option '--real-per-class <n>' is of distribution-matching");
  });

  test("refuses a recipe that augments real images", () => {
    expect(() => changed("--method distribution-matching", findRecipe("cifar10-random"))).toThrow(
      "cifar10-random with these options: data.augment expected nothing with distribution-matching, got an object",
    );
  });
});

describe("--method windows", () => {
  const recipe = changed("--method windows --outer-steps 50");

  test("takes the method's own options and outer settings", () => {
    expect(recipe.method).toMatchObject({ name: "windows", imagesPerClass: 1, window: 20, optimizer: "adam" });
    expect(recipe.method).toHaveProperty("training", {});
    expect(recipe.outer).toMatchObject({ learningRate: 0.001, beta1: 0.9, clip: 2, decayFactor: 1, steps: 50 });
    expect(parseRecipe(recipe)).toEqual(recipe);
  });

  test.each([
    [
      "--learning-rate 0.05 --momentum 0.5 --inner-optimizer sgd",
      { learningRate: 0.05, momentum: 0.5, optimizer: "sgd" },
    ],
    ["--window 7 --total-steps 30 --least-steps 0", { window: 7, totalSteps: 30, leastSteps: 0 }],
    ["--images-per-class 9 --batch-per-class 3", { imagesPerClass: 9, batchPerClass: 3 }],
    ["--augment flip,rotate", { augment: ["flip", "rotate"] }],
    ["--labels learned --label-rate 0.1 --rate learned", { labels: "learned", labelRate: 0.1, rate: "learned" }],
  ])("%s is read as the method's", (args, method) => {
    expect(changed(args, recipe).method).toMatchObject(method);
    expect(changed(args, recipe).method).toHaveProperty("training", {});
  });

  test("refuses what does not go together", () => {
    const message = '"momentum" expected nothing unless "optimizer" is "sgd"';
    expect(() => recipeMethod(changed("--momentum 0.5", recipe))).toThrow(message);
  });
});

test("--augment none takes away the strategies of a recipe's method, and with them those of training", () => {
  const recipe = findRecipe("digits-dsa");
  expect(recipe.method).toHaveProperty("augment");
  const plain = changed("--augment none", recipe);
  expect(plain.method).toHaveProperty("augment", []);
  const { training } = recipeShape(plain);
  expect([recipeShape(recipe).training, training]).toMatchObject([{ epochs: 1000 }, { epochs: 300 }]);
  expect(training).not.toHaveProperty("augment");
  expect(parseRecipe(plain)).toEqual(plain);
  expect(changed("--augment crop", plain).method).toHaveProperty("augment", ["crop"]);
});

test("a recipe of 0.1.0, whose method has no name, is one of back-gradient", () => {
  const { name: _, ...method } = findRecipe("digits-fixed").method;
  expect(parseRecipe({ ...findRecipe("digits-fixed"), method })).toEqual(findRecipe("digits-fixed"));
});

describe("of two variants that share a name", () => {
  const one = {
    steps: asked(whole(1), { usual: 2, help: "how many steps it takes", flag: "--steps <n>" }) as Asked<number>,
    rate: filled(number({ above: 0 }), 1, { help: "how fast it is", flag: "--rate <x>" }) as Filled<number>,
  };
  const two = {
    steps: filled(word("few", "many"), "few", { help: "whether it takes many steps", flag: "--steps <how>" }) as Filled<
      "few" | "many"
    >,
    fast: filled(flag, false, { help: "hurries", flag: "--fast" }) as Filled<boolean>,
  };
  const kind = object({
    how: filled(variants("an object", "name", { one, two }, "one"), {}, { help: "how it is done" }),
  });
  const flags = flagsOf(kind.options!);

  test("the command has each option once, with both helps, and reads what either takes", () => {
    const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
    addFlags(command, flags);
    expect(command.options.map(({ long, description }) => [long, description])).toEqual([
      ["--steps", "how many steps it takes; or whether it takes many steps"],
      ["--rate", "how fast it is"],
      ["--fast", "hurries"],
    ]);
    const given = (text: string) => givenTo(flags[0]!, command.parse(["--steps", text], { from: "user" }).opts());
    expect(given("3")).toBe(3);
    expect(given("many")).toBe("many");
    expect(() => given("some")).toThrow();
  });

  test("the name says which options an object has", () => {
    expect(read(kind, {}, [])).toEqual({ how: { name: "one", steps: 2, rate: 1 } });
    expect(read(kind, { how: { name: "two", fast: true } }, [])).toEqual({
      how: { name: "two", steps: "few", fast: true },
    });
    expect(() => read(kind, { how: { name: "two", rate: 1 } }, [])).toThrow("there are name, steps, fast");
  });
});
