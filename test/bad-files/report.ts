// Bad files of a run's folder, as `distillate report` reads them: metrics.jsonl, result.json and recipe.json.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRunParts } from "../../src/cli/output/run-parts.ts";
import { FormatError } from "../../src/errors.ts";
import { concat } from "../formats/hostile.ts";
import { type BadFile, table } from "./bad-files.ts";

/** One file of the folder, beside others that are good. */
type Part = { readonly name: "metrics.jsonl" | "result.json" | "recipe.json"; readonly bytes: Uint8Array };
type Bad = BadFile<Part>;

const encode = (text: string) => new TextEncoder().encode(text);
const evaluation = { networks: 20, mean: 0.8, std: 0.03, ci95: 0.01 };
const result = {
  recipe: "tiny",
  version: "0.1.0",
  seed: 7,
  data: { name: "digits", train: 90, test: 10 },
  images: 10,
  seconds: 1.5,
  evaluation,
  baselines: { "random-real": { ...evaluation, mean: 0.5 } },
  sha256: "ab".repeat(32),
};
const lines = [
  { step: 1, loss: 2.5, seconds: 0.1 },
  { step: 1, accuracy: evaluation, seconds: 0.2 },
  { step: 2, loss: null, seconds: 0.3 },
];
const good = {
  "metrics.jsonl": encode(`${lines.map((line) => JSON.stringify(line)).join("\n")}\n`),
  "result.json": encode(JSON.stringify(result)),
  "recipe.json": encode('{"name":"tiny"}'),
};

