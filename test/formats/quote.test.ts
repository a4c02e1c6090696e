import { expect, test } from "vitest";
import { nameOf } from "../../src/data/data-file.ts";
import { quote, shortName, visible, visibleJson } from "../../src/quote.ts";

/** Characters that move a cursor, turn the direction of text, end a line, or are not seen at all. */
const unseen: string[] = [
  ..."\u0000\u0007\u001b\u007f\u009b\u00ad\u061c\u180e\u200b\u200d\u200e\u200f\u2028\u2029",
  ..."\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\ue000\ufff9",
  ...["\u{e0041}", "\u{f0000}", "\ud800"],
];

test("characters that are not seen are escaped in quotes, names and terminal lines", () => {
  for (const character of unseen) {
    const code = character.charCodeAt(0).toString(16).padStart(4, "0");
    for (const text of [
      visible,
      shortName,
      quote,
      visibleJson,
      (path: string) => nameOf({ path, bytes: new Uint8Array() }),
    ]) {
      const said = text(`a${character}b`);
      expect(said).not.toContain(character);
      if (character !== "\u0007") expect(said).toContain(`a\\u${code}`);
    }
  }
  expect(visible("Zoë, 日本語, عربى, 👍, a b")).toBe("Zoë, 日本語, عربى, 👍, a b");
});

test("JSON for a terminal says the same", () => {
  const value = { [unseen.join("")]: ["\n", unseen] };
  expect(JSON.parse(visibleJson(value))).toEqual(value);
  expect(JSON.parse(visibleJson(value, 2))).toEqual(value);
  expect(visibleJson({ a: 1 }, 2)).toBe('{\n  "a": 1\n}');
});

test("names and values are cut, whatever they are", () => {
  expect(shortName("a.png")).toBe("a.png");
  expect(shortName(`start${"x".repeat(1e6)}end`)).toMatch(/^startx{95}…x{97}end$/);
  for (const value of [
    "\u202e".repeat(1e6),
    [["x".repeat(1e6)], "y".repeat(1e6)],
    { k: "z".repeat(1e6) },
    10n ** 5000n,
  ]) {
    expect(quote(value).length).toBeLessThan(500);
  }
});
