// The inputs of the calls of a bound network. Only their names are checked here, before anything crosses to a worker. Arrays are
// checked beside the model, in validate.ts.
import { type Check, optional, signal } from "../checks/checks.ts";
import type { Checks } from "../checks/options.ts";
import type { AbortSignal } from "../host-types.ts";
import type { FeaturesInput, HessianVectorProductsInput, LabelledImages, MetaGradientOptions } from "./passes.ts";

const later: Check = () => {};

export const labelledImages: Checks<LabelledImages> = { images: later, targets: later };

/** The inputs of all calls together, because one object of inputs may serve several calls. */
export const inputChecks: Checks<
  Omit<MetaGradientOptions & HessianVectorProductsInput & FeaturesInput, "parameters"> & {
    readonly [Name in "parameters" | "vector" | "cotangents"]: unknown;
  } & { readonly signal?: AbortSignal | undefined }
> = {
  ...labelledImages,
  parameters: later,
  vector: later,
  vectors: later,
  layer: later,
  cotangents: later,
  steps: later,
  epochs: later,
  learningRates: later,
  momentum: later,
  weightDecay: later,
  real: later,
  memory: later,
  dropoutSeed: later,
  signal: optional(signal),
};
