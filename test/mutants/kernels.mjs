// Compiles kernels from sources in memory, with all that the build makes of them, in this process: it gets faster with use.
import { readdirSync, readFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import { constantsSource, readConstants } from "../../scripts/kernel-constants.mjs";
import { dispatchSource, rareDispatchSource, readJobs, writersSource } from "../../scripts/kernel-jobs.mjs";

const root = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");

/** The sources of the kernels as they are: path and text. */
export function kernelSources() {
  const files = readdirSync(new URL("assembly", root), { recursive: true }).map((name) => name.replaceAll("\\", "/"));
  const names = files.filter((name) => /^(rare\/)?[^./]+\.ts$/.test(name));
  return names.sort().map((name) => ({ path: `assembly/${name}`, text: read(`assembly/${name}`) }));
}

/** Returns the options of the compiler for a target of asconfig.json. */
function optionsOf(target) {
  const { options, targets } = JSON.parse(read("asconfig.json"));
  const { outFile: _, ...own } = targets[target];
  return Object.entries({ ...options, ...own }).flatMap(([name, value]) => {
    if (value === true) return [`--${name}`];
    return [value].flat().flatMap((each) => [`--${name}`, String(each)]);
  });
}

/**
 * One build of `files` (a map from path to text). `level`: how far it is optimised, which decides no result, because
 * WebAssembly has no other rounding for it. Throws where the source is none of the language.
 */
async function compile(files, target, level) {
  let binary;
  const { error, stderr } = await asc.main(
    ["assembly/index.ts", ...optionsOf(target), "--optimizeLevel", String(level), "--outFile", "out.wasm"],
    {
      readFile: (name) => files.get(name.replaceAll("\\", "/")) ?? null,
      writeFile: (name, contents) => {
        if (name === "out.wasm") binary = Buffer.from(contents);
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr}`);
  return binary;
}

/**
 * What a build makes of these sources: the two strict builds, and the modules that tell the host of them. Throws where the
 * build would refuse them.
 */
export async function buildKernels(sources, level) {
  const files = new Map(sources.map(({ path, text }) => [path, text]));
  const constants = readConstants(sources.filter(({ path }) => /(memory-map|tiles)\.ts$/.test(path)));
  const { JOB_SIZE, JOB_FIELDS } = Object.fromEntries(constants.map(({ name, value }) => [name, value]));
  const jobs = readJobs(sources, (JOB_SIZE - JOB_FIELDS) / 4);
  files.set("assembly/dispatch.gen.ts", dispatchSource(jobs));
  files.set("assembly/rare/dispatch.gen.ts", rareDispatchSource(jobs));
  return {
    simd: await compile(files, "simd", level),
    threads: await compile(files, "threads", level),
    host: { "tiles.gen.ts": constantsSource(constants), "jobs.gen.ts": writersSource(jobs) },
  };
}