async function read({ name, bytes }: Part): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "distillate-parts-"));
  try {
    for (const [each, content] of Object.entries({ ...good, [name]: bytes }))
      writeFileSync(join(folder, each), content);
    // What cannot be read is a line of `missing`, so that the page has the rest.
    const { missing } = await readRunParts(folder);
    const [fault, ...others] = missing.filter((text) => !text.startsWith("distilled.safetensors: no such file"));
    if (others.length > 0) throw new Error(`one fault was expected, got ${missing.length}`);
    if (fault !== undefined) throw new FormatError(fault);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A line in the place of the second one. */
const line = (what: string, says: string, text: string | Uint8Array): Bad => [
  `metrics: ${what}`,
  `metrics.jsonl: line 2: ${says}`,
  {
    name: "metrics.jsonl",
    bytes: concat(
      encode('{"step":1,"loss":2}\n'),
      typeof text === "string" ? encode(text) : text,
      encode('\n{"step":9,"loss":1}\n'),
    ),
  },
];
const json = (what: string, says: string, text: string | Uint8Array): Bad => [
  `result: ${what}`,
  `result.json: ${says}`,
  { name: "result.json", bytes: typeof text === "string" ? encode(text) : text },
];
const field = (key: string, value: unknown, expected: string): Bad =>
  json(
    `${key} ${JSON.stringify(value)}`,
    `expected ${key} to be ${expected}, got`,
    JSON.stringify({ ...result, [key]: value }),
  );
const inside = (key: "evaluation" | "data", inner: string, value: unknown, expected: string): Bad =>
  json(
    `${key}.${inner} ${JSON.stringify(value)}`,
    `expected ${key}.${inner} to be ${expected}, got`,
    JSON.stringify({ ...result, [key]: { ...result[key], [inner]: value } }),
  );
const baseline = (what: string, says: string, value: unknown): Bad =>
  json(`a baseline ${what}`, `baselines: "x": ${says}`, JSON.stringify({ ...result, baselines: { x: value } }));
const recipe = (what: string, says: string, text: string): Bad => [
  `recipe: ${what}`,
  `recipe.json: ${says}`,
  { name: "recipe.json", bytes: encode(text) },
];
const step = (text: string): Bad =>
  line(`step ${text.slice(0, 20)}`, "expected step to be a whole number >= 1, got", `{"step":${text},"loss":1}`);
const object = "expected a JSON object, got";
const share = "a number from 0 to 1";

const bad: readonly Bad[] = [
  line("a blank line", "expected JSON", ""),
  line("a text", "expected JSON", "step 2"),
  line("NaN", "expected JSON, which has no NaN; write null for a missing number", '{"step":2,"loss":NaN}'),
  line("infinity", "expected JSON, which has no -Infinity", '{"step":2,"loss":-Infinity}'),
  line("a number beyond float64", "expected a number that float64 can hold", '{"step":2,"loss":1e999}'),
  line("half of a line", "expected JSON", '{"step":2,"lo'),
  line("two objects", "expected JSON", '{"step":2}{"step":3}'),
  line("a comma after it", "expected JSON", '{"step":2},'),
  line("a key twice", "expected each name once", '{"step":2,"step":3}'),
  line("bytes that are no UTF-8", "expected JSON in UTF-8", concat(encode('{"step":2,"x":"'), [0xff], encode('"}'))),
  line("NUL", "expected JSON", '{"step":2}\0'),
  line("5,000 bytes", "expected at most 4096 bytes, got", `{"step":2,"x":"${"a".repeat(5000)}"}`),
  line("5 levels", "expected JSON of at most 4 levels", '{"step":2,"x":[[[[1]]]]}'),
  line("100 values", "expected JSON of at most 100 values", `{"step":2,"x":[${"1,".repeat(100)}1]}`),
  line("a list", `${object} [2, 1.5]`, "[2,1.5]"),
  line("a number", `${object} 2`, "2"),
  line("null", `${object} null`, "null"),
  line("no step", "expected step to be a whole number >= 1, got undefined", '{"loss":1}'),
  ...["0", "-1", "1.5", '"2"', "null", "true", "[2]", "1e300", "9007199254740993"].map(step),
  line("a loss in words", "expected loss to be a number or null, got", '{"step":2,"loss":"low"}'),
  line("a loss that is a list", "expected loss to be a number or null, got", '{"step":2,"loss":[1]}'),
  line("negative seconds", "expected seconds to be a number >= 0, got -1", '{"step":2,"seconds":-1}'),
  line("an accuracy above 1", `expected accuracy.mean to be ${share}, got 80`, '{"step":2,"accuracy":{"mean":80}}'),
  line("an accuracy that is a number", "expected accuracy to be an object or null", '{"step":2,"accuracy":0.8}'),
  [
    "metrics: a step before the last one",
    "metrics.jsonl: line 3: expected step to be a whole number >= 5, got 4",
    { name: "metrics.jsonl", bytes: encode('{"step":1}\n{"step":5}\n{"step":4}\n') },
  ],
  json("nothing", "expected JSON", ""),
  json("half of it", "expected JSON", JSON.stringify(result).slice(0, 50)),
  json("a list", `${object} []`, "[]"),
  json("null", `${object} null`, "null"),
  json("a key twice", "expected each name once", JSON.stringify(result).replace("{", '{"seed":1,')),
  json("33 levels", "expected JSON of at most 32 levels", "[".repeat(33) + "]".repeat(33)),
  json("bytes that are no UTF-8", "expected JSON in UTF-8", Uint8Array.of(0x22, 0xff, 0x22)),
  field("recipe", 3, "a text"),
  field("version", ["1"], "a text"),
  field("seed", -1, "a whole number >= 0"),
  field("seed", 1.5, "a whole number >= 0"),
  field("threads", 0, "a whole number >= 1"),
  field("images", "10", "a whole number >= 1"),
  field("seconds", -1, "a number >= 0"),
  field("seconds", "1", "a number >= 0"),
  field("stopped", "no", "true or false"),
  field("data", [], "an object"),
  field("sha256", "ab", "64 hexadecimal digits"),
  field("sha256", "AB".repeat(32), "64 hexadecimal digits"),
  field("evaluation", 0.8, "an object or null"),
  field("evaluation", [0.8], "an object or null"),
  field("baselines", [], "an object or null"),
  inside("evaluation", "mean", 1.5, share),
  inside("evaluation", "mean", -0.1, share),
  inside("evaluation", "mean", "0.8", share),
  inside("evaluation", "std", -1, "a number >= 0"),
  inside("evaluation", "ci95", "1", "a number >= 0"),
  inside("evaluation", "networks", 0, "a whole number >= 1"),
  inside("data", "name", 3, "a text"),
  inside("data", "train", -5, "a whole number >= 1"),
  inside("data", "test", 0.5, "a whole number >= 0"),
  baseline("that is a number", object, 0.5),
  baseline("of an accuracy of 2", `expected accuracy.mean to be ${share}, got 2`, { mean: 2 }),
  json(
    "a baseline that controls a terminal",
    'baselines: "\\u001b[2J\\u202e": expected a JSON object',
    JSON.stringify({ baselines: { "\u001b[2J\u202e": 1 } }),
  ),
  recipe("nothing", "expected JSON", ""),
  recipe("a list", `${object} [1]`, "[1]"),
  recipe("a text", `${object} "x"`, '"x"'),
  recipe("100,000 levels", "expected JSON of at most 32 levels", "[".repeat(100_000)),
  recipe("a key twice", "expected each name once", '{"name":"a","name":"b"}'),
];

export const report = table<Part>({
  format: "metrics.jsonl, result.json",
  names: /^(metrics\.jsonl|result\.json|recipe\.json): /,
  read,
  good: [
    ...(Object.entries(good) as [Part["name"], Uint8Array][]).map(([name, bytes]) => ({ name, bytes })),
    // A killed run leaves half of its last line.
    { name: "metrics.jsonl", bytes: encode('{"step":1,"loss":1}\n{"step":2,"lo') },
    { name: "result.json", bytes: encode('{"evaluation":null,"baselines":null,"later":{"x":1}}') },
  ],
  bad,
});
