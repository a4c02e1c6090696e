// The declarations of the package, as programs of users are compiled against them: without the DOM library and without
// @types/node, with either, strictly, and with every library checked.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "distillate-types-"));
afterAll(() => rmSync(folder, { recursive: true }));

mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
symlinkSync(root, join(folder, "node_modules/distillate"));
for (const name of ["@types/node", "undici-types"]) {
  symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
}
writeFileSync(join(folder, "package.json"), '{ "type": "module" }');

/** What is asked of the options of all calls: each that may be left out may be undefined, too. */
const undefinable = (entry: string): string => `
import * as library from "${entry}";
type Any = (...args: never[]) => unknown;
/** Optional properties that take no undefined, by their paths. */
type Narrow<T, Depth extends 0[] = []> = Depth["length"] extends 4 ? never
  : T extends Any | readonly unknown[] | ArrayBufferView | { readonly href: string } ? never
  : string extends keyof T ? never
  : T extends object ? { [K in keyof T & string]-?:
      | ({} extends Pick<T, K> ? (undefined extends Required<Pick<T, K>>[K] ? never : K) : never)
      | (Narrow<Exclude<T[K], undefined>, [...Depth, 0]> extends infer P extends string ? \`\${K}.\${P}\` : never)
    }[keyof T & string] : never;
type Of<F> = F extends Any ? Narrow<Parameters<F>[number]> : never;
export const narrow: { [K in keyof typeof library as [Of<(typeof library)[K]>] extends [never] ? never : K]: Of<(typeof library)[K]> } = {};
`;

const program = `
import { backGradient, createEngine, distill, evaluate, lenet, randomInit, trainOn, type Dataset, type Engine, type MethodRun, type OwnMethod, type SyntheticImages } from "distillate";
import { axpy, dot, initialWeights, norm, normalizedBatch, randomKey, randomNormal, randomPermutation, randomUniform, scale, type RandomKey } from "distillate/algorithm";
declare const data: Dataset;
declare const maybe: number | undefined;
const mine: OwnMethod<{ readonly std: number }, MethodRun & { readonly synthetic: SyntheticImages }> = {
  name: "mine",
  options: { std: 0.1 },
  allocate({ options, tools, problem: { model } }) {
    const synthetic = tools.synthetic({ steps: 1, imagesPerStep: model.classes });
    const start = (staging: number): void => synthetic.startNoise(staging as never, options.std, () => tools.key("mine"));
    return { synthetic, learned: [synthetic.images], carried: [], start, set: () => { throw new Error("mine"); } };
  },
  network: ({ memory, backend: { ops } }, { synthetic: { images } }) => {
    const share = { loss: memory.gradients.allocate(1), gradients: [images.value] };
    return { share, record: () => ops.dot(share.loss, images.value, images.value, images.floats) };
  },
};
export const own = (): unknown => distill({ data, model: lenet(), method: mine, workers: maybe });
export async function run(): Promise<Float32Array[]> {
  const engine: Engine = await createEngine({ threads: maybe, simd: undefined, worker: undefined });
  const method = backGradient({ steps: 1, epochs: 1, imagesPerClass: maybe, momentum: maybe, memory: undefined });
  const set = await distill({ data, model: lenet({ classes: maybe }), method, seed: maybe, outer: { steps: maybe }, signal: undefined, engine }).result();
  await evaluate({ set, model: lenet(), init: randomInit("normal", { std: maybe }), test: data, networks: maybe, workers: maybe });
  const net = await engine.bind(lenet(), { loss: undefined });
  const given = { parameters: new Float32Array(1), images: set.images, targets: set.targets };
  const { logits, parameters, images, targets } = await net.gradients({ ...given, dropoutSeed: maybe });
  const product = await net.hessianVectorProduct({ ...given, vector: parameters });
  const meta = await net.metaGradient({ parameters, steps: [given], learningRates: [1], epochs: maybe, real: given });
  const key: RandomKey = randomKey(1, "mine", maybe, maybe);
  const theta: Float32Array = initialWeights(lenet(), randomInit(), { seed: maybe, index: maybe, purpose: undefined });
  const batch = normalizedBatch(data, randomPermutation(key, 4).subarray(0, 2));
  const [several] = await net.hessianVectorProducts({ ...batch, parameters: [theta], vectors: [randomNormal(key, 3, maybe, maybe)], dropoutSeed: maybe });
  const { features } = await net.features({ parameters: theta, images: batch.images, layer: maybe });
  const back = await net.featureGradients({ parameters: theta, images: batch.images, layer: maybe, cotangents: features });
  const sum: Float32Array = axpy(dot(features, features), randomUniform(key, 3, maybe, maybe), scale(norm(theta), back.images));
  const trained = await trainOn(set, { model: lenet(), seed: maybe });
  const read: Float32Array = (await trained.predict(images)).logits;
  return [sum, several!.targets, back.parameters, logits, parameters, images, targets, product.images, meta.initial, ...meta.images, trained.parameters, read];
}
`;

const entries = [
  "distillate",
  "distillate/data",
  "distillate/recipes",
  "distillate/algorithm",
  "distillate/checkpoint",
];

/** What the compiler says to a program in these libraries. */
function compiled(name: string, sources: Readonly<Record<string, string>>, lib: string[], types: string[]): string[] {
  const files = Object.entries(sources).map(([file, text]) => {
    const path = join(folder, name, file);
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(path, text);
    return path;
  });
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: lib.map((name) => `lib.${name}.d.ts`),
    types,
  };
  const found = ts.getPreEmitDiagnostics(ts.createProgram(files, options));
  return found.map(({ file, messageText }) => {
    return `${file?.fileName.replace(root, "") ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
}

const sources = {
  "program.ts": program,
  ...Object.fromEntries(entries.map((entry, i) => [`undefinable-${i}.ts`, undefinable(entry)])),
};

test.each([
  ["neither the DOM library nor @types/node", ["es2023"], []],
  ["the DOM library alone", ["es2023", "dom"], []],
])("programs compile with %s, every result is Float32Array, every option may be undefined", (name, lib, types) => {
  expect(compiled(name, sources, lib, types)).toEqual([]);
});

test("programs for Node compile with @types/node alone, and so do distillate/node and distillate/cluster", () => {
  const all = {
    ...sources,
    "node.ts": undefinable("distillate/node"),
    "cluster.ts": undefinable("distillate/cluster"),
  };
  expect(compiled("node", all, ["es2023"], ["node"])).toEqual([]);
});
