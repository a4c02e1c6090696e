// Mutation test of the kernels: makes slips in assembly/, one at a time, and asks whether the tests see each.
//
//   node scripts/mutate-kernels.mjs --seed 1 --count 200    the first 200 mutants that count, in an order that the seed decides
//   node scripts/mutate-kernels.mjs --seed 1 --only 17      mutant 17 of that order alone, with the test that sees it
//   node scripts/mutate-kernels.mjs --seed 1 --again        those that survived, once more
//
// A mutant that does not compile, or gives the same .wasm, does not count. test/mutants/equal.mjs says which of those that
// survive change no result, and why. Results are kept in build/mutants/, so that a run that was stopped goes on.
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { whyEqual } from "../test/mutants/equal.mjs";
import { buildKernels, kernelSources } from "../test/mutants/kernels.mjs";
import { mutantsOf, shuffled } from "../test/mutants/sites.mjs";
import { allTests, bundleTests, chosen, placeBinaries, testsFor } from "../test/mutants/suite.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
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
    slots: { type: "string", default: "2" },
  },
});

/** Results of all seeds lie beside each other. */
const results = join(root, "build/mutants");
const work = join(results, `seed-${values.seed}`);

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

/**
 * What becomes of a mutant in the tests `which` ("own" or "rest"): { status: "refused" | "same" | "caught" | "survived", by }.
 * `slot`: a name that no other has now.
 */
async function judge(mutant, which, slot) {
  const built = await tryBuild(mutant, QUICK);
  if (built.error) return { status: "refused", by: built.error };
  if (sameBinaries(built, original) && sameHost(built, original)) return { status: "same" };
  const tests = testsFor(mutant.path)[which];
  let folder = join(work, "tests");
  if (!sameHost(built, original)) {
    folder = join(work, `tests-${slot}`);
    await bundleTests(tests, built.host, folder);
  }
  const binaries = join(work, `mutant-${slot}`);
  placeBinaries(built, binaries);
  const { code, signal, output } = await runTests(tests, folder, binaries);
  if (code !== 0) return { status: "caught", by: signal ? `a time limit (${signal})` : output };
  return { status: which === "own" && (await isSameShipped(mutant)) ? "same" : "survived", by: output };
}

const all = sources.flatMap(mutantsOf);
// Two rules may give the same slip: 1 + 1 and 2 · 1.
const order = [...new Map(shuffled(all, Number(values.seed)).map((mutant) => [mutant.id, mutant])).values()];
const log = join(results, `seed-${values.seed}.jsonl`);
mkdirSync(work, { recursive: true });

const ends = Date.now() + 60_000 * Number(values.minutes);

const known = new Map(
  existsSync(log)
    ? readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line))
        .map((entry) => [entry.id, entry])
    : [],
);

/** Judges a mutant of the order, unless that is known, and keeps what became of it. */
async function decide({ mutant, index }, which, slot) {
  const before = known.get(mutant.id);
  const isDone = before && (before.status !== "survived" || (before.which === which && !values.again));
  if (isDone || (before && which === "own" && !values.again)) return before;
  if (Date.now() > ends) return { index, status: "unknown" };
  const started = Date.now();
  const entry = { index, id: mutant.id, line: mutant.line, which, ...(await judge(mutant, which, slot)) };
  appendFileSync(log, `${JSON.stringify(entry)}\n`);
  known.set(mutant.id, entry);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (entry.status !== "refused") console.log(`${index} ${entry.status} ${seconds} s (${which}): ${entry.id}`);
  return entry;
}

const counts = ({ status }) => status === "caught" || status === "survived";

/** Judges mutants of `open` until `count` of them count or time is up: one compiles while another is tested. */
async function decideAll(open, which, count) {
  const entries = [];
  const take = async (slot) => {
    const mayGoOn = () => Date.now() < ends || known.has(open[0].mutant.id);
    while (entries.filter(counts).length < count && open.length > 0 && mayGoOn()) {
      entries.push(await decide(open.shift(), which, slot));
    }
  };
  await Promise.all(Array.from({ length: Number(values.slots) }, (_, slot) => take(slot)));
  return entries.filter(counts);
}

await bundleTests(allTests(), original.host, join(work, "tests"));
console.log(`seed ${values.seed}: ${all.length} mutants of ${sources.length} files`);

if (values.only !== undefined) {
  const mutant = order[Number(values.only)];
  console.log(`${mutant.id}\n${mutant.line}`);
  const own = await judge(mutant, "own", "only");
  console.log(own.status === "survived" ? await judge(mutant, "rest", "only") : own);
} else {
  // Tests that fail without a mutant would catch everything.
  const passed = join(results, `passed-${values.seed}`);
  if (!existsSync(passed)) {
    placeBinaries(original, join(work, "original"));
    const { code, output } = await runTests(allTests(), join(work, "tests"), join(work, "original"));
    if (code !== 0) throw new Error(`the tests fail on kernels without a slip: ${output}`);
    writeFileSync(passed, output);
  }
  const open = order.map((mutant, index) => ({ mutant, index }));
  const counted = await decideAll([...open], "own", Number(values.count));
  const left = counted.filter(({ status, which }) => status === "survived" && (which === "own" || values.again));
  const more = await decideAll(
    left.map(({ index }) => ({ mutant: order[index], index })),
    "rest",
    left.length,
  );
  for (const entry of more) counted[counted.findIndex(({ index }) => index === entry.index)] = entry;
  const survived = counted.filter(({ status }) => status === "survived");
  for (const { index, id, line } of survived) {
    const why = whyEqual(order[index]);
    console.log(`survived${why ? `, equal because ${why}` : ""}: ${index} ${id} | ${line}`);
  }
  const caught = counted.length - survived.length;
  const different = counted.length - survived.filter(({ index }) => whyEqual(order[index])).length;
  const share = (of) => `${caught} of ${of} (${((100 * caught) / of).toFixed(1)} %)`;
  console.log(
    `seed ${values.seed}: ${share(counted.length)} are caught, ${share(different)} without those that are equal`,
  );
}
