// Bad recipes: JSON that is none, and keys that a recipe has not or whose values it may not have.
import { recipeFromBytes } from "../../src/recipes.ts";
import { concat, fileName } from "../formats/hostile.ts";
import { type BadFile, table } from "./bad-files.ts";

type Bad = BadFile<Uint8Array>;

const recipe = {
  name: "mine",
  data: { name: "digits", path: "data/digits", size: 28 },
  model: { name: "lenet" },
  init: { kind: "pretrained", pool: "pools/mine" },
  method: { name: "back-gradient", steps: 1 },
  seed: 3,
};
const encode = (text: string) => new TextEncoder().encode(text);
const good = encode(JSON.stringify(recipe));

const json = (what: string, says: string, text: string): Bad => [what, says, encode(text)];
/** The recipe with these keys in the place of its own; undefined leaves one out. */
const keys = (what: string, says: string, changes: object): Bad =>
  json(what, says, JSON.stringify({ ...recipe, ...changes }));
const name = (value: unknown): Bad =>
  keys(
    `name ${String(JSON.stringify(value)).slice(0, 30)}`,
    "name expected letters, digits, dots and hyphens, 64 at most, got",
    { name: value },
  );
const path = (value: unknown): Bad =>
  keys(
    `path ${String(JSON.stringify(value)).slice(0, 30)}`,
    "data.path expected a path on this machine, without control characters, got",
    { data: { ...recipe.data, path: value } },
  );
const seed = (text: string): Bad =>
  json(`seed ${text.slice(0, 30)}`, "seed expected", JSON.stringify(recipe).replace('"seed":3', `"seed":${text}`));
const notJson = (what: string, text: string): Bad => json(what, "expected a recipe in JSON", text);

