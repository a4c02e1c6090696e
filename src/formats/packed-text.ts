// The JSON text at the head of a packed set, in few bytes: each byte is coded by the two before it, with what was learned from a
// text that every writer and reader knows.
import { type Chances, chances, type RangeCoder, RangeWriter } from "../codecs/range-coder.ts";

/**
 * Words of such a head as they stand in it. A set that was packed before a change of this text could not be read after it: a
 * change needs another version of the format.
 */
const known =
  '{"bits":4,"steps":10,"epochs":3,"imagesPerStep":10,"shape":[1,28,28],"classes":10,"oneHot":true,"momentum":0.9,' +
  '"weightDecay":0.0005,"training":{"kind":"fit","optimizer":"adam","epochs":1000,"batch":500,"learningRate":0.0003,' +
  '"momentum":0,"weightDecay":0,"decayFactor":0.1,"schedule":"cosine","warmupSteps":500,"finalShare":0.01,"augment":' +
  '["color","crop","cutout","flip","scale","rotate"]},"recipe":{"version":"0.1.0","data":{"name":"digits","count":9000},' +
  '"model":{"inputShape":[1,28,28],"layers":[{"kind":"conv2d","name":"conv1","out":6,"kernel":5,"stride":1,"padding":2,' +
  '"bias":true},{"kind":"relu"},{"kind":"maxPool2d","kernel":2,"stride":2,"padding":0},{"kind":"conv2d","name":' +
  '"features.0","out":128,"kernel":3,"stride":1,"padding":1,"bias":true},{"kind":"instanceNorm2d","name":"features.1"},' +
  '{"kind":"relu"},{"kind":"avgPool2d","kernel":2,"stride":2},{"kind":"flatten"},{"kind":"linear","name":"classifier",' +
  '"out":10,"bias":true}]},"method":{"name":"back-gradient","steps":10,"epochs":3,"imagesPerClass":1,"labels":"fixed",' +
  '"initialLabels":"even","shuffle":false,"learningRate":0.02,"initialNoise":0.1,"momentum":0,"weightDecay":0,"memory":' +
  '"store"},"init":{"kind":"random","scheme":"xavier-normal"},"loss":"cross-entropy","networksPerStep":1,"outer":' +
  '{"learningRate":0.01,"beta1":0.9,"beta2":0.999,"eps":1e-8,"decayEvery":40,"decayFactor":0.5,"batch":1024,"steps":' +
  '1000},"seed":1,"outerSteps":1000}}';

/** What the two bytes before decide: one of so many trees. */
const contexts = 4096;

function contextOf(before: number, last: number): number {
  return (before * 31 + last * 257) % contexts;
}

/** Codes bytes of text in place, after what is known. */
export function codeText(coder: RangeCoder, bytes: Uint8Array): void {
  const tree = chances(contexts, 8);
  codeBytes(new RangeWriter(), new TextEncoder().encode(known), tree);
  codeBytes(coder, bytes, tree);
}

function codeBytes(coder: RangeCoder, bytes: Uint8Array, tree: Chances): void {
  let [before, last] = [0, 0];
  for (let i = 0; i < bytes.length; i++) {
    const byte = coder.code(tree, contextOf(before, last), 8, bytes[i]!);
    bytes[i] = byte;
    [before, last] = [last, byte];
  }
}
