// Places and lengths of what losses, updates and random numbers are given (checked.ts).
import type { Ops } from "./ops.ts";
import type { Checks, Room } from "./room.ts";
import { type LossShape, ridgeFloats } from "./shapes.ts";

const scores = (s: LossShape): number => s.classes * s.lanes;

type LossOps = "crossEntropy" | "crossEntropyR" | "squaredError" | "squaredErrorR" | "labelMargin" | "cosineDistance";

export function checkedLosses(ops: Ops, { need, may }: Checks): Pick<Ops, LossOps> {
  return {
    crossEntropy(losses, p, dz, dy, z, y, s) {
      need(s.lanes, "losses of crossEntropy", losses);
      need(scores(s), "p, dz, z, y of crossEntropy", p, dz, z, y);
      may(scores(s), "dy of crossEntropy", dy);
      ops.crossEntropy(losses, p, dz, dy, z, y, s);
    },
    crossEntropyR(rdz, rdy, p, y, rz, s) {
      need(scores(s), "rdz, p, y, rz of crossEntropyR", rdz, p, y, rz);
      may(scores(s), "rdy of crossEntropyR", rdy);
      ops.crossEntropyR(rdz, rdy, p, y, rz, s);
    },
    squaredError(losses, dz, dy, z, y, s) {
      need(s.lanes, "losses of squaredError", losses);
      need(scores(s), "dz, z, y of squaredError", dz, z, y);
      may(scores(s), "dy of squaredError", dy);
      ops.squaredError(losses, dz, dy, z, y, s);
    },
    squaredErrorR(rdz, rdy, rz, s) {
      need(scores(s), "rdz, rz of squaredErrorR", rdz, rz);
      may(scores(s), "rdy of squaredErrorR", rdy);
      ops.squaredErrorR(rdz, rdy, rz, s);
    },
    labelMargin(losses, dy, y, cap, s) {
      need(s.lanes, "losses of labelMargin", losses);
      need(scores(s), "dy, y of labelMargin", dy, y);
      ops.labelMargin(losses, dy, y, cap, s);
    },
    cosineDistance(losses, dx, x, y, rows, length) {
      need(rows, "losses of cosineDistance", losses);
      need(rows * length, "dx, x, y of cosineDistance", dx, x, y);
      ops.cosineDistance(losses, dx, x, y, rows, length);
    },
  };
}

export function checkedRidge(ops: Ops, { need }: Checks, { plan }: Room): Pick<Ops, "ridgeFactor" | "ridgeSolve"> {
  return {
    ridgeFactor(factor, features, ridge, s) {
      need(ridgeFloats(s.images, plan).factor, "factor of ridgeFactor", factor);
      need(s.features * s.lanes, "features of ridgeFactor", features);
      ops.ridgeFactor(factor, features, ridge, s);
    },
    ridgeSolve(out, workspace, factor, b, rows, s) {
      const floats = ridgeFloats(s.images, plan);
      need(rows * s.lanes, "out, b of ridgeSolve", out, b);
      need(rows * floats.row, "workspace of ridgeSolve", workspace);
      need(floats.factor, "factor of ridgeSolve", factor);
      ops.ridgeSolve(out, workspace, factor, b, rows, s);
    },
  };
}

type KernelOps = "arcCosineKernel" | "arcCosineFactor" | "wideProduct";

export function checkedKernels(ops: Ops, { need, may }: Checks, { plan }: Room): Pick<Ops, KernelOps> {
  return {
    arcCosineKernel(k, ds, da, x, y, s) {
      need(s.lanes * s.yLanes, "k of arcCosineKernel", k);
      may(s.lanes * s.yLanes, "ds, da of arcCosineKernel", ds, da);
      need(s.features * s.lanes, "x of arcCosineKernel", x);
      need(s.features * s.yLanes, "y of arcCosineKernel", y);
      ops.arcCosineKernel(k, ds, da, x, y, s);
    },
    arcCosineFactor(factor, x, ridge, s) {
      need(ridgeFloats(s.images, plan).factor, "factor of arcCosineFactor", factor);
      need(s.features * s.lanes, "x of arcCosineFactor", x);
      ops.arcCosineFactor(factor, x, ridge, s);
    },
    wideProduct(out, a, b, rows, length, lanes) {
      need(rows * lanes, "out of wideProduct", out);
      need(rows * length, "a of wideProduct", a);
      need(length * lanes, "b of wideProduct", b);
      ops.wideProduct(out, a, b, rows, length, lanes);
    },
  };
}

type OptimizerOps = "guard" | "adam" | "sgd" | "adamDirection" | "adamAdjoint" | "lambStep";

export function checkedOptimizers(ops: Ops, { need, may }: Checks): Pick<Ops, OptimizerOps> {
  return {
    guard(out, mean, squares, count, loss, clip) {
      need(1, "out, loss of guard", out, loss);
      may(3, "mean of guard", mean);
      need(count, "squares of guard", squares);
      ops.guard(out, mean, squares, count, loss, clip);
    },
    adam(x, m, v, g, n, options, guard) {
      need(n, "x, m, v, g of adam", x, m, v, g);
      may(1, "guard of adam", guard);
      ops.adam(x, m, v, g, n, options, guard);
    },
    sgd(x, v, g, n, options, guard) {
      need(n, "x, g of sgd", x, g);
      may(n, "v of sgd", v);
      may(1, "guard of sgd", guard);
      ops.sgd(x, v, g, n, options, guard);
    },
    adamDirection(u, m, v, g, x, n, options, guard) {
      need(n, "u, m, v, g, x of adamDirection", u, m, v, g, x);
      may(1, "guard of adamDirection", guard);
      ops.adamDirection(u, m, v, g, x, n, options, guard);
    },
    adamAdjoint(q, u, dm, ds, p, m, s, g, rate, n, options) {
      need(n, "q, dm, ds, p, m, s, g of adamAdjoint", q, dm, ds, p, m, s, g);
      may(n, "u of adamAdjoint", u);
      need(1, "rate of adamAdjoint", rate);
      ops.adamAdjoint(q, u, dm, ds, p, m, s, g, rate, n, options);
    },
    lambStep(x, u, squares, n, learningRate, guard) {
      need(n, "x, u of lambStep", x, u);
      need(2, "squares of lambStep", squares);
      may(1, "guard of lambStep", guard);
      ops.lambStep(x, u, squares, n, learningRate, guard);
    },
  };
}

export function checkedRandom(ops: Ops, { need }: Checks): Pick<Ops, "uniform" | "normal" | "dropoutMask"> {
  return {
    uniform(out, n, key, low, high) {
      need(n, "out of uniform", out);
      ops.uniform(out, n, key, low, high);
    },
    normal(out, n, key, mean, std) {
      need(n, "out of normal", out);
      ops.normal(out, n, key, mean, std);
    },
    dropoutMask(out, n, key, p) {
      need(n, "out of dropoutMask", out);
      ops.dropoutMask(out, n, key, p);
    },
  };
}
