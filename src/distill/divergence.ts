// What a diverged distillation is told to change: what helps depends on how it was run, and the words on who asks.
import type { Divergence } from "./diverged-error.ts";
import type { OuterOptions } from "./outer-options.ts";

/** What the settings are called: by the library here, by options in the command. */
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

/** What helps a run that diverged so, as "lower …, or set …". `innerRate` is that of a method whose inner steps have one. */
export function divergenceAdvice(
  { innerRate, outer }: { readonly innerRate?: number | undefined; readonly outer: Pick<OuterOptions, "learningRate" | "clip"> },
  { step, tensor }: Pick<Divergence, "step" | "tensor">,
  names: SettingNames = libraryNames,
): string {
  const inner = innerRate === undefined ? [] : [`${names.innerRate} (${innerRate} now)`];
  const outerRate = `${names.outerRate} (${outer.learningRate} now)`;
  // Adam's steps are as long whatever the gradient: clipping does not shorten them.
  if (tensor !== "loss" && !tensor.startsWith("gradient")) return `lower ${outerRate}`;
  // Nothing has been updated before the first step: it is the inner steps that are too large.
  if (step === 1 && inner.length > 0) return `lower ${inner[0]}`;
  const rates = [outerRate, ...inner].join(" or ");
  return outer.clip === undefined ? `set ${names.clip}, or lower ${rates}` : `lower ${rates}`;
}
