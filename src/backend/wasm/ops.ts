// Each op as one job: which kernel, its arguments in the order of assembly/job.ts, and how many tiles it has.
import {
  type Activation,
  type AdaptivePool2dShape,
  type AvgPool2dShape,
  type LocalResponseNormShape,
  type NormShape,
  none,
  type Ops,
  type Pool2dShape,
  required,
} from "../backend.ts";
import { conv2dOps } from "./conv2d-ops.ts";
import type { KernelExports } from "./instantiate.ts";
import type { JobWriter } from "./job.ts";

/** Floats of a tile of the vector kernels (BLOCK in assembly/simd.ts). */
const BLOCK = 1024;
/** Rows of a tile of linear kernels (ROWS in assembly/gemm.ts). */
const ROWS = 4;
/** Features a side of a linear weight tile (SIDE in assembly/linear.ts). */
const SIDE = 64;
/** Lanes of a tile of norm kernels (LANES in assembly/norm-set.ts). */
const NORM_LANES = 32;
/** Floats of a channel in a tile of local response norm kernels (RUN in assembly/local-response-norm.ts). */
const RESPONSE_RUN = 64;
/** Partial sums of a dot product that there is room for. */
const DOT_SUMS = 8192;

const blocks = (n: number): number => Math.ceil(n / BLOCK);
const fours = (n: number): number => Math.ceil(n / 4);

