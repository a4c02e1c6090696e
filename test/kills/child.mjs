// Runs something that saves as it goes, and goes on from what an earlier process saved that was killed. Prints "saving" when
// its first save in this life is about to begin, and at the end what it made, as a digest.
import { writeFileSync } from "node:fs";
import { backGradient, distill, flatten, linear, sequential, setDigest } from "../../dist/index.js";
import { loadCheckpoint, saveCheckpoint, trainPoolFolder } from "../../dist/node.js";
import { noise } from "../child-data.mjs";

const { kind, path, workers = 0, saved } = JSON.parse(process.argv[2]);

const data = noise({ count: 200, size: 28, classes: 10 });
const model = sequential([1, 28, 28], [flatten(), linear({ out: 10 })]);
let said = false;

function saving() {
  if (!said) process.stdout.write("saving\n");
  said = true;
}

/** Saves the state as a program would that knows no better: a kill leaves half of it. */
async function saveInPlace(state) {
  const all = [...state.tensors].map(([name, floats]) => [name, Array.from(floats)]);
  writeFileSync(path, JSON.stringify({ ...state, tensors: all }));
}

async function runSet() {
  const before = saved ? (await loadCheckpoint(path)).state : undefined;
  const method = backGradient({ steps: 2, epochs: 1, imagesPerClass: 5 });
  const options = {
    data,
    model,
    method,
    networksPerStep: 2,
    outer: { batch: 50, steps: 40 },
    seed: 3,
    workers,
    threads: 1,
  };
  const run = distill({ ...options, ...(before && { resume: before }) });
  for await (const _ of run) {
    saving();
    const state = await run.state();
    await (kind === "control" ? saveInPlace(state) : saveCheckpoint(path, state));
  }
  return setDigest(await run.result());
}

async function runPool() {
  const options = { data, model, networks: 12, epochs: 1, batch: 50, seed: 3, workers, threads: 1 };
  const { weights } = await trainPoolFolder(path, { ...options, onNetwork: saving });
  return weights
    .map((theta) => Array.from(new Uint32Array(theta.buffer, theta.byteOffset, theta.length)).join())
    .join("|");
}

const result = await (kind === "pool" ? runPool() : runSet());
process.stdout.write(`${JSON.stringify(result)}\n`);
