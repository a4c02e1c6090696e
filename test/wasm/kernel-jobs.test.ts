// What the build makes of the job classes of assembly/: writers with named fields on one side, the dispatch on the other.
import { readFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { constantsSource, readConstants } from "../../scripts/kernel-constants.mjs";
import { dispatchSource, readJobs, writersSource } from "../../scripts/kernel-jobs.mjs";

const fields = readFileSync(new URL("../../assembly/fields.ts", import.meta.url), "utf8");

/** A kernel that stores what it was given in an order of its own, so that each field shows. */
const kernel = (order: readonly string[]): string => `
import { Buffer, Flag, OptionalBuffer } from "./fields";

@unmanaged
export class MixShape {
  rows: i32;
  scale: f32;
}

export enum Rule { first, second }

@unmanaged
export class MixJob extends MixShape {
${order.map((field) => `  ${field};`).join("\n")}
}

/** What mixes. */
export function mix(job: MixJob, scratch: usize, begin: i32, end: i32): void {
  store<f32>(job.out, <f32>job.rows);
  store<f32>(job.out + 4, job.scale);
  store<f32>(job.out + 8, load<f32>(job.x));
  store<f32>(job.out + 12, job.bias ? load<f32>(job.bias) : -1);
  store<f32>(job.out + 16, job.add ? 1 : 0);
  store<f32>(job.out + 20, job.factor);
  store<f32>(job.out + 24, <f32>(job.rule == Rule.second ? 7 : 6));
  store<f32>(job.out + 28, <f32>begin * 10 + <f32>end);
}
`;

const order = ["out: Buffer", "x: Buffer", "bias: OptionalBuffer", "add: Flag", "factor: f32", "rule: Rule"];

interface Sink {
  start(kernel: number): Sink;
  int(value: number): Sink;
  num(value: number): Sink;
  flag(value: boolean): Sink;
  buffer(value: number): Sink;
  optional(value: number | undefined): Sink;
  run(extent: { tiles: number }): void;
}

const JOB = 64;

/** Builds both sides of `source`, writes a job and runs it; the floats that the kernel stored. */
async function result(source: string): Promise<number[]> {
  const jobs = readJobs([{ path: "assembly/mix.ts", text: source }], 29);
  const files: Record<string, string> = {
    "mix.ts": source,
    "fields.ts": fields,
    "index.ts": dispatchSource(jobs),
  };
  let binary = new Uint8Array(0);
  const { error, stderr } = await asc.main(
    [
      "index.ts",
      "--runtime",
      "stub",
      "--importMemory",
      "--noExportMemory",
      "--memoryBase",
      "4096",
      "--use",
      "abort=",
      "--outFile",
      "out.wasm",
    ],
    {
      readFile: (name) => files[name] ?? null,
      writeFile: (name, contents) => {
        if (name === "out.wasm") binary = Uint8Array.from(contents as Uint8Array);
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr}`);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const words = new Int32Array(memory.buffer);
  const floats = new Float32Array(memory.buffer);
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(binary), { env: { memory } });
  const runKernel = exports.runKernel as (...values: number[]) => void;
  let number = -1;
  let field = 0;
  const sink: Sink = {
    start: (kernel) => {
      number = kernel;
      field = JOB / 4;
      return sink;
    },
    int: (value) => {
      words[field++] = value;
      return sink;
    },
    num: (value) => {
      floats[field++] = value;
      return sink;
    },
    flag: (value) => sink.int(value ? 1 : 0),
    buffer: (value) => sink.int(4 * value),
    optional: (value) => sink.int(value === undefined ? 0 : 4 * value),
    run: ({ tiles }) => runKernel(number, JOB, 0, 0, tiles),
  };
  const { outputText } = ts.transpileModule(writersSource(jobs), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 },
  });
  const { Jobs } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);
  floats[200] = 0.25;
  floats[300] = 0.75;
  new Jobs(sink).mix(
    { factor: 1.5, add: true, x: 200, rule: "second", bias: 300, out: 100 },
    { scale: 0.5, rows: 9 },
    { tiles: 3, work: 1 },
  );
  return [...floats.subarray(100, 108)];
}

const expected = [9, 0.5, 0.25, 0.75, 1, 1.5, 7, 3];

describe("the writers and the dispatch of one source", () => {
  test("agree where each field lies", async () => {
    expect(await result(kernel(order))).toEqual(expected);
  });

  test("agree when the fields stand in another order: the same call gives the same", async () => {
    expect(await result(kernel([...order].reverse()))).toEqual(expected);
    expect(await result(kernel([...order.slice(3), ...order.slice(0, 3)]))).toEqual(expected);
  });
});

describe("what the two sides could not agree on is refused with file and line:", () => {
  const read = (text: string, most = 29) => readJobs([{ path: "assembly/mix.ts", text }], most);
  const good = "@unmanaged\nexport class AJob {\n  x: Buffer;\n}\n";
  const call = "export function a(job: AJob, begin: i32, end: i32): void {}\n";

  test.each<readonly [string, string, RegExp]>([
    [
      "an unknown type",
      `${good.replace("Buffer", "f64")}${call}`,
      /mix\.ts:3: .*"x" has the unknown type "f64".*Buffer/,
    ],
    ["a field without a type", `${good.replace(": Buffer", "")}${call}`, /mix\.ts:3: .*unknown type ""/],
    [
      "a field with a value",
      `${good.replace("Buffer", "i32 = 1")}${call}`,
      /mix\.ts:3: expected a field without a value/,
    ],
    ["a class without its kernel", good, /mix\.ts:1: AJob expected an exported function a/],
    [
      "a kernel of other parameters",
      `${good}export function a(job: AJob, n: i32): void {}`,
      /mix\.ts:5: a kernel takes/,
    ],
    [
      "a managed class",
      `${good.replace("@unmanaged\n", "")}${call}`,
      /mix\.ts:1: AJob expected to be exported and @unmanaged/,
    ],
    ["a base that is no shape", `${good.replace("AJob", "AJob extends B")}${call}`, /mix\.ts:1: AJob extends B/],
    [
      "a field that the shape has too",
      `@unmanaged\nexport class S {\n  x: i32;\n}\n${good.replace("AJob", "AJob extends S")}${call}`,
      /mix\.ts:7: AJob has two fields "x"/,
    ],
  ])("%s", (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  test("more fields than a job has room for", () => {
    expect(() => read(good + call, 0)).toThrow(/mix\.ts:1: AJob has 1 fields, and a job has room for 0/);
  });
});

describe("constants", () => {
  const read = (text: string) => readConstants([{ path: "assembly/tiles.ts", text }]);

  test("are numbers made of those before, with their comments", () => {
    const text =
      "/** One. */\nexport const A: i32 = 6;\nconst B: usize = (<usize>A) << 2;\nexport const C: usize = B * A - 96 / 4;\n";
    expect(read(text).map(({ name, value }) => [name, value])).toEqual([
      ["A", 6],
      ["C", 120],
    ]);
    expect(constantsSource(read(text))).toContain("/** One. */\nexport const A: number = 6;");
  });

  test.each(["7 / 2", "B", "f()", "1.5"])("are refused with file and line if they are %s", (value) => {
    expect(() => read(`\nexport const A: i32 = ${value};`)).toThrow(/tiles\.ts:2: expected a whole number/);
  });
});
