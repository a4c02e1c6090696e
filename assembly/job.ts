// A job: which kernel, with which arguments, over how many tiles. The orchestrator writes it into a fixed place of the
// memory that all threads see; every thread that takes a chunk of it calls the kernel from here. A job may be a list of
// programs, each a list of jobs that one thread runs whole.
import { activationBackward, activationBackwardR, activationForward, leakyRelu, reluForward, reluMask } from "./activation";
import { adaptiveAvgPool2dBackward, adaptiveAvgPool2dForward, avgPool2dBackward, avgPool2dForward } from "./avg-pool2d";
import { conv2dBackwardWeights, conv2dForward } from "./conv2d";
import { conv2dBackwardData } from "./conv2d-backward-data";
import { guard } from "./guard";
import { adamDirection, lambStep } from "./lamb";
import { embed2d, oneHot, packImages, unpackImages } from "./layout";
import { linearBackwardData, linearBackwardWeights, linearForward } from "./linear";
import { localResponseNormBackward, localResponseNormBackwardR, localResponseNormForward, localResponseNormForwardR } from "./local-response-norm";
import { crossEntropy, crossEntropyR, squaredError, squaredErrorR } from "./loss";
import { normBackward, normForward } from "./norm";
import { normBackwardR, normForwardR } from "./norm-r";
import { adam } from "./optimizer";
import { maxPool2dForward, maxPool2dGather, maxPool2dScatter } from "./pool2d";
import { dropoutMask, normal, uniform } from "./random";
import { sgd } from "./sgd";
import { axpy, axpyBy, copy, dotPartial, fill, multiply, scale, scaleBy, sum, sumRows } from "./vector";
import { winogradBackwardWeights, winogradForward, winogradWeights, winogradWeightsBack } from "./winograd";

export enum Kernel {
  fill,
  copy,
  scale,
  axpy,
  axpyBy,
  scaleBy,
  multiply,
  dotPartial,
  sum,
  sumRows,
  packImages,
  unpackImages,
  embed2d,
  oneHot,
  conv2dForward,
  conv2dBackwardData,
  conv2dBackwardWeights,
  linearForward,
  linearBackwardData,
  linearBackwardWeights,
  reluForward,
  reluMask,
  leakyRelu,
  activationForward,
  activationBackward,
  activationBackwardR,
  maxPool2dForward,
  maxPool2dGather,
  maxPool2dScatter,
  avgPool2dForward,
  avgPool2dBackward,
  adaptiveAvgPool2dForward,
  adaptiveAvgPool2dBackward,
  crossEntropy,
  crossEntropyR,
  squaredError,
  squaredErrorR,
  adam,
  adamDirection,
  lambStep,
  sgd,
  guard,
  uniform,
  normal,
  dropoutMask,
  normForward,
  normBackward,
  normForwardR,
  normBackwardR,
  localResponseNormForward,
  localResponseNormBackward,
  localResponseNormForwardR,
  localResponseNormBackwardR,
  programs,
  winogradWeights,
  winogradForward,
  winogradBackwardWeights,
  winogradWeightsBack,
}

/** Where the job lies: kernel, tiles, chunks, then the arguments, one word each. */
const JOB: usize = 320;
export const JOB_TILES: usize = JOB + 4;
export const JOB_CHUNKS: usize = JOB + 8;
const ARGUMENTS: usize = 12;
/** Bytes of a job. */
const JOB_SIZE: usize = 128;

/** The arguments of the job that this thread is at. Each thread has an instance of its own, and so a variable. */
let args: usize = 0;

/** Byte address of the job, for the orchestrator. */
export function jobAddress(): usize {
  return JOB;
}

/** Bytes from one job of a program to the next. */
export function jobSize(): usize {
  return JOB_SIZE;
}

/** Argument i as a whole number or an address. */
function int(i: i32): i32 {
  return load<i32>(args + ((<usize>i) << 2));
}

