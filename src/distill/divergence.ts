// The advice for a distillation that diverged: it depends on how it was run, and its words on who reads it.
import type { Divergence } from "./diverged-error.ts";
import type { OuterOptions } from "./outer-options.ts";

/** The names of the settings: the library's, or the command's options. */
export interface SettingNames {
  readonly clip: string;
  readonly outerRate: string;
  readonly innerRate: string;
}

const libraryNames: SettingNames = {
  clip: "outer: { clip: 2 }",
  outerRate: "outer.learningRate",
  innerRate: "the learning rate of the method",
};

/** Returns what to do about such a divergence, as "lower …, or set …". */
export function divergenceAdvice(
  {
    innerRate,
    outer,
  }: { readonly innerRate?: number | undefined; readonly outer: Pick<OuterOptions, "learningRate" | "clip"> },
  { step, tensor }: Pick<Divergence, "step" | "tensor">,
  names: SettingNames = libraryNames,
): string {
  const inner = innerRate === undefined ? [] : [`${names.innerRate} (${innerRate} now)`];
  const outerRate = `${names.outerRate} (${outer.learningRate} now)`;
  // Adam's steps have the same length whatever the gradient, so clipping does not shorten them.
  if (tensor !== "loss" && !tensor.startsWith("gradient")) return `lower ${outerRate}`;
  // Nothing has been updated before the first step: it is the inner steps that are too large.
  if (step === 1 && inner.length > 0) return `lower ${inner[0]}`;
  const rates = [outerRate, ...inner].join(" or ");
  return outer.clip === undefined ? `set ${names.clip}, or lower ${rates}` : `lower ${rates}`;
}
