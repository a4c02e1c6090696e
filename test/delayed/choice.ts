// Which tests run where the ops of all backends wait: every one that starts a backend, itself or by a call of the library, but
// for those listed below. So a new test is among them.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../", import.meta.url));

/** A test that has one of these words starts a backend. */
const starts = new RegExp(
  [
    ...[/\b(distill|trainOn|evaluate|judge|trainPool|baseline|nearestNeighbors|createEngine)\(/, /\bnew Engine\(/],
    ...[/\bcreate(Wasm|Reference)Backend\(/, /\b(observedEngine|enginesInBothPlaces|(backends|engines)UnderTest)\(/],
    ...[/\/(differences|inner-loops|random-chains|trajectory-loops)\.ts"/],
  ]
    .map(({ source }) => source)
    .join("|"),
);

const [process, peeks] = [
  "it runs dist/ in a process or a page of its own",
  "it tests ops one by one, and looks into memory as soon as it has called one",
];

/** Tests that cannot run so, and why. A path that ends with / is a folder. */
export const excluded: Readonly<Record<string, string>> = {
  "browser/": process,
  "cli/": process,
  "engines/": process,
  "hosts/": process,
  "webgpu/": "it tests a backend that waits by itself",
  "worker/deaths.test.ts": "it lets kernels fail where they are called, and ops that wait call them elsewhere",
  "worker/kernel-threads.test.ts": process,
  "slow/": "it measures time or memory, or takes minutes where ops do not wait",
  "types.test.ts": "it compiles programs and runs none",
  "ops/": peeks,
  "nn/": peeks,
  "numeric/draws.test.ts": peeks,
  "reference.test.ts": peeks,
  "reference-random.test.ts": peeks,
  "backend-memory.test.ts": "it tests the memory of one backend, not who uses it",
  "backend-none.test.ts": peeks,
  "backend-operands.test.ts": peeks,
  "arena-guards.test.ts": "it looks at memory after each call, between buffers that nobody reads",
  "backend-side-by-side.test.ts": peeks,
  "distill/abort.test.ts": "it tests what a backend does that computes at once, and so would keep its thread",
  "delayed-backend.test.ts": "it needs a backend that runs at once beside one that waits",
};

/** The few that `npm test` runs; `npm run test:slow` runs the rest. */
const quick = [
  "delayed/project.test.ts",
  "tiny.test.ts",
  "distill/distribution-matching.test.ts",
  "distill/evaluate.test.ts",
  "distill/own-method.test.ts",
  "distill/run-state.test.ts",
  "distill/train-pool.test.ts",
];

const tests = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".test.ts"));

const isExcluded = (path: string): boolean =>
  Object.keys(excluded).some((each) => (each.endsWith("/") ? path.startsWith(each) : path === each));

const chosen = tests.filter((path) => !isExcluded(path) && starts.test(readFileSync(folder + path, "utf8")));
const missing = quick.filter((path) => !chosen.includes(path));
if (missing.length > 0) throw new Error(`test/delayed/choice.ts names what it does not choose: ${missing}`);

const inTest = (paths: readonly string[]): string[] => paths.map((path) => `test/${path}`);

export const quickTests = inTest(quick);
export const otherTests = inTest(chosen.filter((path) => !quick.includes(path)));
