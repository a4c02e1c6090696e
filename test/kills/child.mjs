// Runs something that saves as it goes, and goes on from what an earlier process saved that was killed. Prints "saving" when
// its first save in this life is about to begin, and at the end what it made, as a digest.
import { closeSync, openSync, writeSync } from "node:fs";
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

/** Saves the state as a program would that knows no better, in place and piece by piece: a kill leaves a part of it. */
function saveInPlace({ tensors }) {
  const file = openSync(path, "w");
  for (const { buffer } of tensors.values()) {
    for (let at = 0; at < buffer.byteLength; at += 1024)
      writeSync(file, new Uint8Array(buffer).subarray(at, at + 1024));
  }
  writeSync(file, "end");
  closeSync(file);
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
