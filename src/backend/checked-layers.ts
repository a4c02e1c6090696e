// Places and lengths of what ops without state are given (checked.ts).
import { none } from "./buffer.ts";
import type { Ops } from "./ops.ts";
import type { Conv2dPlan } from "./plan.ts";
import type { Checks, Room } from "./room.ts";
import type { AvgPool2dShape, Conv2dBackwardDataShape, Conv2dShape, Pool2dShape } from "./shapes.ts";

type VectorOps = "fill" | "copy" | "scale" | "axpy" | "axpyBy" | "scaleBy" | "multiply" | "dot" | "sum" | "sumRows";

export function checkedVectors(ops: Ops, { need }: Checks): Pick<Ops, VectorOps> {
  return {
    fill(out, value, n) {
      need(n, "out of fill", out);
      ops.fill(out, value, n);
    },
    copy(out, x, n) {
      need(n, "out, x of copy", out, x);
      ops.copy(out, x, n);
    },
    scale(out, alpha, x, n) {
      need(n, "out, x of scale", out, x);
      ops.scale(out, alpha, x, n);
    },
    axpy(out, y, alpha, x, n) {
      need(n, "out, y, x of axpy", out, y, x);
      ops.axpy(out, y, alpha, x, n);
    },
    axpyBy(out, y, sign, alpha, x, n) {
      need(n, "out, y, x of axpyBy", out, y, x);
      need(1, "alpha of axpyBy", alpha);
      ops.axpyBy(out, y, sign, alpha, x, n);
    },
    scaleBy(out, sign, alpha, x, n) {
      need(n, "out, x of scaleBy", out, x);
      need(1, "alpha of scaleBy", alpha);
      ops.scaleBy(out, sign, alpha, x, n);
    },
    multiply(out, x, y, n) {
      need(n, "out, x, y of multiply", out, x, y);
      ops.multiply(out, x, y, n);
    },
    dot(out, x, y, n) {
      need(1, "out of dot", out);
      need(n, "x, y of dot", x, y);
      ops.dot(out, x, y, n);
    },
    sum(out, x, n, accumulate) {
      need(1, "out of sum", out);
      need(n, "x of sum", x);
      ops.sum(out, x, n, accumulate);
    },
    sumRows(out, x, rows, length, accumulate) {
      need(rows, "out of sumRows", out);
      need(rows * length, "x of sumRows", x);
      ops.sumRows(out, x, rows, length, accumulate);
    },
  };
}

type LayoutOps = "packImages" | "unpackImages" | "embed2d" | "gatherImages" | "scatterImages" | "oneHot";

export function checkedLayouts(ops: Ops, { need }: Checks): Pick<Ops, LayoutOps> {
  return {
    packImages(out, images, s) {
      need(s.features * s.lanes, "out of packImages", out);
      need(s.features * s.images, "images of packImages", images);
      ops.packImages(out, images, s);
    },
    unpackImages(out, x, s) {
      need(s.features * s.images, "out of unpackImages", out);
      need(s.features * s.lanes, "x of unpackImages", x);
      ops.unpackImages(out, x, s);
    },
    embed2d(out, x, s) {
      need(s.channels * s.outHeight * s.outWidth * s.lanes, "out of embed2d", out);
      need(s.channels * s.height * s.width * s.lanes, "x of embed2d", x);
      ops.embed2d(out, x, s);
    },
    gatherImages(out, x, columns, s) {
      need(s.features * s.lanes, "out of gatherImages", out);
      need(s.features * s.sourceLanes, "x of gatherImages", x);
      need(s.images, "columns of gatherImages", columns);
      ops.gatherImages(out, x, columns, s);
    },
    scatterImages(out, x, columns, s) {
      need(s.features * s.sourceLanes, "out of scatterImages", out);
      need(s.features * s.lanes, "x of scatterImages", x);
      need(s.images, "columns of scatterImages", columns);
      ops.scatterImages(out, x, columns, s);
    },
    oneHot(out, labels, s) {
      need(s.classes * s.lanes, "out of oneHot", out);
      need(s.images, "labels of oneHot", labels);
      ops.oneHot(out, labels, s);
    },
  };
}

