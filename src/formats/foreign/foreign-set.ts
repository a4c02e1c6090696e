// Distilled sets of other programs: finds images, labels and a learned learning rate in published files, and makes a set of them
// that can be trained on here, with a list of what was declared, what the files say and what was guessed.
import { listOf } from "../../checks/checks.ts";
import { thing } from "../../checks/options.ts";
import { outOfRange } from "../../checks/refusal.ts";
import type { DataFile } from "../../data/data-file.ts";
import { unwhitenRows } from "../../data/unwhiten.ts";
import { checkWhitening, type Whitening, whiteningOf } from "../../data/whitening.ts";
import { checkDistilledSet } from "../../distill/check-set.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import { type FitOptions, type FitTraining, fitTraining } from "../../distill/training.ts";
import { FormatError } from "../../errors.ts";
import { type Candidate, chosen } from "./candidates.ts";
import { decoded, repeatedRows } from "./formation.ts";
import { type Images, imagesOf } from "./images.ts";
import { knownNormalizations, type NormalizationChoice, normalizationOf, type Statistics } from "./normalization.ts";
import { checkChannels, checkForeignOptions, type ForeignSetOptions } from "./options.ts";
import type { Finding, Said } from "./said.ts";
import { targetsOf } from "./targets.ts";
import { type FileTree, numbersOf, treeOf } from "./tree.ts";

/** A set of another program. */
export interface ForeignSet {
  readonly set: DistilledSet;
  /** Whose code publishes sets in this form: a guess from the form alone. */
  readonly form: Candidate["form"];
  /** What was declared, what the files say and what was guessed. */
  readonly findings: readonly Finding[];
}

/** The numbers of a set's images, targets and normalisation may take this many bytes at most. */
const maximumBytes = 2 ** 30;

const formNames: Readonly<Record<Candidate["form"], string>> = {
  DC: "DC, DSA or DM: a list of experiments",
  IDC: "IDC: a list of images and labels",
  MTT: "MTT or DATM: a file for each array",
  FRePo: "FRePo: images and centred labels by name",
  arrays: "images and labels by name",
};

/**
 * Reads a distilled set of another program from the files in which it is published: .pt and .pth of torch.save, .npz, .npy and
 * .safetensors. Nothing in a file is run. Give all files of a set: images_best.pt, labels_best.pt and lr_best.pt are one.
 *
 * @throws FormatError, naming the file, for damage, files without a set or with several, and where a guess would be arbitrary; it
 * says what to declare. TypeError and RangeError for invalid options.
 * @example
 * const { set, findings } = await foreignSet([{ path: "data.pt", bytes }], { normalization: "pixels", factor: 2 });
 */
export async function foreignSet(files: readonly DataFile[], options: ForeignSetOptions = {}): Promise<ForeignSet> {
  listOf("an array of files", thing("a file, { path, bytes }", {}))("files", files);
  if (files.length === 0) throw outOfRange("files", "at least one file", files);
  checkForeignOptions(options);
  const trees: FileTree[] = [];
  for (const file of files) trees.push(await treeOf(file));
  const candidate = chosen(trees, options.entry);
  const findings: Finding[] = [];
  const said: Said = (by, what, value, because) => findings.push({ what, value, by, because });
  said("guessed", "form", candidate.form, formNames[candidate.form]);

  const stored = await imagesOf(candidate, options.layout, said);
  checkChannels("normalization", options.normalization, stored.channels);
  checkChannels("standardize", options.standardize, stored.channels);
  const targets = await targetsOf(candidate, options, said);
  const whitening = whiteningFor(stored, options.whitening, said);
  const plain = whitening ? { ...stored, values: unwhitenRows(stored.values, whitening) } : stored;
  const own = normalizationOf(plain, options.normalization, candidate.file, said);
  const factor = factorOf(stored, options, own, candidate, said);
  const images = decoded(stored, factor);
  const statistics = standardized(images, own, options.standardize);
  const training = await trainingOf(candidate, options.training, said);

  const { count, channels, height, width } = images;
  const set: DistilledSet = {
    ...{ steps: 1, epochs: 0, imagesPerStep: count, channels, height, width, classes: targets.classes },
    images: images.values,
    targets: repeatedRows(targets.values, targets.classes, factor),
    learningRates: new Float32Array(0),
    training,
    mean: [...statistics.mean],
    std: [...statistics.std],
    ...(whitening && { whitening }),
    recipe: {
      ...(targets.loss === "mse" && { loss: targets.loss }),
      foreign: { files: trees.map(({ stem }) => stem), at: candidate.at, findings },
    },
  };
  return { set: checkDistilledSet("set", set), form: candidate.form, findings };
}

