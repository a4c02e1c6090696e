// Trains LeNet in TensorFlow.js on its WebAssembly backend, as a measured process (process.mjs): a step is one of SGD. There
// is only training, because TensorFlow.js has no gradient of a convolution's gradients, so no step of back-gradient can be
// written with its operations. Its backend has no kernel for a convolution's weight gradient either; that is written here as
// a convolution over exchanged axes, the faster of the possible ways.
import { dirname, sep } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import * as wasm from "@tensorflow/tfjs-backend-wasm";
import { lenet } from "../../dist/index.js";
import { cyclic, fill, weights } from "../inputs.mjs";
import { peakMemory, timed } from "../measure.mjs";

const { images, learningRate, warmUps } = JSON.parse(process.argv[2]);
wasm.setWasmPaths(dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm"))) + sep);
await tf.setBackend("wasm");
await tf.ready();

/** Correlates x [n, h, w, c] with w [kh, kw, c, oc] at stride 1, with zeros on all sides. */
const correlate = (x, w, padding) => tf.conv2d(x, w, 1, padding, "NHWC", [1, 1], "floor");

const convolve = (x, w, padding) =>
  tf.customGrad((x, w, save) => {
    save([x, w]);
    const gradFunc = (dy, [x, w]) => [
      correlate(dy, tf.transpose(tf.reverse(w, [0, 1]), [0, 1, 3, 2]), w.shape[0] - 1 - padding),
      tf.transpose(correlate(tf.transpose(x, [3, 1, 2, 0]), tf.transpose(dy, [1, 2, 0, 3]), padding), [1, 2, 0, 3]),
    ];
    return { value: correlate(x, w, padding), gradFunc };
  })(x, w);

function forward(x, [w1, b1, w2, b2, w3, b3, w4, b4, w5, b5]) {
  const pooled = (y) => tf.maxPool(tf.relu(y), 2, 2, 0);
  const maps = pooled(tf.add(convolve(pooled(tf.add(convolve(x, w1, 2), b1)), w2, 0), b2));
  const flat = tf.reshape(maps, [x.shape[0], 400]);
  const hidden = tf.relu(tf.add(tf.matMul(tf.relu(tf.add(tf.matMul(flat, w3), b3)), w4), b4));
  return tf.add(tf.matMul(hidden, w5), b5);
}

/** Returns θ of LeNet in TensorFlow's layouts. */
function parameters() {
  const model = lenet();
  const theta = weights(model);
  return model.parameters.map(({ shape, offset, size }) => {
    const values = theta.slice(offset, offset + size);
    if (shape.length === 1) return tf.tensor1d(values);
    if (shape.length === 4) return tf.transpose(tf.tensor4d(values, shape), [2, 3, 1, 0]);
    // The first linear layer reads [c, h, w] in this library, [h, w, c] here.
    const maps = shape[1] === 400 ? [16, 5, 5] : [shape[1], 1, 1];
    return tf.reshape(tf.transpose(tf.tensor4d(values, [shape[0], ...maps]), [2, 3, 1, 0]), [shape[1], shape[0]]);
  });
}

// One channel: [n, 1, h, w] and [n, h, w, 1] are the same bytes.
const x = tf.tensor4d(fill(images * 784, 300, 1.5), [images, 28, 28, 1]);
const y = tf.oneHot(tf.tensor1d(cyclic(images, 10), "int32"), 10);
const gradients = tf.valueAndGrads((...theta) => tf.losses.softmaxCrossEntropy(y, forward(x, theta)));
let theta = parameters();

function step() {
  const [loss, ...next] = tf.tidy(() => {
    const { value, grads } = gradients(theta);
    return [value, ...theta.map((w, i) => tf.sub(w, tf.mul(grads[i], learningRate)))];
  });
  tf.dispose(theta);
  theta = next;
  // Reading one value waits for the whole step.
  const [value] = loss.dataSync();
  loss.dispose();
  return value;
}

const say = (values) => console.log(JSON.stringify(values));
const losses = [step(), step(), step()];
for (let i = 0; i < warmUps; i++) step();
say({ result: { losses }, version: tf.version.tfjs });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "finish") break;
  say(await timed(step));
}
say({ rss: peakMemory() });
process.exit(0);
