// Elementwise layers on n floats. A tile is BLOCK floats.
//
// ReLU. Its derivative is the mask y > 0, so one kernel serves three rules:
//   backward   dx  = mask(y, dy)
//   forwardR   ry  = mask(y, rx)
//   backwardR  rdx = mask(y, rdy)      (the second derivative is zero almost everywhere)
// Leaky ReLU is the same with slope·v in place of 0.
//
// Smooth activations y = f(x). Their slope f′ is a function of what is kept from the forward pass, p: y for tanh and
// sigmoid, x for softplus. With R{f′} = (df′/dp)·rp,
//   backward   dx  = f′·dy
//   forwardR   ry  = f′·rx
//   backwardR  rdx = f′·rdy + R{f′}·dy
import { Buffer } from "./fields";
import { sigmoidPs, softplusPs, tanhPs } from "./math";
import { at, loadPartial, madd, storePartial } from "./simd";
import { BLOCK } from "./tiles";
import { lastOf } from "./vector";

@unmanaged
export class ReluForwardJob {
  y: Buffer;
  x: Buffer;
  n: i32;
}

/** y = max(x, 0); y may be x. pmax gives its first operand unless the second is larger: NaN stays NaN. */
export function reluForward(job: ReluForwardJob, begin: i32, end: i32): void {
  const y = job.y;
  const x = job.x;
  const last = lastOf(job.n, end);
  const zero = f32x4.splat(0);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) v128.store(at(y, i), f32x4.pmax(v128.load(at(x, i)), zero));
  const count = last - i;
  if (count > 0) storePartial(at(y, i), f32x4.pmax(loadPartial(at(x, i), count), zero), count);
}

/** v where y > 0, else 0 */
function mask(y: v128, v: v128): v128 {
  return v128.and(v, f32x4.gt(y, f32x4.splat(0)));
}

@unmanaged
export class ReluMaskJob {
  out: Buffer;
  y: Buffer;
  v: Buffer;
  n: i32;
}

/** out = v where y > 0, else 0; out may be v */
export function reluMask(job: ReluMaskJob, begin: i32, end: i32): void {
  const out = job.out;
  const y = job.y;
  const v = job.v;
  const last = lastOf(job.n, end);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) v128.store(at(out, i), mask(v128.load(at(y, i)), v128.load(at(v, i))));
  const count = last - i;
  if (count > 0) {
    storePartial(at(out, i), mask(loadPartial(at(y, i), count), loadPartial(at(v, i), count)), count);
  }
}

/** v where s > 0, else slope·v */
function leak(s: v128, v: v128, slope: v128): v128 {
  return v128.bitselect(v, f32x4.mul(slope, v), f32x4.gt(s, f32x4.splat(0)));
}

@unmanaged
export class LeakyReluJob {
  out: Buffer;
  s: Buffer;
  v: Buffer;
  n: i32;
  slope: f32;
}

/** out = v where s > 0, else slope·v; out may be v or s */
export function leakyRelu(job: LeakyReluJob, begin: i32, end: i32): void {
  const out = job.out;
  const s = job.s;
  const v = job.v;
  const last = lastOf(job.n, end);
  const k = f32x4.splat(job.slope);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) v128.store(at(out, i), leak(v128.load(at(s, i)), v128.load(at(v, i)), k));
  const count = last - i;
  if (count > 0) storePartial(at(out, i), leak(loadPartial(at(s, i), count), loadPartial(at(v, i), count), k), count);
}

export enum Activation {
  tanh,
  sigmoid,
  softplus,
}

// One class per function, as a type argument: the compiler makes a loop for each with the formula inside, a quarter
// faster than one loop that looks at a number.
class Tanh {}
class Sigmoid {}
class Softplus {}

/** f(x) */
function value<F>(x: v128): v128 {
  if (idof<F>() === idof<Tanh>()) return tanhPs(x);
  if (idof<F>() === idof<Sigmoid>()) return sigmoidPs(x);
  return softplusPs(x);
}

/** f′. 1 − y² as a product, because 1 − y is exact near y = 1. */
function slope<F>(p: v128): v128 {
  const one = f32x4.splat(1);
  if (idof<F>() === idof<Tanh>()) return f32x4.mul(f32x4.sub(one, p), f32x4.add(one, p));
  if (idof<F>() === idof<Sigmoid>()) return f32x4.mul(p, f32x4.sub(one, p));
  return sigmoidPs(p);
}