type ProductOps =
  | "conv2dForward"
  | "conv2dBackwardData"
  | "conv2dBackwardWeights"
  | "linearForward"
  | "linearBackwardData"
  | "linearBackwardWeights";

const inputs = (s: Conv2dShape | Conv2dBackwardDataShape): number => s.inChannels * s.inHeight * s.inWidth * s.lanes;
const outputs = (s: Conv2dShape | Conv2dBackwardDataShape): number =>
  s.outChannels * s.outHeight * s.outWidth * s.lanes;
const weights = (s: Conv2dShape | Conv2dBackwardDataShape): number =>
  s.outChannels * s.inChannels * s.kernelHeight * s.kernelWidth;

/** How a convolution is computed: its passes use a workspace of so many floats if they are given one. */
const planOf = ({ plan }: Room, s: Conv2dShape | Conv2dBackwardDataShape): Conv2dPlan =>
  plan.conv2d({ stride: 1, ...s });

export function checkedConvolutions(ops: Ops, { need, may }: Checks, room: Room): Pick<Ops, ProductOps> {
  return {
    conv2dForward(y, x, w, bias, s, accumulate, workspace) {
      need(outputs(s), "y of conv2dForward", y);
      need(inputs(s), "x of conv2dForward", x);
      need(weights(s), "w of conv2dForward", w);
      may(s.outChannels, "bias of conv2dForward", bias);
      if (workspace !== none) need(planOf(room, s).workspace, "workspace of conv2dForward", workspace);
      ops.conv2dForward(y, x, w, bias, s, accumulate, workspace);
    },
    conv2dBackwardData(dx, dy, w, s, accumulate, workspace) {
      need(inputs(s), "dx of conv2dBackwardData", dx);
      need(outputs(s), "dy of conv2dBackwardData", dy);
      need(weights(s), "w of conv2dBackwardData", w);
      if (workspace !== none) need(planOf(room, s).workspace, "workspace of conv2dBackwardData", workspace);
      ops.conv2dBackwardData(dx, dy, w, s, accumulate, workspace);
    },
    conv2dBackwardWeights(dw, dy, x, s, accumulate, workspace) {
      need(weights(s), "dw of conv2dBackwardWeights", dw);
      need(outputs(s), "dy of conv2dBackwardWeights", dy);
      need(inputs(s), "x of conv2dBackwardWeights", x);
      if (workspace !== none) need(planOf(room, s).weightWorkspace, "workspace of conv2dBackwardWeights", workspace);
      ops.conv2dBackwardWeights(dw, dy, x, s, accumulate, workspace);
    },
    linearForward(y, x, w, bias, s, accumulate) {
      need(s.outFeatures * s.lanes, "y of linearForward", y);
      need(s.inFeatures * s.lanes, "x of linearForward", x);
      need(s.outFeatures * s.inFeatures, "w of linearForward", w);
      may(s.outFeatures, "bias of linearForward", bias);
      ops.linearForward(y, x, w, bias, s, accumulate);
    },
    linearBackwardData(dx, dy, w, s, accumulate) {
      need(s.inFeatures * s.lanes, "dx of linearBackwardData", dx);
      need(s.outFeatures * s.lanes, "dy of linearBackwardData", dy);
      need(s.outFeatures * s.inFeatures, "w of linearBackwardData", w);
      ops.linearBackwardData(dx, dy, w, s, accumulate);
    },
    linearBackwardWeights(dw, dy, x, s, accumulate) {
      need(s.outFeatures * s.inFeatures, "dw of linearBackwardWeights", dw);
      need(s.outFeatures * s.lanes, "dy of linearBackwardWeights", dy);
      need(s.inFeatures * s.lanes, "x of linearBackwardWeights", x);
      ops.linearBackwardWeights(dw, dy, x, s, accumulate);
    },
  };
}

type ActivationOps =
  | "reluForward"
  | "reluMask"
  | "leakyRelu"
  | "activationForward"
  | "activationBackward"
  | "activationBackwardR";

