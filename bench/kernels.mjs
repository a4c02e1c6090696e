// `npm run bench -- kernels`: measures each kernel on one thread, in turn with the limit.
import { Arena } from "../dist/backend/arena.js";
import { createReferenceBackend } from "../dist/backend/reference/backend.js";
import { createWasmBackend } from "../dist/backend/wasm/backend.js";
import { arithmeticCases, expectations } from "./arithmetic.mjs";
import { networks } from "./layers.mjs";
import { limitFlops, limitWork } from "./limit.mjs";
import { busyShare, interleave, median, warmUp } from "./measure.mjs";
import { row, title } from "./print.mjs";
import { copyWork, trafficCases } from "./traffic.mjs";

/** The images of a distilled block, of a block for a hundred classes or so, and of a real batch. */
const IMAGES = [10, 64, 1024];

/** A share of the limit that the noise of two medians may reach. */
const NOISE = 1.03;

/**
 * Returns a message for rows that pass the limit. Kernels that sum directly cannot, so for them the limit was measured too
 * low. Kernels by transforms can, because they take fewer products than are counted.
 */
export function beyondLimit(rows) {
  return rows
    .filter(({ transformed, share }) => !transformed && share > NOISE)
    .map(({ network, layer, pass, images, share }) => {
      const kernel = `${network} ${layer} ${pass}, ${images} images`;
      return `${kernel}: ${(100 * share).toFixed(0)} % of the limit. The limit is measured too low here, so no share of it holds.`;
    });
}

const settings = (quick) => ({ rounds: quick ? 3 : 9, target: quick ? 4 : 10 });

const gigaflops = (flops, ms) => flops / ms / 1e6;

/** Measures one layer for one number of images. A real batch runs in the chunks into which the library cuts it. */
async function measureLayer(network, layer, images, { backend, arena, limit, expected, quick }) {
  const mark = arena.mark();
  const chunk = images === 1024 ? network.chunk : images;
  const cases = await arithmeticCases(layer, chunk, backend, arena, expected);
  for (const { work } of cases) warmUp(work, 20);
  const busy = await busyShare(quick ? 50 : 100);
  const [limits, ...samples] = interleave([limit, ...cases.map(({ work }) => work)], settings(quick));
  arena.release(mark);
  const top = gigaflops(limitFlops, median(limits));
  return cases.map(({ pass, flops, transformed }, i) => {
    const speed = gigaflops(flops, median(samples[i]));
    return {
      network: network.name,
      layer: layer.name,
      size: layer.size,
      pass,
      transformed,
      images,
      chunk,
      gflops: speed,
      best: gigaflops(flops, Math.min(...samples[i])),
      limit: top,
      share: speed / top,
      busy,
    };
  });
}

async function measureArithmetic(backend, quick) {
  const arena = new Arena(backend);
  const limit = limitWork();
  const rows = [];
  title(["network", "layer", "size", "pass", "images", "GFLOP/s", "limit", "share", "busy"]);
  for (const network of networks) {
    for (const layer of network.layers) {
      const expected = await expectations(layer, createReferenceBackend());
      for (const images of IMAGES) {
        const measured = await measureLayer(network, layer, images, { backend, arena, limit, expected, quick });
        for (const r of measured) {
          row([r.network, r.layer, r.size, r.pass, r.images, r.gflops, r.limit, [r.share], [r.busy]]);
        }
        rows.push(...measured);
      }
    }
  }
  return rows;
}

async function measureTraffic(backend, quick) {
  const rows = [];
  title(["kernel", "operands", "MB", "GB/s", "copy", "share", "busy"]);
  for await (const { kernel, operands, bytes, work } of trafficCases(backend)) {
    warmUp(work, 20);
    const copy = copyWork(bytes);
    const busy = await busyShare(quick ? 50 : 100);
    const [copies, samples] = interleave([copy, work], settings(quick));
    const speed = bytes / median(samples) / 1e6;
    const top = bytes / median(copies) / 1e6;
    const best = bytes / Math.min(...samples) / 1e6;
    rows.push({ kernel, operands, bytes, gbs: speed, best, copy: top, share: speed / top, busy });
    row([kernel, operands, bytes / 1e6, speed, top, [speed / top], [busy]]);
  }
  return rows;
}

export async function kernels({ quick }) {
  const backend = await createWasmBackend({ threads: 1 });
  const arithmetic = await measureArithmetic(backend, quick);
  const traffic = await measureTraffic(backend, quick);
  await backend.dispose();
  for (const line of beyondLimit(arithmetic)) console.warn(line);
  return { quick, arithmetic, traffic };
}