/** df′/dp: −2y, 1 − 2y, and f′·(1 − f′) for softplus, whose slope is a sigmoid */
function bend<F>(p: v128, slope: v128): v128 {
  const one = f32x4.splat(1);
  if (idof<F>() === idof<Tanh>()) return f32x4.mul(f32x4.splat(-2), p);
  if (idof<F>() === idof<Sigmoid>()) return madd(one, f32x4.splat(-2), p);
  return f32x4.mul(slope, f32x4.sub(one, slope));
}

function forward<F>(job: ActivationForwardJob, begin: i32, end: i32): void {
  const y = job.y;
  const x = job.x;
  const last = lastOf(job.n, end);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) v128.store(at(y, i), value<F>(v128.load(at(x, i))));
  const count = last - i;
  if (count > 0) storePartial(at(y, i), value<F>(loadPartial(at(x, i), count)), count);
}

function backward<F>(job: ActivationBackwardJob, begin: i32, end: i32): void {
  const dx = job.dx;
  const p = job.p;
  const dy = job.dy;
  const last = lastOf(job.n, end);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) {
    v128.store(at(dx, i), f32x4.mul(v128.load(at(dy, i)), slope<F>(v128.load(at(p, i)))));
  }
  const count = last - i;
  if (count > 0) {
    storePartial(at(dx, i), f32x4.mul(loadPartial(at(dy, i), count), slope<F>(loadPartial(at(p, i), count))), count);
  }
}

/** f′·rdy + R{f′}·dy */
function tangent<F>(p: v128, rp: v128, dy: v128, rdy: v128): v128 {
  const s = slope<F>(p);
  return madd(f32x4.mul(s, rdy), f32x4.mul(bend<F>(p, s), rp), dy);
}

function backwardR<F>(job: ActivationBackwardRJob, begin: i32, end: i32): void {
  const rdx = job.rdx;
  const p = job.p;
  const rp = job.rp;
  const dy = job.dy;
  const rdy = job.rdy;
  const last = lastOf(job.n, end);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) {
    const pi = v128.load(at(p, i));
    const rpi = v128.load(at(rp, i));
    v128.store(at(rdx, i), tangent<F>(pi, rpi, v128.load(at(dy, i)), v128.load(at(rdy, i))));
  }
  const count = last - i;
  if (count > 0) {
    const pi = loadPartial(at(p, i), count);
    const rpi = loadPartial(at(rp, i), count);
    storePartial(at(rdx, i), tangent<F>(pi, rpi, loadPartial(at(dy, i), count), loadPartial(at(rdy, i), count)), count);
  }
}

@unmanaged
export class ActivationForwardJob {
  y: Buffer;
  x: Buffer;
  n: i32;
  f: Activation;
}

/** y = f(x); y may be x */
export function activationForward(job: ActivationForwardJob, begin: i32, end: i32): void {
  if (job.f === Activation.tanh) forward<Tanh>(job, begin, end);
  else if (job.f === Activation.sigmoid) forward<Sigmoid>(job, begin, end);
  else forward<Softplus>(job, begin, end);
}

@unmanaged
export class ActivationBackwardJob {
  dx: Buffer;
  p: Buffer;
  dy: Buffer;
  n: i32;
  f: Activation;
}

/** dx = f′·dy; dx may be dy or p */
export function activationBackward(job: ActivationBackwardJob, begin: i32, end: i32): void {
  if (job.f === Activation.tanh) backward<Tanh>(job, begin, end);
  else if (job.f === Activation.sigmoid) backward<Sigmoid>(job, begin, end);
  else backward<Softplus>(job, begin, end);
}

@unmanaged
export class ActivationBackwardRJob {
  rdx: Buffer;
  p: Buffer;
  rp: Buffer;
  dy: Buffer;
  rdy: Buffer;
  n: i32;
  f: Activation;
}

/** rdx = f′·rdy + R{f′}·dy; rdx may be rdy */
export function activationBackwardR(job: ActivationBackwardRJob, begin: i32, end: i32): void {
  if (job.f === Activation.tanh) backwardR<Tanh>(job, begin, end);
  else if (job.f === Activation.sigmoid) backwardR<Sigmoid>(job, begin, end);
  else backwardR<Softplus>(job, begin, end);
}
