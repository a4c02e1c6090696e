// The table of the methods of distillation, which allocate and compute, for a plan and for the command. Their options are declared
// in options.ts, so that a page can check a call without loading code that computes; what runs loads its method alone (load.ts).
import type { MethodChoice } from "../config.ts";
import { withDecoder } from "../decoders/decoded-method.ts";
import type { ImagesChoice } from "../image-options.ts";
import type { Method } from "../method.ts";
import { backGradientMethod } from "./back-gradient/method.ts";
import { distributionMatchingMethod } from "./distribution-matching/method.ts";
import { frepoMethod } from "./frepo/method.ts";
import { gradientMatchingMethod } from "./gradient-matching/method.ts";
import { labelSolveMethod } from "./kip/label-solve.ts";
import { kipMethod } from "./kip/method.ts";
import type { MethodCode } from "./load.ts";
import type { KnownMethod } from "./options.ts";
import { isOwnMethod, type OwnMethod } from "./own.ts";
import { trajectoryMatchingMethod } from "./trajectory-matching/method.ts";
import { windowsMethod } from "./windows/method.ts";

const methods: { readonly [Name in KnownMethod["name"]]: Method } = {
  "back-gradient": backGradientMethod as Method,
  "distribution-matching": distributionMatchingMethod as Method,
  frepo: frepoMethod as Method,
  "gradient-matching": gradientMatchingMethod as Method,
  kip: kipMethod as Method,
  "label-solve": labelSolveMethod as Method,
  "trajectory-matching": trajectoryMatchingMethod as Method,
  windows: windowsMethod as Method,
};

/** Returns the method that `given` names, or is. */
export function methodOf(given: MethodChoice | OwnMethod<never>): Method {
  return isOwnMethod(given) ? (given as Method) : methods[given.name as KnownMethod["name"]];
}

/** Returns what `loadMethod` loads. */
export function codeOf(given: MethodChoice | OwnMethod<never>, images: ImagesChoice | undefined): MethodCode {
  return { method: methodOf(given), around: (method) => withDecoder(method, images) };
}
