// Measures how many changes of parsers, checkpoints and scheduler the tests notice: `node test/measured/mutation.mjs [PART…]`.
//
// Stryker changes one operator, constant or statement at a time in a copy of the tree, and runs the tests that reach it. The
// parts are those of files.mjs. The first run fetches Stryker from npm into build/mutation (about 60 MB), because nothing else
// needs it. A part whose code and tests are as in an earlier run is not run again, unless --force is given. Ends with code 1 if
// a group has less than 80 %; only for groups that were measured whole.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expanded, groups } from "./files.mjs";

const least = 80;
const version = "9.6.1";
const folder = "build/mutation";
const stryker = `${folder}/node_modules/@stryker-mutator/core/bin/stryker.js`;
const cwd = fileURLToPath(new URL("../../", import.meta.url));

function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit", env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with code ${status}`);
}

function fetchStryker() {
  if (existsSync(`${cwd}${stryker}`)) return;
  const packages = ["core", "vitest-runner"].map((name) => `@stryker-mutator/${name}@${version}`);
  // Vitest is that of the project, a folder above.
  const flags = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps"];
  run("npm", ["install", "--prefix", folder, ...flags, ...packages]);
}

/** The mutants of a part, by their files, as { status, mutatorName }. */
function measure(part, { tests }, args) {
  const report = `${folder}/${part}.json`;
  // The seed of random inputs is fixed: the same mutants are noticed in every run.
  const env = { MEASURED_PART: part, FUZZ_SEED: "1", FUZZ_SCALE: "0.1" };
  run("node", [stryker, "run", "test/measured/stryker.config.mjs", ...args], env);
  const { files, testFiles } = JSON.parse(readFileSync(`${cwd}${report}`, "utf8"));
  // Stryker says nothing of a file of tests that cannot be loaded.
  const silent = tests.flatMap((pattern) => expanded(pattern)).filter((file) => !Object.hasOwn(testFiles, file));
  if (silent.length > 0) throw new Error(`${part}: no test ran of ${silent.join(", ")}`);
  return Object.entries(files).map(([file, { mutants }]) => ({ file, mutants }));
}

/** Percent of the mutants that count which a test noticed: it failed, or the code no longer came to an end. */
function score(mutants) {
  const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  const noticed = count("Killed", "Timeout");
  const all = noticed + count("Survived", "NoCoverage");
  return { noticed, all, percent: all === 0 ? 100 : (100 * noticed) / all };
}

function line(name, mutants) {
  const { noticed, all, percent } = score(mutants);
  const words = score(mutants.filter(({ mutatorName }) => mutatorName !== "StringLiteral"));
  const figures = [percent, words.percent].map((percent) => percent.toFixed(1).padStart(7));
  return `${name.padEnd(40)}${figures.join("")}   ${noticed} of ${all}`;
}

const args = process.argv.slice(2).filter((arg) => arg.startsWith("--"));
const wanted = process.argv.slice(2).flatMap((arg) => (arg.startsWith("--") ? [] : arg.split(",")));
fetchStryker();
const lines = [`${"file".padEnd(40)}      %  % without texts`];
let tooFew = false;
for (const [group, parts] of Object.entries(groups)) {
  const chosen = Object.keys(parts).filter(
    (part) => wanted.length === 0 || wanted.some((name) => name === part || name === group),
  );
  const files = chosen.flatMap((part) => measure(part, parts[part], args));
  for (const { file, mutants } of files) lines.push(line(file, mutants));
  if (chosen.length < Object.keys(parts).length) continue;
  const all = files.flatMap(({ mutants }) => mutants);
  lines.push(line(`${group}, all`, all));
  if (score(all).percent < least) tooFew = true;
}
console.log(lines.join("\n"));
if (tooFew) {
  console.log(`A group has less than ${least} %. What no test noticed stands in ${folder}/PART.json.`);
  process.exitCode = 1;
}
