// The choices of "Make your own": what each fills into the form, and how long it takes.
import type { Settings } from "../lab/api.ts";

export type PresetName = "quick" | "random" | "fixed" | "frepo";

/** What a choice fills in. */
type Filled = Pick<Settings, "method" | "init" | "imagesPerClass" | "outerSteps" | "batch"> &
  Partial<Pick<Settings, "steps" | "epochs">>;

interface Preset {
  readonly settings: Filled;
  /** What follows the number of images in the summary. */
  readonly network: string;
  /** Seconds of an update on the machine whose speed is `reference`, measured there with one thread. */
  readonly secondsEach: number;
}

export const presets: Readonly<Record<PresetName, Preset>> = {
  quick: {
    settings: { method: "distribution-matching", init: "random", imagesPerClass: 1, outerSteps: 300, batch: 32 },
    network: "by distribution matching for any ConvNet",
    secondsEach: 0.028,
  },
  random: {
    settings: {
      ...{ method: "back-gradient", init: "random", imagesPerClass: 1, steps: 10, epochs: 3 },
      ...{ outerSteps: 600, batch: 1024 },
    },
    network: "for any LeNet",
    secondsEach: 0.185,
  },
  fixed: {
    settings: {
      ...{ method: "back-gradient", init: "fixed", imagesPerClass: 1, steps: 1, epochs: 3 },
      ...{ outerSteps: 600, batch: 1024 },
    },
    network: "for one LeNet",
    secondsEach: 0.09,
  },
  frepo: {
    settings: { method: "frepo", init: "random", imagesPerClass: 1, outerSteps: 1500, batch: 512 },
    network: "by FRePo for any ConvNet",
    secondsEach: 0.045,
  },
};

export const presetNames = Object.keys(presets) as PresetName[];

export function presetOf({ method, init }: Pick<Settings, "method" | "init">): PresetName {
  if (method === "distribution-matching") return "quick";
  return method === "frepo" ? "frepo" : init;
}

/** Milliseconds in which the network of the opening set trains on one image, on the machine of `secondsEach`. */
const reference = 0.25;

/**
 * Returns about how many seconds a choice takes here, on digits and with its own numbers.
 *
 * @param perImage milliseconds in which the network of the opening set trained on one image here.
 */
export function secondsOf(name: PresetName, perImage: number): number {
  const { secondsEach, settings } = presets[name];
  return (secondsEach * settings.outerSteps * perImage) / reference;
}
