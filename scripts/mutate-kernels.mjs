// Mutation test of the kernels: makes slips in assembly/, one at a time, and asks whether the tests see each.
//
//   node scripts/mutate-kernels.mjs --seed 1 --count 200    the first 200 mutants that count, in an order that the seed decides
//   node scripts/mutate-kernels.mjs --seed 1 --only 17      mutant 17 of that order alone, with the test that sees it
//   node scripts/mutate-kernels.mjs --seed 1 --again        those that survived, once more
//
// A mutant that does not compile, or gives the same .wasm, does not count, nor does one of a line that
// test/mutants/equal.mjs lists. Results are kept in build/mutants/, so that a run that was stopped goes on.
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isEqual } from "../test/mutants/equal.mjs";
import { buildKernels, kernelSources } from "../test/mutants/kernels.mjs";
import { mutantsOf, shuffled } from "../test/mutants/sites.mjs";
import { allTests, bundleTests, chosen, placeBinaries, testsFor } from "../test/mutants/suite.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const work = join(root, "build/mutants");
/** Compiles fast; the tests then run on code that is less optimised, with the same results. */
const QUICK = 1;
const SHIPPED = 3;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "200" },
    only: { type: "string" },
    again: { type: "boolean", default: false },
    minutes: { type: "string", default: "1e9" },
  },
});

/** Runs tests of `folder` on the kernels of `binaries`; says what became of it: code, signal, output. */
function runTests(tests, folder, binaries) {
  const files = tests.map((test) => `${join(folder, test)}.mjs#${chosen[test] ?? ""}`);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, "test/mutants/child.mjs"), ...files], {
      cwd: root,
      env: { ...process.env, MUTANT: binaries },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("close", (code, signal) => resolve({ code, signal, output: output.trim() }));
  });
}

const sources = kernelSources();
const original = await buildKernels(sources, QUICK);
let shipped;

function sourcesOf({ path, from, to, text }) {
  const changed = (before) => before.slice(0, from) + text + before.slice(to);
  return sources.map((file) => (file.path === path ? { path, text: changed(file.text) } : file));
}

async function tryBuild(mutant, level) {
  try {
    return await buildKernels(sourcesOf(mutant), level);
  } catch (error) {
    return { error: error.message.split("\n")[0] };
  }
}

const sameBinaries = (a, b) => a.simd.equals(b.simd) && a.threads.equals(b.threads);
const sameHost = (a, b) => JSON.stringify(a.host) === JSON.stringify(b.host);

/** Whether the optimiser that the package is built with makes the same code of it. */
async function isSameShipped(mutant) {
  shipped ??= await buildKernels(sources, SHIPPED);
  return sameBinaries(await buildKernels(sourcesOf(mutant), SHIPPED), shipped);
}

/** What becomes of a mutant: { status: "refused" | "same" | "caught" | "survived", by }. `slot`: a name that no other has now. */
async function judge(mutant, slot) {
  const built = await tryBuild(mutant, QUICK);
  if (built.error) return { status: "refused", by: built.error };
  if (sameBinaries(built, original) && sameHost(built, original)) return { status: "same" };
  const tests = testsFor(mutant.path);
  let folder = join(work, "tests");
  if (!sameHost(built, original)) {
    folder = join(work, `tests-${slot}`);
    await bundleTests(tests, built.host, folder);
  }
  const binaries = join(work, `mutant-${slot}`);
  placeBinaries(built, binaries);
  const { code, signal, output } = await runTests(tests, folder, binaries);
  if (code === 0) return { status: (await isSameShipped(mutant)) ? "same" : "survived", by: output };
  return { status: "caught", by: signal ? `a time limit (${signal})` : output };
}

const all = sources.flatMap(mutantsOf);
const order = shuffled(all, Number(values.seed));
const log = join(work, `seed-${values.seed}.jsonl`);
mkdirSync(work, { recursive: true });

const known = new Map(
  existsSync(log)
    ? readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line))
        .map((entry) => [entry.id, entry])
    : [],
);

async function decide(mutant, index, slot) {
  const before = known.get(mutant.id);
  if (before && !(values.again && before.status === "survived")) return before;
  const started = Date.now();
  const entry = { index, id: mutant.id, line: mutant.line, ...(await judge(mutant, slot)) };
  appendFileSync(log, `${JSON.stringify(entry)}\n`);
  known.set(mutant.id, entry);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (entry.status !== "refused") console.log(`${index} ${entry.status} ${seconds} s: ${entry.id}`);
  return entry;
}

await bundleTests(allTests(), original.host, join(work, "tests"));
console.log(`seed ${values.seed}: ${all.length} mutants of ${sources.length} files`);

if (values.only !== undefined) {
  const mutant = order[Number(values.only)];
  console.log(mutant.id, `\n${mutant.line}\n`, await judge(mutant, "only"));
} else {
  // Tests that fail without a mutant would catch everything.
  const passed = join(work, `passed-${values.seed}`);
  if (!existsSync(passed)) {
    placeBinaries(original, join(work, "original"));
    const { code, output } = await runTests(allTests(), join(work, "tests"), join(work, "original"));
    if (code !== 0) throw new Error(`the tests fail on kernels without a slip: ${output}`);
    writeFileSync(passed, output);
  }
  const ends = Date.now() + 60_000 * Number(values.minutes);
  const open = order.map((mutant, index) => ({ mutant, index })).filter(({ mutant }) => !isEqual(mutant));
  const entries = [];
  const counts = ({ status }) => status === "caught" || status === "survived";
  // One compiles while the other is tested.
  const take = async (slot) => {
    while (entries.filter(counts).length < Number(values.count) && open.length > 0 && Date.now() < ends) {
      const { mutant, index } = open.shift();
      entries.push(await decide(mutant, index, slot));
    }
  };
  await Promise.all([take("a"), take("b")]);
  const counted = entries.filter(counts);
  const survived = counted.filter(({ status }) => status === "survived");
  for (const { index, id, line } of survived) console.log(`survived: ${index} ${id} | ${line}`);
  const caught = counted.length - survived.length;
  const share = ((100 * caught) / counted.length).toFixed(1);
  console.log(`${caught} of ${counted.length} mutants are caught (${share} %), seed ${values.seed}`);
}
