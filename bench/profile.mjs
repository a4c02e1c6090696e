// `npm run bench -- profile`: where the time of whole steps goes, by op and layer, on one thread. Ops run where they are called there,
// so the clock around each call is its time.
import { createEngine } from "../dist/index.js";
import { row, title } from "./print.mjs";
import { gradientOf } from "./run-options.mjs";

/** The smallest share of a step that has a row of its own. */
const LEAST = 0.015;

/** Says which layer an op was called for, by the sizes in its arguments. */
function layerOf(values) {
  const s = values.findLast((value) => typeof value === "object" && value !== null);
  if (s === undefined) return "";
  const into = s.inChannels ?? s.inFeatures ?? s.channels ?? s.features;
  const out = s.outChannels ?? s.outFeatures;
  const channels = out === undefined ? into : `${into}→${out}`;
  const height = s.outHeight ?? s.height;
  return [channels, height && `${height}×${s.outWidth ?? s.width}`, s.lanes && `${s.lanes} images`]
    .filter(Boolean)
    .join(", ");
}

/** Takes the place of each op, which then adds its time to `spent` while that is told to count. */
function watch(ops, spent) {
  for (const [name, op] of Object.entries(ops)) {
    ops[name] = (...values) => {
      const start = performance.now();
      op(...values);
      const ms = performance.now() - start;
      const key = `${name}|${layerOf(values)}`;
      const so = spent.get(key) ?? { ms: 0, calls: 0 };
      spent.set(key, { ms: so.ms + ms, calls: so.calls + 1 });
    };
  }
}

/** Measures the steps of a workload: their milliseconds, and rows of ops, the largest first. */
async function profileOf(workload, rounds) {
  const engine = await createEngine({ threads: 1 });
  const spent = new Map();
  watch(engine.backend.ops, spent);
  const step = await gradientOf(engine, workload);
  for (let i = 0; i < Math.max(1, workload.warmUps); i++) await step();
  spent.clear();
  const start = performance.now();
  for (let i = 0; i < rounds; i++) await step();
  const ms = (performance.now() - start) / rounds;
  const rows = [...spent].map(([key, so]) => {
    const [op, layer] = key.split("|");
    return {
      id: workload.id,
      title: workload.title,
      op,
      layer,
      calls: so.calls / rounds,
      ms: so.ms / rounds,
      share: so.ms / rounds / ms,
    };
  });
  rows.sort((a, b) => b.ms - a.ms);
  const large = rows.filter(({ share }) => share >= LEAST);
  const rest = ms - large.reduce((sum, each) => sum + each.ms, 0);
  const other = {
    id: workload.id,
    title: workload.title,
    op: "the rest",
    layer: "",
    calls: 0,
    ms: rest,
    share: rest / ms,
  };
  await engine.dispose();
  return [...large, other];
}

export async function profile({ quick, workloads }) {
  const rows = [];
  title(["step", "op", "layer", "calls", "ms", "share"]);
  for (const workload of workloads.filter(({ id }) => id !== "lenet-1x3")) {
    const rounds = quick || workload.warmUps === 0 ? 1 : 5;
    for (const each of await profileOf(workload, rounds)) {
      rows.push(each);
      row([each.id, each.op, each.layer, each.calls, each.ms, [each.share]]);
    }
  }
  return { quick, rows };
}
