// One declaration gives the check, the defaults, the reading of nested data and the types.
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  type Asked,
  asked,
  type Complete,
  checksOf,
  completed,
  either,
  type Filled,
  filled,
  flag,
  type Given,
  type Kind,
  list,
  number,
  type Open,
  open,
  text,
  whole,
  withDefaults,
  word,
} from "../../src/checks/declare.ts";
import { checkOptions } from "../../src/checks/options.ts";
import { listed, Misfit, object, read, variants } from "../../src/checks/read.ts";

const blurOptions = {
  /** Rounds. */
  rounds: asked(whole(1, 8), { usual: 2, help: "how often it blurs" }) as Asked<number>,
  /** Width. */
  width: filled(number({ above: 0, most: 4 }), 0.5, { help: "how wide it is" }) as Filled<number>,
  edge: filled(word("mirror", "wrap"), "mirror", { help: "what lies outside" }) as Filled<"mirror" | "wrap">,
  size: open(whole(0), { help: "how large the kernel is" }) as Open<number>,
  radius: open(whole(0), { insteadOf: "size", help: "the same, from the middle" }) as Open<number>,
};

describe("the types of a declaration", () => {
  test("are what users give, where only what is asked for is needed, and what the code has, where defaults are in", () => {
    expectTypeOf<Given<typeof blurOptions>>().branded.toEqualTypeOf<{
      readonly rounds: number;
      readonly width?: number | undefined;
      readonly edge?: "mirror" | "wrap" | undefined;
      readonly size?: number | undefined;
      readonly radius?: number | undefined;
    }>();
    expectTypeOf<Complete<typeof blurOptions>>().branded.toEqualTypeOf<{
      readonly rounds: number;
      readonly width: number;
      readonly edge: "mirror" | "wrap";
      readonly size?: number | undefined;
      readonly radius?: number | undefined;
    }>();
  });
});

describe("a call", () => {
  const check = (options: unknown) => () => checkOptions(options, checksOf(blurOptions), "blur", "blur.");

  test("has the defaults filled in, in the order of the declaration, and nothing that is absent", () => {
    const given = { edge: "wrap", rounds: 3 } as const;
    expect(check(given)).not.toThrow();
    const all = completed(blurOptions, given);
    expect(all).toStrictEqual({ rounds: 3, width: 0.5, edge: "wrap" });
    expect(Object.keys(all)).toEqual(["rounds", "width", "edge"]);
    expect(completed(withDefaults(blurOptions, { width: 2 }), { rounds: 1 }).width).toBe(2);
    expect(completed(blurOptions, { rounds: 1 }).width).toBe(0.5);
  });

  test.each<[unknown, Error]>([
    [{}, new TypeError('"blur.rounds" expected integer >= 1, got undefined')],
    [{ rounds: 9 }, new RangeError('"blur.rounds" expected integer <= 8, got 9')],
    [{ rounds: 1, width: 0 }, new RangeError('"blur.width" expected a number > 0 and <= 4, got 0')],
    [{ rounds: 1, width: "1" }, new TypeError('"blur.width" expected a number > 0 and <= 4, got "1"')],
    [{ rounds: 1, edge: "none" }, new RangeError('"blur.edge" expected "mirror" or "wrap", got "none"')],
    [
      { rounds: 1, widht: 1 },
      new TypeError('"blur.widht" expected an option, got an unknown name: did you mean width?'),
    ],
  ])("%j is refused", (options, error) => {
    expect(check(options)).toThrow(error);
  });
});

describe("kinds", () => {
  test.each<[string, Kind<unknown>, readonly unknown[], readonly unknown[]]>([
    ["integer >= 2", whole(2), [2, 2 ** 53 - 1], [1, 2.5, Number.NaN, "2", null]],
    ["integer from 2 to 4", whole(2, 4), [2, 4], [1, 5]],
    ["number > 0", number({ above: 0 }), [1e-300, 1e300], [0, -1, Number.POSITIVE_INFINITY, Number.NaN, "1"]],
    ["number >= 0 and < 1", number({ least: 0, below: 1 }), [0, 0.99], [-1e-9, 1]],
    ["number from 0 to 100", number({ least: 0, most: 100 }), [0, 100], [-1, 100.1]],
    ["finite number >= 0", number({ least: 0 }, "finite number"), [0, 1e300], [Number.POSITIVE_INFINITY]],
    ["true or false", flag, [true, false], [1, "true", undefined]],
    ["a word", text("a word", (value) => value === "a"), ["a"], ["b", 1]],
    ["one or more", list("one or more", whole(0)), [[], [1, 2]], [[-1], 1, "1"]],
    ["one or more", either(["all"], list("one or more", whole(0))), ["all", [1]], ["some", 1, [0.5]]],
  ])("%s", (expected, kind, right, wrong) => {
    expect(kind.expected).toBe(expected);
    for (const value of right) expect(() => kind.check("x", value), String(value)).not.toThrow();
    for (const value of wrong) expect(() => kind.check("x", value), String(value)).toThrow(/^"x(\[0\])?" expected /);
  });
});

describe("nested data", () => {
  const kind = object({
    blur: filled(object(blurOptions), {} as Complete<typeof blurOptions>, { help: "how it blurs" }),
    shape: asked(
      variants<{ kind: string }>("an object with a kind", "kind", {
        square: { side: asked(whole(1), { help: "how long it is" }) },
        circle: { radius: asked(number({ above: 0 }), { help: "how wide it is" }) },
      }),
      { help: "what it blurs" },
    ),
    marks: filled(listed("a list of numbers", whole(0)), [], { help: "where marks are" }),
  });
  const shape = { kind: "square", side: 2 };
  const misfit = (value: unknown): unknown => {
    try {
      return read(kind, value, []);
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      return [error.path.join("."), error.expected, error.why];
    }
  };

  test("is completed at every level, what a call is asked for by what is usual", () => {
    const blur = { rounds: 2, width: 0.5, edge: "mirror" };
    expect(read(kind, { shape }, [])).toStrictEqual({ blur, shape, marks: [] });
    expect(read(kind, { shape, blur: { radius: 3 } }, [])).toMatchObject({ blur: { ...blur, radius: 3 } });
  });

  test.each<[unknown, [string, string, string]]>([
    [null, ["", "an object", "kind"]],
    [{}, ["shape", "an object with a kind", "kind"]],
    [{ shape: {} }, ["shape.kind", '"square" or "circle"', "kind"]],
    [{ shape: { kind: "cube" } }, ["shape.kind", '"square" or "circle"', "range"]],
    [{ shape: { kind: "toString" } }, ["shape.kind", '"square" or "circle"', "range"]],
    [{ shape: { kind: "circle", side: 2 } }, ["shape.side", "(there are kind, radius)", "key"]],
    [{ shape, blur: { rounds: 9 } }, ["blur.rounds", "integer from 1 to 8", "range"]],
    [{ shape, blur: { rounds: "9" } }, ["blur.rounds", "integer from 1 to 8", "kind"]],
    [{ shape, blur: { wdth: 1 } }, ["blur.wdth", "(did you mean width?)", "key"]],
    [{ shape, blur: { size: 1, radius: 1 } }, ["blur.size", "that has radius", "key"]],
    [{ shape, marks: [0, -1] }, ["marks.1", "integer >= 0", "range"]],
    [{ shape, __proto__: null, constructor: 1 }, ["constructor", "(there are blur, shape, marks)", "key"]],
  ])("%j does not fit, and the place is said", (value, fault) => {
    expect(misfit(value)).toEqual(fault);
  });
});
