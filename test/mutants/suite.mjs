// The tests that mutants of kernels go through, those of the mutant's own file first, bundled so that a start costs little.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const ops = (...names) => names.map((name) => `ops/${name}`);
const gradients = (...names) => names.map((name) => `gradients/${name}`);

const convolutions = [...ops("conv2d", "winograd"), ...gradients("conv2d")];
const frequencies = [...ops("frequency"), ...gradients("meta-gradient")];
const norms = [...ops("norm"), ...gradients("norm")];
const normPools = [...ops("norm-pool"), "nn/norm-pool"];
const updates = ops("optimizer", "guard");
/** A few tests of every kind. */
const everyOp = [
  ...ops("vector", "layout", "pool2d", "avg-pool2d", "linear", "loss", "conv2d", "guard", "optimizer", "random"),
  ...ops(
    "activation",
    "adam-adjoint",
    "arc-cosine",
    "augmentation",
    "cosine-distance",
    "gather",
    "local-response-norm",
    "norm",
    "norm-pool",
    "ridge",
    "resize2d",
  ),
  ...ops("winograd", "frequency"),
];

/** The tests that call what is in a file of assembly/, quick ones first. */
const ownTests = {
  "rare/adam-adjoint": ops("adam-adjoint"),
  activation: [...ops("activation"), ...gradients("relu", "activations")],
  "avg-pool2d": [...ops("avg-pool2d"), ...gradients("avg-pool2d")],
  columns: norms,
  "rare/cutout": ops("augmentation"),
  conv2d: convolutions,
  "conv2d-backward-data": convolutions,
  "conv2d-backward-weights": convolutions,
  gemm: [...ops("linear"), ...convolutions],
  "gemm-narrow-tiles": [...ops("linear"), ...convolutions],
  "rare/frequency": frequencies,
  "rare/frequency-gradient": frequencies,
  "rare/frequency-products": frequencies,
  "rare/frequency-weights": frequencies,
  "gemm-tiles": [...ops("linear"), ...convolutions],
  gather: ops("gather"),
  guard: updates,
  job: ["backend-side-by-side", ...everyOp],
  "rare/lamb": updates,
  layout: ops("layout"),
  linear: [...ops("linear"), ...gradients("linear")],
  "rare/local-response-norm": [...ops("local-response-norm"), ...gradients("local-response-norm")],
  loss: [...ops("loss"), ...gradients("mse", "cross-entropy")],
  math: [...ops("loss", "random", "activation", "local-response-norm"), ...gradients("activations", "cross-entropy")],
  "memory-map": ["backend-side-by-side", ...everyOp],
  "norm-apply": norms,
  "norm-pool": normPools,
  "norm-r": norms,
  "norm-set": norms,
  norm: norms,
  optimizer: updates,
  pool2d: [...ops("pool2d"), ...gradients("max-pool2d")],
  "pool2d-nines": [...ops("pool2d"), ...gradients("max-pool2d")],
  "pool2d-windows": [...ops("pool2d"), ...gradients("max-pool2d")],
  "rare/cosine-distance": ops("cosine-distance"),
  "rare/ridge": ops("ridge"),
  "rare/arc-cosine": ops("arc-cosine"),
  random: [...ops("random"), "reference-random", "numeric/draws"],
  sgd: updates,
  "rare/recolor": ops("augmentation"),
  simd: everyOp,
  thread: ["backend-side-by-side", ...everyOp],
  tiles: everyOp,
  "rare/resize2d": ops("resize2d"),
  vector: ops("vector", "linear"),
  "rare/warp2d": ops("augmentation"),
  winograd: ops("winograd"),
  "winograd-backward-weights": ops("winograd"),
  "winograd-block": ops("winograd"),
  "winograd-matrices": ops("winograd"),
  "winograd-weights": ops("winograd"),
};

/** What every mutant that is left goes through: memory that is NaN all over, programs side by side, and the pinned bits. */
const common = ["backend-none", "backend-side-by-side", ...gradients("symmetry"), "distill/hash"];

/** Which tests of a file run, where they repeat much: any number of threads and workers gives the same bits. */
export const chosen = { "distill/hash": "on 3 threads" };

/** Returns the tests of a mutant of `path`, in the order that they run in: its own, and those for the few that pass them. */
export function testsFor(path) {
  const own = ownTests[path.replace(/^assembly\/|\.ts$/g, "")];
  if (own === undefined) throw new Error(`test/mutants/suite.mjs names no tests of ${path}: add a row`);
  return { own, rest: common.filter((test) => !own.includes(test)) };
}

/** Returns all tests that a mutant may go through. */
export function allTests() {
  return [...new Set([...Object.values(ownTests).flat(), ...common])];
}

/** Where tests find their modules: `vitest` in test/mutants/, what the build writes of the kernels in `kernels`. */
const standIns = (host) => ({
  name: "stand-ins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^vitest$/ }, () => ({ path: at("vitest.mjs") }));
    onLoad({ filter: /backend\/wasm\/binary\.gen\.ts$/ }, () => ({
      contents: `import { readFileSync } from "node:fs";
        const read = (name) => readFileSync(process.env.MUTANT + "/" + name + ".wasm", "base64");
        export const simd = read("simd");
        export const threads = read("threads");`,
    }));
    onLoad({ filter: /backend\/wasm\/(tiles|jobs)\.gen\.ts$/ }, ({ path }) => ({
      contents: host[basename(path)],
      loader: "ts",
    }));
    onLoad({ filter: /\.test\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)),
      loader: "ts",
    }));
  },
});

/** Bundles `tests` into `folder`, each a module of its own, for kernels that the host knows by the modules `host`. */
export async function bundleTests(tests, host, folder) {
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: tests.map((test) => ({ in: at(`../${test}.test.ts`), out: test })),
    ...{ bundle: true, outdir: folder, format: "esm", platform: "node", target: "node20", packages: "external" },
    ...{ logLevel: "error", outExtension: { ".js": ".mjs" }, plugins: [standIns(host)] },
  });
}

/** Puts the binaries of a build where a child reads them. */
export function placeBinaries({ simd, threads }, folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "simd.wasm"), simd);
  writeFileSync(join(folder, "threads.wasm"), threads);
}
