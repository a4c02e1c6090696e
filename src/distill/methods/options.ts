// The methods by name, as far as their options go. The entry `distillate` exports every name of this file; the table, which
// is none of them, is the default.

import { backGradientDeclaration } from "./back-gradient/declaration.ts";
import type { BackGradientMethod } from "./back-gradient/options.ts";
import type { MethodDeclaration } from "./declaration.ts";
import { type DistributionMatchingMethod, distributionMatchingDeclaration } from "./distribution-matching/options.ts";

export { type BackGradientMethod, backGradient, type InitialLabels } from "./back-gradient/options.ts";
export { type DistributionMatchingMethod, distributionMatching } from "./distribution-matching/options.ts";

/** What the functions of the methods give: a name, and the options of the method of that name. */
export type KnownMethod = BackGradientMethod | DistributionMatchingMethod;

type Table = { readonly [M in KnownMethod as M["name"]]: MethodDeclaration<M> };

const methods: Table = {
  "back-gradient": backGradientDeclaration,
  "distribution-matching": distributionMatchingDeclaration,
};

export default methods;
