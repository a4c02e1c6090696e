// A recipe: everything that decides a run, as plain JSON. Its schema is schema.ts, what it makes of it options.ts.
import type { Augmentation } from "../data/augment.ts";
import type { BackGradientMethod, OuterOptions } from "../distill/method.ts";
import type { BaselineKind } from "../evaluate/baselines/kinds.ts";
import type { ModelDescription } from "../nn/describe.ts";
import type { Initializer } from "../nn/init.ts";
import type { Loss } from "../nn/loss.ts";
import type { ConvNetOptions } from "../nn/zoo.ts";

/** A recipe with all its defaults filled in. */
export interface Recipe {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** The recipe that this one makes smaller, so that it ends in minutes; the name then ends in "-scaled". */
  readonly scaledFrom?: string | undefined;
  readonly data: RecipeData;
  readonly model: RecipeModel;
  readonly init: RecipeInit;
  readonly loss: Loss;
  readonly method: Omit<BackGradientMethod, "name">;
  /** Networks in an outer step, their gradients averaged. */
  readonly networksPerStep: number;
  readonly outer: Omit<OuterOptions, "steps"> & OuterLength;
  readonly evaluate: {
    /** Held-out networks; 0 for no evaluation. */
    readonly networks: number;
    /** What the set is compared with. */
    readonly baselines: readonly BaselineName[];
  };
  /** The final objective relabels one class as another; distilled images keep their labels. */
  readonly attack?: Attack | undefined;
  /** What the paper reports for these settings. */
  readonly paper?: PaperFigure | undefined;
  /** The same seed gives the same images, bit for bit. */
  readonly seed: number;
  /** In the folder of a run that diverged: the outer step that failed, and why. It decides nothing. */
  readonly diverged?: { readonly step: number; readonly tensor: string; readonly value: string } | undefined;
}

/** A baseline trained on, or as the points of nearest neighbours. */
export type BaselineName = BaselineKind | `nearest-${BaselineKind}`;

/** Updates of the images, or passes over the real data. */
type OuterLength = { readonly steps: number } | { readonly epochs: number };

export interface RecipeData {
  /** Of a data set that is known by name; of any other, what to call it. */
  readonly name: string;
  /** The folder or file that holds it. */
  readonly path?: string | undefined;
  /** Side of the square that images are made into, padding included. */
  readonly size?: number | undefined;
  /** Black pixels on each side. */
  readonly padding?: number | undefined;
  /** The label of the first class in the files, where that is not 0. */
  readonly labelsFrom?: number | undefined;
  /** 1 makes them grey, 3 makes three channels of grey ones. */
  readonly channels?: 1 | 3 | undefined;
  /** What is done to training images, drawn anew for each batch. */
  readonly augment?: Augmentation | undefined;
}

/** A network of the zoo, which takes its channels, size and classes from the data, or a list of layers. */
export type RecipeModel =
  | { readonly name: "lenet" | "alexCifarNet" }
  | { readonly name: "alexNet"; readonly dropout?: boolean | undefined }
  | ({ readonly name: "convNet" } & Omit<ConvNetOptions, "input" | "classes">)
  | { readonly name: "mlp"; readonly hidden: readonly number[] }
  | ModelDescription;

/** Where initial weights come from. Without a seed, that of the run makes the fixed network. */
export type RecipeInit =
  | ({ readonly kind: "random" } & Initializer)
  | ({ readonly kind: "fixed"; readonly seed?: number | undefined } & Initializer)
  | RecipePool;

/** Networks that were trained before. */
export interface RecipePool {
  readonly kind: "pretrained";
  /** The folder of a pool, as `distillate train` leaves it, or the file of one network. */
  readonly pool: string;
  /** Those to evaluate on. Without it, the same. */
  readonly testPool?: string | undefined;
  /** How many of the pool, from its first; without it all. */
  readonly networks?: number | undefined;
  /** Makes the last layer of the network in a file anew, with weight 0 and bias 1. */
  readonly freshLastLayer?: boolean | undefined;
  /** How to train the pool, if that can be done here. */
  readonly training?: PoolTraining | undefined;
}

/** What the networks of a pool are trained on and how. */
export interface PoolTraining {
  readonly data: RecipeData;
  readonly networks: number;
  readonly testNetworks: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly decayEvery: number;
  readonly decayFactor: number;
  readonly batch: number;
}

/** A poisoning: images of one class are to be taken for another. */
export interface Attack {
  readonly from: number;
  readonly to: number;
}

/** Per cent. */
export interface PaperFigure {
  readonly accuracy: number;
  /** Standard deviation over networks, if there are several. */
  readonly spread?: number | undefined;
  /** Of what, on what. */
  readonly text: string;
}
