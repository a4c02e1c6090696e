import { describe, expect, test } from "vitest";
import { jsonFromBytes, parseJson } from "../../src/codecs/json.ts";
import { FormatError } from "../../src/errors.ts";
import { ascii, expectOnlyFormatErrors, fileName } from "./hostile.ts";

const parse = (text: string) => () => parseJson(text, fileName);

describe("JSON out of files", () => {
  test("is what JSON.parse gives, also with brackets, commas and 1e999 in strings", () => {
    const value = { a: [1, -2.5e-3, 1e308, { b: null }], '[["1e999",': '{\\"[[[,,,', "\\": "\u2028", c: [[], {}] };
    expect(parseJson(JSON.stringify(value), fileName)).toEqual(value);
    expect(parseJson(` ${JSON.stringify(value, null, 2)}\n`, fileName)).toEqual(value);
    expect(jsonFromBytes(ascii("[true]"), fileName)).toEqual([true]);
  });

  test("nested deeper than 32 levels is refused before it is parsed", () => {
    const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    expect(parse(nested(32))).not.toThrow();
    expect(parse(nested(33))).toThrow("evil.bin: expected JSON of at most 32 levels at character 32, got more");
    // No stack is deep enough for this, so it was not walked.
    expect(parse(nested(10_000_000))).toThrow("at most 32 levels");
    expect(parse('{"a":'.repeat(10_000_000))).toThrow("at most 32 levels");
    expect(() => parseJson("[[1]]", fileName, { maximumDepth: 1 })).toThrow("at most 1 levels at character 1");
  });

  test("of more than 2^20 values is refused, because each becomes an object of many times its size", () => {
    expect(parse(`[${"{},".repeat(2 ** 20)}{}]`)).toThrow("evil.bin: expected JSON of at most 1048576 values");
    expect(() => parseJson("[1,2,3]", fileName, { maximumValues: 2 })).toThrow("at most 2 values");
  });

  test("numbers that are not finite are refused, whichever way they are written", () => {
    for (const number of ["1e999", "-1e999", "1E+400", `9${"0".repeat(400)}`, `9${"0".repeat(400)}.5`]) {
      for (const text of [number, `[${number}]`, `{"loss": ${number}}`]) {
        expect(parse(text)).toThrow(/^evil\.bin: expected a number that float64 can hold at character \d+, got /);
        expect(parse(text)).toThrow(/^.{1,150}$/);
      }
    }
    expect(parse('{"loss":NaN}')).toThrow("evil.bin: expected JSON, which has no NaN; write null for a missing number");
    expect(parse("[1, -Infinity]")).toThrow("evil.bin: expected JSON, which has no -Infinity");
  });

  test("limits count what stands outside of strings, to the last level and value", () => {
    expect(() => parseJson('["[[[\\"[[", "]", "{"]', fileName, { maximumDepth: 1 })).not.toThrow();
    const many = Array.from({ length: 40 }, (_, i) => (i % 2 ? [] : {}));
    expect(parseJson(JSON.stringify(many), fileName, { maximumDepth: 2 })).toEqual(many);
    // The text, the list in it, and two more for two commas.
    expect(parseJson("[1,2,3]", fileName, { maximumValues: 4 })).toEqual([1, 2, 3]);
    expect(() => parseJson("[1,2,3]", fileName, { maximumValues: 3 })).toThrow(
      new FormatError("evil.bin: expected JSON of at most 3 values at character 4, got more"),
    );
    expect(parse("[0.5e999]")).toThrow("at character 1, got");
  });

  test("errors say what JSON has not, and have the host's error as their cause", () => {
    expect(parse("{")).toThrow(/^evil\.bin: expected JSON$/);
    expect(parse("{")).toThrow(expect.objectContaining({ name: "FormatError", cause: expect.any(SyntaxError) }));
    expect(parse("NaN")).toThrow(/^evil\.bin: expected JSON, which has no NaN; write null for a missing number$/);
    expect(parse("[-Infinity]")).toThrow(/^evil\.bin: expected JSON, which has no -Infinity; write/);
    expect(parse("[xNaN]")).toThrow(/^evil\.bin: expected JSON$/);
    expect(() => jsonFromBytes(Uint8Array.of(0x22, 0xff, 0x22), fileName)).toThrow(
      expect.objectContaining({
        message: "evil.bin: expected JSON in UTF-8, got other bytes",
        cause: expect.any(TypeError),
      }),
    );
  });

  test("what is no JSON or no UTF-8 is refused, and mutants give FormatErrors only", async () => {
    for (const text of ["", "{", "nul", '"\u0007"', "[1,]", "1 2", '"', '"\\', "--1", "1e", "{}{}"]) {
      expect(parse(text), text).toThrow("evil.bin: expected JSON");
    }
    expect(() => jsonFromBytes(Uint8Array.of(0x22, 0xff, 0x22), fileName)).toThrow("expected JSON in UTF-8");
    const good = ascii('{"step":1,"loss":2.5e-1,"accuracy":{"mean":0.5,"std":[1,2,"a\\"b"]}}');
    await expectOnlyFormatErrors("json", [good], (bytes) => jsonFromBytes(bytes, fileName), 2000);
  });
});
