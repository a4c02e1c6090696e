// What a result says about the machine, and the file that keeps the results of one machine: CPU, number
// of cores, Node and commit, but no names of hosts or folders.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

function commit() {
  const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: "pipe" }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no", "assembly", "src", "asconfig.json");
    return git("rev-parse", "--short", "HEAD") + (changed ? " with changes" : "");
  } catch {
    return "unknown";
  }
}

const processors = cpus();

/**
 * Returns the processor's name. Clouds give processors of several generations one name, so on Linux its family and model follow,
 * which tell them apart, and the widest vectors that it has.
 */
function processorName() {
  const name = (processors[0]?.model ?? "unknown").trim();
  if (!existsSync("/proc/cpuinfo")) return name;
  const info = readFileSync("/proc/cpuinfo", "utf8");
  const [family, model] = ["cpu family", "model"].map(
    (word) => new RegExp(`^${word}\\s*: (\\d+)$`, "m").exec(info)?.[1],
  );
  const vectors = ["avx512f", "avx2"].find((flag) => new RegExp(`\\b${flag}\\b`).test(info));
  const details = [family && `family ${family}`, model && `model ${model}`, vectors].filter(Boolean);
  return details.length > 0 ? `${name} (${details.join(", ")})` : name;
}

export const machine = {
  cpu: processorName(),
  cores: processors.length,
  node: process.version,
  commit: commit(),
};

/** The committed results: the sample, or whole steps on another machine, by a name of its kind. */
export const sampleOf = (kind) =>
  fileURLToPath(new URL(kind ? `results/sample-${kind}.json` : "results/sample.json", import.meta.url));
/** The kinds of machines whose steps stand beside the sample's. */
export const otherKinds = ["128-bit"];
const slug = `${machine.cpu}-${machine.cores}-cores`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
const ofMachine = join("bench/results", `${slug}.json`);

/**
 * Puts one section into a file of the package, by default this machine's, beside those measured before. Returns the file's path
 * in the package.
 */
export function store(section, result, file = ofMachine) {
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  const stored = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  stored[section] = { machine, ...result };
  writeFileSync(path, `${JSON.stringify(stored, null, 1)}\n`);
  return file;
}
