// A method of one's own, run by the library like any other: in place and on workers, with the same bits. The method is in
// gradient-matching.mjs, a file without calls, because each worker imports it.
//
//   node examples/07-own-method.mjs [outer steps, 200]
import { digits, distill, evaluate, lenet, randomInit, setDigest } from "distillate";
import { gradientMatching } from "./gradient-matching.mjs";

const { train, test } = await digits();
const [steps = 200] = process.argv.slice(2).map(Number);
const options = { data: train, model: lenet(), method: gradientMatching, networksPerStep: 2, outer: { steps } };
const [set, inPlace] = [await distill({ ...options, workers: 2 }).result(), await distill(options).result()];
const { mean } = await evaluate({ set, model: lenet(), init: randomInit(), networks: 5, test });
console.log(`${(100 * mean).toFixed(1)} % of the test digits are read after training on ten images`);
console.log(`in place the same bits: ${(await setDigest(inPlace)) === (await setDigest(set))}`);
