// The protocol of DC-BENCH (Cui, Wang, Si, Hsieh, NeurIPS 2022), with the augmentation chosen on validation images.
// docs/protocols.md has its rules.
import type { Evaluation } from "../evaluation.ts";
import { type AugmentationName, augmentationSets } from "./names.ts";
import type { Planned } from "./planned.ts";
import { onArchitecture, onBaseline, onSet, type Problem } from "./problem.ts";
import { dcBenchEpochs, dcBenchTraining } from "./rules.ts";

/** Plans training on the set and on each baseline with each augmentation. */
export function dcBenchPlan(problem: Problem): Planned[] {
  const { augmentations, baselines, optimizer } = problem;
  return augmentations.flatMap((augmentation) => {
    const augment = augmentationSets[augmentation];
    const epochs = problem.epochs ?? (augment.length > 0 ? dcBenchEpochs.augmented : dcBenchEpochs.plain);
    const training = dcBenchTraining({ optimizer, epochs, augment });
    const choice = augmentations.length > 1 ? "accuracy" : "none";
    const by = { augmentation, choice, training: () => training, passes: training.epochs } as const;
    return [onSet(problem, by), ...baselines.map((kind) => onBaseline(problem, kind, by))];
  });
}

/** Plans training with the chosen augmentation on other networks. */
export function dcBenchOthers({ architectures }: Problem, chosen: readonly Planned[]): Planned[] {
  return chosen.flatMap((planned) =>
    Object.entries(architectures).map(
      ([name, model]): Planned => ({ ...onArchitecture(planned, name, model), choice: "none" }),
    ),
  );
}

/** Returns, for each entry, the training with the best accuracy on validation images, and of equal ones the first. */
export function bestAugmentations<
  T extends { readonly planned: Planned; readonly validation?: Evaluation | undefined },
>(tried: readonly T[]): T[] {
  const best = new Map<string, T>();
  for (const each of tried) {
    const { entry } = each.planned;
    const other = best.get(entry);
    if (!other || (each.validation?.mean ?? 0) > (other.validation?.mean ?? 0)) best.set(entry, each);
  }
  return [...best.values()];
}

/** The augmentations of DC-BENCH that a judgement tries unless it is told others. */
export const dcBenchAugmentations: readonly AugmentationName[] = ["none", "dsa"];
