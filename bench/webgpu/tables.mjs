// The tables of docs/performance.md about GPUs, from the results of `npm run bench -- webgpu`.
import { figure, grouped, onMachine, percent, table } from "../markdown.mjs";

const whole = (value) => Math.round(value).toLocaleString("en");
const seconds = (ms) => (ms >= 1000 ? `${figure(ms / 1000)} s` : `${figure(ms)} ms`);
/** Two digits also of what is a hundredth as fast. */
const times = (ratio) => `${ratio >= 10 ? ratio.toFixed(0) : ratio.toPrecision(2)}×`;
function bytes(count) {
  if (count >= 1e9) return `${figure(count / 1e9)} GB`;
  return count >= 1e5 ? `${figure(count / 1e6)} MB` : `${figure(count / 1e3)} KB`;
}

const nameOf = ({ name, software }) => (software ? `${name}, which simulates a GPU on the processor` : name);

/** The passes of a layer, as columns. */
const passes = ["forward", "backwardData", "backwardWeights"];

/** PyTorch's time for a step of the same sizes. */
function ofTorch(torch, { id, reduced }) {
  const row = torch?.rows.find((each) => each.id === id);
  return row && !reduced ? seconds(row.ms) : "";
}

function torchLine({ torch }) {
  if (!torch) return "There was no PyTorch with CUDA to compare with.";
  const rows = torch.rows.map(({ id, ms }) => `${id} ${seconds(ms)}`);
  return `PyTorch ${torch.version} on ${torch.name}, one network after the other, in float32: ${rows.join(", ")}.`;
}

export const gpuTables = {
  webgpuAdapter({ webgpu }) {
    const { adapter, threads, costs } = webgpu;
    const measured = adapter.software ? " No speed on a GPU was measured." : "";
    return (
      `WebGPU on ${nameOf(adapter)}; the WASM kernels on ${threads} threads of ${onMachine(webgpu)}${measured} A dispatch that ` +
      `waits for the one before it takes ${figure(costs.dispatch)} µs there, and reading one float ${figure(costs.read)} µs.`
    );
  },
  webgpuSteps({ webgpu }) {
    const { steps, torch } = webgpu;
    const names = ["step", "sizes", "WebGPU", "WASM", "speed", "others"];
    const counted = ["dispatches", "submissions", "reads", "uploaded", "read", "buffers"];
    const rows = steps.map((row) => {
      const { dispatches, submissions, reads, uploaded, downloaded, held } = row.counts;
      return [
        ...[row.title, row.sizes, seconds(row.webgpu.ms), seconds(row.wasm.ms), times(row.ratio)],
        percent(row.webgpu.others),
        ...(torch ? [ofTorch(torch, row)] : []),
        ...[dispatches, submissions, reads].map(whole),
        ...[uploaded, downloaded, held].map(bytes),
      ];
    });
    const columns = [...names, ...(torch ? ["PyTorch"] : []), ...counted];
    return `${table(columns, rows)}\n\n${torchLine(webgpu)}`;
  },
  webgpuPlan({ webgpu: { planned, assumptions } }) {
    const [least, most] = assumptions.launch.map((launch) => Math.round(1e6 * launch));
    const names = [
      "step",
      "sizes",
      "GFLOP",
      "dispatches",
      "uploaded",
      "read",
      "moved",
      "launches",
      "bytes",
      "products",
    ];
    const rows = planned.map(({ title, sizes, gflop, counts, model }) => [
      ...[title, sizes, figure(gflop), whole(counts.dispatches)],
      ...[counts.uploaded, counts.downloaded, counts.moved].map(bytes),
      model.launch.map((each) => seconds(1000 * each)).join(" to "),
      ...[model.memory, model.arithmetic].map((each) => seconds(1000 * each)),
    ]);
    const said =
      `Assumed, not measured: ${least} to ${most} µs a dispatch, ${whole(assumptions.bandwidth / 1e9)} GB/s and ` +
      `${whole(assumptions.rate / 1e9)} GFLOP/s.`;
    return `${said}\n\n${table(names, rows)}`;
  },
  webgpuKernels({ webgpu: { arithmetic } }) {
    const loads = grouped(arithmetic, ({ network, layer, networks, images }) =>
      [network, layer, networks, images].join(),
    );
    return table(
      ["network", "layer", "networks × images", ...passes],
      loads.map((rows) => [
        ...[rows[0].network, `${rows[0].layer} (${rows[0].size})`, `${rows[0].networks} × ${rows[0].images}`],
        ...passes.map((pass) => {
          const { webgpu, wasm } = rows.find((row) => row.pass === pass);
          return `${figure(webgpu)} / ${figure(wasm)}`;
        }),
      ]),
    );
  },
  webgpuTraffic({ webgpu: { traffic } }) {
    const rows = traffic.map(({ kernel, operands, bytes: moved, webgpu, wasm, ratio }) => {
      return [kernel, operands, bytes(moved), figure(webgpu), figure(wasm), times(ratio)];
    });
    return table(["kernel", "operands", "moved", "WebGPU, GB/s", "WASM, GB/s", "speed"], rows);
  },
};
