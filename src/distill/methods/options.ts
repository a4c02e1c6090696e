// The table of the options of all methods, by name. The entry `distillate` exports every name of this file. The table is its
// default export, so it is not among them.

import { backGradientDeclaration } from "./back-gradient/declaration.ts";
import type { BackGradientMethod } from "./back-gradient/options.ts";
import type { MethodDeclaration } from "./declaration.ts";
import { type DistributionMatchingMethod, distributionMatchingDeclaration } from "./distribution-matching/options.ts";
import { type FrepoMethod, frepoDeclaration } from "./frepo/options.ts";
import { type GradientMatchingMethod, gradientMatchingDeclaration } from "./gradient-matching/options.ts";
import { type KipMethod, kipDeclaration, type LabelSolveMethod, labelSolveDeclaration } from "./kip/options.ts";
import { trajectoryMatchingDeclaration } from "./trajectory-matching/declaration.ts";
import type { TrajectoryMatchingMethod } from "./trajectory-matching/options.ts";
import { windowsDeclaration } from "./windows/declaration.ts";
import type { WindowsMethod } from "./windows/options.ts";

export { type BackGradientMethod, backGradient, type InitialLabels } from "./back-gradient/options.ts";
export { type DistributionMatchingMethod, distributionMatching } from "./distribution-matching/options.ts";
export { type FrepoMethod, frepo } from "./frepo/options.ts";
export { type GradientMatchingMethod, gradientMatching } from "./gradient-matching/options.ts";
export { type KipMethod, kip, type LabelSolveMethod, labelSolve } from "./kip/options.ts";
export { type TrajectoryMatchingMethod, trajectoryMatching } from "./trajectory-matching/options.ts";
export { type WindowsMethod, windows } from "./windows/options.ts";

/** What the public functions of the methods return: a name, and the options of the method of that name. */
export type KnownMethod =
  | BackGradientMethod
  | DistributionMatchingMethod
  | FrepoMethod
  | GradientMatchingMethod
  | KipMethod
  | LabelSolveMethod
  | TrajectoryMatchingMethod
  | WindowsMethod;

type Table = { readonly [M in KnownMethod as M["name"]]: MethodDeclaration<M> };

const methods: Table = {
  "back-gradient": backGradientDeclaration,
  "distribution-matching": distributionMatchingDeclaration,
  frepo: frepoDeclaration,
  "gradient-matching": gradientMatchingDeclaration,
  kip: kipDeclaration,
  "label-solve": labelSolveDeclaration,
  "trajectory-matching": trajectoryMatchingDeclaration,
  windows: windowsDeclaration,
};

export default methods;
