// The advice for a distillation that diverged: it depends on how it was run, and its words on who reads it.
import type { Divergence } from "./diverged-error.ts";
import { halved, type OuterOptions } from "./outer-options.ts";

/** What stands before the values of settings: the library's names, or the command's options. */
export interface SettingNames {
  readonly clip: string;
  readonly outerRate: string;
  readonly innerRate: string;
  readonly onDivergence: string;
  readonly mostHalvings: string;
}

const libraryNames: SettingNames = {
  clip: "outer.clip",
  outerRate: "outer.learningRate",
  innerRate: "the method's learning rate",
  onDivergence: "outer.onDivergence",
  mostHalvings: "outer.mostHalvings",
};

/** How a run was set up that diverged. */
interface Diverging {
  /** The learning rate of inner steps, if the method has one. */
  readonly innerRate?: number | undefined;
  readonly outer: Pick<OuterOptions, "learningRate" | "clip" | "optimizer" | "onDivergence" | "mostHalvings">;
  /** How often the outer step size was halved. */
  readonly halvings: number;
}

/** Returns whether this was out of range before the update of its step, so that the step size of this step has no part in it. */
export function isBeforeUpdate(tensor: string): boolean {
  return /^(loss|gradient)/.test(tensor);
}

/** Returns what to do about such a divergence, with values: "try outer.clip 2 or outer.learningRate 0.005". */
export function divergenceAdvice(
  { innerRate, outer, halvings }: Diverging,
  { step, tensor }: Pick<Divergence, "step" | "tensor">,
  names: SettingNames = libraryNames,
): string {
  const { learningRate, clip, optimizer, onDivergence, mostHalvings } = outer;
  const before = isBeforeUpdate(tensor);
  const ways: string[] = [];
  if (before && innerRate !== undefined) ways.push(`${names.innerRate} ${innerRate / 2}`);
  // Nothing has been updated before the first step: it is the inner steps that are too large.
  if (!before || step > 1) {
    ways.unshift(`${names.outerRate} ${halved(learningRate, halvings + 1)}`);
    // The updates of Adam and LAMB have the same length whatever the gradient, so clipping does not shorten them.
    if (clip === undefined && (before || optimizer === "sgd")) ways.unshift(`${names.clip} 2`);
    if (onDivergence === "stop") ways.push(`${names.onDivergence} halve`);
    else if (halvings >= mostHalvings) ways.push(`${names.mostHalvings} ${2 * mostHalvings}`);
  }
  const last = ways.pop();
  if (last === undefined) return "look at the data and the model";
  return `try ${ways.length > 0 ? `${ways.join(", ")} or ` : ""}${last}`;
}
