// The messages between the page and the lab. They are plain data.
import type { RunState } from "distillate";

/** The settings of a run. */
export interface Settings {
  readonly data: DataName;
  /** How images are learned. A run that an older version of this page kept does not say it, and was by back-gradient. */
  readonly method: MethodName;
  /** Fresh networks, or one network whose initial weights are known. */
  readonly init: "random" | "fixed";
  /** Images per class in each training step of back-gradient; with the other methods, which have no steps, in all. */
  readonly imagesPerClass: number;
  readonly steps: number;
  readonly epochs: number;
  readonly outerSteps: number;
  /** Real images per outer step; with distribution matching, of each class. */
  readonly batch: number;
  readonly seed: number;
  /** What computes the updates. A run that an older version of this page kept does not say it, and was on `wasm`. */
  readonly on: Processor;
}

export type MethodName = "back-gradient" | "distribution-matching" | "frepo";

/** The kernels in WebAssembly, or a GPU. */
export type Processor = "wasm" | "webgpu";

export type DataName = "digits" | "own";

/** The data set that the lab holds. */
export interface DataInfo {
  readonly name: string;
  readonly train: number;
  readonly test: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly classNames: readonly string[];
  /** Sentences about what was decided because the files do not say it, and what was left out. */
  readonly notes: readonly string[];
}

/** Images to paint, with their classes. */
export interface Tiles {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  /** [n, height, width, channels] */
  readonly levels: Uint8Array;
  /** [n] */
  readonly labels: Uint8Array;
}

/** How a network trains on a set. */
export interface Schedule {
  /** Passes over the images. */
  readonly epochs: number;
  /** Images in a gradient step. */
  readonly imagesPerStep: number;
  readonly gradientSteps: number;
}

/** A distilled set as the page shows it. */
export interface Shown extends Schedule {
  readonly tiles: Tiles;
  readonly images: number;
  /** Whether the steps have images of their own, and so an order; else images are drawn. */
  readonly inOrder: boolean;
  /** The name of the data in the recipe, if it says so. */
  readonly data: string | undefined;
  readonly classNames: readonly string[] | undefined;
  readonly fixed: boolean;
  readonly outerSteps: number | undefined;
  readonly seed: number | undefined;
  /** How many bits a pixel has, if the set came packed. */
  readonly packedBits: number | undefined;
  /** The GPU that computed it, if one did. */
  readonly gpu: { readonly name: string; readonly software: boolean } | undefined;
}

/** The progress of a run, at most ten times a second; losses and accuracies are those since the last message. */
export interface News {
  readonly step: number;
  readonly steps: number;
  readonly stepsPerSecond: number;
  readonly losses: readonly (readonly [step: number, loss: number])[];
  readonly accuracies: readonly (readonly [step: number, accuracy: number])[];
  readonly tiles: Tiles | undefined;
}

/** The images of a run after some updates. */
export interface Frame {
  readonly step: number;
  readonly tiles: Tiles;
}

/** A run at some moment: all that it needs to go on, and its images as a file. */
export interface Moment {
  readonly state: RunState;
  readonly set: Uint8Array;
}

/** A network that was trained in front of the user. */
export interface Trained {
  readonly milliseconds: number;
  readonly gradientSteps: number;
  readonly images: number;
  readonly weights: number;
  /** How many networks may read together, with this one; 1 if the images are for one network only, or if training takes long. */
  readonly voters: number;
}

/** How networks that were trained read images that were held back. */
export interface Tested {
  readonly right: number;
  readonly heldOut: number;
  /** The networks that read together. */
  readonly networks: number;
}

/** What networks reach that train on some images. */
export interface Figure {
  /** The images of the set, the same with networks that vote, real ones in their place, or all the real ones. */
  readonly kind: "distilled" | "vote" | "random-real" | "class-average" | "all";
  /** The mean share of held-out images that networks get right, and its standard deviation over them. */
  readonly mean: number;
  readonly std: number;
  readonly networks: number;
  readonly images: number;
}

/** A figure that was measured in the page. */
export interface Compared extends Figure {
  /** One image of each class. */
  readonly tiles: Tiles;
}

/** What packing a set for a link costs: accuracies of the same networks on held-out images. */
export interface PackingCost {
  readonly before: number;
  readonly after: number;
  readonly networks: number;
}

export type FileKind = "safetensors" | "npz" | "png" | "growth.png" | "json";
