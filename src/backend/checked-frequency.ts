// Places and lengths of what the operations of the frequency domain are given (checked.ts).
import type { FrequencyFloats, FrequencyOps, FrequencyShape } from "./frequency-ops.ts";
import type { Checks, Room } from "./room.ts";

/** Floats of a layer's inputs or outputs themselves. */
function plain(of: "inputs" | "outputs", s: FrequencyShape): number {
  return (of === "inputs" ? s.inChannels : s.outChannels) * s.height * s.width * s.lanes;
}

export function checkedFrequency(ops: FrequencyOps, { need, may }: Checks, { plan }: Room): FrequencyOps {
  const floats = (s: FrequencyShape): FrequencyFloats => plan.frequency!.floats(s);
  const weights = (s: FrequencyShape): number => s.inChannels * s.outChannels * s.kernel * s.kernel;
  return {
    spectrumForward(spectrum, x, of, s) {
      need(floats(s)[of], "spectrum of spectrumForward", spectrum);
      need(plain(of, s), "x of spectrumForward", x);
      ops.spectrumForward(spectrum, x, of, s);
    },
    spectrumBack(y, spectrum, bias, of, s) {
      need(plain(of, s), "y of spectrumBack", y);
      need(floats(s)[of], "spectrum of spectrumBack", spectrum);
      may(of === "inputs" ? s.inChannels : s.outChannels, "bias of spectrumBack", bias);
      ops.spectrumBack(y, spectrum, bias, of, s);
    },
    frequencyWeights(u, turned, w, s) {
      may(floats(s).weights, "u, turned of frequencyWeights", u, turned);
      need(weights(s), "w of frequencyWeights", w);
      ops.frequencyWeights(u, turned, w, s);
    },
    frequencyForward(y, x, u, s, accumulate) {
      need(floats(s).outputs, "y of frequencyForward", y);
      need(floats(s).inputs, "x of frequencyForward", x);
      need(floats(s).weights, "u of frequencyForward", u);
      ops.frequencyForward(y, x, u, s, accumulate);
    },
    frequencyBackwardData(dx, dy, turned, s, accumulate) {
      need(floats(s).inputs, "dx of frequencyBackwardData", dx);
      need(floats(s).outputs, "dy of frequencyBackwardData", dy);
      need(floats(s).weights, "turned of frequencyBackwardData", turned);
      ops.frequencyBackwardData(dx, dy, turned, s, accumulate);
    },
    frequencyBackwardWeights(g, dy, x, s, accumulate) {
      need(floats(s).gradient, "g of frequencyBackwardWeights", g);
      need(floats(s).outputs, "dy of frequencyBackwardWeights", dy);
      need(floats(s).inputs, "x of frequencyBackwardWeights", x);
      ops.frequencyBackwardWeights(g, dy, x, s, accumulate);
    },
    frequencyWeightsBack(dw, g, s, accumulate) {
      need(weights(s), "dw of frequencyWeightsBack", dw);
      need(floats(s).gradient, "g of frequencyWeightsBack", g);
      ops.frequencyWeightsBack(dw, g, s, accumulate);
    },
  };
}
