// What becomes of an engine when a kernel fails or a kernel thread ends: it refuses further work, and nobody waits for ever.
// Programs of their own try that, because a thread that waits for a kernel cannot be stopped from within.
import { spawn } from "node:child_process";
import { expect, test } from "vitest";

const index = new URL("../../dist/index.js", import.meta.url);
const prelude = `
  import { createRequire } from "node:module";
  const host = createRequire(import.meta.url)("node:worker_threads");
  const threads = [];
  const { Worker } = host;
  host.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      threads.push(this);
    }
  };
  const { conv2d, createEngine, flatten, linear, sequential } = await import("${index}");
  const model = sequential([1, 16, 16], [conv2d({ out: 8, kernel: 3 }), flatten(), linear({ out: 10 })]);
  const engine = await createEngine({ worker: false, threads: 2 });
  const network = await engine.bind(model);
  const input = { parameters: new Float32Array(model.parameterCount), images: new Float32Array(256 * 50) };
  const { ops } = engine.backend;
  const tell = (what) => (error) => console.log(what + ": " + error.name + ": " + error.message + " | " + error.cause);
  /** Makes the checks of operands believe in a memory without an end. Returns where it does end. */
  const unchecked = () => {
    const { capacity } = engine.backend;
    Object.defineProperty(engine.backend, "capacity", { value: Number.MAX_SAFE_INTEGER });
    return capacity;
  };
  /** Sets floats that end beyond the memory: its last chunk fails, which the other thread takes. */
  const trap = async () => {
    engine.backend.reserve(5e7);
    ops.fill(unchecked() - 4e7, 1, 4e7 + 4096);
  };
`;

/** The program's exit code and the lines that it prints; killed after 20 s, with code null. */
function program(body: string): Promise<{ code: number | null; lines: string[] }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", prelude + body], { timeout: 20_000 });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, lines: output.trim().split("\n") })));
}

const lost = "create a new engine, because the memory of this one is lost";
const later = `later: WorkerError: a kernel thread failed: ${lost} | undefined`;

test("a kernel that fails on another thread ends the call, and the engine", async () => {
  const { code, lines } = await program(`
    await trap().catch(tell("trap"));
    await network.forward(input).catch(tell("later"));
    await engine.dispose();
    console.log("done");
  `);
  expect(lines).toEqual([`trap: WorkerError: a kernel thread failed: ${lost} | undefined`, later, "done"]);
  expect(code).toBe(0);
});

test("a kernel that fails on the caller's thread ends the call with the trap, and the engine", async () => {
  const { code, lines } = await program(`
    const fail = async () => ops.fill(unchecked(), 1, 64);
    await fail().catch(tell("trap"));
    await network.forward(input).catch(tell("later"));
    await engine.dispose();
    console.log("done");
  `);
  const trap = "memory access out of bounds";
  expect(lines).toEqual([
    `trap: WorkerError: a kernel failed (${trap}): ${lost} | RuntimeError: ${trap}`,
    later,
    "done",
  ]);
  expect(code).toBe(0);
});

test("a kernel thread that ends, ends the engine with it", async () => {
  const { code, lines } = await program(`
    await network.forward(input);
    await threads[0].terminate();
    await network.forward(input).catch(tell("later"));
    await engine.dispose();
    const other = await createEngine({ worker: false, threads: 2 });
    await (await other.bind(model)).forward(input);
    await other.dispose();
    console.log("done");
  `);
  expect(lines).toEqual([later, "done"]);
  expect(code).toBe(0);
});
