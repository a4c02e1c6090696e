// Uses the engine directly: your own network, and its Hessian times a vector, checked by a difference of gradients.
//
//   node examples/04-own-network.mjs
import { avgPool2d, conv2d, createEngine, flatten, linear, sequential, tanh } from "distillate";

const model = sequential(
  [1, 8, 8],
  [conv2d({ out: 4, kernel: 3, padding: 1 }), tanh(), avgPool2d({ kernel: 2 }), flatten(), linear({ out: 3 })],
);
const wave = (n, pace, scale) => Float32Array.from({ length: n }, (_, i) => scale * (((i * pace) % 17) / 8 - 1));
const parameters = wave(model.parameterCount, 7, 0.3);
const vector = wave(model.parameterCount, 5, 1);
const batch = { images: wave(6 * 64, 11, 1), targets: Uint8Array.of(0, 1, 2, 0, 1, 2) };

const engine = await createEngine({ threads: 1 });
const net = await engine.bind(model);
const product = await net.hessianVectorProduct({ parameters, vector, ...batch });

const step = 1e-3;
const moved = (sign) => parameters.map((value, i) => value + sign * step * vector[i]);
const ahead = await net.gradients({ parameters: moved(1), ...batch });
const behind = await net.gradients({ parameters: moved(-1), ...batch });
for (const i of [0, 20, 40, 60]) {
  const difference = (ahead.parameters[i] - behind.parameters[i]) / (2 * step);
  console.log(`(H·v)[${i}] = ${product.parameters[i].toFixed(4)}, by differences ${difference.toFixed(4)}`);
}
await engine.dispose();
