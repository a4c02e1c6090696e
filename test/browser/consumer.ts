// A throw-away project that uses the package as npm would install it.
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pictures } from "../data/jpegs.ts";

const picture = pictures.colour.plain.join("");
const root = fileURLToPath(new URL("../../", import.meta.url));

/** A user's program: distils for two outer steps and gives the digest, reads a JPEG, by the README's names alone. */
const program = `
import { backGradient, digits, distill, lenet, setDigest } from "distillate";
import { decodeImage } from "distillate/data";

async function run() {
  const { train } = await digits();
  const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1 });
  const outer = { steps: 2, batch: 64 };
  const notices = [];
  const onNotice = (notice) => notices.push(notice);
  const set = await distill({ data: train, model: lenet(), method, outer, seed: 5, threads: 2, onNotice }).result();
  const jpeg = Uint8Array.from(atob("${picture}"), (character) => character.charCodeAt(0));
  const { data } = await decodeImage(jpeg, { name: "picture.jpg" });
  return { digest: await setDigest(set), notices, pixels: [...data] };
}
export const result = run();
`;

/** Makes a folder with the packed package in its node_modules, and the program. */
export interface Consumer {
  readonly folder: string;
  /** The version of the installed package. */
  readonly manifest: { readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>> };
  write(name: string, text: string): void;
  remove(): void;
}

export function makeConsumer(): Consumer {
  const folder = mkdtempSync(join(tmpdir(), "distillate-consumer-"));
  const installed = join(folder, "node_modules/distillate");
  // Scripts are off: what was built is packed.
  execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: root, stdio: "pipe" });
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  execFileSync("tar", ["-xzf", tarball!], { cwd: folder });
  mkdirSync(dirname(installed), { recursive: true });
  renameSync(join(folder, "package"), installed);
  rmSync(join(folder, tarball!));
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  // npm would install these beside it.
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link);
  }
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  write("package.json", JSON.stringify({ name: "consumer", version: "1.0.0", type: "module", private: true }));
  write("program.js", program);
  write("page.js", 'import { result } from "./program.js";\nglobalThis.result = result;\n');
  write("index.html", page("/page.js"));
  return { folder, manifest, write, remove: () => rmSync(folder, { recursive: true }) };
}

/** Writes a page that starts with that script. */
export function page(script: string, head = ""): string {
  return `<!doctype html><meta charset="utf-8"><title>consumer</title><link rel="icon" href="data:,">${head}
<script type="module" src="${script}"></script>`;
}