/** The ops of assembly/. `partials` is the byte address of room for 8,192 float64 partial sums. */
export function wasmOps(kernels: KernelExports, job: JobWriter, partials: number): Ops {
  // A plain number: V8 would compile the caller of a job again and again for an object that it has to convert.
  const id = (name: string): number => {
    const value = kernels.Kernel[name];
    if (value === undefined) throw new Error(`the kernels were built without "${name}": run npm run build`);
    return value.value;
  };
  const FILL = id("fill");
  const COPY = id("copy");
  const SCALE = id("scale");
  const AXPY = id("axpy");
  const AXPY_BY = id("axpyBy");
  const SCALE_BY = id("scaleBy");
  const SUM = id("sum");
  const MULTIPLY = id("multiply");
  const DOT = id("dotPartial");
  const SUM_ROWS = id("sumRows");
  const PACK = id("packImages");
  const UNPACK = id("unpackImages");
  const EMBED = id("embed2d");
  const ONE_HOT = id("oneHot");
  const LINEAR = id("linearForward");
  const LINEAR_DATA = id("linearBackwardData");
  const LINEAR_WEIGHTS = id("linearBackwardWeights");
  const RELU = id("reluForward");
  const MASK = id("reluMask");
  const LEAKY_RELU = id("leakyRelu");
  const ACTIVATION = id("activationForward");
  const ACTIVATION_BACKWARD = id("activationBackward");
  const ACTIVATION_BACKWARD_R = id("activationBackwardR");
  const POOL = id("maxPool2dForward");
  const GATHER = id("maxPool2dGather");
  const SCATTER = id("maxPool2dScatter");
  const AVERAGE = id("avgPool2dForward");
  const AVERAGE_BACKWARD = id("avgPool2dBackward");
  const ADAPTIVE = id("adaptiveAvgPool2dForward");
  const ADAPTIVE_BACKWARD = id("adaptiveAvgPool2dBackward");
  const LOSS = id("crossEntropy");
  const LOSS_R = id("crossEntropyR");
  const SQUARED = id("squaredError");
  const SQUARED_R = id("squaredErrorR");
  const ADAM = id("adam");
  const ADAM_DIRECTION = id("adamDirection");
  const LAMB_STEP = id("lambStep");
  const SGD = id("sgd");
  const GUARD = id("guard");
  const UNIFORM = id("uniform");
  const NORMAL = id("normal");
  const DROPOUT_MASK = id("dropoutMask");
  const NORM = id("normForward");
  const NORM_BACKWARD = id("normBackward");
  const NORM_R = id("normForwardR");
  const NORM_BACKWARD_R = id("normBackwardR");
  const RESPONSE = id("localResponseNormForward");
  const RESPONSE_BACKWARD = id("localResponseNormBackward");
  const RESPONSE_R = id("localResponseNormForwardR");
  const RESPONSE_BACKWARD_R = id("localResponseNormBackwardR");

  const poolRun = (s: Pool2dShape): void => {
    job
      .int(s.inHeight)
      .int(s.inWidth)
      .int(s.outHeight)
      .int(s.outWidth)
      .int(s.kernelHeight)
      .int(s.kernelWidth)
      .int(s.stride)
      .int(s.padding)
      .int(s.batch);
    job.run(s.channels, s.channels * s.outHeight * s.outWidth * s.kernelHeight * s.kernelWidth * s.batch);
  };

  const averageRun = (s: AvgPool2dShape): void => {
    job
      .int(s.inHeight)
      .int(s.inWidth)
      .int(s.outHeight)
      .int(s.outWidth)
      .int(s.kernelHeight)
      .int(s.kernelWidth)
      .int(s.strideHeight)
      .int(s.strideWidth)
      .int(s.padding)
      .int(s.batch);
    job.run(s.channels, s.channels * s.outHeight * s.outWidth * s.kernelHeight * s.kernelWidth * s.batch);
  };
  const adaptiveRun = (s: AdaptivePool2dShape): void => {
    job.int(s.inHeight).int(s.inWidth).int(s.outHeight).int(s.outWidth).int(s.batch);
    // Bins cover the input, at least once, and every output has one.
    const elements = Math.max(s.inHeight, s.outHeight) * Math.max(s.inWidth, s.outWidth);
    job.run(s.channels, s.channels * elements * s.batch);
  };
  const functionCodes: Readonly<Record<Activation, number>> = {
    tanh: kernels.Activation.tanh!.value,
    sigmoid: kernels.Activation.sigmoid!.value,
    softplus: kernels.Activation.softplus!.value,
  };
  const functionCode = (f: Activation): number => functionCodes[f];

  /** `passes`: how often a kernel goes over an activation. */
  const normRun = (s: NormShape, passes: number): void => {
    job.int(s.channels).int(s.groups).int(s.area).int(s.images).int(s.batch).flag(s.acrossImages);
    const tiles = s.groups * (s.acrossImages ? 1 : Math.ceil(s.batch / NORM_LANES));
    job.run(tiles, passes * s.channels * s.area * s.batch);
  };

  const responseShape = (s: LocalResponseNormShape): JobWriter =>
    job
      .int(s.channels)
      .int(s.area * s.batch)
      .int(s.size)
      .num(s.alpha / s.size)
      .num(s.beta);
  const responseTiles = (s: LocalResponseNormShape): number => Math.ceil((s.area * s.batch) / RESPONSE_RUN);
  const responseWork = (s: LocalResponseNormShape): number => (s.size + 8) * s.channels * s.area * s.batch;

  return {
    fill: (out, value, n) => job.start(FILL).ptr(out).num(value).int(n).run(blocks(n), n),
    copy: (out, x, n) => job.start(COPY).ptr(out).ptr(x).int(n).run(blocks(n), n),
    scale: (out, alpha, x, n) => job.start(SCALE).ptr(out).num(alpha).ptr(x).int(n).run(blocks(n), n),
    axpy: (out, y, alpha, x, n) => job.start(AXPY).ptr(out).ptr(y).num(alpha).ptr(x).int(n).run(blocks(n), n),
    axpyBy: (out, y, sign, alpha, x, n) =>
      job.start(AXPY_BY).ptr(out).ptr(y).num(sign).ptr(alpha).ptr(x).int(n).run(blocks(n), n),
    scaleBy: (out, sign, alpha, x, n) =>
      job.start(SCALE_BY).ptr(out).num(sign).ptr(alpha).ptr(x).int(n).run(blocks(n), n),
    multiply: (out, x, y, n) => job.start(MULTIPLY).ptr(out).ptr(x).ptr(y).int(n).run(blocks(n), n),
    dot(out, x, y, n) {
      const span = BLOCK * Math.max(1, Math.ceil(n / (BLOCK * DOT_SUMS)));
      const tiles = Math.ceil(n / span);
      job.start(DOT).int(partials).ptr(x).ptr(y).int(n).int(span).run(tiles, n);
      kernels.dotFinish(job.address(out), partials, tiles);
    },
    sum: (out, x, n, accumulate) => job.start(SUM).ptr(out).ptr(x).int(n).flag(accumulate).run(1, n),
    sumRows: (out, x, rows, length, accumulate) =>
      job
        .start(SUM_ROWS)
        .ptr(out)
        .ptr(x)
        .int(rows)
        .int(length)
        .flag(accumulate)
        .run(rows, rows * length),

    packImages: (out, images, s) =>
      job
        .start(PACK)
        .ptr(out)
        .ptr(images)
        .int(s.features)
        .int(s.images)
        .int(s.batch)
        .run(fours(s.features), s.features * s.batch),
    unpackImages: (out, x, s) =>
      job
        .start(UNPACK)
        .ptr(out)
        .ptr(x)
        .int(s.features)
        .int(s.images)
        .int(s.batch)
        .run(fours(s.features), s.features * s.batch),
    embed2d: (out, x, s) =>
      job
        .start(EMBED)
        .ptr(out)
        .ptr(x)
        .int(s.height)
        .int(s.width)
        .int(s.outHeight)
        .int(s.outWidth)
        .int(s.top)
        .int(s.left)
        .int(s.spread)
        .int(s.batch)
        .run(s.channels, s.channels * s.outHeight * s.outWidth * s.batch),
    oneHot: (out, labels, s) =>
      job
        .start(ONE_HOT)
        .ptr(out)
        .ptr(labels)
        .int(s.classes)
        .int(s.images)
        .int(s.batch)
        .run(s.classes, s.classes * s.batch),

    ...conv2dOps(job, id),

    linearForward: (y, x, w, bias, s, accumulate) =>
      job
        .start(LINEAR)
        .ptr(y)
        .ptr(x)
        .ptr(w)
        .optional(bias)
        .int(s.inFeatures)
        .int(s.outFeatures)
        .int(s.batch)
        .flag(accumulate)
        .run(Math.ceil(s.outFeatures / ROWS), s.inFeatures * s.outFeatures * s.batch),
    linearBackwardData: (dx, dy, w, s, accumulate) =>
      job
        .start(LINEAR_DATA)
        .ptr(dx)
        .ptr(dy)
        .ptr(w)
        .int(s.inFeatures)
        .int(s.outFeatures)
        .int(s.batch)
        .flag(accumulate)
        .run(Math.ceil(s.inFeatures / ROWS), s.inFeatures * s.outFeatures * s.batch),
    linearBackwardWeights: (dw, dy, x, s, accumulate) =>
      job
        .start(LINEAR_WEIGHTS)
        .ptr(dw)
        .ptr(dy)
        .ptr(x)
        .int(s.inFeatures)
        .int(s.outFeatures)
        .int(s.batch)
        .flag(accumulate)
        .run(Math.ceil(s.inFeatures / SIDE) * Math.ceil(s.outFeatures / SIDE), s.inFeatures * s.outFeatures * s.batch),

    reluForward: (y, x, n) => job.start(RELU).ptr(y).ptr(x).int(n).run(blocks(n), n),
    reluMask: (out, y, v, n) => job.start(MASK).ptr(out).ptr(y).ptr(v).int(n).run(blocks(n), n),
    leakyRelu: (out, s, v, n, slope) =>
      job.start(LEAKY_RELU).ptr(out).ptr(s).ptr(v).int(n).num(slope).run(blocks(n), n),

    activationForward: (y, x, n, f) =>
      job
        .start(ACTIVATION)
        .ptr(y)
        .ptr(x)
        .int(n)
        .int(functionCode(f))
        .run(blocks(n), 8 * n),
    activationBackward: (dx, p, dy, n, f) =>
      job
        .start(ACTIVATION_BACKWARD)
        .ptr(dx)
        .ptr(p)
        .ptr(dy)
        .int(n)
        .int(functionCode(f))
        .run(blocks(n), (f === "softplus" ? 8 : 1) * n),
    activationBackwardR: (rdx, p, rp, dy, rdy, n, f) =>
      job
        .start(ACTIVATION_BACKWARD_R)
        .ptr(rdx)
        .ptr(p)
        .ptr(rp)
        .ptr(dy)
        .ptr(rdy)
        .int(n)
        .int(functionCode(f))
        .run(blocks(n), (f === "softplus" ? 8 : 2) * n),

    maxPool2dForward(y, index, x, s) {
      job.start(POOL).ptr(y).ptr(index).ptr(x);
      poolRun(s);
    },
    maxPool2dGather(ry, index, rx, s) {
      job.start(GATHER).ptr(ry).ptr(index).ptr(rx);
      poolRun(s);
    },
    maxPool2dScatter(dx, index, dy, s) {
      job.start(SCATTER).ptr(dx).ptr(index).ptr(dy);
      poolRun(s);
    },

    avgPool2dForward(y, x, s) {
      job.start(AVERAGE).ptr(y).ptr(x);
      averageRun(s);
    },
    avgPool2dBackward(dx, dy, s) {
      job.start(AVERAGE_BACKWARD).ptr(dx).ptr(dy);
      averageRun(s);
    },
    adaptiveAvgPool2dForward(y, x, s) {
      job.start(ADAPTIVE).ptr(y).ptr(x);
      adaptiveRun(s);
    },
    adaptiveAvgPool2dBackward(dx, dy, s) {
      job.start(ADAPTIVE_BACKWARD).ptr(dx).ptr(dy);
      adaptiveRun(s);
    },

    normForward(y, statistics, x, weight, bias, eps, s) {
      job.start(NORM).ptr(y).ptr(statistics).ptr(x).optional(weight).optional(bias).num(eps);
      normRun(s, 4);
    },
    normBackward(dx, sums, dy, x, statistics, weight, s) {
      job.start(NORM_BACKWARD).optional(dx).ptr(sums).ptr(dy).ptr(x).ptr(statistics).optional(weight);
      normRun(s, 5);
    },
    normForwardR(ry, rStatistics, rx, x, statistics, weight, rWeight, rBias, s) {
      job.start(NORM_R).ptr(ry).optional(rStatistics).optional(rx).ptr(x).ptr(statistics);
      job.optional(weight).optional(rWeight).optional(rBias);
      normRun(s, 5);
    },
    normBackwardR(rdx, rSums, rdy, dy, rx, x, statistics, rStatistics, sums, weight, rWeight, s) {
      job.start(NORM_BACKWARD_R).optional(rdx).ptr(rSums).ptr(rdy).ptr(dy).optional(rx).ptr(x);
      job.ptr(statistics).optional(rStatistics).ptr(sums).optional(weight).optional(rWeight);
      normRun(s, 9);
    },

    localResponseNormForward(y, s, x, shape) {
      job.start(RESPONSE).ptr(y).ptr(s).ptr(x);
      responseShape(shape).num(shape.k).run(responseTiles(shape), responseWork(shape));
    },
    localResponseNormBackward(dx, workspace, dy, x, s, shape) {
      job.start(RESPONSE_BACKWARD).ptr(dx).ptr(workspace).ptr(dy).ptr(x).ptr(s);
      responseShape(shape).run(responseTiles(shape), responseWork(shape));
    },
    localResponseNormForwardR(ry, rs, rx, x, s, shape) {
      job.start(RESPONSE_R).ptr(ry).ptr(rs).ptr(rx).ptr(x).ptr(s);
      responseShape(shape).run(responseTiles(shape), responseWork(shape));
    },
    localResponseNormBackwardR(rdx, workspace, rdy, dy, rx, x, s, rs, shape) {
      job.start(RESPONSE_BACKWARD_R).ptr(rdx).ptr(workspace).ptr(rdy).ptr(dy).ptr(rx).ptr(x).ptr(s).ptr(rs);
      responseShape(shape).run(responseTiles(shape), 2 * responseWork(shape));
    },

    crossEntropy: (losses, p, dz, dy, z, y, s) =>
      job
        .start(LOSS)
        .ptr(losses)
        .ptr(p)
        .ptr(dz)
        .optional(dy)
        .ptr(z)
        .ptr(y)
        .int(s.classes)
        .int(s.images)
        .int(s.batch)
        .run(fours(s.batch), 8 * s.classes * s.batch),
    crossEntropyR: (rdz, rdy, p, y, rz, s) =>
      job
        .start(LOSS_R)
        .ptr(rdz)
        .optional(rdy)
        .ptr(p)
        .ptr(y)
        .ptr(rz)
        .int(s.classes)
        .int(s.images)
        .int(s.batch)
        .run(fours(s.batch), 8 * s.classes * s.batch),

    squaredError: (losses, dz, dy, z, y, s) =>
      job
        .start(SQUARED)
        .ptr(losses)
        .ptr(dz)
        .optional(dy)
        .ptr(z)
        .ptr(y)
        .int(s.classes)
        .int(s.images)
        .int(s.batch)
        .run(fours(s.batch), s.classes * s.batch),
    squaredErrorR: (rdz, rdy, rz, s) =>
      job
        .start(SQUARED_R)
        .ptr(rdz)
        .optional(rdy)
        .ptr(rz)
        .int(s.classes)
        .int(s.images)
        .int(s.batch)
        .run(fours(s.batch), s.classes * s.batch),

    adam(x, m, v, g, n, { learningRate, beta1, beta2, eps, step }, guard) {
      job
        .start(ADAM)
        .ptr(x)
        .ptr(m)
        .ptr(v)
        .ptr(g)
        .int(n)
        .num(learningRate / (1 - power(beta1, step)))
        .num(beta1)
        .num(1 - beta1)
        .num(beta2)
        .num(1 - beta2)
        .num(eps)
        .num(Math.sqrt(1 - power(beta2, step)))
        .optional(guard)
        .run(blocks(n), 4 * n);
    },
    adamDirection(u, m, v, g, x, n, { beta1, beta2, eps, weightDecay, step }, guard) {
      job.start(ADAM_DIRECTION).ptr(u).ptr(m).ptr(v).ptr(g).ptr(x).int(n).optional(guard);
      job
        .num(beta1)
        .num(1 - beta1)
        .num(beta2)
        .num(1 - beta2)
        .num(eps)
        .num(weightDecay);
      job
        .num(1 - power(beta1, step))
        .num(Math.sqrt(1 - power(beta2, step)))
        .run(blocks(n), 5 * n);
    },
    lambStep: (x, u, squares, n, learningRate, guard) =>
      job.start(LAMB_STEP).ptr(x).ptr(u).ptr(squares).int(n).optional(guard).num(learningRate).run(blocks(n), n),
    sgd(x, v, g, n, { learningRate, momentum }, guard) {
      const memory = momentum === 0 ? none : required(v, "the momentum of SGD");
      job.start(SGD).ptr(x).optional(memory).ptr(g).int(n).optional(guard);
      job
        .num(learningRate)
        .num(momentum)
        .run(blocks(n), 2 * n);
    },
    guard(out, mean, squares, count, loss, clip) {
      const kept = clip === 0 ? none : required(mean, "the mean of the norms");
      const [low, high] = halves(clip);
      job.start(GUARD).ptr(out).optional(kept).ptr(squares).int(count).ptr(loss).int(low).int(high).run(1, count);
    },

    uniform: (out, n, key, low, high) =>
      job
        .start(UNIFORM)
        .ptr(out)
        .int(n)
        .int(key.seed[0])
        .int(key.seed[1])
        .int(key.stream)
        .num(low)
        .num(high)
        .run(blocks(n), 8 * n),
    normal: (out, n, key, mean, std) =>
      job
        .start(NORMAL)
        .ptr(out)
        .int(n)
        .int(key.seed[0])
        .int(key.seed[1])
        .int(key.stream)
        .num(mean)
        .num(std)
        .run(blocks(n), 16 * n),
    // Draws are compared as whole numbers, so that every backend drops the same ones.
    dropoutMask: (out, n, key, p) =>
      job
        .start(DROPOUT_MASK)
        .ptr(out)
        .int(n)
        .int(key.seed[0])
        .int(key.seed[1])
        .int(key.stream)
        .int(Math.ceil(p * 0x1000000))
        .num(1 / (1 - p))
        .run(blocks(n), 8 * n),
  };
}

/** baseⁿ for whole n by squaring: Math.pow's last bits differ between engines. */
function power(base: number, n: number): number {
  let result = 1;
  for (let square = base, k = n; k > 0; k = Math.floor(k / 2), square *= square) if (k % 2 === 1) result *= square;
  return result;
}

/** The bits of a float64: the lower 32 and the upper 32. */
function halves(value: number): readonly [low: number, high: number] {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  return [bits.getInt32(4), bits.getInt32(0)];
}
