// The layers whose kernels are measured: convolutions and linear layers of the three networks.

import { wasmPlan } from "../dist/backend/wasm/plan.js";
import { alexCifarNet, convNet, lenet } from "../dist/index.js";
import { chunkImages } from "../dist/inner/chunks.js";
import { laneCount } from "../dist/nn/network.js";

/** Returns the sizes of each convolution or linear layer, its forward flops for one image, and its network's lanes. */
function layersOf(model, plan) {
  const layers = [];
  const lanes = (images) => laneCount(model, images, plan);
  model.layers.forEach(({ kind, options }, i) => {
    const [inChannels, height, width] = model.shapes[i];
    const [outChannels, outHeight, outWidth] = model.shapes[i + 1];
    const ordinal = layers.filter((layer) => layer.kind === kind).length + 1;
    if (kind === "conv2d") {
      const { kernel, padding } = options;
      const flops = 2 * outChannels * outHeight * outWidth * inChannels * kernel * kernel;
      const sizes = { inChannels, height, width, outChannels, outHeight, outWidth, kernel, padding, lanes };
      layers.push({
        kind,
        name: `conv${ordinal}`,
        size: `${inChannels}→${outChannels}, ${kernel}×${kernel}, ${outHeight}×${outWidth}`,
        flops,
        ...sizes,
      });
    } else if (kind === "linear") {
      const sizes = { inFeatures: inChannels, outFeatures: outChannels, lanes };
      layers.push({
        kind,
        name: `fc${ordinal}`,
        size: `${inChannels}→${outChannels}`,
        flops: 2 * inChannels * outChannels,
        ...sizes,
      });
    }
  });
  return layers;
}

/** The networks, with the images of a chunk of a large real batch and their layers, as a backend of that plan has them. */
export function networksOn(plan) {
  const network = (name, model) => ({ name, chunk: chunkImages(model, plan), layers: layersOf(model, plan) });
  return [
    network("LeNet", lenet()),
    network("AlexCifarNet", alexCifarNet()),
    network("ConvNet", convNet({ input: [3, 32, 32], classes: 10 })),
  ];
}

/** The same as the kernels have them. */
export const networks = networksOn(wasmPlan);