const bad: readonly Bad[] = [
  notJson("nothing", ""),
  notJson("blanks", " \n"),
  notJson("cut in the middle", JSON.stringify(recipe).slice(0, 60)),
  notJson("text after it", `${JSON.stringify(recipe)} x`),
  notJson("two recipes", `${JSON.stringify(recipe)}${JSON.stringify(recipe)}`),
  notJson("a comma too many", JSON.stringify(recipe).replace(/}$/, ",}")),
  notJson("a comment", `// mine\n${JSON.stringify(recipe)}`),
  notJson("single quotes", JSON.stringify(recipe).replaceAll('"', "'")),
  notJson("YAML", "name: mine\ndata:\n  name: digits\n"),
  notJson("NaN", JSON.stringify(recipe).replace('"seed":3', '"seed":NaN')),
  notJson("a leading zero", JSON.stringify(recipe).replace('"seed":3', '"seed":03')),
  notJson("a plus", JSON.stringify(recipe).replace('"seed":3', '"seed":+3')),
  notJson("hexadecimal", JSON.stringify(recipe).replace('"seed":3', '"seed":0x3')),
  notJson("a control character in a text", JSON.stringify(recipe).replace("mine", "mi\nne")),
  notJson("NUL after it", `${JSON.stringify(recipe)}\0`),
  [
    "bytes that are no UTF-8",
    "expected a recipe in JSON",
    concat(good.slice(0, -1), encode(',"summary":"'), [0xff], encode('"}')),
  ],
  ["16-bit text", "expected a recipe in JSON", concat([0xff, 0xfe], ...Array.from(good, (byte) => [byte, 0]))],
  json(
    "100,000 levels",
    "expected JSON of at most 32 levels at character 32",
    "[".repeat(100_000) + "]".repeat(100_000),
  ),
  json("two million values", "expected JSON of at most 1048576 values", `[${"0,".repeat(2_000_000)}0]`),
  json(
    "a number beyond float64",
    "expected a number that float64 can hold",
    JSON.stringify(recipe).replace('"seed":3', '"seed":1e999'),
  ),
  json(
    "a key twice",
    "expected each name once in an object",
    JSON.stringify(recipe).replace('"seed":3', '"seed":3,"seed":4'),
  ),
  json(
    "a key twice, once escaped",
    "expected each name once in an object",
    JSON.stringify(recipe).replace('"seed":3', '"seed":3,"s\\u0065ed":4'),
  ),
  json("a list", "the whole expected an object, got []", "[]"),
  json("null", "the whole expected an object, got null", "null"),
  json("a number", "the whole expected an object, got 3", "3"),
  json("a text", 'the whole expected an object, got "mine"', '"mine"'),
  json("an empty object", "name expected", "{}"),
  keys("no data", "data expected an object, got nothing", { data: undefined }),
  keys("no model", "model expected", { model: undefined }),
  keys("an unknown key", "colour is no key of a recipe", { colour: 1 }),
  json(
    "__proto__",
    "__proto__ is no key of a recipe",
    JSON.stringify(recipe).replace("{", '{"__proto__":{"name":"x"},'),
  ),
  keys("constructor", "constructor is no key of a recipe", { constructor: 1 }),
  keys("toString", "toString is no key of a recipe", { toString: 1 }),
  keys("a key that controls a terminal", "\\u001b[2J\\u202e\\u2028\\u009b\\u200b is no key", {
    "\u001b[2J\u202e\u2028\u009b\u200b": 1,
  }),
  keys("a key that is half of a pair", "\\ud800 is no key", { "\ud800": 1 }),
  keys("a key of a megabyte", "kkk…", { ["k".repeat(2 ** 20)]: 1 }),
  ...[
    "",
    "..",
    ".hidden",
    "-x",
    "a/b",
    "a\\b",
    "a b",
    "/etc",
    "a\0",
    "ä",
    "a\u202eb",
    "\u001b[2J",
    "a".repeat(65),
    3,
    null,
    ["mine"],
    {},
  ].map(name),
  ...[
    "",
    "//server/share",
    "\\\\server\\share",
    "/\\server",
    "a\0b",
    "a\nb",
    "\u001b[2Ja",
    "a\u009bb",
    "a".repeat(201),
    3,
    null,
    ["a"],
    {},
  ].map(path),
  keys("data that are a list", "data expected an object", { data: [] }),
  keys("data without a name", "data.name expected", { data: { path: "x" } }),
  keys("data of an unknown key", "data.url is no key", { data: { ...recipe.data, url: "http://x" } }),
  keys("data of size 0", "data.size expected integer", { data: { ...recipe.data, size: 0 } }),
  keys("data of size 1e9", "data.size expected integer", { data: { ...recipe.data, size: 1e9 } }),
  keys("data of two channels", "data.channels expected 1 or 3, got 2", { data: { ...recipe.data, channels: 2 } }),
  keys("data that are all padding", "data.size expected integer above twice the padding", {
    data: { ...recipe.data, padding: 14 },
  }),
  keys("a network of objects", "model.name expected", { model: { name: "toString" } }),
  keys("a network of no kind", "model.name expected", { model: {} }),
  keys("layers that are no list", "model.layers expected", { model: { inputShape: [1, 2, 2], layers: {} } }),
  keys("a layer of no kind", "model.layers", { model: { inputShape: [1, 2, 2], layers: [{}] } }),
  keys("an input of two sizes", "model.inputShape expected", { model: { inputShape: [1, 2], layers: [] } }),
  keys("a method of objects", "method.name expected", { method: { name: "__proto__" } }),
  keys("a method of no steps", "method.steps expected integer from 1 to 16384, got 0", {
    method: { name: "back-gradient", steps: 0 },
  }),
  keys("weights of no kind", "init.kind expected", { init: { kind: "constructor" } }),
  keys("a pool without a folder", "init.pool expected", { init: { kind: "pretrained" } }),
  keys("a pool on another machine", "init.pool expected a path on this machine", {
    init: { kind: "pretrained", pool: "//evil/share" },
  }),
  keys("a pool that controls a terminal", "init.pool expected a path on this machine", {
    init: { kind: "pretrained", pool: "\u001b[2J" },
  }),
  keys("a test pool on another machine", "init.testPool expected a path", {
    init: { ...recipe.init, testPool: "\\\\evil\\x" },
  }),
  keys("a pool of data on another machine", "init.training.data.path expected a path", {
    init: { ...recipe.init, training: { data: { name: "x", path: "//evil/x" } } },
  }),
  keys("a summary of a megabyte", "summary expected a line of text", { summary: "x".repeat(2 ** 20) }),
  keys("a loss of objects", "loss expected", { loss: "valueOf" }),
  keys("an attack on itself", "attack expected two different classes", { attack: { from: 1, to: 1 } }),
  ...["-1", "0.5", "1e20", "9007199254740993", '"3"', "true", "null", "[3]", "{}", '"NaN"'].map(seed),
];

export const recipes = table<Uint8Array>({
  format: "recipe.json",
  read: async (bytes) => recipeFromBytes(bytes, fileName),
  good: [good, encode(JSON.stringify(recipe, null, 2)), concat([0xef, 0xbb, 0xbf], good)],
  bad,
});
