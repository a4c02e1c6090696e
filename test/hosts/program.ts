// Programs that run in a process of their own and use the built library on a host with something changed.
import { spawn } from "node:child_process";

const dist = new URL("../../dist/", import.meta.url);

/** Returns `import(entry("index"))` for a program's text. */
export function entry(name: "index" | "data" | "recipes" | "algorithm" | "checkpoint" | "node"): string {
  return JSON.stringify(new URL(`${name}.js`, dist).href);
}

/** A small distillation: a function `run(more)` in a program's text, which has imported `library`. */
export const run = `
  const options = {
    data: (await library.digits()).train,
    model: library.lenet(),
    method: library.backGradient({ steps: 2, epochs: 2, imagesPerClass: 1 }),
    outer: { steps: 2, batch: 64 },
    networksPerStep: 2,
    seed: 5,
  };
  const run = (more) => library.distill({ ...options, ...more }).result();
`;

/** The digest of its set. */
export const digest = "b77d2915be2bd70fe0898bcb891134388e177eca031f53972d2c4f3019c43047";

/** Returns what the program prints on both streams; fails if the program does. */
export function program(text: string, flags: readonly string[] = []): Promise<string> {
  const child = spawn(process.execPath, [...flags, "--input-type=module", "-e", text], { timeout: 60_000 });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part) => {
      output += part;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("close", (code) => (code === 0 ? resolve(output) : reject(new Error(`exit code ${code}: ${output}`))));
  });
}
