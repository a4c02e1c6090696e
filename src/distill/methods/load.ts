// Loads the methods of distillation, each when a run wants it, so that a page downloads only those that it uses. A plan, which may
// not wait, has them all (methods.ts).
import type { MethodChoice } from "../config.ts";
import { decoderChoice, type ImagesChoice } from "../image-options.ts";
import type { Method } from "../method.ts";
import type { KnownMethod } from "./options.ts";
import { isOwnMethod, type OwnMethod } from "./own.ts";

/** What computes a run. */
export interface MethodCode {
  readonly method: Method;
  /** Makes the method learn what `images` says in the place of the images; for pixels it returns the method itself. */
  readonly around: (method: Method) => Method;
}

const loaders: { readonly [Name in KnownMethod["name"]]: () => Promise<Pick<Method, "name">> } = {
  "back-gradient": async () => (await import("./back-gradient/method.ts")).backGradientMethod,
  "distribution-matching": async () => (await import("./distribution-matching/method.ts")).distributionMatchingMethod,
  frepo: async () => (await import("./frepo/method.ts")).frepoMethod,
  "gradient-matching": async () => (await import("./gradient-matching/method.ts")).gradientMatchingMethod,
  kip: async () => (await import("./kip/method.ts")).kipMethod,
  "label-solve": async () => (await import("./kip/label-solve.ts")).labelSolveMethod,
  "trajectory-matching": async () => (await import("./trajectory-matching/method.ts")).trajectoryMatchingMethod,
  windows: async () => (await import("./windows/method.ts")).windowsMethod,
};

/** Loads the method that `given` names, unless it is one, and what makes the images that `images` names. */
export async function loadMethod(
  given: MethodChoice | OwnMethod<never>,
  images: ImagesChoice | undefined,
): Promise<MethodCode> {
  const method = isOwnMethod(given) ? given : await loaders[given.name as KnownMethod["name"]]();
  return { method: method as Method, around: await loadDecoder(images) };
}

async function loadDecoder(images: ImagesChoice | undefined): Promise<MethodCode["around"]> {
  if (!decoderChoice(images)) return (method) => method;
  const { withDecoder } = await import("../decoders/decoded-method.ts");
  return (method) => withDecoder(method, images);
}