function ptr(i: i32): usize {
  return <usize>int(i);
}

/** Argument i as a number, stored as the bits of a float. */
function num(i: i32): f32 {
  return load<f32>(args + ((<usize>i) << 2));
}

/** Tiles [begin, end) of the published job, with `scratch` of the calling thread. */
export function runPublished(scratch: usize, begin: i32, end: i32): void {
  runJob(JOB, scratch, begin, end);
}

/** The jobs of program i, from where table[i] says up to a negative kernel, one after the other with all their tiles. */
function runPrograms(table: usize, scratch: usize, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    for (let job = <usize>load<u32>(table + ((<usize>i) << 2)); load<i32>(job) >= 0; job += JOB_SIZE) {
      runJob(job, scratch, 0, load<i32>(job, 4));
    }
  }
}

/** Tiles [begin, end) of the job at `job`. */
function runJob(job: usize, scratch: usize, begin: i32, end: i32): void {
  args = job + ARGUMENTS;
  switch (load<i32>(job)) {
    case Kernel.fill:
      fill(ptr(0), num(1), int(2), begin, end);
      break;
    case Kernel.copy:
      copy(ptr(0), ptr(1), int(2), begin, end);
      break;
    case Kernel.scale:
      scale(ptr(0), num(1), ptr(2), int(3), begin, end);
      break;
    case Kernel.axpy:
      axpy(ptr(0), ptr(1), num(2), ptr(3), int(4), begin, end);
      break;
    case Kernel.axpyBy:
      axpyBy(ptr(0), ptr(1), num(2), ptr(3), ptr(4), int(5), begin, end);
      break;
    case Kernel.scaleBy:
      scaleBy(ptr(0), num(1), ptr(2), ptr(3), int(4), begin, end);
      break;
    case Kernel.sum:
      sum(ptr(0), ptr(1), int(2), int(3), begin, end);
      break;
    case Kernel.multiply:
      multiply(ptr(0), ptr(1), ptr(2), int(3), begin, end);
      break;
    case Kernel.dotPartial:
      dotPartial(ptr(0), ptr(1), ptr(2), int(3), int(4), begin, end);
      break;
    case Kernel.sumRows:
      sumRows(ptr(0), ptr(1), int(2), int(3), int(4), begin, end);
      break;
    case Kernel.packImages:
      packImages(ptr(0), ptr(1), int(2), int(3), int(4), begin, end);
      break;
    case Kernel.unpackImages:
      unpackImages(ptr(0), ptr(1), int(2), int(3), int(4), begin, end);
      break;
    case Kernel.embed2d:
      embed2d(ptr(0), ptr(1), int(2), int(3), int(4), int(5), int(6), int(7), int(8), int(9), begin, end);
      break;
    case Kernel.oneHot:
      oneHot(ptr(0), ptr(1), int(2), int(3), int(4), begin, end);
      break;
    case Kernel.conv2dForward:
      conv2dForward(ptr(0), ptr(1), ptr(2), ptr(3), int(4), int(5), int(6), int(7), int(8), int(9), int(10), int(11), int(12), int(13), int(14), scratch, begin, end);
      break;
    case Kernel.conv2dBackwardData:
      conv2dBackwardData(ptr(0), ptr(1), ptr(2), int(3), int(4), int(5), int(6), int(7), int(8), int(9), int(10), int(11), int(12), int(13), scratch, begin, end);
      break;
    case Kernel.conv2dBackwardWeights:
      conv2dBackwardWeights(ptr(0), ptr(1), ptr(2), int(3), int(4), int(5), int(6), int(7), int(8), int(9), int(10), int(11), int(12), int(13), scratch, begin, end);
      break;
    case Kernel.linearForward:
      linearForward(ptr(0), ptr(1), ptr(2), ptr(3), int(4), int(5), int(6), int(7), scratch, begin, end);
      break;
    case Kernel.linearBackwardData:
      linearBackwardData(ptr(0), ptr(1), ptr(2), int(3), int(4), int(5), int(6), scratch, begin, end);
      break;
    case Kernel.linearBackwardWeights:
      linearBackwardWeights(ptr(0), ptr(1), ptr(2), int(3), int(4), int(5), int(6), scratch, begin, end);
      break;
    case Kernel.reluForward:
      reluForward(ptr(0), ptr(1), int(2), begin, end);
      break;
    case Kernel.reluMask:
      reluMask(ptr(0), ptr(1), ptr(2), int(3), begin, end);
      break;
    case Kernel.leakyRelu:
      leakyRelu(ptr(0), ptr(1), ptr(2), int(3), num(4), begin, end);
      break;
    case Kernel.activationForward:
      activationForward(ptr(0), ptr(1), int(2), int(3), begin, end);
      break;
    case Kernel.activationBackward:
      activationBackward(ptr(0), ptr(1), ptr(2), int(3), int(4), begin, end);
      break;
    case Kernel.activationBackwardR:
      activationBackwardR(ptr(0), ptr(1), ptr(2), ptr(3), ptr(4), int(5), int(6), begin, end);
      break;
    case Kernel.maxPool2dForward:
      maxPool2dForward(ptr(0), ptr(1), ptr(2), int(3), int(4), int(5), int(6), int(7), int(8), int(9), int(10), int(11), begin, end);
      break;
    case Kernel.maxPool2dGather:
      maxPool2dGather(ptr(0), ptr(1), ptr(2), int(3), int(4), int(5), int(6), int(7), int(8), int(9), int(10), int(11), begin, end);
      break;
    case Kernel.maxPool2dScatter:
      maxPool2dScatter(ptr(0), ptr(1), ptr(2), int(3), int(4), int(5), int(6), int(7), int(8), int(9), int(10), int(11), begin, end);
      break;
    case Kernel.avgPool2dForward:
      avgPool2dForward(ptr(0), ptr(1), int(2), int(3), int(4), int(5), int(6), int(7), int(8), int(9), int(10), int(11), begin, end);
      break;
    case Kernel.avgPool2dBackward:
      avgPool2dBackward(ptr(0), ptr(1), int(2), int(3), int(4), int(5), int(6), int(7), int(8), int(9), int(10), int(11), begin, end);
      break;
    case Kernel.adaptiveAvgPool2dForward:
      adaptiveAvgPool2dForward(ptr(0), ptr(1), int(2), int(3), int(4), int(5), int(6), begin, end);
      break;
    case Kernel.adaptiveAvgPool2dBackward:
      adaptiveAvgPool2dBackward(ptr(0), ptr(1), int(2), int(3), int(4), int(5), int(6), begin, end);
      break;
    case Kernel.crossEntropy:
      crossEntropy(ptr(0), ptr(1), ptr(2), ptr(3), ptr(4), ptr(5), int(6), int(7), int(8), begin, end);
      break;
    case Kernel.crossEntropyR:
      crossEntropyR(ptr(0), ptr(1), ptr(2), ptr(3), ptr(4), int(5), int(6), int(7), begin, end);
      break;
    case Kernel.squaredError:
      squaredError(ptr(0), ptr(1), ptr(2), ptr(3), ptr(4), int(5), int(6), int(7), begin, end);
      break;
    case Kernel.squaredErrorR:
      squaredErrorR(ptr(0), ptr(1), ptr(2), int(3), int(4), int(5), begin, end);
      break;
    case Kernel.adam:
      adam(ptr(0), ptr(1), ptr(2), ptr(3), int(4), num(5), num(6), num(7), num(8), num(9), num(10), num(11), ptr(12), begin, end);
      break;
    case Kernel.adamDirection:
      adamDirection(ptr(0), ptr(1), ptr(2), ptr(3), ptr(4), int(5), ptr(6), num(7), num(8), num(9), num(10), num(11), num(12), num(13), num(14), begin, end);
      break;
    case Kernel.lambStep:
      lambStep(ptr(0), ptr(1), ptr(2), int(3), ptr(4), num(5), begin, end);
      break;
    case Kernel.sgd:
      sgd(ptr(0), ptr(1), ptr(2), int(3), ptr(4), num(5), num(6), begin, end);
      break;
    case Kernel.guard:
      guard(ptr(0), ptr(1), ptr(2), int(3), ptr(4), int(5), int(6), begin, end);
      break;
    case Kernel.uniform:
      uniform(ptr(0), int(1), int(2), int(3), int(4), num(5), num(6), begin, end);
      break;
    case Kernel.normal:
      normal(ptr(0), int(1), int(2), int(3), int(4), num(5), num(6), begin, end);
      break;
    case Kernel.dropoutMask:
      dropoutMask(ptr(0), int(1), int(2), int(3), int(4), int(5), num(6), begin, end);
      break;
    case Kernel.normForward:
      normForward(ptr(0), ptr(1), ptr(2), ptr(3), ptr(4), num(5), int(6), int(7), int(8), int(9), int(10), int(11), scratch, begin, end);
      break;
    case Kernel.normBackward:
      normBackward(ptr(0), ptr(1), ptr(2), ptr(3), ptr(4), ptr(5), int(6), int(7), int(8), int(9), int(10), int(11), scratch, begin, end);
      break;
    case Kernel.normForwardR:
      normForwardR(ptr(0), ptr(1), ptr(2), ptr(3), ptr(4), ptr(5), ptr(6), ptr(7), int(8), int(9), int(10), int(11), int(12), int(13), scratch, begin, end);
      break;
    case Kernel.normBackwardR:
      normBackwardR(ptr(0), ptr(1), ptr(2), ptr(3), ptr(4), ptr(5), ptr(6), ptr(7), ptr(8), ptr(9), ptr(10), int(11), int(12), int(13), int(14), int(15), int(16), scratch, begin, end);
      break;
    case Kernel.localResponseNormForward:
      localResponseNormForward(ptr(0), ptr(1), ptr(2), int(3), int(4), int(5), num(6), num(7), num(8), begin, end);
      break;
    case Kernel.localResponseNormBackward:
      localResponseNormBackward(ptr(0), ptr(1), ptr(2), ptr(3), ptr(4), int(5), int(6), int(7), num(8), num(9), begin, end);
      break;
    case Kernel.localResponseNormForwardR:
      localResponseNormForwardR(ptr(0), ptr(1), ptr(2), ptr(3), ptr(4), int(5), int(6), int(7), num(8), num(9), begin, end);
      break;
    case Kernel.localResponseNormBackwardR:
      localResponseNormBackwardR(ptr(0), ptr(1), ptr(2), ptr(3), ptr(4), ptr(5), ptr(6), ptr(7), int(8), int(9), int(10), num(11), num(12), begin, end);
      break;
    case Kernel.winogradWeights:
      winogradWeights(ptr(0), ptr(1), int(2), int(3), int(4), int(5), scratch, begin, end);
      break;
    case Kernel.winogradForward:
      winogradForward(ptr(0), ptr(1), ptr(2), ptr(3), int(4), int(5), int(6), int(7), int(8), int(9), int(10), int(11), int(12), int(13), int(14), int(15), scratch, begin, end);
      break;
    case Kernel.winogradBackwardWeights:
      winogradBackwardWeights(ptr(0), ptr(1), ptr(2), int(3), int(4), int(5), int(6), int(7), int(8), int(9), int(10), int(11), int(12), int(13), int(14), scratch, begin, end);
      break;
    case Kernel.winogradWeightsBack:
      winogradWeightsBack(ptr(0), ptr(1), int(2), int(3), int(4), int(5), int(6), scratch, begin, end);
      break;
    case Kernel.programs:
      runPrograms(ptr(0), scratch, begin, end);
      break;
  }
}
