// Data sets that the page knows: by their content, because their files do not name them, or by their names.
import type { Dataset } from "distillate";

/** What the pictures of a set show. */
export type Kind = "digit" | "letter" | "character" | "piece of clothing" | "object";

/** What is known of a data set. */
export interface KnownSet {
  readonly name: string;
  readonly kind: Kind;
  /** Whether people draw such pictures: light strokes on black, upright. */
  readonly drawn: boolean;
  readonly classes: number;
  /** In the order of the labels; digits are their own names. */
  readonly classNames?: readonly string[];
  /** How many training images the whole set has. */
  readonly count: number;
  /** What its folder, files or record may be called. */
  readonly called: RegExp;
  /** [channels, height, width] of its files. */
  readonly shape: readonly [number, number, number];
}

const square28 = [1, 28, 28] as const;
const square32 = [3, 32, 32] as const;
const digits = { kind: "digit", classes: 10 } as const;

const knownSets: readonly KnownSet[] = [
  {
    name: "Fashion-MNIST",
    count: 60_000,
    kind: "piece of clothing",
    drawn: false,
    classes: 10,
    classNames: ["T-shirt", "Trousers", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Trainer", "Bag", "Boot"],
    called: /fashion.?mnist/i,
    shape: square28,
  },
  {
    name: "KMNIST",
    count: 60_000,
    kind: "character",
    drawn: true,
    classes: 10,
    classNames: ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
    called: /kmnist|kuzushiji/i,
    shape: square28,
  },
  {
    name: "EMNIST letters",
    count: 124_800,
    kind: "letter",
    // Its files hold the letters lying on their sides.
    drawn: false,
    classes: 26,
    classNames: [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
    called: /emnist.?letters/i,
    shape: square28,
  },
  { name: "EMNIST digits", ...digits, count: 240_000, drawn: false, called: /emnist.?digits/i, shape: square28 },
  { name: "MNIST", ...digits, count: 60_000, drawn: true, called: /(^|[^a-z])q?mnist/i, shape: square28 },
  { name: "USPS", ...digits, count: 7291, drawn: true, called: /(^|[^a-z])usps|(^|\/)zip\.train/i, shape: [1, 16, 16] },
  { name: "digits", ...digits, count: 9000, drawn: true, called: /^digits$/, shape: square28 },
  { name: "SVHN", ...digits, count: 73_257, drawn: false, called: /svhn/i, shape: square32 },
  {
    name: "CIFAR-10",
    count: 50_000,
    kind: "object",
    drawn: false,
    classes: 10,
    classNames: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    called: /cifar.?10(?!0)|(^|\/)data_batch_1\.bin/i,
    shape: square32,
  },
];

/** The SHA-256 of the training images and labels of whole sets, without the headers of their files. */
const contents: Readonly<Record<string, { readonly pixels: string; readonly labels: string }>> = {
  "Fashion-MNIST": {
    pixels: "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
    labels: "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
  },
  MNIST: {
    pixels: "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    labels: "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
  },
};

/** Returns what is known of a set with this name and so many classes, such as the one in a set's record. */
export function knownByName(name: string | undefined, classes: number): KnownSet | undefined {
  if (name === undefined) return undefined;
  return knownSets.find((set) => set.classes === classes && set.called.test(name));
}

/**
 * Returns what is known of a set: by its training images and labels, or else by what its folder or files are called. A set
 * keeps the names that it came with unless it is whole, and the names of its classes unless these are numbers.
 */
export async function recognised(
  train: Dataset,
  called: readonly string[],
): Promise<{ readonly name?: string; readonly classNames?: readonly string[] }> {
  const { count, channels, height, width, classes, classNames } = train;
  const shape = [channels, height, width].join();
  const named = classNames !== undefined && !classNames.every((name) => /^\d+$/.test(name));
  const candidates = knownSets.filter(
    (set) =>
      set.classes === classes &&
      set.shape.join() === shape &&
      (!named || set.classNames?.join().toLowerCase() === classNames.join().toLowerCase()),
  );
  const exact = await byContent(
    train,
    candidates.filter((set) => set.count === count),
  );
  const known = exact ?? candidates.find((set) => called.some((name) => set.called.test(name)));
  if (!known) return {};
  const sure = known === exact || (known.count === count && contents[known.name] === undefined);
  return { ...(sure && { name: known.name }), ...(known.classNames && !named && { classNames: known.classNames }) };
}

async function byContent(train: Dataset, candidates: readonly KnownSet[]): Promise<KnownSet | undefined> {
  const some = candidates.filter(({ name }) => contents[name] !== undefined);
  if (some.length === 0) return undefined;
  const [pixels, labels] = [await sha256(train.pixels), await sha256(train.labels)];
  return some.find(({ name }) => contents[name]!.pixels === pixels && contents[name]!.labels === labels);
}

/** Returns hexadecimal digits; undefined if the browser offers no SHA-256, as in pages without https. */
async function sha256(bytes: Uint8Array): Promise<string | undefined> {
  const digest = await globalThis.crypto.subtle?.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return digest && Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
