// Runs the tests of the project `webgpu`, writes the largest residual of each op and of each kind of network into the tables of
// docs/webgpu.md, and prints them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The tables stand between these lines. */
const [first, last] = ["<!-- from scripts/webgpu-accuracy.mjs -->", "<!-- to here -->"];

/** The largest residual by the name of what was compared; each test file leaves a line. */
function measured() {
  const folder = mkdtempSync(join(tmpdir(), "residuals-"));
  const file = join(folder, "lines");
  try {
    const { status } = spawnSync("npx", ["vitest", "run", "--project", "webgpu"], {
      cwd: at(""),
      env: { ...process.env, RESIDUALS: file },
      stdio: ["ignore", 2, 2],
    });
    if (status !== 0) throw new Error("a test failed");
    const worst = new Map();
    for (const line of readFileSync(file, "utf8").trim().split("\n")) {
      for (const [name, residual] of Object.entries(JSON.parse(line))) {
        worst.set(name, Math.max(residual, worst.get(name) ?? 0));
      }
    }
    return worst;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { code } = await transform(readFileSync(at("test/tolerances.ts"), "utf8"), { loader: "ts" });
const { opTolerances, networkTolerances, networkTitles } = await import(
  `data:text/javascript,${encodeURIComponent(code)}`
);
const worst = measured();

const short = (value, digits) => (value === 0 ? "0" : value.toExponential(digits));

function table(title, tolerances, nameOf) {
  const rows = Object.entries(tolerances).map(([name, tolerance]) => {
    const residual = worst.get(name);
    if (residual === undefined) throw new Error(`no test compared ${name}`);
    return `| ${nameOf(name)} | ${short(tolerance, 0)} | ${short(residual, 1)} |`;
  });
  return `| ${title} | tolerance | largest residual |\n|---|---|---|\n${rows.join("\n")}\n`;
}

const tables = [
  table("op", opTolerances, (name) => `\`${name}\``),
  table("whole networks", networkTolerances, (name) => networkTitles[name]),
].join("\n");
process.stdout.write(tables);

const text = readFileSync(at("docs/webgpu.md"), "utf8");
const [start, end] = [text.indexOf(first), text.indexOf(last)];
if (start < 0 || end < start) throw new Error(`docs/webgpu.md has no lines ${first} and ${last}`);
writeFileSync(at("docs/webgpu.md"), `${text.slice(0, start)}${first}\n\n${tables}\n${text.slice(end)}`);
