// Compares plain training with TensorFlow.js, if it is installed: LeNet, one step of SGD on 256 images, one thread (its
// WebAssembly backend has no threads in Node).
import { fileURLToPath } from "node:url";
import { row, title } from "./print.mjs";
import { alternate, MeasuredProcess, times } from "./process.mjs";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const job = { images: 256, learningRate: 0.05, warmUps: 5 };
/** The relative tolerance for losses of float32 libraries after a few steps. */
const TOLERANCE = 1e-5;

const installed = () => {
  try {
    import.meta.resolve("@tensorflow/tfjs");
    import.meta.resolve("@tensorflow/tfjs-backend-wasm");
    return true;
  } catch {
    return false;
  }
};

export async function compareTraining(quick) {
  if (!installed()) {
    console.log(
      "\nskipped: no TensorFlow.js here (npm install --no-save @tensorflow/tfjs @tensorflow/tfjs-backend-wasm)",
    );
    return undefined;
  }
  const ours = new MeasuredProcess(process.execPath, [path("train-process.mjs")], job);
  const theirs = new MeasuredProcess(process.execPath, [path("peers/tensorflow_train.mjs")], job);
  const [first, other] = [await ours.ready, await theirs.ready];
  first.result.losses.forEach((loss, i) => {
    if (Math.abs(other.result.losses[i] / loss - 1) <= TOLERANCE) return;
    throw new Error(`training: loss ${i} is ${loss} here, ${other.result.losses[i]} in TensorFlow.js: not timed`);
  });
  const answers = await alternate([ours, theirs], quick ? 3 : 15, 1);
  const [mine, its] = answers.map((each) => times(each, 1));
  const [{ rss }, { rss: theirRss }] = [await ours.finish(), await theirs.finish()];
  const ratio = its.ms / mine.ms;
  title(["training", "TensorFlow.js", "ours ms", "theirs", "ratio", "RSS MB", "theirs", "busy"]);
  row(["lenet, 256 images", other.version, mine.ms, its.ms, ratio, rss, theirRss, [its.busy]]);
  return {
    version: other.version,
    images: job.images,
    ours: { ...mine, rss },
    theirs: { ...its, rss: theirRss },
    ratio,
  };
}
