// Whether dist/ is what the sources are now: the build leaves a hash of what it was made from, so file times play no part.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** What a build is made from; what it writes into src/ is named .gen.ts. */
const folders = ["assembly", "scripts", "src"];
const files = ["asconfig.json", "package-lock.json", "package.json", "tsconfig.build.json", "tsconfig.json"];

const stampOf = (root) => join(root, "build/made-from.json");
const waitMilliseconds = 200;
const longestWaitMilliseconds = 600_000;

/** The part of a build that a file belongs to. Kernels take half of a build and change least. */
function partOf(name) {
  if (name.endsWith(".gen.ts")) return "generated";
  return /^(assembly|scripts)\/|^(asconfig|package-lock)\.json$/.test(name) ? "kernels" : "sources";
}

/** SHA-256 of what the kernels are made from, of the other sources, and of what a build writes among them: names and bytes. */
function hashes(root) {
  const parts = { kernels: createHash("sha256"), sources: createHash("sha256"), generated: createHash("sha256") };
  const inside = folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const all = [...inside, ...files.map((file) => join(root, file)).filter((file) => existsSync(file))];
  for (const file of all.sort()) {
    const bytes = readFileSync(file);
    const name = relative(root, file).split(sep).join("/");
    parts[partOf(name)].update(`${name}\0${bytes.length}\0`).update(bytes);
  }
  return Object.fromEntries(Object.entries(parts).map(([part, hash]) => [part, hash.digest("hex")]));
}

/** Returns whether all that package.json promises of dist/ is there. */
function hasEntries(root) {
  const { bin = {}, exports = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const paths = Object.values(exports).flatMap((entry) => (typeof entry === "string" ? entry : Object.values(entry)));
  return [...Object.values(bin), ...paths].every((path) => existsSync(join(root, path)));
}

/** The hashes that the last build left if it ended well; none where it was killed as it wrote them. */
function readStamp(root) {
  try {
    return JSON.parse(readFileSync(stampOf(root), "utf8"));
  } catch {
    return {};
  }
}

/** Which parts of the last build that ended well were made of what is there now. */
function freshParts(root) {
  const made = readStamp(root);
  return Object.fromEntries(Object.entries(hashes(root)).map(([part, hash]) => [part, hash === made[part]]));
}

/** Returns whether the last build ended well, of the sources that are there now, and what it wrote still stands. */
export function isFresh(root) {
  return hasEntries(root) && Object.values(freshParts(root)).every(Boolean);
}

/** The library's own lock of a folder, from its source: what is built may be old or gone. */
async function readLock() {
  const { build } = await import("esbuild");
  const entry = fileURLToPath(new URL("../src/node/lock.ts", import.meta.url));
  const options = { bundle: true, write: false, format: "esm", platform: "node", target: "node20" };
  const [{ text }] = (await build({ entryPoints: [entry], ...options })).outputFiles;
  return import(`data:text/javascript,${encodeURIComponent(text)}`);
}

/** Locks the folder of builds; waits while another process has it. */
async function lockBuild(root) {
  const { lockFolder } = await readLock();
  const folder = join(root, "build");
  mkdirSync(folder, { recursive: true });
  for (let waited = 0; ; waited += waitMilliseconds) {
    try {
      return await lockFolder(folder);
    } catch (error) {
      if (waited >= longestWaitMilliseconds || !error.message.includes("writes there")) throw error;
      if (waited === 0) console.log("Another process builds dist/: this one waits for its end.");
      await sleep(waitMilliseconds);
    }
  }
}

/**
 * Runs `build` while no other process builds in `root`, and notes what it was made from once it has ended well. With
 * `ifStale` it runs only where dist/ is not what the sources are: another process may have built while this one waited.
 * `build` is told whether the kernels of the last build can stay.
 */
export async function building(root, { ifStale }, build) {
  const lock = await lockBuild(root);
  try {
    if (ifStale && isFresh(root)) return;
    const fresh = freshParts(root);
    rmSync(stampOf(root), { force: true });
    // Sources that change while the build runs differ from these hashes, and are built next time.
    const { kernels, sources } = hashes(root);
    await build({ keepKernels: ifStale && fresh.kernels && fresh.generated });
    writeFileSync(stampOf(root), `${JSON.stringify({ kernels, sources, generated: hashes(root).generated })}\n`);
  } finally {
    await lock.release();
  }
}

/** Builds where dist/ is not what the sources are. Throws where that fails, after the build's own output. */
export function ensureBuilt(root) {
  if (isFresh(root)) return;
  console.log("dist/ was not built from the sources that are here now: building it (npm run build) …");
  const { status } = spawnSync(process.execPath, ["scripts/build.mjs", "--if-stale"], { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error("The build failed, for the reason above: tests of dist/ would run old code.");
}
