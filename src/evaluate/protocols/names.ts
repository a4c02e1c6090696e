// The names of protocols, and what may be chosen in them.
import { type Check, oneOf } from "../../checks/checks.ts";
import { type AugmentStrategy, strategyNames } from "../../inner/augment-strategies.ts";
import type { BaselineKind } from "../baselines/kinds.ts";

/** All protocols by which `judge` can judge a set. */
export const protocolNames = ["paper", "dc-bench", "dd-ranking"] as const;

/** A protocol: the rules by which networks are trained on a set and on its baselines, and what the accuracies are put into. */
export type ProtocolName = (typeof protocolNames)[number];

/** Checks for the name of a protocol. */
export const protocolCheck: Check = oneOf(...protocolNames);

/** The augmentations of distilled images that a protocol may try: strategies, one of which is drawn for each gradient step. */
export const augmentationSets: Readonly<Record<AugmentationName, readonly AugmentStrategy[]>> = {
  none: [],
  dsa: strategyNames,
  "dsa-no-flip": strategyNames.filter((name) => name !== "flip"),
  crop: ["crop"],
};

/** The names of {@link augmentationSets}. */
export const augmentationNames = ["none", "dsa", "dsa-no-flip", "crop"] as const;

/** An augmentation: none; all strategies of differentiable siamese augmentation; all without mirroring; or shifts alone. */
export type AugmentationName = (typeof augmentationNames)[number];

/** The baselines that "dc-bench" and "dd-ranking" can compare with. */
export const comparedKinds = ["random-real", "class-average", "k-means", "k-center", "herding", "random-soft"] as const;

/** A kind of baseline of those protocols. */
export type ComparedKind = Extract<BaselineKind, (typeof comparedKinds)[number]>;