export function checkedActivations(ops: Ops, { need }: Checks): Pick<Ops, ActivationOps> {
  return {
    reluForward(y, x, n) {
      need(n, "y, x of reluForward", y, x);
      ops.reluForward(y, x, n);
    },
    reluMask(out, y, v, n) {
      need(n, "out, y, v of reluMask", out, y, v);
      ops.reluMask(out, y, v, n);
    },
    leakyRelu(out, s, v, n, slope) {
      need(n, "out, s, v of leakyRelu", out, s, v);
      ops.leakyRelu(out, s, v, n, slope);
    },
    activationForward(y, x, n, f) {
      need(n, "y, x of activationForward", y, x);
      ops.activationForward(y, x, n, f);
    },
    activationBackward(dx, p, dy, n, f) {
      need(n, "dx, p, dy of activationBackward", dx, p, dy);
      ops.activationBackward(dx, p, dy, n, f);
    },
    activationBackwardR(rdx, p, rp, dy, rdy, n, f) {
      need(n, "rdx, p, rp, dy, rdy of activationBackwardR", rdx, p, rp, dy, rdy);
      ops.activationBackwardR(rdx, p, rp, dy, rdy, n, f);
    },
  };
}

type PoolingOps =
  | "maxPool2dForward"
  | "maxPool2dGather"
  | "maxPool2dScatter"
  | "avgPool2dForward"
  | "avgPool2dBackward"
  | "adaptiveAvgPool2dForward"
  | "adaptiveAvgPool2dBackward"
  | "resize2dForward"
  | "resize2dBackward";

/** The sizes of any pooling, or of the opposite. */
type Planes = Pick<
  Pool2dShape | AvgPool2dShape,
  "channels" | "inHeight" | "inWidth" | "outHeight" | "outWidth" | "lanes"
>;

const before = (s: Planes): number => s.channels * s.inHeight * s.inWidth * s.lanes;
const after = (s: Planes): number => s.channels * s.outHeight * s.outWidth * s.lanes;

export function checkedPoolings(ops: Ops, { need }: Checks): Pick<Ops, PoolingOps> {
  return {
    maxPool2dForward(y, index, x, s) {
      need(after(s), "y, index of maxPool2dForward", y, index);
      need(before(s), "x of maxPool2dForward", x);
      ops.maxPool2dForward(y, index, x, s);
    },
    maxPool2dGather(ry, index, rx, s) {
      need(after(s), "ry, index of maxPool2dGather", ry, index);
      need(before(s), "rx of maxPool2dGather", rx);
      ops.maxPool2dGather(ry, index, rx, s);
    },
    maxPool2dScatter(dx, index, dy, s) {
      need(before(s), "dx of maxPool2dScatter", dx);
      need(after(s), "index, dy of maxPool2dScatter", index, dy);
      ops.maxPool2dScatter(dx, index, dy, s);
    },
    avgPool2dForward(y, x, s) {
      need(after(s), "y of avgPool2dForward", y);
      need(before(s), "x of avgPool2dForward", x);
      ops.avgPool2dForward(y, x, s);
    },
    avgPool2dBackward(dx, dy, s) {
      need(before(s), "dx of avgPool2dBackward", dx);
      need(after(s), "dy of avgPool2dBackward", dy);
      ops.avgPool2dBackward(dx, dy, s);
    },
    adaptiveAvgPool2dForward(y, x, s) {
      need(after(s), "y of adaptiveAvgPool2dForward", y);
      need(before(s), "x of adaptiveAvgPool2dForward", x);
      ops.adaptiveAvgPool2dForward(y, x, s);
    },
    adaptiveAvgPool2dBackward(dx, dy, s) {
      need(before(s), "dx of adaptiveAvgPool2dBackward", dx);
      need(after(s), "dy of adaptiveAvgPool2dBackward", dy);
      ops.adaptiveAvgPool2dBackward(dx, dy, s);
    },
    resize2dForward(y, x, s) {
      need(after(s), "y of resize2dForward", y);
      need(before(s), "x of resize2dForward", x);
      ops.resize2dForward(y, x, s);
    },
    resize2dBackward(dx, dy, s) {
      need(before(s), "dx of resize2dBackward", dx);
      need(after(s), "dy of resize2dBackward", dy);
      ops.resize2dBackward(dx, dy, s);
    },
  };
}
