// The reference backend: every op as plain float64 loops that read like their formulas. It is never optimised and is
// the oracle of every test. Math.exp and its like are fine here: its bits are compared with nothing.
// A page's worker has a stand-in for this module (scripts/build-page.mjs), which refuses to start it.

import { inTurns, type Parts } from "../../platform/parts.ts";
import type { Backend } from "../backend.ts";
import type { Buffer, Floats } from "../buffer.ts";
import { checkedOps } from "../checked.ts";
import type { Ops } from "../ops.ts";
import type { Planner } from "../plan.ts";
import { activationOps } from "./activation.ts";
import { adamAdjointOps } from "./adam-adjoint.ts";
import { kernelOps } from "./arc-cosine.ts";
import { augmentationOps } from "./augmentation.ts";
import { avgPool2dOps } from "./avg-pool2d.ts";
import { conv2dOps } from "./conv2d.ts";
import { cosineDistanceOps } from "./cosine-distance.ts";
import { guardOps } from "./guard.ts";
import { labelMarginOps } from "./label-margin.ts";
import { layoutOps } from "./layout.ts";
import { linearOps } from "./linear.ts";
import { localResponseNormOps } from "./local-response-norm.ts";
import { lossOps } from "./loss.ts";
import { base, Memory } from "./memory.ts";
import { normOps } from "./norm.ts";
import { normTangentOps } from "./norm-r.ts";
import { optimizerOps } from "./optimizer.ts";
import { referencePlan } from "./plan.ts";
import { pool2dOps } from "./pool2d.ts";
import { randomOps } from "./random.ts";
import { resize2dOps } from "./resize2d.ts";
import { ridgeOps } from "./ridge.ts";
import { vectorOps } from "./vector.ts";

class ReferenceBackend implements Backend {
  readonly name = "reference";
  readonly Floats: Float64ArrayConstructor = Float64Array;
  readonly plan: Planner = referencePlan;
  readonly threads = 1;
  readonly atOnce = 1;
  readonly simd = "none";
  readonly ops: Ops;
  readonly base = base;
  readonly #memory = new Memory();

  constructor() {
    const memory = this.#memory;
    const ops: Ops = {
      ...vectorOps(memory),
      ...layoutOps(memory),
      ...augmentationOps(memory),
      ...conv2dOps(memory),
      ...linearOps(memory),
      ...activationOps(memory),
      ...pool2dOps(memory),
      ...avgPool2dOps(memory),
      ...resize2dOps(memory),
      ...lossOps(memory),
      ...labelMarginOps(memory),
      ...cosineDistanceOps(memory),
      ...normOps(memory),
      ...normTangentOps(memory),
      ...localResponseNormOps(memory),
      ...optimizerOps(memory),
      ...adamAdjointOps(memory),
      ...guardOps(memory),
      ...ridgeOps(memory),
      ...kernelOps(memory),
      ...randomOps(memory),
    };
    this.ops = checkedOps(ops, this);
  }

  get capacity(): number {
    return this.#memory.floats.length;
  }

  reserve(floats: number): void {
    this.#memory.reserve(floats);
  }

  upload(target: Buffer, n: number, fill: (host: Floats) => void): void {
    fill(this.#view(target, n));
  }

  // Ops have run when they return: the copy is made at the call.
  async read(source: Buffer, n: number, into?: Floats): Promise<Floats> {
    const view = this.#view(source, n);
    into?.set(view);
    return into ?? view.slice();
  }

  submit(): void {}

  #view(source: Buffer, n: number): Float64Array {
    const { floats } = this.#memory;
    const view = floats.subarray(source, source + n);
    if (view.byteOffset === 8 * source && view.length === n) return view;
    throw new RangeError(`"buffer" expected a place of ${n} floats in a memory of ${floats.length}, got ${source}`);
  }

  sideBySide(count: number, record: (i: number) => void): void {
    for (let i = 0; i < count; i++) record(i);
  }

  together(works: readonly Parts[]): Parts {
    return inTurns(works);
  }

  async dispose(): Promise<void> {
    this.#memory.dispose();
  }
}

/** A backend of float64 loops in TypeScript: slow, and right. */
export function createReferenceBackend(): Backend {
  return new ReferenceBackend();
}
