// What a page says of the method of a run: its settings, what its loss measures, and how networks train on what it made.
import { defaultMethod, type KnownMethod } from "../distill/methods/known.ts";
import { shortName } from "../quote.ts";
import { at, type RunParts, textAt } from "./parts.ts";
import { count, fitText } from "./words.ts";

/** The most settings of a method or of a network that are shown. */
const mostSettings = 20;

/** What the outer loss of a method measures. It stands here because pages download the declarations of methods. */
const losses = new Map<string | undefined, string>(
  Object.entries({
    "back-gradient": "Loss of trained networks on real images",
    windows: "Loss of trained networks on real images",
    "trajectory-matching": "Squared distance to where an expert came, as a share of the expert's own way there",
    "distribution-matching": "Squared distance between mean features of learned and of real images, in random networks",
  } satisfies Partial<Record<KnownMethod["name"], string>>),
);

/** Returns the method and its settings: "back-gradient, steps 10, epochs 3"; undefined if the files do not name it. */
export function methodText({ set, recipe }: RunParts): string | undefined {
  return settingsText(at(recipe, "method") ?? at(set?.recipe, "method"));
}

/** Returns the network and its settings: "convNet, width 32"; undefined if it has no name. */
export function networkText({ recipe }: RunParts): string | undefined {
  return settingsText(at(recipe, "model"));
}

/** Returns what the outer loss of the run measures, as a sentence without a verb. */
export function lossText({ set, recipe }: RunParts): string {
  // The method of an older recipe has no name.
  const older = at(recipe, "method") !== undefined ? defaultMethod : undefined;
  const name = textAt(recipe, "method", "name") ?? textAt(set?.recipe, "method", "name") ?? older;
  return `${losses.get(name) ?? "Loss that the method makes small"}, before each update.`;
}

/** Says that baselines are trained as the set is, if the set has a protocol of training; else nothing. */
export function protocolText({ set }: RunParts): string | undefined {
  if (!set?.training) return undefined;
  const images = set.steps * set.imagesPerStep;
  return (
    `Networks train on distilled images and on real ones by the same protocol: ${fitText(set.training)}. ` +
    `Each baseline has ${count(images)} images too, equally many of each class.`
  );
}

/** Writes what is named, and its settings that are numbers, words or flags. */
function settingsText(value: unknown): string | undefined {
  const name = textAt(value, "name");
  if (name === undefined) return undefined;
  const settings = Object.entries(value as object)
    .filter(([key, setting]) => key !== "name" && ["number", "string", "boolean"].includes(typeof setting))
    .slice(0, mostSettings)
    .map(([key, setting]) => `${shortName(key)} ${shortName(String(setting))}`);
  return [shortName(name), ...settings].join(", ");
}
