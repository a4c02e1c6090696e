// Convolutions through the frequency domain as jobs (assembly/rare/frequency.ts and the three beside it).
import { none } from "../../buffer.ts";
import type { FrequencyOps, FrequencyShape } from "../../frequency-ops.ts";
import { blocksOf, slotsOf } from "../frequency-plan.ts";
import type { Jobs, SpectrumShape } from "../jobs.gen.ts";
import { ROWS } from "../tiles.gen.ts";

/** Multiply-adds of all products. */
const products = (s: FrequencyShape): number => 3 * slotsOf(s) * s.inChannels * s.outChannels * s.lanes;

function planes(of: "inputs" | "outputs", s: FrequencyShape): SpectrumShape {
  const { height, width, side, lanes, laneBlock } = s;
  return { channels: of === "inputs" ? s.inChannels : s.outChannels, height, width, side, lanes, laneBlock };
}

export function frequencyOps(jobs: Jobs): FrequencyOps {
  const transform = (of: "inputs" | "outputs", s: FrequencyShape) => {
    const tiles = blocksOf(s) * (of === "inputs" ? s.inChannels : s.outChannels);
    return { tiles, work: 20 * tiles * slotsOf(s) * s.laneBlock };
  };
  const weights = (s: FrequencyShape) => ({
    tiles: s.outChannels / ROWS,
    work: 20 * slotsOf(s) * s.inChannels * s.outChannels,
  });
  return {
    spectrumForward: (spectrum, x, of, s) => jobs.spectrumForward({ spectrum, x }, planes(of, s), transform(of, s)),
    spectrumBack: (y, spectrum, bias, of, s) =>
      jobs.spectrumBack({ y, spectrum, bias }, planes(of, s), transform(of, s)),
    frequencyWeights(u, turned, w, s) {
      if (u !== none || turned !== none) jobs.frequencyWeights({ u, turned, w }, s, weights(s));
    },
    frequencyForward: (y, x, u, s, accumulate) =>
      jobs.frequencyProducts({ y, x, u, turned: false, accumulate }, s, { tiles: slotsOf(s), work: products(s) }),
    frequencyBackwardData(dx, dy, turned, s, accumulate) {
      const { inChannels: outChannels, outChannels: inChannels, side, lanes, laneBlock } = s;
      const shape = { inChannels, outChannels, side, lanes, laneBlock };
      const operands = { y: dx, x: dy, u: turned, turned: true, accumulate };
      jobs.frequencyProducts(operands, shape, { tiles: slotsOf(s), work: products(s) });
    },
    frequencyBackwardWeights: (g, dy, x, s, accumulate) =>
      jobs.frequencyGradient({ g, dy, x, accumulate }, s, { tiles: slotsOf(s), work: products(s) }),
    frequencyWeightsBack: (dw, g, s, accumulate) => jobs.frequencyWeightsBack({ dw, g, accumulate }, s, weights(s)),
  };
}
