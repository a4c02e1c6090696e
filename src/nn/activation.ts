// Activations, element by element.
import type { BoundLayer, ImageShape, Layer, LayerContext } from "./layer.ts";
import { elements } from "./layer.ts";

/**
 * y = max(x, 0) (`nn.ReLU`). Its derivative is the mask y > 0, 0 at 0 as in PyTorch; its second derivative is 0 almost
 * everywhere, so one mask serves backward and both tangent passes.
 */
export function relu(): Layer {
  return {
    kind: "relu",
    options: {},
    outputShape: (input) => input,
    parameters: () => [],
    bind: bindRelu,
  };
}

function bindRelu(input: ImageShape, { ops, batch }: LayerContext): BoundLayer {
  const n = elements(input) * batch;
  return {
    inPlace: true,
    savedFloats: 0,
    workspaceFloats: 0,
    forward: ({ x, y }) => ops.reluForward(y, x, n),
    backward({ y, dx, dy }) {
      if (dx) ops.reluMask(dx, y, dy, n);
    },
    forwardR({ y }, { rx, ry }) {
      if (rx) ops.reluMask(ry, y, rx, n);
      else ops.fill(ry, 0, n);
    },
    backwardR({ y }, { rdx, rdy }) {
      if (rdx) ops.reluMask(rdx, y, rdy, n);
    },
  };
}
