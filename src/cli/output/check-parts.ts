// Checks what a report draws of metrics.jsonl and result.json. Fields that it does not draw may hold anything, because other
// versions write others.
import { jsonFromBytes } from "../../codecs/json.ts";
import { FormatError } from "../../errors.ts";
import { isObject } from "../../kinds.ts";
import { quote } from "../../quote.ts";
import { at } from "../../report/parts.ts";
import { linesOf, longestLine } from "./metrics-file.ts";

/** Whether a value is of a kind, and what the kind is called. */
type Rule = readonly [expected: string, fits: (value: unknown) => boolean];
type Rules = readonly (readonly [path: string, rule: Rule])[];

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isCount = (least: number) => (value: unknown) => Number.isSafeInteger(value) && (value as number) >= least;
const orNull =
  (fits: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === null || fits(value);

const text: Rule = ["a text", (value) => typeof value === "string"];
const count: Rule = ["a whole number >= 0", isCount(0)];
const positive: Rule = ["a whole number >= 1", isCount(1)];
const seconds: Rule = ["a number >= 0", (value) => isNumber(value) && value >= 0];
const share: Rule = ["a number from 0 to 1", (value) => isNumber(value) && value >= 0 && value <= 1];

/** The fields of a measured accuracy at `path`. */
function measure(path: string): Rules {
  return [
    [path, ["an object or null", orNull(isObject)]],
    [`${path}.mean`, share],
    [`${path}.std`, seconds],
    [`${path}.ci95`, seconds],
    [`${path}.networks`, positive],
    [`${path}.draws`, positive],
  ];
}

const metricRules: Rules = [
  ["loss", ["a number or null", orNull(isNumber)]],
  ["outerLearningRate", seconds],
  ["seconds", seconds],
  ...measure("accuracy"),
];
const resultRules: Rules = [
  ...["recipe", "version", "backend", "simd"].map((key) => [key, text] as const),
  ...["seed", "workers", "outerSteps"].map((key) => [key, count] as const),
  ...["threads", "images"].map((key) => [key, positive] as const),
  ...["seconds", "distillSeconds"].map((key) => [key, seconds] as const),
  ["stopped", ["true or false", (value) => typeof value === "boolean"]],
  ["data", ["an object", isObject]],
  ["data.name", text],
  ["data.train", positive],
  ["data.test", count],
  ...measure("evaluation"),
  ["baselines", ["an object or null", orNull(isObject)]],
  ["gpu", ["an object", isObject]],
  ["gpu.name", text],
  ["sha256", ["64 hexadecimal digits", (value) => typeof value === "string" && /^(webgpu:)?[0-9a-f]{64}$/.test(value)]],
];

function check(value: unknown, rules: Rules, what: string): void {
  for (const [path, [expected, fits]] of rules) {
    const found = at(value, ...path.split("."));
    if (found === undefined || fits(found)) continue;
    throw new FormatError(`${what}: expected ${path} to be ${expected}, got ${quote(found)}`);
  }
}

/** Throws FormatError that begins with `what` unless `value` is an object. */
export function checkObject(value: unknown, what: string): void {
  if (!isObject(value)) throw new FormatError(`${what}: expected a JSON object, got ${quote(value)}`);
}

/** How far a run had come when it wrote a line of metrics: its outer step, and how often it had gone back. */
export interface Reached {
  readonly step: number;
  readonly halvings: number;
}

/**
 * Checks a line of metrics.jsonl, and returns how far the run had come.
 *
 * @param before The same of the line before. Steps go down only where the run went back.
 * @throws FormatError that begins with `what`.
 */
export function checkMetric(value: unknown, what: string, before: Reached): Reached {
  checkObject(value, what);
  const halvings = at(value, "halvings") ?? 0;
  if (!isCount(before.halvings)(halvings)) {
    throw new FormatError(
      `${what}: expected halvings to be a whole number >= ${before.halvings}, got ${quote(halvings)}`,
    );
  }
  const least = (halvings as number) > before.halvings ? 1 : before.step;
  const step = at(value, "step");
  if (!isCount(least)(step)) {
    throw new FormatError(`${what}: expected step to be a whole number >= ${least}, got ${quote(step)}`);
  }
  check(value, metricRules, what);
  return { step: step as number, halvings: halvings as number };
}

/** The limits on a line of metrics.jsonl. */
const line = { maximumDepth: 4, maximumValues: 100 };

/**
 * Reads metrics.jsonl line by line. Only the last line may be cut off, by whatever ended the run.
 *
 * @throws FormatError that names the file and the line.
 */
export function* metricsIn(
  bytes: Uint8Array,
  path: string,
): Generator<{ readonly value: unknown; readonly reached: Reached }> {
  let number = 0;
  let reached: Reached = { step: 1, halvings: 0 };
  for (const { start, end } of linesOf(bytes)) {
    if (end === bytes.length) break;
    const what = `${path}: line ${++number}`;
    if (end - start > longestLine) {
      throw new FormatError(`${what}: expected at most ${longestLine} bytes, got ${end - start}`);
    }
    const value = jsonFromBytes(bytes.subarray(start, end), what, line);
    reached = checkMetric(value, what, reached);
    yield { value, reached };
  }
}

/** Checks the content of result.json; throws FormatError that begins with `what`. */
export function checkResult(value: unknown, what: string): void {
  checkObject(value, what);
  check(value, resultRules, what);
  const baselines = at(value, "baselines");
  for (const [name, baseline] of Object.entries(baselines ?? {})) {
    checkObject(baseline, `${what}: baselines: ${quote(name)}`);
    check({ accuracy: baseline }, measure("accuracy").slice(1), `${what}: baselines: ${quote(name)}`);
  }
}