/** Returns the declared whitening, after checking that it is for such images. */
function whiteningFor(images: Images, declared: Whitening | undefined, said: Said): Whitening | undefined {
  if (declared === undefined) return undefined;
  const whitening = whiteningOf(checkWhitening("whitening", declared, images));
  said("declared", "whitening", String(whitening.epsilon), "ZCA, as the training images have it");
  return whitening;
}

/** Returns IDC's factor, which is declared or 1, after checking that the images can be cut. */
function factorOf(
  images: Images,
  { factor = 1 }: ForeignSetOptions,
  { mean, std }: Statistics,
  { file, form }: Candidate,
  said: Said,
): number {
  const { height, width, values } = images;
  if (factor === 1) {
    if (form === "IDC") said("guessed", "formation", "1", "no factor was declared: each stored image is one image");
    return 1;
  }
  const bad = (expected: string, got: string): FormatError =>
    new FormatError(`${file}: expected ${expected}, got ${got}`);
  if (!mean.every((m) => m === 0) || !std.every((s) => s === 1)) {
    throw bad("pixels from 0 to 1 where images are cut into parts, as IDC stores them", "normalised values");
  }
  if (Math.min(height, width) < factor) throw bad(`images of at least ${factor} pixels a side`, `${height}×${width}`);
  const bytes = 4 * values.length * factor * factor;
  if (bytes > maximumBytes) throw bad(`at most ${maximumBytes} bytes of images`, `${bytes} with factor ${factor}`);
  said("declared", "formation", String(factor), `${factor * factor} images in each stored one`);
  return factor;
}

/** Brings the values to another mean and std in place, if one is asked for. Returns that which they have then. */
function standardized(images: Images, own: Statistics, choice: NormalizationChoice | undefined): Statistics {
  if (choice === undefined) return own;
  const wanted = typeof choice === "string" ? knownNormalizations.find(({ name }) => name === choice)! : choice;
  const { channels, height, width, values } = images;
  if (wanted.mean.length !== 1 && wanted.mean.length !== channels) {
    throw outOfRange("standardize", `a normalization of ${channels} channels`, choice);
  }
  const each = (of: readonly number[]): number[] => Array.from({ length: channels }, (_, c) => of[c] ?? of[0]!);
  const to = { mean: each(wanted.mean), std: each(wanted.std) };
  const plane = height * width;
  for (let i = 0; i < values.length; i++) {
    const c = Math.floor(i / plane) % channels;
    values[i] = (values[i]! * own.std[c]! + own.mean[c]! - to.mean[c]!) / to.std[c]!;
  }
  return to;
}

/** Returns the protocol: what is declared, then the learned rate of the files, then the defaults. */
async function trainingOf(
  { file, rate }: Candidate,
  declared: FitOptions | undefined,
  said: Said,
): Promise<FitTraining> {
  const { learningRate: _, ...defaults } = fitTraining({});
  const learned = rate === undefined ? undefined : (await numbersOf(rate, file))[0]!;
  if (learned !== undefined && !(learned > 0 && learned <= 100)) {
    throw new FormatError(`${file}: expected a learning rate above 0 and at most 100, got ${learned}`);
  }
  const training = fitTraining({ ...(learned !== undefined && { learningRate: learned }), ...declared });
  const isFile = learned !== undefined && declared?.learningRate === undefined;
  const own = isFile ? `the learning rate ${learned} is in the files` : "";
  const rest = declared === undefined ? `${defaults.epochs} epochs of SGD, as DC and DM evaluate` : "";
  const by = declared !== undefined ? "declared" : "guessed";
  said(by, "training", `${training.epochs} epochs`, [own, rest].filter((part) => part !== "").join("; ") || "given");
  return training;
}
